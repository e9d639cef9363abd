"""Versions of registered models in MongoDB: a document each, changed only through that of their model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from genesis_flow.errors import AliasNotFound, ModelVersionNotFound
from genesis_flow.rules.history import Change, aliases_moved, tag_changed, tags_set
from genesis_flow.rules.model_uris import ModelUri, parse_model_uri
from genesis_flow.rules.registry import ARCHIVED, LATEST, NONE, stage_of, version_number
from genesis_flow.rules.sources import is_model_uri
from genesis_flow.stores import registered as shared
from genesis_flow.stores.mongo import logged_models, model_notes, registered
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.experiments import texts
from genesis_flow.stores.mongo.head import pairs
from genesis_flow.stores.mongo.registered import VERSIONS, Plan, edit, effect
from genesis_flow.values.registry import ModelVersion
from genesis_flow.wire.messages import registry as messages

FIELDS = dict.fromkeys(
    (
        "name", "version", "created", "updated", "stage", "description", "source", "run_id", "run_link", "tags",
    ),
    True,
)  # fmt: skip
"""What of a version's document ``entity`` reads."""

GONE = {"gone": True, "tags": [], "description": None, "described": None}
"""What is left of a deleted version: a place that none other takes, also not an edit that comes late."""


async def require(database: Database, model: Document, number: int) -> Document:
    """The document of a version; ``ModelVersionNotFound``."""
    found = await database.find_one(VERSIONS, {"_id": registered.version_key(model, number), "gone": False})
    if found is None:
        raise ModelVersionNotFound(model["name"], number)
    return found


async def _owned(database: Database, name: str, version: str) -> tuple[Document, Document]:
    number = version_number(version)
    model = await registered.find(database, name)
    if model is None:
        raise ModelVersionNotFound(name, version)
    return model, await require(database, model, number)


async def create(
    database: Database, message: messages.CreateModelVersion, *, now_ms: int
) -> messages.CreateModelVersionResponse:
    """Adds a version with the next number."""
    tags = shared.tags_given(message.tags)
    made: dict[int, Document] = {}

    async def change(found: Document) -> Plan:
        origin, made_by = await _origin(database, message), ""
        if message.model_id:
            made_by = (await logged_models.require(database, message.model_id))["source_run_id"]
        number = int(found["last"]) + 1
        made[number] = new = {
            "name": found["name"],
            "stage": NONE,
            "description": message.description or "",
            "described": message.description or None,
            "source": origin.source,
            "location": origin.location,
            "run_id": message.run_id or origin.run_id or made_by,
            "run_link": message.run_link or "",
            "model_id": message.model_id or None,
            "created": now_ms,
            "updated": now_ms,
            "tags": pairs(tags),
        }
        effects = [effect(number, insert=new)]
        if message.model_id:
            effects.append(effect(number, logged=message.model_id, name=found["name"]))
        changes = [Change("created", number, "", None, origin.source), *tags_set(number, tags)]
        return Plan({"last": number, "updated": now_ms}, changes, effects)

    model = await edit(database, message.name, change, now_ms=now_ms)
    number = int(model["last"])
    return messages.CreateModelVersionResponse(model_version=entity(made[number] | {"version": number}))


async def _origin(database: Database, message: messages.CreateModelVersion) -> shared.Origin:
    if not is_model_uri(message.source):
        return shared.Origin(message.source, message.source)
    uri = parse_model_uri("source", message.source)
    if uri.model_id:
        logged = await logged_models.require(database, uri.model_id)
        return shared.Origin(message.source, logged["uri"])
    found = await _version_at(database, uri)
    source = message.source if uri.version is not None else f"models:/{uri.name}/{int(found['version'])}"
    return shared.copied(message, source, found["location"], found["run_id"], found["model_id"] or "")


