"""Registered models and their versions, as the client asks for them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from genesis_flow.client.noun import Noun
from genesis_flow.client.words import text_of, there
from genesis_flow.entities.model_registry import ModelVersion, RegisteredModel
from genesis_flow.entities.paged_list import PagedList
from genesis_flow.errors import InvalidParameter, MissingParameter
from genesis_flow.exceptions import MlflowException
from genesis_flow.rules.model_uris import parse_model_uri
from genesis_flow.rules.registry import STAGES
from genesis_flow.values import registry as values
from genesis_flow.wire.messages import model_history
from genesis_flow.wire.messages import registry as messages

AWAIT_S = 300
LOOK_AGAIN_S = 3.0


class RegisteredModels(Noun):
    """The verbs of registered models."""

    def create_registered_model(
        self,
        name: str,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,
    ) -> RegisteredModel:
        """Makes a registered model without versions.

        Raises:
            MlflowException: ``RESOURCE_ALREADY_EXISTS`` if the name is taken.
        """
        message = messages.CreateRegisteredModel(
            name=name,
            tags=tuple(values.RegisteredModelTag(key=key, value=text_of(one)) for key, one in (tags or {}).items()),
            description=description,
            deployment_job_id=deployment_job_id,
        )
        return _model(self._registry(message, messages.CreateRegisteredModelResponse).registered_model)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """A registered model, with its latest versions.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST``.
        """
        message = messages.GetRegisteredModel(name=name)
        return _model(self._registry(message, messages.GetRegisteredModelResponse).registered_model)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Gives a registered model another name; its versions, aliases and tags stay."""
        message = messages.RenameRegisteredModel(name=name, new_name=new_name)
        return _model(self._registry(message, messages.RenameRegisteredModelResponse).registered_model)

    def update_registered_model(
        self, name: str, description: str | None = None, deployment_job_id: str | None = None
    ) -> RegisteredModel:
        """Gives a registered model another description."""
        if description is None and deployment_job_id is None:
            raise MissingParameter("description")
        message = messages.UpdateRegisteredModel(
            name=name, description=description, deployment_job_id=deployment_job_id
        )
        return _model(self._registry(message, messages.UpdateRegisteredModelResponse).registered_model)

    def delete_registered_model(self, name: str) -> None:
        """Deletes a registered model with all its versions."""
        self._registry(messages.DeleteRegisteredModel(name=name), messages.DeleteRegisteredModelResponse)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """A page of the registered models that a filter finds."""
        message = messages.SearchRegisteredModels(
            filter=filter_string,
            max_results=max_results,
            order_by=tuple(order_by or ()),
            page_token=page_token,
        )
        answer = self._registry(message, messages.SearchRegisteredModelsResponse)
        return PagedList(map(RegisteredModel.of, answer.registered_models), answer.next_page_token)

    def set_registered_model_tag(self, name: str, key: str, value: Any) -> None:
        """Sets a tag of a registered model."""
        message = messages.SetRegisteredModelTag(name=name, key=key, value=text_of(value))
        self._registry(message, messages.SetRegisteredModelTagResponse)

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Deletes a tag of a registered model."""
        message = messages.DeleteRegisteredModelTag(name=name, key=key)
        self._registry(message, messages.DeleteRegisteredModelTagResponse)

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        """Lets an alias stand for a version from now on."""
        message = messages.SetRegisteredModelAlias(name=name, alias=alias, version=str(version))
        self._registry(message, messages.SetRegisteredModelAliasResponse)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Removes an alias."""
        message = messages.DeleteRegisteredModelAlias(name=name, alias=alias)
        self._registry(message, messages.DeleteRegisteredModelAliasResponse)


