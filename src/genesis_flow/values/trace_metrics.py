"""Values of the noun ``trace_metrics``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from genesis_flow.values.message import Message


MetricViewType = Literal[
    "TRACES",
    "SPANS",
    "ASSESSMENTS",
]


AggregationType = Literal[
    "COUNT",
    "SUM",
    "AVG",
    "PERCENTILE",
    "MIN",
    "MAX",
]


class MetricAggregation(Message, frozen=True, kw_only=True):
    """``mlflow.MetricAggregation``."""

    aggregation_type: AggregationType | None = None
    percentile_value: float | None = None


class MetricDataPoint(Message, frozen=True, kw_only=True):
    """``mlflow.MetricDataPoint``."""

    metric_name: str | None = None
    dimensions: dict[str, str] = msgspec.field(default_factory=dict)
    values: dict[str, float] = msgspec.field(default_factory=dict)
