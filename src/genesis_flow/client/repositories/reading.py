"""Answers over HTTP, read piece by piece as they come, with a bound on each."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from genesis_flow.client.repositories.arriving import Pace
from genesis_flow.errors import AnswerTooLong, ArtifactNotFound, ServerError
from genesis_flow.rules.paths import SafeRelPath

if TYPE_CHECKING:
    import urllib3

PIECE_BYTES = 1024 * 1024
_SHA256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)")


def pieces(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """The bytes of an answer, each as soon as it is there: waiting for a full piece would hide how slowly they come."""
    while piece := answer.read1(PIECE_BYTES, decode_content=False):
        yield piece


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a local file from where it is on."""
    while block := file.read(PIECE_BYTES):
        yield block


def whole(answer: urllib3.BaseHTTPResponse, name: str, most_bytes: int) -> bytes:
    """All of an answer, which must not be large.

    Raises:
        AnswerTooLong: it is.
        TransferTooSlow: it never comes to its end.
    """
    content, pace = bytearray(), Pace()
    for piece in pieces(answer):
        content += piece
        if len(content) > most_bytes:
            raise AnswerTooLong(name, most_bytes)
        pace.count(len(piece))
    return bytes(content)


def told_size(answer: urllib3.BaseHTTPResponse) -> int | None:
    """How long an answer says that it is, in bytes."""
    text = answer.headers.get("Content-Length", "")
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def told_sha256(answer: urllib3.BaseHTTPResponse) -> str | None:
    """The digest of the file that an answer says it has, in hexadecimal (``Repr-Digest``, RFC 9530)."""
    found = _SHA256.search(answer.headers.get("Repr-Digest", ""))
    return b64decode(found[1]).hex() if found else None


@contextmanager
def asking(path: SafeRelPath | None = None) -> Iterator[None]:
    """What a server refuses, as users of the client catch it.

    Args:
        path: the file that is asked for; that there is none (404) is about it then.
    """
    try:
        yield
    except ServerError as error:
        if path is not None and error.status == 404:
            raise ArtifactNotFound(str(path)) from None
        raise error.for_users() from None
