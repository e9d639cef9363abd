"""A curve with fewer points that still shows every spike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

POINTS_A_BUCKET = 4


class Point(NamedTuple):
    """A point of a metric; ``value`` may be NaN."""

    step: int
    timestamp: int
    value: float


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """At most ``most`` of the points, in their order.

    The steps are cut into equal buckets, and each keeps its first, last, lowest and highest point. Fewer than four keep
    what matters first: the last point, then the first, then the extremes.

    Args:
        points: ordered by step.
        most: at least 1.
    """
    if len(points) <= most:
        return list(points)
    buckets = max(1, most // POINTS_A_BUCKET)
    start, width = points[0].step, (points[-1].step - points[0].step) / buckets or 1
    kept: list[Point] = []
    bucket: list[int] = []
    current = 0
    for i, point in enumerate(points):
        place = min(int((point.step - start) / width), buckets - 1)
        if place != current:
            kept += _of_bucket(points, bucket, most)
            bucket, current = [], place
        bucket.append(i)
    return kept + _of_bucket(points, bucket, most)


def _of_bucket(points: Sequence[Point], bucket: Sequence[int], most: int) -> list[Point]:
    if not bucket:
        return []
    numbers = [i for i in bucket if not math.isnan(points[i].value)] or bucket
    highest = max(numbers, key=lambda i: points[i].value)
    lowest = min(numbers, key=lambda i: points[i].value)
    chosen = list(dict.fromkeys((bucket[-1], bucket[0], highest, lowest)))[:most]
    return [points[i] for i in sorted(chosen)]
