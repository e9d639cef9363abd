"""Requests and responses of the noun ``jobs``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.jobs import PromptOptimizationJob, PromptOptimizationJobConfig, PromptOptimizationJobTag
from genesis_flow.values.message import Message


class CreatePromptOptimizationJob(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/prompt-optimization/jobs``."""

    experiment_id: str | None = None
    source_prompt_uri: str | None = None
    config: PromptOptimizationJobConfig | None = None
    tags: tuple[PromptOptimizationJobTag, ...] = ()


class CreatePromptOptimizationJobResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreatePromptOptimizationJob.Response``."""

    job: PromptOptimizationJob | None = None


class GetPromptOptimizationJob(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/prompt-optimization/jobs/{job_id}``."""

    job_id: str | None = None


class GetPromptOptimizationJobResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetPromptOptimizationJob.Response``."""

    job: PromptOptimizationJob | None = None


class SearchPromptOptimizationJobs(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/prompt-optimization/jobs/search``, ``GET /api/3.0/mlflow/prompt-optimization/jobs/search``."""

    experiment_id: str | None = None


class SearchPromptOptimizationJobsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchPromptOptimizationJobs.Response``."""

    jobs: tuple[PromptOptimizationJob, ...] = ()


class CancelPromptOptimizationJob(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/prompt-optimization/jobs/{job_id}/cancel``."""

    job_id: str | None = None


class CancelPromptOptimizationJobResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CancelPromptOptimizationJob.Response``."""

    job: PromptOptimizationJob | None = None


class DeletePromptOptimizationJob(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/prompt-optimization/jobs/{job_id}``."""

    job_id: str | None = None


class DeletePromptOptimizationJobResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeletePromptOptimizationJob.Response``."""