async def _version_at(database: Database, uri: ModelUri) -> Document:
    """The version that a URI names."""
    model = await registered.require(database, uri.name)
    if uri.version is not None:
        return await require(database, model, uri.version)
    if uri.alias:
        number, _ = await model_notes.alias_at(database, model["_id"], uri.name, uri.alias, uri.as_of_ms)
        return await require(database, model, number)
    ends = await _ends(database, [model["_id"]])
    highest = (high for _, stage, _, high in ends if uri.is_latest or stage == uri.stage)
    number = max(highest, default=0)
    if not number:
        raise ModelVersionNotFound(uri.name, uri.stage or LATEST)
    return await require(database, model, number)


async def get(database: Database, message: messages.GetModelVersion) -> messages.GetModelVersionResponse:
    """Reads a version."""
    model, found = await _owned(database, message.name, message.version)
    return messages.GetModelVersionResponse(model_version=with_aliases(model, found))


async def get_by_alias(
    database: Database, message: messages.GetModelVersionByAlias
) -> messages.GetModelVersionByAliasResponse:
    """Reads the version that has an alias."""
    model = await registered.require(database, message.name)
    number = registered.aliases_of(model).get(message.alias)
    if number is None and message.alias.lower() != LATEST:
        raise AliasNotFound(message.name, message.alias)
    if number is None:
        found = await _version_at(database, ModelUri(name=message.name))
    else:
        found = await require(database, model, number)
    return messages.GetModelVersionByAliasResponse(model_version=with_aliases(model, found))


async def download_uri(
    database: Database, message: messages.GetModelVersionDownloadUri
) -> messages.GetModelVersionDownloadUriResponse:
    """Where the artifacts of a version are."""
    _, found = await _owned(database, message.name, message.version)
    return messages.GetModelVersionDownloadUriResponse(artifact_uri=found["location"])


async def _edit(
    database: Database, name: str, version: str, change: Callable[[Document, Document], Any], now_ms: int
) -> Document:
    """Changes a version and its model; the version's document as it is then."""
    number = version_number(version)

    async def of_model(found: Document) -> Plan:
        plan: Plan = await change(found, await require(database, found, number))
        return plan

    missing = ModelVersionNotFound(name, version)
    model = await edit(database, name, of_model, now_ms=now_ms, missing=missing)
    found = await database.find_one(VERSIONS, {"_id": registered.version_key(model, number)})
    assert found is not None  # the place of a version is never removed
    return found


async def update(
    database: Database, message: messages.UpdateModelVersion, *, now_ms: int
) -> messages.UpdateModelVersionResponse:
    """Writes the description."""
    text = message.description

    async def change(_: Document, version: Document) -> Plan:
        fields = {"description": text, "described": text or None, "updated": now_ms}
        return Plan(effects=[effect(int(version["version"]), set=fields)])

    found = await _edit(database, message.name, message.version, change, now_ms)
    return messages.UpdateModelVersionResponse(model_version=entity(found))


async def transition(
    database: Database, message: messages.TransitionModelVersionStage, *, now_ms: int
) -> messages.TransitionModelVersionStageResponse:
    """Moves a version to a stage, and if asked for the others in it out of it."""
    stage = stage_of(message.stage)

    async def change(model: Document, version: Document) -> Plan:
        moved = {int(version["version"]): (version["stage"], stage)}
        if message.archive_existing_versions:
            inside = {"model": model["_id"], "stage": stage, "gone": False}
            for other in await database.find(VERSIONS, inside, {"version": True}):
                moved.setdefault(int(other["version"]), (stage, ARCHIVED))
        changes = [Change("stage", n, "", old, new) for n, (old, new) in sorted(moved.items()) if old != new]
        effects = [effect(n, set={"stage": new, "updated": now_ms}) for n, (_, new) in moved.items()]
        return Plan({"updated": now_ms}, changes, effects)

    found = await _edit(database, message.name, message.version, change, now_ms)
    return messages.TransitionModelVersionStageResponse(model_version=entity(found))


async def delete(
    database: Database, message: messages.DeleteModelVersion, *, now_ms: int
) -> messages.DeleteModelVersionResponse:
    """Removes a version and its aliases."""

    async def change(model: Document, version: Document) -> Plan:
        number, before = int(version["version"]), registered.aliases_of(model)
        after = {alias: other for alias, other in before.items() if other != number}
        changes = [*aliases_moved(before, after), Change("deleted", number, "", version["source"], None)]
        fields = {"aliases": registered.stored_aliases(after), "updated": now_ms}
        return Plan(fields, changes, [effect(number, set=GONE)])

    await _edit(database, message.name, message.version, change, now_ms)
    return messages.DeleteModelVersionResponse()


