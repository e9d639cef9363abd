"""What the machine does while a run is going on: processors, memory, disk, network, and the GPUs of NVIDIA."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from genesis_flow.environment_variables import (
    MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING,
    MLFLOW_SYSTEM_METRICS_NODE_ID,
    MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING,
    MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL,
)
from genesis_flow.errors import InvalidParameter
from genesis_flow.system_metrics.monitor import SystemMetricsMonitor, start_monitor

__all__ = [
    "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING",
    "MLFLOW_SYSTEM_METRICS_NODE_ID",
    "MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING",
    "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL",
    "SystemMetricsMonitor",
    "disable_system_metrics_logging",
    "enable_system_metrics_logging",
    "set_system_metrics_node_id",
    "set_system_metrics_samples_before_logging",
    "set_system_metrics_sampling_interval",
    "start_monitor",
]

Number = TypeVar("Number", int, float)


def enable_system_metrics_logging() -> None:
    """Lets every run that starts from now on log what the machine does, unless ``start_run`` says otherwise."""
    MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING.set(True)


def disable_system_metrics_logging() -> None:
    """Lets no run that starts from now on log what the machine does, unless ``start_run`` says otherwise."""
    MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING.set(False)


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Says how often the machine is looked at.

    Args:
        interval: seconds; None: 10 again.

    Raises:
        InvalidParameter: it is no number above 0.
    """
    if interval is None:
        MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL.unset()
    else:
        seconds = _above_zero("interval", interval, float, "a number of seconds above 0, or None")
        MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL.set(seconds)


def set_system_metrics_samples_before_logging(samples: int | None) -> None:
    """Says of how many samples the mean is logged, as one point.

    Args:
        samples: how many; None: 1 again.

    Raises:
        InvalidParameter: it is no whole number above 0.
    """
    if samples is None:
        MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING.unset()
    else:
        number = _above_zero("samples", samples, int, "a whole number above 0, or None")
        MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING.set(number)


def set_system_metrics_node_id(node_id: str | None) -> None:
    """Puts the name of this machine into the names of its metrics, for runs on several: ``system/NODE/…``.

    Args:
        node_id: the name; None: without one again.
    """
    if node_id is None:
        MLFLOW_SYSTEM_METRICS_NODE_ID.unset()
    else:
        MLFLOW_SYSTEM_METRICS_NODE_ID.set(node_id)


def _above_zero(name: str, value: Any, kind: Callable[[Any], Number], allowed: str) -> Number:
    try:
        number = kind(value)
        fits = number == float(value) and 0 < number < math.inf
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise InvalidParameter(name, value, allowed)
    return number
