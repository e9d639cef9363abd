"""What all points of a metric come to: how many, the first and the last, the extremes and the mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

Triple = tuple[int, int, float]
"""A point: time, step, value."""


class Aggregate(msgspec.Struct, frozen=True, kw_only=True):
    """Of the distinct points of a metric.

    NaN counts as a point, but is neither an extreme nor part of the mean.

    Attributes:
        count: how many points there are.
        numbers: how many of them are not NaN.
        total: the sum of those.
    """

    count: int
    numbers: int
    total: float
    first: float
    first_step: int
    first_time: int
    last: float
    last_step: int
    last_time: int
    min: float
    min_step: int
    min_time: int
    max: float
    max_step: int
    max_time: int

    @classmethod
    def of(cls, points: Sequence[Triple]) -> Aggregate:
        """Of distinct points, at least one."""
        first, last = min(points, key=rank), max(points, key=rank)
        numbers = [point for point in points if point[2] == point[2]] or [first]
        low = min(numbers, key=_by_value)
        high = max(numbers, key=lambda point: (point[2], -point[1], -point[0]))
        return cls(
            count=len(points),
            numbers=0 if math.isnan(low[2]) else len(numbers),
            total=0.0 if math.isnan(low[2]) else sum(point[2] for point in numbers),
            **_placed("first", first),
            **_placed("last", last),
            **_placed("min", low),
            **_placed("max", high),
        )

    def merged(self, other: Aggregate) -> Aggregate:
        """Of the points of both, which have none in common."""
        first = min(self._point("first"), other._point("first"), key=rank)
        last = max(self._point("last"), other._point("last"), key=rank)
        known = [one for one in (self, other) if one.numbers] or [self]
        low = min((one._point("min") for one in known), key=_by_value)
        high = max((one._point("max") for one in known), key=lambda point: (point[2], -point[1], -point[0]))
        return Aggregate(
            count=self.count + other.count,
            numbers=self.numbers + other.numbers,
            total=self.total + other.total,
            **_placed("first", first),
            **_placed("last", last),
            **_placed("min", low),
            **_placed("max", high),
        )

    @property
    def mean(self) -> float:
        """The mean of the numbers; NaN, if there are none."""
        return self.total / self.numbers if self.numbers else math.nan

    def _point(self, name: str) -> Triple:
        return getattr(self, f"{name}_time"), getattr(self, f"{name}_step"), getattr(self, name)


def rank(point: Triple) -> tuple[int, int, float]:
    """What the first and the last point are found by: step, time, value."""
    timestamp, step, value = point
    return step, timestamp, 0.0 if value != value else value


def _by_value(point: Triple) -> tuple[float, int, int]:
    timestamp, step, value = point
    return value, step, timestamp


def _placed(name: str, point: Triple) -> dict[str, Any]:
    timestamp, step, value = point
    return {name: value, f"{name}_step": step, f"{name}_time": timestamp}
