"""Requests and responses of the noun ``runs``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.datasets import DatasetInput
from genesis_flow.values.experiments import ViewType
from genesis_flow.values.logged_models import ModelInput, ModelOutput
from genesis_flow.values.message import Int32, Int64, Message
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, Run, RunInfo, RunStatus, RunTag


class CreateRun(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/create``."""

    experiment_id: str | None = None
    user_id: str | None = None
    run_name: str | None = None
    start_time: Int64 | None = None
    tags: tuple[RunTag, ...] = ()


class CreateRunResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateRun.Response``."""

    run: Run | None = None


class UpdateRun(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/update``."""

    run_id: str | None = None
    run_uuid: str | None = None
    status: RunStatus | None = None
    end_time: Int64 | None = None
    run_name: str | None = None


class UpdateRunResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateRun.Response``."""

    run_info: RunInfo | None = None


class DeleteRun(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/delete``."""

    run_id: str


class DeleteRunResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteRun.Response``."""


class RestoreRun(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/restore``."""

    run_id: str


class RestoreRunResponse(Message, frozen=True, kw_only=True):
    """``mlflow.RestoreRun.Response``."""


class LogParam(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/log-parameter``."""

    key: str
    run_id: str | None = None
    run_uuid: str | None = None
    value: str = ""


class LogParamResponse(Message, frozen=True, kw_only=True):
    """``mlflow.LogParam.Response``."""


class SetTag(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/set-tag``."""

    key: str
    run_id: str | None = None
    run_uuid: str | None = None
    value: str = ""


class SetTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SetTag.Response``."""


class DeleteTag(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/delete-tag``."""

    run_id: str
    key: str


class DeleteTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteTag.Response``."""


class GetRun(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/runs/get``."""

    run_id: str | None = None
    run_uuid: str | None = None


class GetRunResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetRun.Response``."""

    run: Run | None = None


class SearchRuns(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/search``."""

    experiment_ids: tuple[str, ...] = ()
    filter: str | None = None
    run_view_type: ViewType = 'ACTIVE_ONLY'
    max_results: Int32 = 1000
    order_by: tuple[str, ...] = ()
    page_token: str | None = None


class SearchRunsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchRuns.Response``."""

    runs: tuple[Run, ...] = ()
    next_page_token: str | None = None


class LogBatch(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/log-batch``."""

    run_id: str | None = None
    metrics: tuple[Metric, ...] = ()
    params: tuple[Param, ...] = ()
    tags: tuple[RunTag, ...] = ()


class LogBatchResponse(Message, frozen=True, kw_only=True):
    """``mlflow.LogBatch.Response``."""


class LogModel(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/log-model``."""

    run_id: str | None = None
    model_json: str | None = None


class LogModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.LogModel.Response``."""


class LogInputs(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/log-inputs``."""

    run_id: str
    datasets: tuple[DatasetInput, ...] = ()
    models: tuple[ModelInput, ...] = ()


class LogInputsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.LogInputs.Response``."""


class LogOutputs(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/runs/outputs``."""

    run_id: str
    models: tuple[ModelOutput, ...] = ()


class LogOutputsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.LogOutputs.Response``."""
