"""Values of the noun ``logged_models``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int64, Message
from genesis_flow.values.metrics import Metric


LoggedModelStatus = Literal[
    "LOGGED_MODEL_STATUS_UNSPECIFIED",
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED",
]


class ModelInput(Message, frozen=True, kw_only=True):
    """``mlflow.ModelInput``."""

    model_id: str


class ModelOutput(Message, frozen=True, kw_only=True):
    """``mlflow.ModelOutput``."""

    model_id: str
    step: Int64


class LoggedModelParameter(Message, frozen=True, kw_only=True):
    """``mlflow.LoggedModelParameter``."""

    key: str | None = None
    value: str | None = None


class LoggedModelTag(Message, frozen=True, kw_only=True):
    """``mlflow.LoggedModelTag``."""

    key: str | None = None
    value: str | None = None


class LoggedModelData(Message, frozen=True, kw_only=True):
    """``mlflow.LoggedModelData``."""

    params: tuple[LoggedModelParameter, ...] = ()
    metrics: tuple[Metric, ...] = ()


class LoggedModelRegistrationInfo(Message, frozen=True, kw_only=True):
    """``mlflow.LoggedModelRegistrationInfo``."""

    name: str | None = None
    version: str | None = None


class LoggedModelInfo(Message, frozen=True, kw_only=True):
    """``mlflow.LoggedModelInfo``."""

    model_id: str | None = None
    experiment_id: str | None = None
    name: str | None = None
    creation_timestamp_ms: Int64 | None = None
    last_updated_timestamp_ms: Int64 | None = None
    artifact_uri: str | None = None
    status: LoggedModelStatus | None = None
    creator_id: Int64 | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    status_message: str | None = None
    tags: tuple[LoggedModelTag, ...] = ()
    registrations: tuple[LoggedModelRegistrationInfo, ...] = ()


class LoggedModel(Message, frozen=True, kw_only=True):
    """``mlflow.LoggedModel``."""

    info: LoggedModelInfo | None = None
    data: LoggedModelData | None = None


class SearchLoggedModelsDataset(Message, frozen=True, kw_only=True):
    """``mlflow.SearchLoggedModels.Dataset``."""

    dataset_name: str
    dataset_digest: str | None = None


class SearchLoggedModelsOrderBy(Message, frozen=True, kw_only=True):
    """``mlflow.SearchLoggedModels.OrderBy``."""

    field_name: str
    ascending: bool = True
    dataset_name: str | None = None
    dataset_digest: str | None = None
