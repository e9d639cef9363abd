"""The model registry: what a request must look like, and what the source of a version may be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar, Union

import msgspec

from genesis_flow.errors import InvalidParameter
from genesis_flow.rules import limits, sources
from genesis_flow.rules.model_uris import parse_model_uri
from genesis_flow.rules.registry import (
    ACTIVE_STAGES,
    IS_PROMPT,
    PROMPT_SOURCES,
    check_alias,
    check_new_alias,
    check_registered_name,
    stage_of,
    version_number,
)
from genesis_flow.rules.texts import check_key, check_line, check_long_text, check_range, check_text, require
from genesis_flow.rules.times import parse_time_ms
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores.protocol import Store
from genesis_flow.values.registry import ModelVersionTag, RegisteredModelTag
from genesis_flow.wire import codec
from genesis_flow.wire.messages import logged_models, model_history, runs
from genesis_flow.wire.messages import registry as messages

Tag = TypeVar("Tag", ModelVersionTag, RegisteredModelTag)
Tagging = TypeVar("Tagging", messages.SetRegisteredModelTag, messages.SetModelVersionTag)
Untagging = TypeVar("Untagging", messages.DeleteRegisteredModelTag, messages.DeleteModelVersionTag)
Describing = TypeVar("Describing", messages.UpdateRegisteredModel, messages.UpdateModelVersion)


class Named(Protocol):
    """A message about a model, or about one of its versions."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)
OfAlias = Union[messages.DeleteRegisteredModelAlias, messages.GetModelVersionByAlias, model_history.ResolveModelAlias]
A = TypeVar("A", bound=OfAlias)


def verbs(store: Store) -> Verbs:
    """The verbs of the noun."""
    return {
        "create_registered_model": Verb(store.create_registered_model, check_create),
        "get_registered_model": Verb(store.get_registered_model, check_name),
        "rename_registered_model": Verb(store.rename_registered_model, check_rename),
        "update_registered_model": Verb(store.update_registered_model, check_update),
        "delete_registered_model": Verb(store.delete_registered_model, check_name),
        "search_registered_models": Verb(store.search_registered_models, check_search_models),
        "get_latest_versions": Verb(store.get_latest_versions, check_latest),
        "create_model_version": Verb(Creating(store), check_create_version),
        "get_model_version": Verb(store.get_model_version, check_name),
        "update_model_version": Verb(store.update_model_version, check_update),
        "transition_model_version_stage": Verb(store.transition_model_version_stage, check_transition),
        "delete_model_version": Verb(store.delete_model_version, check_name),
        "search_model_versions": Verb(store.search_model_versions, check_search_versions),
        "get_model_version_download_uri": Verb(store.get_model_version_download_uri, check_name),
        "set_registered_model_tag": Verb(store.set_registered_model_tag, check_set_tag),
        "set_model_version_tag": Verb(store.set_model_version_tag, check_set_tag),
        "delete_registered_model_tag": Verb(store.delete_registered_model_tag, check_delete_tag),
        "delete_model_version_tag": Verb(store.delete_model_version_tag, check_delete_tag),
        "set_registered_model_alias": Verb(store.set_registered_model_alias, check_set_alias),
        "delete_registered_model_alias": Verb(store.delete_registered_model_alias, check_of_alias),
        "get_model_version_by_alias": Verb(store.get_model_version_by_alias, check_of_alias),
        "promote_model_versions": Verb(store.promote_model_versions, check_promote),
        "resolve_model_alias": Verb(store.resolve_model_alias, check_resolve),
        "get_model_timeline": Verb(store.get_model_timeline, check_timeline),
    }


# --- models -------------------------------------------------------------------------------------------------------


def check_name(message: N) -> N:
    """The name."""
    check_registered_name("name", message.name)
    return message


def check_create(message: messages.CreateRegisteredModel) -> messages.CreateRegisteredModel:
    """Name, description and tags."""
    check_name(message)
    _check_description(message.description)
    return msgspec.structs.replace(message, tags=_checked(message.tags))


def check_rename(message: messages.RenameRegisteredModel) -> messages.RenameRegisteredModel:
    """Both names."""
    check_registered_name("new_name", message.new_name)
    return check_name(message)


def check_update(message: Describing) -> Describing:
    """Name and description."""
    check_registered_name("name", message.name)
    _check_description(message.description)
    return message


def check_search_models(message: messages.SearchRegisteredModels) -> messages.SearchRegisteredModels:
    """The size of a page."""
    check_range("max_results", message.max_results, 1, limits.SEARCH_REGISTERED_MODELS_MOST)
    return message


def check_latest(message: messages.GetLatestVersions) -> messages.GetLatestVersions:
    """Name and stages."""
    for stage in message.stages:
        stage_of(stage, "stages")
    return check_name(message)


def _check_description(text: str | None) -> None:
    check_text("description", text or "")
    check_range("the length of description", len(text or ""), 0, limits.DESCRIPTION_LENGTH)


# --- versions -----------------------------------------------------------------------------------------------------


def check_create_version(message: messages.CreateModelVersion) -> messages.CreateModelVersion:
    """Everything but what only the run or logged model can tell of the source."""
    check_name(message)
    _check_description(message.description)
    check_line("run_id", message.run_id or "", limits.KEY_LENGTH)
    check_line("model_id", message.model_id or "", limits.KEY_LENGTH)
    check_line("run_link", message.run_link or "", limits.SOURCE_LENGTH)
    sources.check_source(require("source", message.source))
    return msgspec.structs.replace(message, tags=_checked(message.tags))


