"""Where a version of a model may come from: what its source must look like, and below what it must lie.

A server hands a source on to whoever loads the model, and some read it themselves. So a source says plainly where it
leads (no ``..``, however encoded), and one on the server's own disk or in its own artifacts lies within those of the
run or logged model that the request names.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from genesis_flow.errors import InvalidParameter
from genesis_flow.rules.limits import SOURCE_LENGTH
from genesis_flow.rules.texts import check_line

# COMPAT: mlflow 3.17 takes none of these without an operator's word, because a server would connect to their hosts.
HOST_SCHEMES = frozenset({"http", "https", "ftp", "ftps", "sftp", "hdfs", "viewfs", "abfs", "abfss", "r2", "b2"})
PROXY = "mlflow-artifacts"
_MOST_DECODINGS = 8
_FILE_LIKE = re.compile(r"file(?:\+.*)?|[a-z]?")


def check_source(source: str) -> str:
    """A source that says plainly where it leads.

    Raises:
        InvalidParameter
    """
    check_line("source", source, SOURCE_LENGTH)
    try:
        parts = urlsplit(source)
    except ValueError:
        raise InvalidParameter("source", source, "a path or a URI") from None
    _check_path(source, parts.path)
    if parts.scheme and not _is_local(parts.scheme) and not parts.path.startswith("/"):
        raise InvalidParameter("source", source, "a URI with an absolute path")
    return source


def _check_path(source: str, path: str) -> None:
    """Refuses a path that climbs, whether plain, with backslashes, or percent-encoded at any depth."""
    for _ in range(_MOST_DECODINGS):
        segments = path.replace("\\", "/").split("/")
        if "\0" in path or "." in segments or ".." in segments:
            raise InvalidParameter("source", source, "free of '.' and '..' segments and NUL, also encoded ones")
        decoded = unquote(path)
        if decoded == path:
            return
        path = decoded
    raise InvalidParameter("source", source, "a path that is not percent-encoded again and again")


def is_model_uri(source: str) -> bool:
    """Whether a source names a model of the registry or a logged model."""
    return urlsplit(source).scheme == "models"


def run_of(source: str) -> str | None:
    """The run that a source ``runs:/RUN_ID/…`` names; None for another scheme."""
    parts = urlsplit(source)
    if parts.scheme != "runs":
        return None
    return "" if parts.netloc else parts.path.lstrip("/").partition("/")[0]


def needs_owner(source: str) -> bool:
    """Whether a source must lie within the artifacts of the run or logged model that the request names.

    Raises:
        InvalidParameter: the source leads to a host of its own.
    """
    parts = urlsplit(source)
    if _is_local(parts.scheme) or (parts.scheme == PROXY and not parts.netloc):
        return True
    if parts.scheme in HOST_SCHEMES or parts.scheme == PROXY:
        raise InvalidParameter("source", source, "a location that does not lead to another host")
    return False


def is_elsewhere(source: str) -> bool:
    """Whether a source lies in a bucket or the like, where no run's artifacts need to be looked up."""
    scheme = urlsplit(source).scheme
    return not (_is_local(scheme) or scheme == PROXY or scheme in HOST_SCHEMES)


def is_within(source: str, location: str) -> bool:
    """Whether a source is a location of artifacts, or lies below it."""
    (scheme, host, path), (root_scheme, root_host, root) = _place(source), _place(location)
    return (scheme, host) == (root_scheme, root_host) and (path == root or path.startswith(root + "/"))


def _is_local(scheme: str) -> bool:
    """Whether a URI of this scheme is a path on a disk; ``C:`` is a drive."""
    return _FILE_LIKE.fullmatch(scheme) is not None


def _place(location: str) -> tuple[str, str, str]:
    """Scheme, host and path of a location, those of a disk without the former two."""
    parts = urlsplit(location)
    path = unquote(parts.path).rstrip("/")
    if not parts.scheme and not parts.netloc:
        return "", "", parts.path.rstrip("/")
    if parts.scheme == "file":
        return "", "" if parts.netloc == "localhost" else parts.netloc, path
    return parts.scheme, parts.netloc, path