class ModelVersions(RegisteredModels):
    """The verbs of versions."""

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        await_creation_for: int | None = AWAIT_S,
        model_id: str | None = None,
    ) -> ModelVersion:
        """Makes the next version of a registered model.

        Args:
            name: of which model.
            source: where its files are.
            run_id: the run that made it.
            tags: set from the beginning.
            run_link: a page about that run.
            description: for people.
            await_creation_for: how many seconds to wait until it is ready; 0 or None does not wait.
            model_id: the logged model that it is.
        """
        message = messages.CreateModelVersion(
            name=name,
            source=str(source),
            run_id=run_id,
            tags=tuple(values.ModelVersionTag(key=key, value=text_of(one)) for key, one in (tags or {}).items()),
            run_link=run_link,
            description=description,
            model_id=model_id,
        )
        version = _version(self._registry(message, messages.CreateModelVersionResponse).model_version)
        return self._ready(version, await_creation_for or 0)

    def _ready(self, version: ModelVersion, patience_s: float) -> ModelVersion:
        """The version once it is ready, or after some seconds; raises ``MlflowException`` if it will never be."""
        until = time.monotonic() + patience_s
        while version.status == "PENDING_REGISTRATION" and time.monotonic() < until:
            time.sleep(min(LOOK_AGAIN_S, max(0.0, until - time.monotonic())))
            version = self.get_model_version(version.name, version.version)
        if patience_s and version.status != "READY":
            raise MlflowException(
                f"Version {version.version} of the model {version.name!r} is not ready after {patience_s:.0f} s, "
                f"but {version.status}. {version.status_message or ''}".rstrip()
            )
        return version

    def get_model_version(self, name: str, version: str) -> ModelVersion:
        """A version.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST``.
        """
        message = messages.GetModelVersion(name=name, version=str(version))
        return _version(self._registry(message, messages.GetModelVersionResponse).model_version)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that an alias stands for."""
        message = messages.GetModelVersionByAlias(name=name, alias=alias)
        return _version(self._registry(message, messages.GetModelVersionByAliasResponse).model_version)

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """Of each stage, or of those that are asked for, the latest version."""
        message = messages.GetLatestVersions(name=name, stages=tuple(stages or ()))
        answer = self._registry(message, messages.GetLatestVersionsResponse)
        return [ModelVersion.of(version) for version in answer.model_versions]

    def update_model_version(self, name: str, version: str, description: str | None = None) -> ModelVersion:
        """Gives a version another description."""
        if description is None:
            raise MissingParameter("description")
        message = messages.UpdateModelVersion(name=name, version=str(version), description=description)
        return _version(self._registry(message, messages.UpdateModelVersionResponse).model_version)

    def transition_model_version_stage(
        self, name: str, version: str, stage: str, archive_existing_versions: bool = False
    ) -> ModelVersion:
        """Moves a version to a stage, and those that are in it to ``Archived`` if asked to."""
        message = messages.TransitionModelVersionStage(
            name=name, version=str(version), stage=stage, archive_existing_versions=archive_existing_versions
        )
        return _version(self._registry(message, messages.TransitionModelVersionStageResponse).model_version)

    def delete_model_version(self, name: str, version: str) -> None:
        """Deletes a version; its number is never given again."""
        message = messages.DeleteModelVersion(name=name, version=str(version))
        self._registry(message, messages.DeleteModelVersionResponse)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """A page of the versions that a filter finds."""
        message = messages.SearchModelVersions(
            filter=filter_string,
            max_results=max_results,
            order_by=tuple(order_by or ()),
            page_token=page_token,
        )
        answer = self._registry(message, messages.SearchModelVersionsResponse)
        return PagedList(map(ModelVersion.of, answer.model_versions), answer.next_page_token)

    def get_model_version_download_uri(self, name: str, version: str) -> str:
        """Where the files of a version are."""
        message = messages.GetModelVersionDownloadUri(name=name, version=str(version))
        return there(self._registry(message, messages.GetModelVersionDownloadUriResponse).artifact_uri)

    def get_model_version_stages(self, name: str, version: str) -> list[str]:
        """The stages that a version can be in."""
        return list(STAGES)

    def set_model_version_tag(
        self, name: str, version: str | None = None, key: str | None = None, value: Any = None, stage: str | None = None
    ) -> None:
        """Sets a tag of a version, or of the latest one in a stage."""
        if not key:
            raise MissingParameter("key")
        message = messages.SetModelVersionTag(
            name=name, version=self._number(name, version, stage), key=key, value=text_of(value)
        )
        self._registry(message, messages.SetModelVersionTagResponse)

    def delete_model_version_tag(
        self, name: str, version: str | None = None, key: str | None = None, stage: str | None = None
    ) -> None:
        """Deletes a tag of a version, or of the latest one in a stage."""
        if not key:
            raise MissingParameter("key")
        message = messages.DeleteModelVersionTag(name=name, version=self._number(name, version, stage), key=key)
        self._registry(message, messages.DeleteModelVersionTagResponse)

    def _number(self, name: str, version: str | None, stage: str | None) -> str:
        if (version is None) == (stage is None):
            raise InvalidParameter("version", version, "given, unless a stage is given instead")
        if version is not None:
            return str(version)
        latest = self.get_latest_versions(name, [str(stage)])
        if not latest:
            raise InvalidParameter("stage", stage, "one in which the model has a version")
        return latest[0].version

    def copy_model_version(self, src_model_uri: str, dst_name: str) -> ModelVersion:
        """Makes the next version of a model, new or not, from a version of another one.

        Args:
            src_model_uri: ``models:/name/version`` or ``models:/name@alias``.
            dst_name: of which model the copy is to be.
        """
        source = self.version_of_uri(src_model_uri)
        try:
            self.create_registered_model(dst_name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        return self.create_model_version(
            dst_name,
            f"models:/{source.name}/{source.version}",
            run_id=source.run_id,
            tags=source.tags,
            run_link=source.run_link,
            description=source.description,
            model_id=source.model_id,
        )

    def version_of_uri(self, uri: str) -> ModelVersion:
        """The version that ``models:/name/3``, ``models:/name@alias``, ``models:/name/latest`` or a stage names; an
        alias perhaps at a time: ``models:/fraud@champion?as_of=2026-03-03T14:00:00Z``, which our servers know.

        Raises:
            MlflowException: it names none.
        """
        named = parse_model_uri("model_uri", uri)
        if not named.name:
            raise InvalidParameter("model_uri", uri, "that of a version of a registered model")
        if named.version is not None:
            return self.get_model_version(named.name, str(named.version))
        if named.as_of_ms is not None:
            as_of = uri.partition("?as_of=")[2]
            question = model_history.ResolveModelAlias(name=named.name, alias=named.alias, as_of=as_of)
            answer = self._registry(question, model_history.ResolveModelAliasResponse)
            return self.get_model_version(named.name, there(answer.version))
        if named.alias:
            return self.get_model_version_by_alias(named.name, named.alias)
        latest = self.get_latest_versions(named.name, [named.stage] if named.stage else None)
        if not latest:
            raise InvalidParameter("model_uri", uri, "that of a version that exists")
        return max(latest, key=lambda version: int(version.version))


def _model(value: values.RegisteredModel | None) -> RegisteredModel:
    return RegisteredModel.of(there(value))


def _version(value: values.ModelVersion | None) -> ModelVersion:
    return ModelVersion.of(there(value))
