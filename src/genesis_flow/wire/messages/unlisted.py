"""Requests and responses of MLflow's server that its own table does not list. Written by hand."""

from __future__ import annotations

from genesis_flow.values.message import Int32, Message
from genesis_flow.values.metrics import MetricWithRunId


class GetMetricHistoryBulk(Message, frozen=True, kw_only=True):
    """``GET /ajax-api/2.0/mlflow/metrics/get-history-bulk``.

    The field's singular name is MLflow's: it is a query parameter that is repeated.
    """

    run_id: tuple[str, ...] = ()
    metric_key: str = ""
    max_results: Int32 | None = None


class GetMetricHistoryBulkResponse(Message, frozen=True, kw_only=True):
    """The points of one metric in several runs; each carries its run's id."""

    metrics: tuple[MetricWithRunId, ...] = ()


class FileOfRun(Message, frozen=True, kw_only=True):
    """``GET /get-artifact`` and ``POST /ajax-api/2.0/mlflow/upload-artifact``."""

    run_id: str = ""
    run_uuid: str = ""
    path: str = ""


class FileOfModel(Message, frozen=True, kw_only=True):
    """``GET /ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files``."""

    model_id: str
    artifact_file_path: str = ""
