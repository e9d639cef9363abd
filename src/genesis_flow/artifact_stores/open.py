"""From locations to stores: those that the operator configures, and those that a client wrote into a field.

The first are opened (``open_artifacts``); the second are only ever looked up among the first (``locate``).
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from genesis_flow.artifact_stores.local import LocalArtifactStore
from genesis_flow.artifact_stores.protocol import ArtifactStore
from genesis_flow.errors import ArtifactsOutsideRoots, InvalidPath, MissingExtra, UnsupportedLocation
from genesis_flow.rules.locations import scheme_of, split_bucket_uri
from genesis_flow.rules.paths import SafeRelPath

if TYPE_CHECKING:
    from genesis_flow.artifact_stores.objects import ObjectArtifactStore

FORMS = (
    "Give a folder, s3://bucket/path, gs://bucket/path, az://container/path, "
    "abfss://container@account.dfs.core.windows.net/path or wasbs://container@account.blob.core.windows.net/path."
)
_BUCKETS = frozenset({"s3", "gs", "az", "abfss", "wasbs", "memory"})


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the operator lets this server keep artifacts.

    Attributes:
        destination: what ``mlflow-artifacts:`` means here; None if this server does not serve artifacts.
        local: the directories in which plain paths and ``file:`` URIs are served.
        buckets: those in which locations of their own scheme are served.
    """

    destination: ArtifactStore | None = None
    local: Sequence[LocalArtifactStore] = ()
    buckets: Sequence[ObjectArtifactStore] = ()

    @classmethod
    def open(cls, *, destination: str | None, root: str) -> Roots:
        """The locations that an operator configured.

        Args:
            destination: what ``mlflow-artifacts:`` is to mean; None for a server without a proxy.
            root: below which new experiments get their locations; opened where this server can be asked for what is
                there, and left to the clients where the scheme is none of ours.

        Raises:
            GenesisFlowError: as ``open_artifacts``.
        """
        served = open_artifacts(destination) if destination is not None else None
        if scheme_of(root) in _BUCKETS:
            return cls(served, buckets=[_open_bucket(root)])
        return cls(served, local=[_open_local(root)] if scheme_of(root) in ("", "file") else [])

    @property
    def stores(self) -> Sequence[ArtifactStore]:
        """All that are open."""
        return [*([self.destination] if self.destination else []), *self.local, *self.buckets]


def open_artifacts(uri: str) -> ArtifactStore:
    """The store at a location of the operator's: a path, absolute or not, a ``file:`` URI, or that of a bucket.

    Nothing is made before the first write. Remains of uploads that died are cleared away in the background.

    Raises:
        UnsupportedLocation: another scheme.
        InvalidPath: no path and no bucket at all.
        LocationWithCredentials: there is a secret in the URI.
        MissingExtra: the client of buckets is not installed.
    """
    scheme = scheme_of(uri)
    if scheme in _BUCKETS:
        return _open_bucket(uri)
    if scheme not in ("", "file"):
        raise UnsupportedLocation(scheme, FORMS)
    return _open_local(uri)


def _open_bucket(uri: str) -> ObjectArtifactStore:
    if importlib.util.find_spec("obstore") is None:
        raise MissingExtra("An artifact store in a bucket", "objects")
    # Only a server that has a bucket loads the 15 MB of its client.
    from genesis_flow.artifact_stores.buckets import open_bucket
    from genesis_flow.artifact_stores.objects import ObjectArtifactStore

    return ObjectArtifactStore(open_bucket(uri))


def _open_local(uri: str) -> LocalArtifactStore:
    scheme = scheme_of(uri)
    path = _file_path(uri) if scheme else uri
    if not path or "\0" in path:
        raise InvalidPath("the location of artifacts must be a directory of this machine")
    store = LocalArtifactStore(path)
    store.sweep_soon()
    return store


def locate(artifact_uri: str, *, roots: Roots) -> tuple[ArtifactStore, SafeRelPath]:
    """Where the artifacts of an experiment, a run or a model are, if that is inside one of ``roots``.

    Decides by the text alone, without a look at any disk; that no link leads out of a root is the store's
    part. Where roots lie inside each other, the innermost is meant.

    Raises:
        ArtifactsOutsideRoots: the location is none of this server's, or cannot be understood.
    """
    try:
        match scheme_of(artifact_uri):
            case "mlflow-artifacts" if roots.destination is not None:
                return roots.destination, _proxied_path(artifact_uri)
            case "file":
                return _locate_path(_file_path(artifact_uri), roots.local)
            case "":
                return _locate_path(artifact_uri, roots.local)
            case scheme if scheme in _BUCKETS:
                return _locate_object(artifact_uri, roots.buckets)
    except (InvalidPath, ValueError):
        pass
    raise ArtifactsOutsideRoots(artifact_uri)


def _authority_and_path(uri: str) -> tuple[str, str]:
    """What a URI says after its scheme, the path decoded once.

    Written out, because ``urlsplit`` drops tabs and line ends, and so reads another path than it was given.

    Raises:
        InvalidPath: it has a query or a fragment.
        ValueError: the path is not UTF-8.
    """
    rest = uri.partition(":")[2]
    if "?" in rest or "#" in rest:
        raise InvalidPath("a location must not have a query or a fragment")
    authority, path = "", rest
    if rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        path = slash + path
    return authority, unquote(path, errors="strict")


def _proxied_path(uri: str) -> SafeRelPath:
    _, path = _authority_and_path(uri)  # whichever name of this server the client used
    return SafeRelPath.normalize(path.removeprefix("/"))


def _file_path(uri: str) -> str:
    authority, path = _authority_and_path(uri)
    if authority.lower() not in ("", "localhost"):
        raise InvalidPath("a file: URI must not name another machine")
    return path.removeprefix("/") if os.name == "nt" else path  # /C:/mlruns


def _locate_path(text: str, roots: Sequence[LocalArtifactStore]) -> tuple[ArtifactStore, SafeRelPath]:
    path = PurePath(text)
    around = [store for store in roots if path.is_relative_to(store.root)]
    if not around:
        raise InvalidPath("it lies in none of the configured directories")
    innermost = max(around, key=lambda store: len(PurePath(store.root).parts))
    return innermost, SafeRelPath(path.relative_to(innermost.root).parts)  # which refuses ".."


def _locate_object(uri: str, roots: Sequence[ObjectArtifactStore]) -> tuple[ArtifactStore, SafeRelPath]:
    scheme, authority, path = split_bucket_uri(uri)
    for store in roots:
        bucket = store.bucket
        if (bucket.scheme, bucket.authority) == (scheme, authority) and path.is_within(bucket.prefix):
            return store, path.relative_to(bucket.prefix)
    raise InvalidPath("it lies in none of the configured buckets")