async def set_tag(
    database: Database, message: messages.SetModelVersionTag, *, now_ms: int
) -> messages.SetModelVersionTagResponse:
    """Writes or replaces a tag."""
    await _edit_tag(database, message.name, message.version, message.key, message.value, now_ms)
    return messages.SetModelVersionTagResponse()


async def delete_tag(
    database: Database, message: messages.DeleteModelVersionTag, *, now_ms: int
) -> messages.DeleteModelVersionTagResponse:
    """Removes a tag, if it is there."""
    await _edit_tag(database, message.name, message.version, message.key, None, now_ms)
    return messages.DeleteModelVersionTagResponse()


async def _edit_tag(database: Database, name: str, version: str, key: str, text: str | None, now_ms: int) -> None:
    async def change(_: Document, found: Document) -> Plan:
        number, tags = int(found["version"]), texts(found["tags"])
        changes = tag_changed(number, key, tags.pop(key, None), text)
        after = tags if text is None else tags | {key: text}
        return Plan({}, changes, [effect(number, set={"tags": pairs(after)})])

    await _edit(database, name, version, change, now_ms)


async def latest(database: Database, message: messages.GetLatestVersions) -> messages.GetLatestVersionsResponse:
    """The latest version of each stage."""
    model = await registered.require(database, message.name)
    found = await latest_of(database, [model], message.stages)
    return messages.GetLatestVersionsResponse(model_versions=found[model["_id"]])


async def latest_of(
    database: Database, models: Sequence[Document], stages: Sequence[str] = ()
) -> dict[Any, tuple[ModelVersion, ...]]:
    """The latest version of each stage of each of these models, by their keys."""
    if not models:
        return {}
    by_model: dict[Any, list[tuple[str, int, int]]] = {model["_id"]: [] for model in models}
    for key, stage, low, high in await _ends(database, list(by_model)):
        by_model[key].append((stage, low, high))
    wanted = {key: shared.latest_of_stages(ends, stages) for key, ends in by_model.items()}
    ids = [registered.version_key({"_id": key}, number) for key, numbers in wanted.items() for number in numbers]
    documents = await database.find(VERSIONS, {"_id": {"$in": ids}}) if ids else []
    found = {(one["model"], int(one["version"])): entity(one) for one in documents}
    return {
        key: tuple(found[key, number] for number in numbers if (key, number) in found)
        for key, numbers in wanted.items()
    }


async def _ends(database: Database, models: Sequence[Any]) -> list[tuple[Any, str, int, int]]:
    """Model, stage, lowest and highest number of the versions in each stage of these models."""
    pipeline: list[Document] = [
        {"$match": {"model": {"$in": list(models)}, "gone": False}},
        {
            "$group": {
                "_id": {"model": "$model", "stage": "$stage"},
                "low": {"$min": "$version"},
                "high": {"$max": "$version"},
            }
        },
    ]
    found = await database.aggregate(VERSIONS, pipeline)
    return [(one["_id"]["model"], one["_id"]["stage"], int(one["low"]), int(one["high"])) for one in found]


def with_aliases(model: Document, version: Document) -> ModelVersion:
    """A version as it is answered where it is asked for alone."""
    number = int(version["version"])
    return entity(version, [alias for alias, other in registered.aliases_of(model).items() if other == number])


def entity(found: Document, aliases: Collection[str] = ()) -> ModelVersion:
    """The version of a document."""
    return shared.version_entity(
        name=found["name"],
        number=int(found["version"]),
        created_ms=int(found["created"]),
        updated_ms=int(found["updated"]),
        stage=found["stage"],
        description=found["description"],
        source=found["source"],
        run_id=found["run_id"],
        run_link=found["run_link"],
        tags=texts(found["tags"]),
        aliases=aliases,
    )
