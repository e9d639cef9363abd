"""Decoders of JSON, one for each type, made one at a time.

The first use of a type makes msgspec read its fields, and another thread that uses the type meanwhile sees them half
read: with 0.22 it ends the process (``tests/wire/test_decoders.py``). Whatever may be decoded by two threads at once
is decoded by one of these.
"""

from __future__ import annotations

import os
import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}
_making = threading.Lock()
if hasattr(os, "register_at_fork"):  # or the child would have a type that is half read for ever
    os.register_at_fork(before=_making.acquire, after_in_parent=_making.release, after_in_child=_making.release)


def decoder(type_: type[T]) -> msgspec.json.Decoder[T]:
    """The decoder of a type; any number of threads may ask for it, and use it.

    It is lax: a number may come as a string, as MLflow's clients send an int64; a string is still told from a number.
    """
    found = _decoders.get(type_)
    if found is None:
        with _making:
            # Not the first to come here may find it made: setting it again does no harm, its fields are read once.
            found = _decoders[type_] = msgspec.json.Decoder(type_, strict=False)
    return found
