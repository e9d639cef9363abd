"""The verbs of the model registry on MongoDB, and what each needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from genesis_flow.stores.mongo import model_history, model_versions, outbox, registered_models, registry_search
from genesis_flow.stores.mongo.prepared import Prepared
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import model_history as history_messages
from genesis_flow.wire.messages import registry as messages

R = TypeVar("R")


class MongoRegistry(Prepared):
    """A part of ``MongoStore``."""

    async def _tell(self, verb: Callable[..., Awaitable[R]], message: Any) -> R:
        """Runs a verb whose change webhooks are told of, if they listen."""
        database, now_ms = await self._ready(), self._clock()
        async with outbox.telling(database, message, now_ms):
            return await verb(database, message, now_ms=now_ms)

    async def create_registered_model(
        self, message: messages.CreateRegisteredModel
    ) -> Reply[messages.CreateRegisteredModelResponse]:
        return await self._tell(registered_models.create, message)

    async def get_registered_model(
        self, message: messages.GetRegisteredModel
    ) -> Reply[messages.GetRegisteredModelResponse]:
        return await registered_models.get(await self._ready(), message)

    async def rename_registered_model(
        self, message: messages.RenameRegisteredModel
    ) -> Reply[messages.RenameRegisteredModelResponse]:
        return await registered_models.rename(await self._ready(), message, now_ms=self._clock())

    async def update_registered_model(
        self, message: messages.UpdateRegisteredModel
    ) -> Reply[messages.UpdateRegisteredModelResponse]:
        return await registered_models.update(await self._ready(), message, now_ms=self._clock())

    async def delete_registered_model(
        self, message: messages.DeleteRegisteredModel
    ) -> Reply[messages.DeleteRegisteredModelResponse]:
        return await registered_models.delete(await self._ready(), message, now_ms=self._clock())

    async def search_registered_models(
        self, message: messages.SearchRegisteredModels
    ) -> Reply[messages.SearchRegisteredModelsResponse]:
        return await registry_search.models(await self._ready(), message, secret=await self.token_secret())

    async def set_registered_model_tag(
        self, message: messages.SetRegisteredModelTag
    ) -> Reply[messages.SetRegisteredModelTagResponse]:
        return await self._tell(registered_models.set_tag, message)

    async def delete_registered_model_tag(
        self, message: messages.DeleteRegisteredModelTag
    ) -> Reply[messages.DeleteRegisteredModelTagResponse]:
        return await self._tell(registered_models.delete_tag, message)

    async def set_registered_model_alias(
        self, message: messages.SetRegisteredModelAlias
    ) -> Reply[messages.SetRegisteredModelAliasResponse]:
        return await self._tell(registered_models.set_alias, message)

    async def delete_registered_model_alias(
        self, message: messages.DeleteRegisteredModelAlias
    ) -> Reply[messages.DeleteRegisteredModelAliasResponse]:
        return await self._tell(registered_models.delete_alias, message)

    async def get_latest_versions(
        self, message: messages.GetLatestVersions
    ) -> Reply[messages.GetLatestVersionsResponse]:
        return await model_versions.latest(await self._ready(), message)

    async def create_model_version(
        self, message: messages.CreateModelVersion
    ) -> Reply[messages.CreateModelVersionResponse]:
        return await self._tell(model_versions.create, message)

    async def get_model_version(self, message: messages.GetModelVersion) -> Reply[messages.GetModelVersionResponse]:
        return await model_versions.get(await self._ready(), message)

    async def get_model_version_by_alias(
        self, message: messages.GetModelVersionByAlias
    ) -> Reply[messages.GetModelVersionByAliasResponse]:
        return await model_versions.get_by_alias(await self._ready(), message)

    async def get_model_version_download_uri(
        self, message: messages.GetModelVersionDownloadUri
    ) -> Reply[messages.GetModelVersionDownloadUriResponse]:
        return await model_versions.download_uri(await self._ready(), message)

    async def update_model_version(
        self, message: messages.UpdateModelVersion
    ) -> Reply[messages.UpdateModelVersionResponse]:
        return await model_versions.update(await self._ready(), message, now_ms=self._clock())

    async def transition_model_version_stage(
        self, message: messages.TransitionModelVersionStage
    ) -> Reply[messages.TransitionModelVersionStageResponse]:
        return await model_versions.transition(await self._ready(), message, now_ms=self._clock())

    async def delete_model_version(
        self, message: messages.DeleteModelVersion
    ) -> Reply[messages.DeleteModelVersionResponse]:
        return await model_versions.delete(await self._ready(), message, now_ms=self._clock())

    async def search_model_versions(
        self, message: messages.SearchModelVersions
    ) -> Reply[messages.SearchModelVersionsResponse]:
        return await registry_search.versions(await self._ready(), message, secret=await self.token_secret())

    async def set_model_version_tag(
        self, message: messages.SetModelVersionTag
    ) -> Reply[messages.SetModelVersionTagResponse]:
        return await self._tell(model_versions.set_tag, message)

    async def delete_model_version_tag(
        self, message: messages.DeleteModelVersionTag
    ) -> Reply[messages.DeleteModelVersionTagResponse]:
        return await self._tell(model_versions.delete_tag, message)

    async def promote_model_versions(
        self, message: history_messages.PromoteModelVersions
    ) -> Reply[history_messages.PromoteModelVersionsResponse]:
        return await self._tell(model_history.promote, message)

    async def resolve_model_alias(
        self, message: history_messages.ResolveModelAlias
    ) -> Reply[history_messages.ResolveModelAliasResponse]:
        return await model_history.resolve(await self._ready(), message)

    async def get_model_timeline(
        self, message: history_messages.GetModelTimeline
    ) -> Reply[history_messages.GetModelTimelineResponse]:
        return await model_history.timeline(await self._ready(), message, secret=await self.token_secret())
