"""The points of a metric: what orders them, and which of them is the latest."""

from __future__ import annotations

import sys

Triple = tuple[int, int, float]
"""A point: time, step, value."""

LARGEST = sys.float_info.max


def rank(point: Triple) -> tuple[int, int, float]:
    """What the first and the latest point are found by: step, time, value; NaN counts as 0."""
    timestamp, step, value = point
    return step, timestamp, 0.0 if value != value else value


def ordered(value: float) -> float:
    """What a value is ordered by in a history.

    COMPAT: mlflow 3.17 orders NaN as 0 and an infinity as the largest double.
    """
    return 0.0 if value != value else max(-LARGEST, min(value, LARGEST))
