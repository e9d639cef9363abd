"""The model registry in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from genesis_flow.errors import AliasNotFound, ModelVersionNotFound, RegisteredModelExists
from genesis_flow.rules.history import Change, aliases_moved, tag_changed, tags_set
from genesis_flow.rules.model_uris import ModelUri, parse_model_uri
from genesis_flow.rules.registry import ARCHIVED, LATEST, is_prompt, stage_of, version_number
from genesis_flow.rules.sources import is_model_uri
from genesis_flow.rules.times import parse_time_ms
from genesis_flow.search.ast import Field, Kind, Value
from genesis_flow.stores import asking, registered
from genesis_flow.stores.memory.model_history import ModelHistory
from genesis_flow.stores.memory.outbox import telling
from genesis_flow.stores.memory.search import Query, page
from genesis_flow.stores.memory.state import StoredRegistered, StoredVersion
from genesis_flow.values.registry import ModelVersion, RegisteredModel
from genesis_flow.wire.messages import model_history as history_messages
from genesis_flow.wire.messages import registry as messages

Owned = tuple[StoredRegistered, StoredVersion]


class Registry(ModelHistory):
    """The verbs of the noun."""

    # --- models -------------------------------------------------------------------------------------------------

    @telling
    async def create_registered_model(
        self, message: messages.CreateRegisteredModel
    ) -> messages.CreateRegisteredModelResponse:
        self._require_free(message.name)
        now, tags = self._state.clock(), registered.tags_given(message.tags)
        key = self._state.next_registered()
        model = StoredRegistered(key, message.name, message.description, now, now, tags)
        self._state.registered[message.name] = model
        self._note(model, [Change("created", None, "", None, model.name), *tags_set(None, tags)])
        return messages.CreateRegisteredModelResponse(registered_model=_model(model))

    def _require_free(self, name: str) -> None:
        taken = self._state.registered.get(name)
        if taken is not None:
            raise RegisteredModelExists(name, is_prompt(taken.tags))

    async def get_registered_model(self, message: messages.GetRegisteredModel) -> messages.GetRegisteredModelResponse:
        return messages.GetRegisteredModelResponse(registered_model=_model(self._registered(message.name)))

    async def rename_registered_model(
        self, message: messages.RenameRegisteredModel
    ) -> messages.RenameRegisteredModelResponse:
        model, name = self._registered(message.name), message.new_name or ""
        if name != model.name:
            self._require_free(name)
            change = Change("renamed", None, "", model.name, name)
            self._state.registered[name] = self._state.registered.pop(model.name)
            model.name = name
            self._note(model, [change])
        model.updated = self._state.clock()
        for version in model.versions.values():
            version.updated = model.updated
        return messages.RenameRegisteredModelResponse(registered_model=_model(model))

    async def update_registered_model(
        self, message: messages.UpdateRegisteredModel
    ) -> messages.UpdateRegisteredModelResponse:
        model = self._registered(message.name)
        model.description, model.updated = message.description, self._state.clock()
        return messages.UpdateRegisteredModelResponse(registered_model=_model(model))

    async def delete_registered_model(
        self, message: messages.DeleteRegisteredModel
    ) -> messages.DeleteRegisteredModelResponse:
        model = self._registered(message.name)
        del self._state.registered[model.name]
        self._note(model, [*aliases_moved(model.aliases, {}), Change("deleted", None, "", model.name, None)])
        return messages.DeleteRegisteredModelResponse()

    async def search_registered_models(
        self, message: messages.SearchRegisteredModels
    ) -> messages.SearchRegisteredModelsResponse:
        asked = asking.of_registered_models(message, self._state.secret)
        query = Query(asked, _values_of_model, lambda model, field: next(iter(_values_of_model(model, field)), None))
        shown, token = page(self._state.registered.values(), query, message.max_results)
        return messages.SearchRegisteredModelsResponse(
            registered_models=tuple(map(_model, shown)), next_page_token=token
        )

    async def get_latest_versions(self, message: messages.GetLatestVersions) -> messages.GetLatestVersionsResponse:
        model = self._registered(message.name)
        return messages.GetLatestVersionsResponse(model_versions=_latest(model, message.stages))

    # --- versions -----------------------------------------------------------------------------------------------

    @telling
    async def create_model_version(self, message: messages.CreateModelVersion) -> messages.CreateModelVersionResponse:
        model = self._registered(message.name)
        origin = self._origin(message)
        logged = self._state.model(message.model_id) if message.model_id else None
        now, tags = self._state.clock(), registered.tags_given(message.tags)
        model.last += 1
        made_by = logged.info.source_run_id if logged else None
        version = StoredVersion(
            model.last,
            origin.source,
            origin.location,
            now,
            now,
            description=message.description or "",
            run_id=message.run_id or origin.run_id or made_by or "",
            run_link=message.run_link or "",
            model_id=message.model_id or "",
            tags=tags,
        )
        model.versions[model.last], model.updated = version, now
        if logged is not None:
            tag = registered.VERSIONS_OF_MODEL
            logged.tags[tag] = registered.with_version(logged.tags.get(tag), model.name, model.last)
        self._note(model, [Change("created", model.last, "", None, origin.source), *tags_set(model.last, tags)])
        return messages.CreateModelVersionResponse(model_version=_version((model, version)))

    def _origin(self, message: messages.CreateModelVersion) -> registered.Origin:
        if not is_model_uri(message.source):
            return registered.Origin(message.source, message.source)
        uri = parse_model_uri("source", message.source)
        if uri.model_id:
            return registered.Origin(message.source, self._state.model(uri.model_id).info.artifact_uri or "")
        _, version = self._version_at(uri)
        source = message.source if uri.version is not None else f"models:/{uri.name}/{version.number}"
        return registered.copied(message, source, version.location, version.run_id, version.model_id)

    def _version_at(self, uri: ModelUri) -> Owned:
        """The version that a URI names."""
        model = self._registered(uri.name)
        if uri.version is not None:
            return self._owned(uri.name, uri.version)
        if uri.alias:
            number = self._alias_at(model.key, uri.name, uri.alias, uri.as_of_ms)[0]
        else:
            numbers = [n for n, version in model.versions.items() if uri.is_latest or version.stage == uri.stage]
            number = max(numbers, default=0)
            if not number:
                raise ModelVersionNotFound(uri.name, uri.stage or LATEST)
        return self._owned(uri.name, number)

    def _owned(self, name: str, number: int) -> Owned:
        model = self._state.registered.get(name)
        if model is None or number not in model.versions:
            raise ModelVersionNotFound(name, number)
        return model, model.versions[number]

    async def get_model_version(self, message: messages.GetModelVersion) -> messages.GetModelVersionResponse:
        owned = self._owned(message.name, version_number(message.version))
        return messages.GetModelVersionResponse(model_version=_with_aliases(owned))

    async def update_model_version(self, message: messages.UpdateModelVersion) -> messages.UpdateModelVersionResponse:
        model, version = self._owned(message.name, version_number(message.version))
        version.description, version.updated = message.description, self._state.clock()
        return messages.UpdateModelVersionResponse(model_version=_version((model, version)))

    async def transition_model_version_stage(
        self, message: messages.TransitionModelVersionStage
    ) -> messages.TransitionModelVersionStageResponse:
        stage, number = stage_of(message.stage), version_number(message.version)
        model, version = self._owned(message.name, number)
        moved = {number: stage}
        if message.archive_existing_versions:
            others = (n for n, one in model.versions.items() if one.stage == stage and n != number)
            moved |= dict.fromkeys(others, ARCHIVED)
        model.updated = self._state.clock()
        for n, after in sorted(moved.items()):
            one = model.versions[n]
            if one.stage != after:
                self._note(model, [Change("stage", n, "", one.stage, after)])
            one.stage, one.updated = after, model.updated
        return messages.TransitionModelVersionStageResponse(model_version=_version((model, version)))

    async def delete_model_version(self, message: messages.DeleteModelVersion) -> messages.DeleteModelVersionResponse:
        model, version = self._owned(message.name, version_number(message.version))
        del model.versions[version.number]
        left = {alias: number for alias, number in model.aliases.items() if number != version.number}
        moves = aliases_moved(model.aliases, left)
        model.aliases, model.updated = left, self._state.clock()
        self._note(model, [*moves, Change("deleted", version.number, "", version.source, None)])
        return messages.DeleteModelVersionResponse()

    async def search_model_versions(
        self, message: messages.SearchModelVersions
    ) -> messages.SearchModelVersionsResponse:
        asked = asking.of_model_versions(message, self._state.secret)
        everything = [(model, one) for model in self._state.registered.values() for one in model.versions.values()]
        query = Query(
            asked, _values_of_version, lambda owned, field: next(iter(_values_of_version(owned, field)), None)
        )
        shown, token = page(everything, query, message.max_results)
        return messages.SearchModelVersionsResponse(model_versions=tuple(map(_version, shown)), next_page_token=token)

    async def get_model_version_download_uri(
        self, message: messages.GetModelVersionDownloadUri
    ) -> messages.GetModelVersionDownloadUriResponse:
        _, version = self._owned(message.name, version_number(message.version))
        return messages.GetModelVersionDownloadUriResponse(artifact_uri=version.location)

    # --- tags ---------------------------------------------------------------------------------------------------

    @telling
    async def set_registered_model_tag(
        self, message: messages.SetRegisteredModelTag
    ) -> messages.SetRegisteredModelTagResponse:
        model = self._registered(message.name)
        self._set_tag(model, None, model.tags, message.key, message.value)
        return messages.SetRegisteredModelTagResponse()

    @telling
    async def set_model_version_tag(self, message: messages.SetModelVersionTag) -> messages.SetModelVersionTagResponse:
        model, version = self._owned(message.name, version_number(message.version))
        self._set_tag(model, version.number, version.tags, message.key, message.value)
        return messages.SetModelVersionTagResponse()

    @telling
    async def delete_registered_model_tag(
        self, message: messages.DeleteRegisteredModelTag
    ) -> messages.DeleteRegisteredModelTagResponse:
        model = self._registered(message.name)
        self._set_tag(model, None, model.tags, message.key, None)
        return messages.DeleteRegisteredModelTagResponse()

    @telling
    async def delete_model_version_tag(
        self, message: messages.DeleteModelVersionTag
    ) -> messages.DeleteModelVersionTagResponse:
        model, version = self._owned(message.name, version_number(message.version))
        self._set_tag(model, version.number, version.tags, message.key, None)
        return messages.DeleteModelVersionTagResponse()

    def _set_tag(
        self, model: StoredRegistered, version: int | None, tags: dict[str, str], key: str, text: str | None
    ) -> None:
        changes = tag_changed(version, key, tags.pop(key, None), text)
        if text is not None:
            tags[key] = text
        self._note(model, changes)

    # --- aliases ------------------------------------------------------------------------------------------------

    @telling
    async def set_registered_model_alias(
        self, message: messages.SetRegisteredModelAlias
    ) -> messages.SetRegisteredModelAliasResponse:
        model, version = self._owned(message.name, version_number(message.version))
        self._set_aliases(model, {**model.aliases, message.alias: version.number})
        return messages.SetRegisteredModelAliasResponse()

    @telling
    async def delete_registered_model_alias(
        self, message: messages.DeleteRegisteredModelAlias
    ) -> messages.DeleteRegisteredModelAliasResponse:
        model = self._registered(message.name)
        self._set_aliases(model, {alias: n for alias, n in model.aliases.items() if alias != message.alias})
        return messages.DeleteRegisteredModelAliasResponse()

    async def get_model_version_by_alias(
        self, message: messages.GetModelVersionByAlias
    ) -> messages.GetModelVersionByAliasResponse:
        model = self._registered(message.name)
        is_latest = message.alias.lower() == LATEST
        number = max(model.versions, default=0) if is_latest else model.aliases.get(message.alias)
        if number is None:
            raise AliasNotFound(message.name, message.alias)
        if not number:
            raise ModelVersionNotFound(message.name, LATEST)
        return messages.GetModelVersionByAliasResponse(model_version=_with_aliases(self._owned(message.name, number)))

    async def resolve_model_alias(
        self, message: history_messages.ResolveModelAlias
    ) -> history_messages.ResolveModelAliasResponse:
        key = self._key(message.name)
        as_of_ms = None if message.as_of is None else parse_time_ms("as_of", message.as_of)
        number, since = self._alias_at(key, message.name, message.alias, as_of_ms)
        owners = [one for one in self._state.registered.values() if one.key == key and number in one.versions]
        version = _with_aliases((owners[0], owners[0].versions[number])) if owners else None
        return history_messages.ResolveModelAliasResponse(version=str(number), since=since, model_version=version)


def _model(model: StoredRegistered) -> RegisteredModel:
    return registered.model_entity(
        name=model.name,
        created_ms=model.created,
        updated_ms=model.updated,
        description=model.description,
        tags=model.tags,
        aliases=model.aliases,
        latest=_latest(model),
    )


def _latest(model: StoredRegistered, stages: tuple[str, ...] = ()) -> tuple[ModelVersion, ...]:
    numbers: dict[str, list[int]] = {}
    for number, version in model.versions.items():
        numbers.setdefault(version.stage, []).append(number)
    ends = [(stage, min(found), max(found)) for stage, found in numbers.items()]
    return tuple(_version((model, model.versions[n])) for n in registered.latest_of_stages(ends, stages))


def _version(owned: Owned, aliases: Iterable[str] = ()) -> ModelVersion:
    model, version = owned
    return registered.version_entity(
        name=model.name,
        number=version.number,
        created_ms=version.created,
        updated_ms=version.updated,
        stage=version.stage,
        description=version.description,
        source=version.source,
        run_id=version.run_id,
        run_link=version.run_link,
        tags=version.tags,
        aliases=tuple(aliases),
    )


def _with_aliases(owned: Owned) -> ModelVersion:
    model, version = owned
    return _version(owned, (alias for alias, number in model.aliases.items() if number == version.number))


def _values_of_model(model: StoredRegistered, field: Field) -> list[Value]:
    attributes: dict[str, Value | None] = {
        "name": model.name,
        "description": model.description or None,
        "creation_timestamp": model.created,
        "last_updated_timestamp": model.updated,
    }
    return _values(field, attributes, model.tags)


def _values_of_version(owned: Owned, field: Field) -> list[Value]:
    model, version = owned
    attributes: dict[str, Value | None] = {
        "name": model.name,
        "version_number": version.number,
        "run_id": version.run_id,
        "source_path": version.source,
        "current_stage": version.stage,
        "model_id": version.model_id or None,
        "description": version.description or None,
        "creation_timestamp": version.created,
        "last_updated_timestamp": version.updated,
    }
    return _values(field, attributes, version.tags)


def _values(field: Field, attributes: Mapping[str, Value | None], tags: Mapping[str, str]) -> list[Value]:
    value = tags.get(field.key) if field.kind is Kind.TAG else attributes[field.key]
    return [] if value is None else [value]
