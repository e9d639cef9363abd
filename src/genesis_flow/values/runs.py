"""Values of the noun ``runs``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.datasets import DatasetInput
from genesis_flow.values.logged_models import ModelInput, ModelOutput
from genesis_flow.values.message import Int64, Message
from genesis_flow.values.metrics import Metric


RunStatus = Literal[
    "RUNNING",
    "SCHEDULED",
    "FINISHED",
    "FAILED",
    "KILLED",
]


class RunTag(Message, frozen=True, kw_only=True):
    """``mlflow.RunTag``."""

    key: str | None = None
    value: str | None = None


class Param(Message, frozen=True, kw_only=True):
    """``mlflow.Param``."""

    key: str | None = None
    value: str | None = None


class RunData(Message, frozen=True, kw_only=True):
    """``mlflow.RunData``."""

    metrics: tuple[Metric, ...] = ()
    params: tuple[Param, ...] = ()
    tags: tuple[RunTag, ...] = ()


class RunInfo(Message, frozen=True, kw_only=True):
    """``mlflow.RunInfo``."""

    run_id: str | None = None
    run_uuid: str | None = None
    run_name: str | None = None
    experiment_id: str | None = None
    user_id: str | None = None
    status: RunStatus | None = None
    start_time: Int64 | None = None
    end_time: Int64 | None = None
    artifact_uri: str | None = None
    lifecycle_stage: str | None = None


class RunInputs(Message, frozen=True, kw_only=True):
    """``mlflow.RunInputs``."""

    dataset_inputs: tuple[DatasetInput, ...] = ()
    model_inputs: tuple[ModelInput, ...] = ()


class RunOutputs(Message, frozen=True, kw_only=True):
    """``mlflow.RunOutputs``."""

    model_outputs: tuple[ModelOutput, ...] = ()


class Run(Message, frozen=True, kw_only=True):
    """``mlflow.Run``."""

    info: RunInfo | None = None
    data: RunData | None = None
    inputs: RunInputs | None = None
    outputs: RunOutputs | None = None
