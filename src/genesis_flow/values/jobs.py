"""Values of the noun ``jobs``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from genesis_flow.values.message import Int64, Message


OptimizerType = Literal[
    "OPTIMIZER_TYPE_UNSPECIFIED",
    "OPTIMIZER_TYPE_GEPA",
    "OPTIMIZER_TYPE_METAPROMPT",
]


JobStatus = Literal[
    "JOB_STATUS_UNSPECIFIED",
    "JOB_STATUS_PENDING",
    "JOB_STATUS_IN_PROGRESS",
    "JOB_STATUS_COMPLETED",
    "JOB_STATUS_FAILED",
    "JOB_STATUS_CANCELED",
    "JOB_STATUS_NEEDS_RECOVERY",
]


class PromptOptimizationJobConfig(Message, frozen=True, kw_only=True):
    """``mlflow.PromptOptimizationJobConfig``."""

    optimizer_type: OptimizerType | None = None
    dataset_id: str | None = None
    scorers: tuple[str, ...] = ()
    optimizer_config_json: str | None = None


class PromptOptimizationJobTag(Message, frozen=True, kw_only=True):
    """``mlflow.PromptOptimizationJobTag``."""

    key: str | None = None
    value: str | None = None


class JobProgress(Message, frozen=True, kw_only=True):
    """``mlflow.JobProgress``."""

    phase: str | None = None
    completed: Int64 | None = None
    total: Int64 | None = None
    unit: str | None = None


class JobState(Message, frozen=True, kw_only=True):
    """``mlflow.JobState``."""

    status: JobStatus | None = None
    error_message: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    status_message: str | None = None
    progress: JobProgress | None = None
    progress_updated_at: Int64 | None = None


class PromptOptimizationJob(Message, frozen=True, kw_only=True):
    """``mlflow.PromptOptimizationJob``."""

    job_id: str | None = None
    run_id: str | None = None
    state: JobState | None = None
    experiment_id: str | None = None
    source_prompt_uri: str | None = None
    optimized_prompt_uri: str | None = None
    config: PromptOptimizationJobConfig | None = None
    creation_timestamp_ms: Int64 | None = None
    completion_timestamp_ms: Int64 | None = None
    tags: tuple[PromptOptimizationJobTag, ...] = ()
    initial_eval_scores: dict[str, float] = msgspec.field(default_factory=dict)
    final_eval_scores: dict[str, float] = msgspec.field(default_factory=dict)
