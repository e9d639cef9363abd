"""Requests and responses of the noun ``metrics``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Int32, Int64, Message
from genesis_flow.values.metrics import Metric, MetricWithRunId


class LogMetric(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/log-metric``."""

    key: str
    value: float
    timestamp: Int64
    run_id: str | None = None
    run_uuid: str | None = None
    step: Int64 | None = None
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class LogMetricResponse(Message, frozen=True, kw_only=True):
    """``mlflow.LogMetric.Response``."""


class GetMetricHistory(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/metrics/get-history``."""

    metric_key: str
    run_id: str | None = None
    run_uuid: str | None = None
    page_token: str | None = None
    max_results: Int32 | None = None


class GetMetricHistoryResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetMetricHistory.Response``."""

    metrics: tuple[Metric, ...] = ()
    next_page_token: str | None = None


class GetMetricHistoryBulkInterval(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/metrics/get-history-bulk-interval``."""

    metric_key: str
    run_ids: tuple[str, ...] = ()
    start_step: Int32 | None = None
    end_step: Int32 | None = None
    max_results: Int32 | None = None


class GetMetricHistoryBulkIntervalResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetMetricHistoryBulkInterval.Response``."""

    metrics: tuple[MetricWithRunId, ...] = ()
