"""Short forms of what the tests of the model registry do all the time."""

from __future__ import annotations

from collections.abc import Mapping

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import answer, there, unique
from genesis_flow.values.registry import ModelVersion, ModelVersionTag, RegisteredModel, RegisteredModelTag
from genesis_flow.wire.messages import model_history
from genesis_flow.wire.messages import registry as messages

REMOTE = "s3://bucket/model"
CONFLICT = "RESOURCE_CONFLICT", 409
UNKNOWN_NAME = "never registered"


async def new_registered(store: Store, name: str | None = None, versions: int = 0, **tags: str) -> str:
    """The name of a new registered model."""
    name = name or unique("model ")
    message = messages.CreateRegisteredModel(
        name=name, tags=tuple(RegisteredModelTag(key=k, value=v) for k, v in tags.items())
    )
    await store.create_registered_model(message)
    for _ in range(versions):
        await new_version(store, name)
    return name


async def new_version(
    store: Store,
    name: str,
    source: str = REMOTE,
    tags: Mapping[str, str] | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
) -> ModelVersion:
    """A new version."""
    message = messages.CreateModelVersion(
        name=name,
        source=source,
        run_id=run_id,
        model_id=model_id,
        tags=tuple(ModelVersionTag(key=k, value=v) for k, v in (tags or {}).items()),
    )
    return there((await answer(store.create_model_version(message))).model_version)


async def registered(store: Store, name: str) -> RegisteredModel:
    """The model of that name."""
    return there((await answer(store.get_registered_model(messages.GetRegisteredModel(name=name)))).registered_model)


async def version_of(store: Store, name: str, version: str = "1") -> ModelVersion:
    """A version of a model."""
    message = messages.GetModelVersion(name=name, version=version)
    return there((await answer(store.get_model_version(message))).model_version)


async def set_alias(store: Store, name: str, alias: str, version: str) -> None:
    """Gives a version an alias."""
    await store.set_registered_model_alias(messages.SetRegisteredModelAlias(name=name, alias=alias, version=version))


async def at_alias(store: Store, name: str, alias: str) -> str | None:
    """The number of the version that has an alias."""
    message = messages.GetModelVersionByAlias(name=name, alias=alias)
    return there((await answer(store.get_model_version_by_alias(message))).model_version).version


async def to_stage(store: Store, name: str, version: str, stage: str, archive: bool = False) -> ModelVersion:
    """Moves a version to a stage."""
    message = messages.TransitionModelVersionStage(
        name=name, version=version, stage=stage, archive_existing_versions=archive
    )
    return there((await answer(store.transition_model_version_stage(message))).model_version)


async def aliases(store: Store, name: str) -> dict[str | None, str | None]:
    """The aliases of a model and their versions."""
    return {one.alias: one.version for one in (await registered(store, name)).aliases}


async def promote(store: Store, name: str, **wanted: tuple[str, str | None]) -> dict[str | None, str | None]:
    """Moves aliases, each to a version from where it is expected; to no version, it is removed."""
    message = model_history.PromoteModelVersions(
        name=name,
        set=tuple(
            model_history.AliasToSet(alias=alias, version=version, expected_version=expected)
            for alias, (version, expected) in wanted.items()
            if version
        ),
        unset=tuple(
            model_history.AliasToUnset(alias=alias, expected_version=expected)
            for alias, (version, expected) in wanted.items()
            if not version
        ),
    )
    return {one.alias: one.version for one in (await answer(store.promote_model_versions(message))).aliases}


async def timeline(store: Store, name: str, most: int = 100, **rest: str) -> list[model_history.ModelChange]:
    """The history of a model page by page, the newest change first."""
    found: list[model_history.ModelChange] = []
    fields: dict[str, object] = {"name": name, "max_results": most, **rest}
    while True:
        reply = await answer(store.get_model_timeline(model_history.GetModelTimeline(**fields)))  # type: ignore[arg-type]
        found += reply.changes
        if not reply.next_page_token:
            return found
        fields["page_token"] = reply.next_page_token


def told(change: model_history.ModelChange) -> tuple[str | None, ...]:
    """What a change says, but for who and when."""
    return change.kind, change.version, change.key, change.before, change.after


async def resolved(store: Store, name: str, alias: str, as_of: int | None = None) -> str | None:
    """The version that had an alias at a time in milliseconds."""
    message = model_history.ResolveModelAlias(name=name, alias=alias, as_of=None if as_of is None else str(as_of))
    return (await answer(store.resolve_model_alias(message))).version


async def found_models(store: Store, filter_: str, *order: str, most: int = 100) -> list[str | None]:
    """The names of the models that a search finds, page by page, in order."""
    names: list[str | None] = []
    token: str | None = None
    while True:
        message = messages.SearchRegisteredModels(filter=filter_, order_by=order, max_results=most, page_token=token)
        reply = await answer(store.search_registered_models(message))
        names += [model.name for model in reply.registered_models]
        if not (token := reply.next_page_token):
            return names


async def found_versions(store: Store, filter_: str, *order: str, most: int = 100) -> list[str]:
    """``name:version`` of the versions that a search finds, page by page, in order."""
    names: list[str] = []
    token: str | None = None
    while True:
        message = messages.SearchModelVersions(filter=filter_, order_by=order, max_results=most, page_token=token)
        reply = await answer(store.search_model_versions(message))
        names += [f"{version.name}:{version.version}" for version in reply.model_versions]
        if not (token := reply.next_page_token):
            return names