class Creating:
    """Creates versions, having looked where their sources lead.

    Args:
        store: where runs and models are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def __call__(self, message: messages.CreateModelVersion) -> codec.Reply[messages.CreateModelVersionResponse]:
        """Creates a version, if its source may be one.

        Raises:
            InvalidParameter: the source lies elsewhere than the run or logged model that the message names.
        """
        await self._check_source(message)
        return await self._store.create_model_version(message)

    async def _check_source(self, message: messages.CreateModelVersion) -> None:
        source = message.source
        if {tag.key: (tag.value or "").lower() for tag in message.tags}.get(IS_PROMPT) == "true":
            if source not in PROMPT_SOURCES:
                raise InvalidParameter("source", source, f"one of {', '.join(sorted(PROMPT_SOURCES))} for a prompt")
        elif (run_id := sources.run_of(source)) is not None:
            if not run_id or run_id != message.run_id:
                raise InvalidParameter("source", source, "within the run that run_id names")
        elif sources.is_model_uri(source):
            _check_logged_model(source, message.model_id)
        else:
            await self._check_location(message)

    async def _check_location(self, message: messages.CreateModelVersion) -> None:
        """A location on the server's side lies within the artifacts that the message names, and no other needs to."""
        owner = await self._location_of(message)
        if owner and sources.is_within(message.source, owner):
            return
        if sources.needs_owner(message.source):
            raise InvalidParameter("source", message.source, "within the artifacts of what run_id or model_id names")

    async def _location_of(self, message: messages.CreateModelVersion) -> str:
        """The artifacts of the logged model or run that a message names; empty if it names none that is there."""
        if message.model_id:
            asked = logged_models.GetLoggedModel(model_id=message.model_id)
            model = codec.value(await self._store.get_logged_model(asked)).model
            return (model and model.info and model.info.artifact_uri) or ""
        if message.run_id and not sources.is_elsewhere(message.source):
            run = codec.value(await self._store.get_run(runs.GetRun(run_id=message.run_id))).run
            return (run and run.info and run.info.artifact_uri) or ""
        return ""


def _check_logged_model(source: str, model_id: str | None) -> None:
    uri = parse_model_uri("source", source)
    if uri.model_id and uri.model_id != model_id:
        raise InvalidParameter("source", source, "the logged model that model_id names")


def check_transition(message: messages.TransitionModelVersionStage) -> messages.TransitionModelVersionStage:
    """The stage, and whether others can be pushed out of it."""
    stage = stage_of(require("stage", message.stage))
    if message.archive_existing_versions and stage not in ACTIVE_STAGES:
        raise InvalidParameter("archive_existing_versions", True, f"false for the stage '{stage}'")
    return check_name(message)


def check_search_versions(message: messages.SearchModelVersions) -> messages.SearchModelVersions:
    """The size of a page."""
    check_range("max_results", message.max_results, 1, limits.SEARCH_MODEL_VERSIONS_MOST)
    return message


# --- tags ---------------------------------------------------------------------------------------------------------


def check_set_tag(message: Tagging) -> Tagging:
    """Name, key and value."""
    check_registered_name("name", message.name)
    check_key("key", message.key)
    _check_tag_text("value", message.value)
    return message


def check_delete_tag(message: Untagging) -> Untagging:
    """Name and key."""
    check_registered_name("name", message.name)
    check_key("key", message.key)
    return message


def _checked(tags: Sequence[Tag]) -> tuple[Tag, ...]:
    """Tags with keys, and with values that are there, if only empty."""
    return tuple(
        msgspec.structs.replace(
            tag,
            key=check_key(f"tags[{i}].key", tag.key),
            value=_check_tag_text(f"tags[{i}].value", tag.value or ""),
        )
        for i, tag in enumerate(tags)
    )


def _check_tag_text(field: str, text: str) -> str:
    return check_long_text(field, text, limits.REGISTRY_TAG_LENGTH)


# --- aliases ------------------------------------------------------------------------------------------------------


def check_set_alias(message: messages.SetRegisteredModelAlias) -> messages.SetRegisteredModelAlias:
    """Name and alias."""
    check_new_alias(message.alias)
    version_number(message.version)
    return check_name(message)


def check_of_alias(message: A) -> A:
    """Name and alias."""
    check_registered_name("name", message.name)
    check_alias(message.alias)
    return message


def check_promote(message: model_history.PromoteModelVersions) -> model_history.PromoteModelVersions:
    """Aliases that may be given, each in question once, and versions."""
    check_name(message)
    every: tuple[model_history.AliasToSet | model_history.AliasToUnset, ...] = (*message.set, *message.unset)
    aliases = [one.alias for one in every]
    check_range("the number of aliases", len(aliases), 1, limits.PROMOTION_MOST)
    if len(set(aliases)) != len(aliases):
        raise InvalidParameter("set", aliases, "aliases of which each stands once, in set or in unset")
    for i, given in enumerate(message.set):
        check_new_alias(given.alias, f"set[{i}].alias")
        version_number(given.version, f"set[{i}].version")
    for i, gone in enumerate(message.unset):
        check_alias(gone.alias, f"unset[{i}].alias")
    for any_one in every:
        if any_one.expected_version:
            version_number(any_one.expected_version, "expected_version")
    return message


def check_resolve(message: model_history.ResolveModelAlias) -> model_history.ResolveModelAlias:
    """Name, alias and time."""
    if message.as_of is not None:
        parse_time_ms("as_of", message.as_of)
    return check_of_alias(message)


def check_timeline(message: model_history.GetModelTimeline) -> model_history.GetModelTimeline:
    """Name, times and the size of a page."""
    for field, text in (("since", message.since), ("until", message.until)):
        if text:
            parse_time_ms(field, text)
    check_range("max_results", message.max_results, 1, limits.TIMELINE_MOST)
    return check_name(message)
