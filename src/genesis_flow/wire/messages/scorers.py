"""Requests and responses of the noun ``scorers``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Int32, Int64, Message
from genesis_flow.values.scorers import Scorer


class RegisterScorer(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/scorers/register``."""

    experiment_id: str | None = None
    name: str | None = None
    serialized_scorer: str | None = None


class RegisterScorerResponse(Message, frozen=True, kw_only=True):
    """``mlflow.RegisterScorer.Response``."""

    version: Int32 | None = None
    scorer_id: str | None = None
    experiment_id: str | None = None
    name: str | None = None
    serialized_scorer: str | None = None
    creation_time: Int64 | None = None


class ListScorers(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/scorers/list``."""

    experiment_id: str | None = None
    experiment_ids: tuple[str, ...] = ()


class ListScorersResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListScorers.Response``."""

    scorers: tuple[Scorer, ...] = ()


class ListScorerVersions(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/scorers/versions``."""

    experiment_id: str | None = None
    name: str | None = None


class ListScorerVersionsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListScorerVersions.Response``."""

    scorers: tuple[Scorer, ...] = ()


class GetScorer(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/scorers/get``."""

    experiment_id: str | None = None
    name: str | None = None
    version: Int32 | None = None


class GetScorerResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetScorer.Response``."""

    scorer: Scorer | None = None


class DeleteScorer(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/scorers/delete``."""

    experiment_id: str | None = None
    name: str | None = None
    version: Int32 | None = None


class DeleteScorerResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteScorer.Response``."""
