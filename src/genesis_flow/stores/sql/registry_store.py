"""The verbs of the model registry on a relational database, and how each runs."""

from __future__ import annotations

from genesis_flow.stores.sql import model_history, model_versions, registered_models, registry_search
from genesis_flow.stores.sql.running import Running
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import model_history as history_messages
from genesis_flow.wire.messages import registry as messages


class SqlRegistry(Running):
    """A part of ``SqlStore``."""

    async def create_registered_model(
        self, message: messages.CreateRegisteredModel
    ) -> Reply[messages.CreateRegisteredModelResponse]:
        return await self._write_noted(registered_models.create, message)

    async def get_registered_model(
        self, message: messages.GetRegisteredModel
    ) -> Reply[messages.GetRegisteredModelResponse]:
        return await self._read(registered_models.get, message)

    async def rename_registered_model(
        self, message: messages.RenameRegisteredModel
    ) -> Reply[messages.RenameRegisteredModelResponse]:
        return await self._write_noted(registered_models.rename, message)

    async def update_registered_model(
        self, message: messages.UpdateRegisteredModel
    ) -> Reply[messages.UpdateRegisteredModelResponse]:
        return await self._write_noted(registered_models.update, message)

    async def delete_registered_model(
        self, message: messages.DeleteRegisteredModel
    ) -> Reply[messages.DeleteRegisteredModelResponse]:
        return await self._write_noted(registered_models.delete, message)

    async def search_registered_models(
        self, message: messages.SearchRegisteredModels
    ) -> Reply[messages.SearchRegisteredModelsResponse]:
        return await self._scan_pages(registry_search.models, message)

    async def set_registered_model_tag(
        self, message: messages.SetRegisteredModelTag
    ) -> Reply[messages.SetRegisteredModelTagResponse]:
        return await self._write_noted(registered_models.set_tag, message)

    async def delete_registered_model_tag(
        self, message: messages.DeleteRegisteredModelTag
    ) -> Reply[messages.DeleteRegisteredModelTagResponse]:
        return await self._write_noted(registered_models.delete_tag, message)

    async def set_registered_model_alias(
        self, message: messages.SetRegisteredModelAlias
    ) -> Reply[messages.SetRegisteredModelAliasResponse]:
        return await self._write_noted(registered_models.set_alias, message)

    async def delete_registered_model_alias(
        self, message: messages.DeleteRegisteredModelAlias
    ) -> Reply[messages.DeleteRegisteredModelAliasResponse]:
        return await self._write_noted(registered_models.delete_alias, message)

    async def get_latest_versions(
        self, message: messages.GetLatestVersions
    ) -> Reply[messages.GetLatestVersionsResponse]:
        return await self._read(model_versions.latest, message)

    async def create_model_version(
        self, message: messages.CreateModelVersion
    ) -> Reply[messages.CreateModelVersionResponse]:
        return await self._write_noted(model_versions.create, message)

    async def get_model_version(self, message: messages.GetModelVersion) -> Reply[messages.GetModelVersionResponse]:
        return await self._read(model_versions.get, message)

    async def get_model_version_by_alias(
        self, message: messages.GetModelVersionByAlias
    ) -> Reply[messages.GetModelVersionByAliasResponse]:
        return await self._read(model_versions.get_by_alias, message)

    async def get_model_version_download_uri(
        self, message: messages.GetModelVersionDownloadUri
    ) -> Reply[messages.GetModelVersionDownloadUriResponse]:
        return await self._read(model_versions.download_uri, message)

    async def update_model_version(
        self, message: messages.UpdateModelVersion
    ) -> Reply[messages.UpdateModelVersionResponse]:
        return await self._write_noted(model_versions.update, message)

    async def transition_model_version_stage(
        self, message: messages.TransitionModelVersionStage
    ) -> Reply[messages.TransitionModelVersionStageResponse]:
        return await self._write_noted(model_versions.transition, message)

    async def delete_model_version(
        self, message: messages.DeleteModelVersion
    ) -> Reply[messages.DeleteModelVersionResponse]:
        return await self._write_noted(model_versions.delete, message)

    async def search_model_versions(
        self, message: messages.SearchModelVersions
    ) -> Reply[messages.SearchModelVersionsResponse]:
        return await self._scan_pages(registry_search.versions, message)

    async def set_model_version_tag(
        self, message: messages.SetModelVersionTag
    ) -> Reply[messages.SetModelVersionTagResponse]:
        return await self._write_noted(model_versions.set_tag, message)

    async def delete_model_version_tag(
        self, message: messages.DeleteModelVersionTag
    ) -> Reply[messages.DeleteModelVersionTagResponse]:
        return await self._write_noted(model_versions.delete_tag, message)

    async def promote_model_versions(
        self, message: history_messages.PromoteModelVersions
    ) -> Reply[history_messages.PromoteModelVersionsResponse]:
        return await self._write_noted(model_history.promote, message)

    async def resolve_model_alias(
        self, message: history_messages.ResolveModelAlias
    ) -> Reply[history_messages.ResolveModelAliasResponse]:
        return await self._read(model_history.resolve, message)

    async def get_model_timeline(
        self, message: history_messages.GetModelTimeline
    ) -> Reply[history_messages.GetModelTimelineResponse]:
        return await self._scan_pages(model_history.timeline, message)
