"""Requests and responses of the noun ``registry``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Int64, Message
from genesis_flow.values.registry import ModelVersion, ModelVersionTag, RegisteredModel, RegisteredModelTag


class CreateRegisteredModel(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/registered-models/create``."""

    name: str
    tags: tuple[RegisteredModelTag, ...] = ()
    description: str | None = None
    deployment_job_id: str | None = None


class CreateRegisteredModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateRegisteredModel.Response``."""

    registered_model: RegisteredModel | None = None


class RenameRegisteredModel(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/registered-models/rename``."""

    name: str
    new_name: str | None = None


class RenameRegisteredModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.RenameRegisteredModel.Response``."""

    registered_model: RegisteredModel | None = None


class UpdateRegisteredModel(Message, frozen=True, kw_only=True):
    """``PATCH /api/2.0/mlflow/registered-models/update``."""

    name: str
    description: str | None = None
    deployment_job_id: str | None = None


class UpdateRegisteredModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateRegisteredModel.Response``."""

    registered_model: RegisteredModel | None = None


class DeleteRegisteredModel(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow/registered-models/delete``."""

    name: str


class DeleteRegisteredModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteRegisteredModel.Response``."""


class GetRegisteredModel(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/registered-models/get``."""

    name: str


class GetRegisteredModelResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetRegisteredModel.Response``."""

    registered_model: RegisteredModel | None = None


class SearchRegisteredModels(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/registered-models/search``."""

    filter: str | None = None
    max_results: Int64 = 100
    order_by: tuple[str, ...] = ()
    page_token: str | None = None


class SearchRegisteredModelsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchRegisteredModels.Response``."""

    registered_models: tuple[RegisteredModel, ...] = ()
    next_page_token: str | None = None


class GetLatestVersions(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/registered-models/get-latest-versions``, ``GET /api/2.0/mlflow/registered-models/get-latest-versions``."""

    name: str
    stages: tuple[str, ...] = ()


class GetLatestVersionsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetLatestVersions.Response``."""

    model_versions: tuple[ModelVersion, ...] = ()


class CreateModelVersion(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/model-versions/create``."""

    name: str
    source: str
    run_id: str | None = None
    tags: tuple[ModelVersionTag, ...] = ()
    run_link: str | None = None
    description: str | None = None
    model_id: str | None = None


class CreateModelVersionResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateModelVersion.Response``."""

    model_version: ModelVersion | None = None


class UpdateModelVersion(Message, frozen=True, kw_only=True):
    """``PATCH /api/2.0/mlflow/model-versions/update``."""

    name: str
    version: str
    description: str | None = None


class UpdateModelVersionResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateModelVersion.Response``."""

    model_version: ModelVersion | None = None


class TransitionModelVersionStage(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/model-versions/transition-stage``."""

    name: str
    version: str
    stage: str
    archive_existing_versions: bool


class TransitionModelVersionStageResponse(Message, frozen=True, kw_only=True):
    """``mlflow.TransitionModelVersionStage.Response``."""

    model_version: ModelVersion | None = None


class DeleteModelVersion(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow/model-versions/delete``."""

    name: str
    version: str


class DeleteModelVersionResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteModelVersion.Response``."""


class GetModelVersion(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/model-versions/get``."""

    name: str
    version: str


class GetModelVersionResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetModelVersion.Response``."""

    model_version: ModelVersion | None = None


class SearchModelVersions(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/model-versions/search``."""

    filter: str | None = None
    max_results: Int64 = 200000
    order_by: tuple[str, ...] = ()
    page_token: str | None = None


class SearchModelVersionsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchModelVersions.Response``."""

    model_versions: tuple[ModelVersion, ...] = ()
    next_page_token: str | None = None


class GetModelVersionDownloadUri(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/model-versions/get-download-uri``."""

    name: str
    version: str


class GetModelVersionDownloadUriResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetModelVersionDownloadUri.Response``."""

    artifact_uri: str | None = None


class SetRegisteredModelTag(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/registered-models/set-tag``."""

    name: str
    key: str
    value: str


class SetRegisteredModelTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SetRegisteredModelTag.Response``."""


class SetModelVersionTag(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/model-versions/set-tag``."""

    name: str
    version: str
    key: str
    value: str


class SetModelVersionTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SetModelVersionTag.Response``."""


class DeleteRegisteredModelTag(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow/registered-models/delete-tag``."""

    name: str
    key: str


class DeleteRegisteredModelTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteRegisteredModelTag.Response``."""


class DeleteModelVersionTag(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow/model-versions/delete-tag``."""

    name: str
    version: str
    key: str


class DeleteModelVersionTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteModelVersionTag.Response``."""


class SetRegisteredModelAlias(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/registered-models/alias``."""

    name: str
    alias: str
    version: str


class SetRegisteredModelAliasResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SetRegisteredModelAlias.Response``."""


class DeleteRegisteredModelAlias(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow/registered-models/alias``."""

    name: str
    alias: str


class DeleteRegisteredModelAliasResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteRegisteredModelAlias.Response``."""


class GetModelVersionByAlias(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/registered-models/alias``."""

    name: str
    alias: str


class GetModelVersionByAliasResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetModelVersionByAlias.Response``."""

    model_version: ModelVersion | None = None
