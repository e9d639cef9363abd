"""Where the artifacts of a run or a model stand, below the location of its experiment."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from genesis_flow.errors import InvalidPath, LocationWithCredentials
from genesis_flow.rules.paths import SafeRelPath

# Two characters or more: C:\mlruns is a path.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


def scheme_of(uri: str) -> str:
    """In lower case; empty for a path."""
    match = _SCHEME.match(uri)
    return match[1].lower() if match else ""


def without_credentials(uri: str) -> str:
    """A URI without user, password, query and fragment."""
    scheme, slashes, rest = uri.partition("://")
    if not slashes:
        return uri
    rest = rest.partition("#")[0].partition("?")[0]
    host, slash, path = rest.partition("/")
    return scheme + slashes + host.rpartition("@")[2] + slash + path


def joined(root: str, *segments: str) -> str:
    """A location below ``root``; a query of the root stays behind the path."""
    parts = urlsplit(root)
    path = "/".join([parts.path.rstrip("/"), *segments])
    if not parts.scheme or len(parts.scheme) == 1:  # a plain path, or one that starts with a drive letter
        return "/".join([root.rstrip("/"), *segments])
    return urlunsplit(parts._replace(path=path))


def run_artifacts(experiment_location: str, run_id: str) -> str:
    """The location of a run's artifacts."""
    return joined(experiment_location, run_id, "artifacts")


def model_artifacts(experiment_location: str, model_id: str) -> str:
    """The location of a logged model's artifacts."""
    return joined(experiment_location, "models", model_id, "artifacts")


# How clouds sign a link: Azure, Amazon (both of its ways) and Google; and what else people call a key.
_SECRET_FIELDS = re.compile(
    r"[?&;](?:sig|x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|googleaccessid|signature|"
    r"(?:access|account|secret)[-_]?(?:access)?[-_]?key|sas(?:[-_]?token)?|token|password|pwd|secret)=",
    re.IGNORECASE,
)


def require_no_credentials(location: str) -> None:
    """Refuses a location that holds a secret, before anything keeps or shows it.

    Raises:
        LocationWithCredentials: it names a user with a password, or has a signature or a key in its query.
    """
    _, separator, rest = location.partition("://")
    user, at, _ = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")
    if (separator and at and ":" in user) or _SECRET_FIELDS.search(location):
        raise LocationWithCredentials


def split_bucket_uri(uri: str) -> tuple[str, str, SafeRelPath]:
    """Scheme, authority and path of the URI of a bucket; the path is taken as it stands, without decoding.

    Raises:
        InvalidPath: it has a query or a fragment, or its path is none.
    """
    scheme, separator, rest = uri.partition("://")
    if not separator:
        raise InvalidPath("the location of a bucket has '//' behind its scheme")
    if "?" in rest or "#" in rest:
        raise InvalidPath("the location of a bucket has no query and no fragment")
    authority, _, path = rest.partition("/")
    return scheme.lower(), authority, SafeRelPath.parse(path.removesuffix("/"))
