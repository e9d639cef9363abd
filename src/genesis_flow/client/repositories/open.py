"""From a URI to the files that it means."""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from genesis_flow.client import uris
from genesis_flow.client.connection import connection_to
from genesis_flow.client.http import connect_anonymously
from genesis_flow.client.plugins import named
from genesis_flow.client.repositories import locations
from genesis_flow.client.repositories.folders import FolderPlace
from genesis_flow.client.repositories.proxied import FILES, ProxiedPlace
from genesis_flow.client.repositories.repository import ArtifactRepository, Repository
from genesis_flow.client.repositories.web import WebPlace
from genesis_flow.errors import InvalidParameter, InvalidPath, MissingExtra, UnsupportedLocation
from genesis_flow.journals.layout import is_offline, offline_folder
from genesis_flow.rules.locations import joined, scheme_of
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.wire.transport import HttpTransport

_BUCKETS = frozenset({"s3", "gs", "az", "abfss", "wasbs"})
_RUN = re.compile(r"runs:/+([^/]+)(?:/(.*))?", re.IGNORECASE | re.DOTALL)
_PORTS = {"http": 80, "https": 443}
_MOST_STEPS = 5
PLUGINS = "mlflow.artifact_repository"
KNOWN = "Artifacts are on a server, in a folder, in a bucket (s3:, gs:, az:, abfss:, wasbs:) or with a plugin."


@dataclass(frozen=True)
class Stores:
    """Where runs are kept, and where models are registered."""

    tracking_uri: str
    registry_uri: str

    @classmethod
    def of(cls, tracking_uri: str | None = None, registry_uri: str | None = None) -> Stores:
        """Those that are named, or as they are set; where runs are kept models are registered, unless it is said."""
        return cls(*uris.both(tracking_uri, registry_uri))


def open_repository(artifact_uri: str, stores: Stores) -> ArtifactRepository:
    """What reads and writes at a location; nothing is asked of it yet, but for what ``runs:`` and ``models:`` mean.

    Args:
        artifact_uri: a folder, ``file:``, ``mlflow-artifacts:``, a bucket, an address of the web, ``runs:/id/path``,
            ``models:/name/3/path`` and their like, or what a plugin knows.
        stores: where runs and models are.

    Raises:
        UnsupportedLocation: nobody knows this scheme.
        MissingExtra: the client of buckets is not installed.
    """
    return _opened(*_resolved(artifact_uri, stores), stores)


def open_at(artifact_uri: str, stores: Stores) -> tuple[ArtifactRepository, str]:
    """What the file or the folder of a URI is in, and its path there: its name; but for ``models:`` all that follows.

    COMPAT: so mlflow 3.17 counts the paths of a listing, and those below the folder of a download.
    """
    if scheme_of(artifact_uri) == "models":
        model, path = locations.split_model_uri(artifact_uri)
        return open_repository(model, stores), path
    location, below = _resolved(artifact_uri, stores)
    if not below.segments and scheme_of(artifact_uri) != "runs":
        location, name = _split(location)
        below = SafeRelPath.parse(name)
    return _opened(location, below.parent, stores), below.name


def run_of(uri: str) -> tuple[str, SafeRelPath]:
    """The run of ``runs:/id/path``, and the path.

    Raises:
        InvalidParameter: it names no run.
    """
    found = _RUN.fullmatch(uri)
    if found is None:
        raise InvalidParameter("artifact_uri", uri, "runs:/RUN_ID/PATH")
    return found[1], SafeRelPath.parse((found[2] or "").removesuffix("/"))


def _resolved(uri: str, stores: Stores) -> tuple[str, SafeRelPath]:
    """A location that is neither a run's nor a model's name, and the path below it."""
    below = SafeRelPath.ROOT
    for _ in range(_MOST_STEPS):
        scheme = scheme_of(uri)
        if scheme == "runs":
            run_id, path = run_of(uri)
            uri, below = locations.of_run(stores.tracking_uri, run_id), path / below
        elif scheme == "models":
            model, text = locations.split_model_uri(uri)
            uri = locations.of_model_uri(model, stores.tracking_uri, stores.registry_uri)
            below = SafeRelPath.parse(text) / below
        else:
            return uri, below
    raise InvalidParameter("artifact_uri", uri, "one that leads to a location and not on and on")


