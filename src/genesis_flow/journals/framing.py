"""Records in a file: a header with length and checksum, and what follows it."""

from __future__ import annotations

import struct
import zlib
from typing import IO, NamedTuple

HEADER = struct.Struct("<II")  # length and CRC-32 of what follows
_NUMBERS = struct.Struct("<QI")
OVERHEAD_BYTES = HEADER.size + _NUMBERS.size
"""What a record has besides its payload."""


class Record(NamedTuple):
    """Some items in a row.

    Attributes:
        first: the number of the first item; each file, or row of files, counts its own from 0.
        items: how many there are.
        payload: the items.
    """

    first: int
    items: int
    payload: bytes

    @property
    def end(self) -> int:
        """The number behind the last item."""
        return self.first + self.items


def framed(record: Record) -> bytes:
    """A record as it stands in a file."""
    summed = _NUMBERS.pack(record.first, record.items) + record.payload
    return HEADER.pack(len(summed), zlib.crc32(summed)) + summed


def read_record(file: IO[bytes], size_bytes: int, most_bytes: int | None = None) -> Record | None:
    """The record at the file's place; None if there is no whole one.

    Args:
        file: where to read.
        size_bytes: how much of the file counts.
        most_bytes: a longer one is none.
    """
    header = file.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    length, checksum = HEADER.unpack(header)
    if not _NUMBERS.size < length <= size_bytes - file.tell() or (most_bytes is not None and length > most_bytes):
        return None
    summed = file.read(length)
    if len(summed) < length or zlib.crc32(summed) != checksum:
        return None
    first, items = _NUMBERS.unpack_from(summed)
    return Record(first, items, summed[_NUMBERS.size :])


def is_torn(file: IO[bytes], at: int, size_bytes: int, most_bytes: int) -> bool:
    """Whether the record at a place only lacks its end: who wrote it was killed, or is writing it this moment."""
    file.seek(at)
    header = file.read(min(HEADER.size, size_bytes - at))
    if len(header) < HEADER.size:
        return True
    length, _ = HEADER.unpack(header)
    return bool(size_bytes - at - HEADER.size < length <= most_bytes)
