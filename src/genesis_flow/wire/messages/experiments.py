"""Requests and responses of the noun ``experiments``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.experiments import Experiment, ExperimentTag, ViewType
from genesis_flow.values.message import Int64, Message


class GetExperimentByName(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/experiments/get-by-name``."""

    experiment_name: str


class GetExperimentByNameResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetExperimentByName.Response``."""

    experiment: Experiment | None = None


class CreateExperiment(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/experiments/create``."""

    name: str
    artifact_location: str | None = None
    tags: tuple[ExperimentTag, ...] = ()


class CreateExperimentResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateExperiment.Response``."""

    experiment_id: str | None = None


class SearchExperiments(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/experiments/search``, ``GET /api/2.0/mlflow/experiments/search``."""

    max_results: Int64 | None = None
    page_token: str | None = None
    filter: str | None = None
    order_by: tuple[str, ...] = ()
    view_type: ViewType | None = None


class SearchExperimentsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchExperiments.Response``."""

    experiments: tuple[Experiment, ...] = ()
    next_page_token: str | None = None


class GetExperiment(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/experiments/get``."""

    experiment_id: str


class GetExperimentResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetExperiment.Response``."""

    experiment: Experiment | None = None


class DeleteExperiment(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/experiments/delete``."""

    experiment_id: str


class DeleteExperimentResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteExperiment.Response``."""


class RestoreExperiment(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/experiments/restore``."""

    experiment_id: str


class RestoreExperimentResponse(Message, frozen=True, kw_only=True):
    """``mlflow.RestoreExperiment.Response``."""


class UpdateExperiment(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/experiments/update``."""

    experiment_id: str
    new_name: str | None = None


class UpdateExperimentResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateExperiment.Response``."""


class SetExperimentTag(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/experiments/set-experiment-tag``."""

    experiment_id: str
    key: str
    value: str = ""


class SetExperimentTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SetExperimentTag.Response``."""


class DeleteExperimentTag(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/experiments/delete-experiment-tag``."""

    experiment_id: str
    key: str


class DeleteExperimentTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteExperimentTag.Response``."""
