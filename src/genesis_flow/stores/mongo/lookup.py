"""What a run is found and ordered by: the field ``lookup`` of its document, and the index over it.

Params, tags and metrics of a run are arrays of ``{k, v}``, so that no key is ever a path. An array's index can find a
value, but it cannot give an order. So each value stands once more in the object ``lookup``, below a name that is made
from experiment, kind and key by a hash; one wildcard index covers them all. As a run never moves, a name belongs to
one experiment, and a range of its index is a range of that experiment.

A metric stands there as 32 bytes that compare as the order of a search does: the number, the start (the latest first)
and the id. So the index alone gives a page in its total order. A text stands there by its beginning.
"""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from functools import lru_cache

from bson import Binary

from genesis_flow.search.ast import Kind

HEAD_LENGTH = 64
"""Characters of a param's or tag's value that its entry holds; a longer value is compared in the document."""

INDEX = "lookup.$**"
LEAST, MOST = b"\x00" * 24, b"\xff" * 24
"""Below and above everything that follows a number."""
MOST_TEXT = "\U0010ffff" * HEAD_LENGTH
"""No entry of a text is above it."""

NAN = b"\xff" * 8
"""Stands for NaN: above every number. No double is encoded so, because such bits are a NaN themselves."""

_BITS, _DOUBLE = struct.Struct(">Q"), struct.Struct(">d")
_SIGN = 1 << 63
_ALL = (1 << 64) - 1


@lru_cache(maxsize=65_536)
def path(experiment: int, kind: Kind, key: str) -> str:
    """Where in a run's document the entry of a value stands."""
    digest = hashlib.blake2b(f"{experiment}\0{kind.value}\0{key}".encode(), digest_size=12).digest()
    return f"lookup.{kind.value[0]}{base64.urlsafe_b64encode(digest).decode()}"


def number(value: float) -> bytes:
    """Eight bytes that compare as the doubles do; NaN above all, and both zeros equal."""
    if value != value:
        return NAN
    (bits,) = _BITS.unpack(_DOUBLE.pack(value + 0.0))
    return _BITS.pack(bits ^ (_ALL if bits & _SIGN else _SIGN))


def read_number(raw: bytes) -> float:
    """The double that :func:`number` made these bytes from."""
    if raw == NAN:
        return math.nan
    (bits,) = _BITS.unpack(raw)
    (value,) = _DOUBLE.unpack(_BITS.pack(bits ^ (_SIGN if bits & _SIGN else _ALL)))
    return float(value)


def place(value: float, rest: bytes) -> Binary:
    """The entry of a metric: where the run stands in the ascending order, by value, then by its ``place_of_run``."""
    entry: Binary = Binary(number(value) + rest)
    return entry


def place_of_run(start: int, run_id: str) -> bytes:
    """Where a run stands among those with an equal value: the latest start first, then by id."""
    return _BITS.pack((_SIGN - 1) - start) + bytes.fromhex(run_id)


def read_place(raw: bytes) -> tuple[float, int, str]:
    """Value, start and run id of an entry."""
    (start,) = _BITS.unpack(raw[8:16])
    return read_number(raw[:8]), (_SIGN - 1) - start, raw[16:].hex()


def below(value: float) -> Binary:
    """Less than every entry of this number, more than any of a smaller one."""
    entry: Binary = Binary(number(value) + LEAST)
    return entry


def above(value: float) -> Binary:
    """More than every entry of this number, less than any of a larger one."""
    entry: Binary = Binary(number(value) + MOST)
    return entry


def text(value: str) -> str:
    """The entry of a param or a tag."""
    return value[:HEAD_LENGTH]
