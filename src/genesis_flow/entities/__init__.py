"""The objects that the client takes and hands out, with the names and constructors of MLflow 3.17's."""

from __future__ import annotations

from genesis_flow.entities.artifacts import FileInfo
from genesis_flow.entities.datasets import Dataset, DatasetInput, InputTag, _DatasetSummary
from genesis_flow.entities.experiments import Experiment, ExperimentTag
from genesis_flow.entities.life_cycle import LifecycleStage, RunStatus, SourceType, ViewType
from genesis_flow.entities.logged_models import (
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from genesis_flow.entities.metrics import Metric
from genesis_flow.entities.runs import Param, Run, RunData, RunInfo, RunInputs, RunOutputs, RunTag
from genesis_flow.entities.webhooks import Webhook, WebhookEvent, WebhookStatus, WebhookTestResult

__all__ = [
    "Dataset",
    "DatasetInput",
    "Experiment",
    "ExperimentTag",
    "FileInfo",
    "InputTag",
    "LifecycleStage",
    "LoggedModel",
    "LoggedModelInput",
    "LoggedModelOutput",
    "LoggedModelParameter",
    "LoggedModelStatus",
    "LoggedModelTag",
    "Metric",
    "Param",
    "Run",
    "RunData",
    "RunInfo",
    "RunInputs",
    "RunOutputs",
    "RunStatus",
    "RunTag",
    "SourceType",
    "ViewType",
    "Webhook",
    "WebhookEvent",
    "WebhookStatus",
    "WebhookTestResult",
    "_DatasetSummary",
]
