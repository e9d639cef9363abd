"""Requests and responses of the noun ``logged_models``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.artifacts import FileInfo
from genesis_flow.values.logged_models import LoggedModel, LoggedModelParameter, LoggedModelStatus, LoggedModelTag, SearchLoggedModelsDataset, SearchLoggedModelsOrderBy
from genesis_flow.values.message import Int32, Message


class CreateLoggedModel(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/logged-models``."""

    experiment_id: str
    name: str | None = None
    model_type: str | None = None
    source_run_id: str | None = None
    params: tuple[LoggedModelParameter, ...] = ()
    tags: tuple[LoggedModelTag, ...] = ()


class CreateLoggedModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateLoggedModel.Response``."""

    model: LoggedModel | None = None


class FinalizeLoggedModel(Message, frozen=True, kw_only=True):
    """``PATCH /api/2.0/mlflow/logged-models/{model_id}``."""

    model_id: str
    status: LoggedModelStatus


class FinalizeLoggedModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.FinalizeLoggedModel.Response``."""

    model: LoggedModel | None = None


class GetLoggedModel(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/logged-models/{model_id}``."""

    model_id: str


class GetLoggedModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetLoggedModel.Response``."""

    model: LoggedModel | None = None


class DeleteLoggedModel(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow/logged-models/{model_id}``."""

    model_id: str


class DeleteLoggedModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteLoggedModel.Response``."""


class SearchLoggedModels(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/logged-models/search``."""

    experiment_ids: tuple[str, ...] = ()
    filter: str | None = None
    datasets: tuple[SearchLoggedModelsDataset, ...] = ()
    max_results: Int32 = 50
    order_by: tuple[SearchLoggedModelsOrderBy, ...] = ()
    page_token: str | None = None


class SearchLoggedModelsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchLoggedModels.Response``."""

    models: tuple[LoggedModel, ...] = ()
    next_page_token: str | None = None


class SetLoggedModelTags(Message, frozen=True, kw_only=True):
    """``PATCH /api/2.0/mlflow/logged-models/{model_id}/tags``."""

    model_id: str
    tags: tuple[LoggedModelTag, ...] = ()


class SetLoggedModelTagsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SetLoggedModelTags.Response``."""

    model: LoggedModel | None = None


class DeleteLoggedModelTag(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key}``."""

    model_id: str
    tag_key: str


class DeleteLoggedModelTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteLoggedModelTag.Response``."""


class ListLoggedModelArtifacts(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/logged-models/{model_id}/artifacts/directories``."""

    model_id: str
    artifact_directory_path: str | None = None
    page_token: str | None = None


class ListLoggedModelArtifactsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListLoggedModelArtifacts.Response``."""

    root_uri: str | None = None
    files: tuple[FileInfo, ...] = ()
    next_page_token: str | None = None


class LogLoggedModelParamsRequest(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/logged-models/{model_id}/params``."""

    model_id: str
    params: tuple[LoggedModelParameter, ...] = ()


class LogLoggedModelParamsRequestResponse(Message, frozen=True, kw_only=True):
    """``mlflow.LogLoggedModelParamsRequest.Response``."""