def _split(location: str) -> tuple[str, str]:
    """The folder that a location is in, and its name there."""
    scheme = scheme_of(location)
    if scheme in ("", "file"):
        folder, name = os.path.split(os.path.abspath(_folder(location)))
        return folder, name
    head, _, path = location.partition(":")
    path, mark, query = path.rstrip("/").partition("?")
    parent, _, name = path.rpartition("/")
    if parent in ("", "/"):  # //host alone, or /name
        return (f"{head}:{path}", "") if path.startswith("//") else (f"{head}:/", unquote(name))
    return f"{head}:{parent}{mark}{query}", name if scheme in _BUCKETS else unquote(name)


def _opened(uri: str, below: SafeRelPath, stores: Stores) -> ArtifactRepository:
    scheme, shown = scheme_of(uri), joined(uri, *below) if below.segments else uri
    if scheme in ("", "file"):
        return Repository(shown, _in_folder(_folder(uri).joinpath(*below), stores.tracking_uri))
    if scheme == "mlflow-artifacts":
        return Repository(shown, _proxied(uri, below, stores.tracking_uri))
    if scheme in ("http", "https"):
        return Repository(shown, _at_address(uri, below, stores.tracking_uri))
    plugin: Any = named(PLUGINS, scheme)
    if plugin is not None:
        opened: ArtifactRepository = plugin(shown, tracking_uri=stores.tracking_uri, registry_uri=stores.registry_uri)
        return opened
    if scheme not in _BUCKETS:
        raise UnsupportedLocation(scheme, KNOWN)
    if importlib.util.find_spec("obstore") is None:
        raise MissingExtra(f"A bucket ({scheme}:) that this client reads and writes itself", "objects")
    from genesis_flow.client.repositories.buckets import BucketPlace

    return Repository(shown, BucketPlace(uri, below))


def _in_folder(root: Path, tracking_uri: str) -> FolderPlace:
    if is_offline(tracking_uri) and root.is_relative_to(folder := offline_folder(tracking_uri)):
        from genesis_flow.client.repositories.offline import OfflinePlace

        return OfflinePlace(folder, root)
    return FolderPlace(root)


def _folder(uri: str) -> Path:
    if not scheme_of(uri):
        return Path(uri)
    parts = urlsplit(uri)
    if parts.netloc.lower() not in ("", "localhost") or parts.query or parts.fragment:
        raise InvalidPath("a file: URI names a folder of this machine, without a host, a query or a fragment")
    path = unquote(parts.path)
    return Path(path.removeprefix("/") if os.name == "nt" else path)


def _proxied(uri: str, below: SafeRelPath, tracking_uri: str) -> ProxiedPlace:
    """Files behind the tracking server, or another one, which is told nothing of who we are."""
    parts, server = urlsplit(uri), urlsplit(tracking_uri)
    if server.scheme not in _PORTS:
        raise InvalidParameter(
            "tracking_uri", server.scheme, "that of a server (http, https) to open mlflow-artifacts:"
        )
    root = SafeRelPath.normalize(unquote(parts.path).removeprefix("/")) / below
    host = f"{server.scheme}://{parts.netloc}"
    if not parts.netloc or _origin(host) == _origin(tracking_uri):
        return ProxiedPlace(_server(tracking_uri), root)
    return ProxiedPlace(connect_anonymously(host), root)


def _at_address(uri: str, below: SafeRelPath, tracking_uri: str) -> ProxiedPlace | WebPlace:
    """Files behind the tracking server by their full address, or anywhere in the web."""
    parts = urlsplit(uri)
    files = f"{urlsplit(tracking_uri).path.rstrip('/')}{FILES}/"
    if _origin(uri) == _origin(tracking_uri) and f"{parts.path}/".startswith(files):
        root = SafeRelPath.normalize(unquote(f"{parts.path}/".removeprefix(files)))
        return ProxiedPlace(_server(tracking_uri), root / below)
    folder = "/".join([parts.path.rstrip("/"), *(quote(name, safe="") for name in below)])
    return WebPlace(connect_anonymously(f"{parts.scheme}://{parts.netloc}"), folder, parts.query)


def _server(tracking_uri: str) -> HttpTransport:
    server = connection_to(tracking_uri)
    assert isinstance(server, HttpTransport)
    return server


def _origin(uri: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(uri)
    return parts.scheme.lower(), parts.hostname, parts.port or _PORTS.get(parts.scheme.lower())
