"""What the values of one metric, param or tag come to in many runs, in parts that can be put together.

A part says of some runs how many have the key, which values they have, up to a limit, and the least and the greatest.
Two parts of different runs are one part of all of them, and which runs are together changes nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

import msgspec

MOST_VALUES = 100
"""Different values that are told apart; more are "more"."""
LONGEST_TEXT = 24
"""Characters of a text that stands for itself; a longer one is known by its digest, which is longer than that."""

Value = float | str | None
"""A value as it is told from others: a metric's number, None for NaN; a param's or tag's text, or its digest."""

_NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan)", re.IGNORECASE)


class Part(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the values of a key come to in some runs.

    Attributes:
        runs: how many runs have the key.
        numeric: whether all their values are numbers.
        min: the least number, if all are numbers and one is not NaN.
        max: the greatest.
        values: the different values, at most ``MOST_VALUES``; None: more.
    """

    runs: int
    numeric: bool
    min: float | None
    max: float | None
    values: tuple[Value, ...] | None


def of_numbers(values: Sequence[float | None]) -> Part:
    """The part of a metric, from its latest value in each run that has one; None, or NaN itself, stands for NaN."""
    numbers = {value + 0.0 for value in values if value is not None and value == value}  # + 0.0: -0.0 is no other 0
    different: set[Value] = {*numbers}
    if len(values) > len(numbers) and any(value is None or value != value for value in values):
        different.add(None)
    return Part(len(values), True, min(numbers, default=None), max(numbers, default=None), _few(different))


def of_texts(values: Sequence[str], *, may_be_numbers: bool) -> Part:
    """The part of a param or a tag, from its value in each run that has it.

    Args:
        values: the texts.
        may_be_numbers: whether to see if all of them are numbers.
    """
    different = set(values)
    numeric = may_be_numbers and all(map(_NUMBER.fullmatch, different))
    numbers = [number + 0.0 for number in map(float, different) if number == number] if numeric else []
    known: set[Value] = set(map(_known_as, different)) if len(different) <= MOST_VALUES else {*different}
    return Part(len(values), numeric, min(numbers, default=None), max(numbers, default=None), _few(known))


def _known_as(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _few(different: Iterable[Value]) -> tuple[Value, ...] | None:
    values = tuple(different)
    return values if len(values) <= MOST_VALUES else None


def together(parts: Sequence[Part]) -> Part:
    """The part of all runs of some parts, at least one, that have no run in common."""
    numeric = all(part.numeric for part in parts)
    different: set[Value] | None = set()
    for part in parts:
        if part.values is None or different is None or len(different) > MOST_VALUES:
            different = None
            break
        different.update(part.values)
    return Part(
        sum(part.runs for part in parts),
        numeric,
        min((part.min for part in parts if part.min is not None), default=None) if numeric else None,
        max((part.max for part in parts if part.max is not None), default=None) if numeric else None,
        None if different is None else _few(different),
    )
