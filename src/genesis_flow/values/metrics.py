"""Values of the noun ``metrics``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Int64, Message


class Metric(Message, frozen=True, kw_only=True):
    """``mlflow.Metric``."""

    key: str | None = None
    value: float | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    model_id: str | None = None
    run_id: str | None = None


class MetricWithRunId(Message, frozen=True, kw_only=True):
    """``mlflow.MetricWithRunId``."""

    key: str | None = None
    value: float | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    run_id: str | None = None
