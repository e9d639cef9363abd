"""Values of the noun ``registry``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int64, Message


SourceType = Literal[
    "NOTEBOOK",
    "JOB",
    "PROJECT",
    "LOCAL",
    "UNKNOWN",
]


ModelVersionStatus = Literal[
    "PENDING_REGISTRATION",
    "FAILED_REGISTRATION",
    "READY",
]


DeploymentJobConnectionState = Literal[
    "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED",
    "NOT_SET_UP",
    "CONNECTED",
    "NOT_FOUND",
    "REQUIRED_PARAMETERS_CHANGED",
]


ModelVersionDeploymentJobStateDeploymentJobRunState = Literal[
    "DEPLOYMENT_JOB_RUN_STATE_UNSPECIFIED",
    "NO_VALID_DEPLOYMENT_JOB_FOUND",
    "RUNNING",
    "SUCCEEDED",
    "FAILED",
    "PENDING",
    "APPROVAL",
]


class RegisteredModelTag(Message, frozen=True, kw_only=True):
    """``mlflow.RegisteredModelTag``."""

    key: str | None = None
    value: str | None = None


class ModelMetric(Message, frozen=True, kw_only=True):
    """``mlflow.ModelMetric``."""

    key: str | None = None
    value: float | None = None
    timestamp: Int64 | None = None
    step: Int64 | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    model_id: str | None = None
    run_id: str | None = None


class ModelParam(Message, frozen=True, kw_only=True):
    """``mlflow.ModelParam``."""

    name: str | None = None
    value: str | None = None


class ModelVersionDeploymentJobState(Message, frozen=True, kw_only=True):
    """``mlflow.ModelVersionDeploymentJobState``."""

    job_id: str | None = None
    run_id: str | None = None
    job_state: DeploymentJobConnectionState | None = None
    run_state: ModelVersionDeploymentJobStateDeploymentJobRunState | None = None
    current_task_name: str | None = None


class ModelVersionTag(Message, frozen=True, kw_only=True):
    """``mlflow.ModelVersionTag``."""

    key: str | None = None
    value: str | None = None


class ModelVersion(Message, frozen=True, kw_only=True):
    """``mlflow.ModelVersion``."""

    name: str | None = None
    version: str | None = None
    creation_timestamp: Int64 | None = None
    last_updated_timestamp: Int64 | None = None
    user_id: str | None = None
    current_stage: str | None = None
    description: str | None = None
    source: str | None = None
    run_id: str | None = None
    status: ModelVersionStatus | None = None
    status_message: str | None = None
    tags: tuple[ModelVersionTag, ...] = ()
    run_link: str | None = None
    aliases: tuple[str, ...] = ()
    model_id: str | None = None
    model_params: tuple[ModelParam, ...] = ()
    model_metrics: tuple[ModelMetric, ...] = ()
    deployment_job_state: ModelVersionDeploymentJobState | None = None


class RegisteredModelAlias(Message, frozen=True, kw_only=True):
    """``mlflow.RegisteredModelAlias``."""

    alias: str | None = None
    version: str | None = None


class RegisteredModel(Message, frozen=True, kw_only=True):
    """``mlflow.RegisteredModel``."""

    name: str | None = None
    creation_timestamp: Int64 | None = None
    last_updated_timestamp: Int64 | None = None
    user_id: str | None = None
    description: str | None = None
    latest_versions: tuple[ModelVersion, ...] = ()
    tags: tuple[RegisteredModelTag, ...] = ()
    aliases: tuple[RegisteredModelAlias, ...] = ()
    deployment_job_id: str | None = None
    deployment_job_state: DeploymentJobConnectionState | None = None


class DeploymentJobConnection(Message, frozen=True, kw_only=True):
    """``mlflow.DeploymentJobConnection``."""
