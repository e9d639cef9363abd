"""Digests of files over HTTP: those that a client announces, and those that an answer tells.

Source: RFC 9530, "Digest Fields"; and a header of ours with the hexadecimal form that people have at hand.
"""

from __future__ import annotations

import base64
import re

from genesis_flow.errors import MalformedRequest
from genesis_flow.server.http import Request

OURS = b"x-genesis-sha256"
STANDARD = (b"content-digest", b"repr-digest")

_HEX = re.compile(rb"[0-9A-Fa-f]{64}")
_MEMBER = re.compile(rb"(?:^|,)[ \t]*sha-256[ \t]*=[ \t]*(.*?)[ \t]*(?=,|$)")
_BYTES = re.compile(rb":([A-Za-z0-9+/]{43}=):")


def announced(request: Request) -> str | None:
    """The SHA-256, in hexadecimal, that a body must have by what its sender says; None if nothing is said of it.

    Raises:
        MalformedRequest: it is none, or two headers tell two of them.
    """
    found: set[str] = set()
    if (given := request.header(OURS)) is not None:
        if not _HEX.fullmatch(given):
            raise MalformedRequest("its header 'X-Genesis-SHA256' must be 64 hexadecimal digits")
        found.add(given.decode().lower())
    for name in STANDARD:
        found |= _standard(name, request.header(name) or b"")
    if len(found) > 1:
        raise MalformedRequest("its headers tell two SHA-256 digests of one body")
    return found.pop() if found else None


def of_file(sha256: str) -> tuple[bytes, bytes]:
    """The header that tells the digest of a whole file, also with a part of it."""
    return b"repr-digest", b"sha-256=:" + base64.b64encode(bytes.fromhex(sha256)) + b":"


def _standard(name: bytes, given: bytes) -> set[str]:
    """What a field says; digests of other kinds are nothing to us."""
    member = _MEMBER.search(given)
    if member is None:
        return set()
    value = _BYTES.fullmatch(member[1])
    if value is None:
        raise MalformedRequest(f"its header '{name.decode()}' must be like sha-256=:…: with 32 bytes in base64")
    return {base64.b64decode(value[1]).hex()}
