"""What a bucket's client says when it fails, as our errors.

Its own messages hold addresses, sometimes with a signature, and pages of details; of those only the status and the
bucket's own code for the failure go on, and only into the log.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from obstore.exceptions import (
    BaseError,
    InvalidPathError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)

from genesis_flow.errors import (
    ArtifactsRefused,
    ArtifactsUnreachable,
    GenesisFlowError,
    InvalidPath,
    StorageFull,
)

log = logging.getLogger("genesis_flow.artifact_stores")

MISSING = "its bucket or container does not exist"
REFUSED = "it does not accept the credentials, or they lack a permission"
NO_CREDENTIALS = "there are no credentials for it"

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_MISSING_CODES = frozenset({"NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted", "InvalidBucketName"})
_FULL_CODES = frozenset({"XMinioStorageFull", "QuotaExceeded", "InsufficientCapacity"})
_TRY_AGAIN = frozenset({"408", "425", "429"})
_METADATA_SERVICES = ("169.254.169.254", "metadata.google.internal", "169.254.170.")


@contextmanager
def translated() -> Iterator[None]:
    """Turns what the client says into our errors."""
    try:
        yield
    except FileNotFoundError as error:
        raise _meaning(str(error), ArtifactsRefused(MISSING)) from None
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise _meaning(str(error), ArtifactsRefused(REFUSED)) from None
    except InvalidPathError:
        raise InvalidPath("the bucket cannot have a file of this name") from None
    except PreconditionError:
        raise
    except BaseError as error:
        raise _meaning(str(error), ArtifactsUnreachable()) from None


def _meaning(text: str, otherwise: GenesisFlowError) -> GenesisFlowError:
    """The error that a message is about, which is logged by its status and code alone."""
    status, code = _first(_STATUS, text), _first(_CODE, text)
    found = _known(text, status, code) or otherwise
    answer = f"{status} {code}".strip() or "nothing"
    log.warning("The bucket of artifacts answers %s: %s", answer, found)
    return found


def answered(status: int, text: str) -> GenesisFlowError:
    """The error that an answer of a bucket to a request of our own is about."""
    return _meaning(f"status code: {status} {text}", ArtifactsUnreachable())


def _known(text: str, status: str, code: str) -> GenesisFlowError | None:
    if code in _MISSING_CODES:
        return ArtifactsRefused(MISSING)
    if code in _FULL_CODES or status == "507":
        return StorageFull()
    if any(host in text for host in _METADATA_SERVICES):
        return ArtifactsRefused(NO_CREDENTIALS)
    if status in ("401", "403"):
        return ArtifactsRefused(REFUSED)
    if status.startswith("4") and status not in _TRY_AGAIN:
        return ArtifactsRefused(f"it answers {status} {code}".rstrip())
    return None


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
