"""What is logged in the background, as tuples; the first element says what the others are."""

from __future__ import annotations

from typing import Any

Item = tuple[Any, ...]
"""Ready to be written: elements of exact built-in types."""

POINT = 0
"""``(POINT, run, key, value, timestamp, step)``, perhaps with model, name and digest of a dataset behind."""
PARAM = 1
"""``(PARAM, run, key, value)``"""
TAG = 2
"""``(TAG, run, key, value)``"""
NOTHING = 3
"""``(NOTHING,)``, in the place of what could not be written."""
END = 4
"""``(END, run, status, end_time)``: the run ends behind everything that was logged before."""


def plain(item: Item) -> Item:
    """The item with its elements as the exact types that can be written.

    Raises:
        ValueError, TypeError, OverflowError: an element is nothing like what has to stand in its place.
    """
    kind, run_id, key, value, *more = item
    if kind == END:
        return kind, _text(run_id), _text(key), int(value)
    if kind != POINT:
        return kind, _text(run_id), _text(key), _text(value)
    timestamp, step, *of = more
    return kind, _text(run_id), _text(key), float(value), int(timestamp), int(step), *of


def _text(text: object) -> str:
    """The text as a plain one; half of a surrogate pair cannot be written."""
    plain = str(text)
    plain.encode("utf-8")
    return plain
