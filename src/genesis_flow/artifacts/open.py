"""From locations to stores: those that the operator configures, and those that a client wrote into a field.

The first are opened (``open_artifacts``); the second are only ever looked up among the first (``locate``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import unquote

from genesis_flow.artifacts.local import LocalArtifactStore
from genesis_flow.artifacts.protocol import ArtifactStore
from genesis_flow.errors import ArtifactsOutsideRoots, InvalidPath, UnsupportedLocation
from genesis_flow.rules.paths import SafeRelPath

# Two characters or more: C:\mlruns is a path.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the operator lets this server keep artifacts.

    Attributes:
        destination: what ``mlflow-artifacts:`` means here; None if this server does not serve artifacts.
        local: the directories in which plain paths and ``file:`` URIs are served.
    """

    destination: ArtifactStore | None = None
    local: Sequence[LocalArtifactStore] = ()


def open_artifacts(uri: str) -> ArtifactStore:
    """The store at a location of the operator's: a path, absolute or not, or a ``file:`` URI.

    Nothing is made before the first write. Remains of uploads that died are cleared away in the background.

    Raises:
        UnsupportedLocation: another scheme.
        InvalidPath: no path at all.
    """
    scheme = _scheme(uri)
    if scheme not in ("", "file"):
        raise UnsupportedLocation(scheme, "Give a directory, as a path or as a file: URI.")
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
        match _scheme(artifact_uri):
            case "mlflow-artifacts" if roots.destination is not None:
                return roots.destination, _proxied_path(artifact_uri)
            case "file":
                return _locate_path(_file_path(artifact_uri), roots.local)
            case "":
                return _locate_path(artifact_uri, roots.local)
    except (InvalidPath, ValueError):
        pass
    raise ArtifactsOutsideRoots(artifact_uri)


def _scheme(uri: str) -> str:
    """In lower case; empty for a path."""
    match = _SCHEME.match(uri)
    return match[1].lower() if match else ""


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
