"""The time, as everything in the interface counts it: milliseconds since 1970."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Answers the current time in milliseconds; tests give a fixed one."""


def now_ms() -> int:
    """The current time in milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000
