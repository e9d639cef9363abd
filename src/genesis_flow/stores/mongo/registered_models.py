"""Registered models in MongoDB, with their tags and aliases."""

from __future__ import annotations

from collections.abc import Sequence

from genesis_flow.errors import ModelVersionNotFound, RegisteredModelExists
from genesis_flow.rules.history import Change, aliases_moved, tag_changed, tags_set
from genesis_flow.rules.registry import is_prompt, version_number
from genesis_flow.stores import registered as shared
from genesis_flow.stores.mongo import model_versions, registered
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.experiments import texts
from genesis_flow.stores.mongo.head import pairs
from genesis_flow.stores.mongo.registered import Plan, edit, effect
from genesis_flow.values.registry import RegisteredModel
from genesis_flow.wire.messages import registry as messages


async def create(
    database: Database, message: messages.CreateRegisteredModel, *, now_ms: int
) -> messages.CreateRegisteredModelResponse:
    """Inserts a model without versions."""
    tags = shared.tags_given(message.tags)
    document = registered.new_document(message.name, message.description, tags, now_ms)
    changes = [Change("created", None, "", None, message.name), *tags_set(None, tags)]
    document = registered.first(document, changes, now_ms)
    if not await registered.insert(database, document):
        raise await _exists(database, message.name)
    return messages.CreateRegisteredModelResponse(registered_model=(await entities(database, [document]))[0])


async def _exists(database: Database, name: str) -> RegisteredModelExists:
    taken = await registered.find(database, name)
    return RegisteredModelExists(name, taken is not None and is_prompt(texts(taken["tags"])))


async def get(database: Database, message: messages.GetRegisteredModel) -> messages.GetRegisteredModelResponse:
    """Reads a model."""
    found = await registered.require(database, message.name)
    return messages.GetRegisteredModelResponse(registered_model=(await entities(database, [found]))[0])


async def rename(
    database: Database, message: messages.RenameRegisteredModel, *, now_ms: int
) -> messages.RenameRegisteredModelResponse:
    """Renames a model, and then its versions."""
    name = message.new_name or ""

    async def change(found: Document) -> Plan:
        old = found["name"]
        if name != old and await registered.find(database, name) is not None:
            raise await _exists(database, name)
        changes = [Change("renamed", None, "", old, name)] if name != old else []
        versions = effect(0, set={"name": name, "updated": now_ms})
        return Plan({"name": name, "former": name, "updated": now_ms}, changes, [versions], name)

    found = await edit(database, message.name, change, now_ms=now_ms)
    return messages.RenameRegisteredModelResponse(registered_model=(await entities(database, [found]))[0])


async def update(
    database: Database, message: messages.UpdateRegisteredModel, *, now_ms: int
) -> messages.UpdateRegisteredModelResponse:
    """Writes the description."""
    text = message.description

    async def change(_: Document) -> Plan:
        return Plan({"description": text, "described": text or None, "updated": now_ms})

    found = await edit(database, message.name, change, now_ms=now_ms)
    return messages.UpdateRegisteredModelResponse(registered_model=(await entities(database, [found]))[0])


async def delete(
    database: Database, message: messages.DeleteRegisteredModel, *, now_ms: int
) -> messages.DeleteRegisteredModelResponse:
    """Removes a model; its document stays without its name, for the sake of its history."""

    async def change(found: Document) -> Plan:
        moved = aliases_moved(registered.aliases_of(found), {})
        # No name has a NUL, so that this one is in nobody's way.
        fields = {"name": f"\0{found['_id']}", "gone": True, "tags": [], "aliases": [], "updated": now_ms}
        changes = [*moved, Change("deleted", None, "", found["name"], None)]
        return Plan(fields, changes, [effect(0, set=model_versions.GONE)])

    await edit(database, message.name, change, now_ms=now_ms)
    return messages.DeleteRegisteredModelResponse()


async def set_tag(
    database: Database, message: messages.SetRegisteredModelTag, *, now_ms: int
) -> messages.SetRegisteredModelTagResponse:
    """Writes or replaces a tag."""
    await _edit_tag(database, message.name, message.key, message.value, now_ms)
    return messages.SetRegisteredModelTagResponse()


async def delete_tag(
    database: Database, message: messages.DeleteRegisteredModelTag, *, now_ms: int
) -> messages.DeleteRegisteredModelTagResponse:
    """Removes a tag, if it is there."""
    await _edit_tag(database, message.name, message.key, None, now_ms)
    return messages.DeleteRegisteredModelTagResponse()


async def _edit_tag(database: Database, name: str, key: str, text: str | None, now_ms: int) -> None:
    async def change(found: Document) -> Plan:
        tags = texts(found["tags"])
        changes = tag_changed(None, key, tags.pop(key, None), text)
        return Plan({"tags": pairs(tags if text is None else tags | {key: text})}, changes)

    await edit(database, name, change, now_ms=now_ms)


async def set_alias(
    database: Database, message: messages.SetRegisteredModelAlias, *, now_ms: int
) -> messages.SetRegisteredModelAliasResponse:
    """Gives a version an alias."""
    number = version_number(message.version)

    async def change(found: Document) -> Plan:
        await model_versions.require(database, found, number)
        before = registered.aliases_of(found)
        return moving(before, before | {message.alias: number})

    missing = ModelVersionNotFound(message.name, message.version)
    await edit(database, message.name, change, now_ms=now_ms, missing=missing)
    return messages.SetRegisteredModelAliasResponse()


async def delete_alias(
    database: Database, message: messages.DeleteRegisteredModelAlias, *, now_ms: int
) -> messages.DeleteRegisteredModelAliasResponse:
    """Removes an alias, if it is there."""

    async def change(found: Document) -> Plan:
        before = registered.aliases_of(found)
        return moving(before, {alias: number for alias, number in before.items() if alias != message.alias})

    await edit(database, message.name, change, now_ms=now_ms)
    return messages.DeleteRegisteredModelAliasResponse()


def moving(before: dict[str, int], after: dict[str, int]) -> Plan:
    """The plan by which the aliases of a model become others."""
    return Plan({"aliases": registered.stored_aliases(after)}, aliases_moved(before, after))


async def entities(database: Database, found: Sequence[Document]) -> list[RegisteredModel]:
    """The models of these documents, in their order."""
    latest = await model_versions.latest_of(database, found)
    return [
        shared.model_entity(
            name=one["name"],
            created_ms=int(one["created"]),
            updated_ms=int(one["updated"]),
            description=one["description"],
            tags=texts(one["tags"]),
            aliases=registered.aliases_of(one),
            latest=latest[one["_id"]],
        )
        for one in found
    ]
