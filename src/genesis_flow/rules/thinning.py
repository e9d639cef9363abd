"""A curve with fewer points that still shows every spike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

POINTS_A_PART = 4


class Point(NamedTuple):
    """A point of a metric; ``value`` may be NaN."""

    step: int
    timestamp: int
    value: float


class Parts(NamedTuple):
    """The equal parts of a curve's steps that each keep a few of its points.

    Attributes:
        start: the first step.
        width: of a part, in steps.
        number: of parts.
    """

    start: int
    width: float
    number: int

    @classmethod
    def of(cls, first: int, last: int, most: int) -> Parts:
        """The parts of a curve between these steps of which at most ``most`` points are kept."""
        number = max(1, most // POINTS_A_PART)
        return cls(first, (last - first) / number or 1, number)

    def place(self, step: int) -> int:
        """The part that a step belongs to."""
        return min(int((step - self.start) / self.width), self.number - 1)


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most ``most`` of the points, in their order; all of them, if they are not more.

    The steps are cut into equal parts, and each keeps its first, last, lowest and highest point. Fewer than four keep
    what matters first: the last point, then the first, then the extremes.

    Args:
        points: ordered by step.
        most: at least 1.
    """
    return list(points) if len(points) <= most else thin(points, most)


def thin(points: Sequence[Point], most: int) -> list[Point]:
    """Like :func:`thinned`, for points that stand for more than ``most``."""
    if not points:
        return []
    parts = Parts.of(points[0].step, points[-1].step, most)
    kept: list[Point] = []
    part: list[int] = []
    current = 0
    for i, point in enumerate(points):
        place = parts.place(point.step)
        if place != current:
            kept += _of_part(points, part, most)
            part, current = [], place
        part.append(i)
    return kept + _of_part(points, part, most)


def _of_part(points: Sequence[Point], part: Sequence[int], most: int) -> list[Point]:
    if not part:
        return []
    numbers = [i for i in part if not math.isnan(points[i].value)] or part
    highest = max(numbers, key=lambda i: points[i].value)
    lowest = min(numbers, key=lambda i: points[i].value)
    chosen = list(dict.fromkeys((part[-1], part[0], highest, lowest)))[:most]
    return [points[i] for i in sorted(chosen)]
