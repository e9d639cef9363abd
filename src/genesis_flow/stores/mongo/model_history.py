"""The history of registered models in MongoDB, aliases at a time, and promotions."""

from __future__ import annotations

from genesis_flow.errors import RegisteredModelNotFound
from genesis_flow.rules.history import Change
from genesis_flow.rules.times import parse_time_ms
from genesis_flow.stores import asking
from genesis_flow.stores import registered as shared
from genesis_flow.stores.mongo import model_notes, model_versions, registered, registered_models
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.indexes import sort_of
from genesis_flow.stores.mongo.model_notes import NEWEST
from genesis_flow.stores.mongo.registered import HISTORY, MODELS, VERSIONS, Plan
from genesis_flow.wire.messages import model_history as messages


async def promote(
    database: Database, message: messages.PromoteModelVersions, *, now_ms: int
) -> messages.PromoteModelVersionsResponse:
    """Moves aliases, all or none: they are in one document."""

    async def change(found: Document) -> Plan:
        before = registered.aliases_of(found)
        after = shared.promoted(message, before)
        for one in message.set:
            await model_versions.require(database, found, after[one.alias])
        return registered_models.moving(before, after)

    found = await registered.edit(database, message.name, change, now_ms=now_ms)
    return messages.PromoteModelVersionsResponse(aliases=shared.alias_entities(registered.aliases_of(found)))


async def resolve(database: Database, message: messages.ResolveModelAlias) -> messages.ResolveModelAliasResponse:
    """The version that an alias stood for at a time."""
    model = await _model(database, message.name)
    as_of_ms = None if message.as_of is None else parse_time_ms("as_of", message.as_of)
    number, since = await model_notes.alias_at(database, model["_id"], message.name, message.alias, as_of_ms)
    found = await database.find_one(VERSIONS, {"_id": registered.version_key(model, number), "gone": False})
    version = None if found is None else model_versions.with_aliases(model, found)
    return messages.ResolveModelAliasResponse(version=str(number), since=since, model_version=version)


async def timeline(
    database: Database, message: messages.GetModelTimeline, *, secret: bytes
) -> messages.GetModelTimelineResponse:
    """A page of the history of a model, the newest change first."""
    model, asked = await _model(database, message.name), asking.of_timeline(message, secret)
    conditions: list[Document] = [{"model": model["_id"]}]
    if message.kind:
        conditions.append({"kind": message.kind})
    if message.since:
        conditions.append({"at": {"$gte": parse_time_ms("since", message.since)}})
    if message.until:
        conditions.append({"at": {"$lt": parse_time_ms("until", message.until)}})
    if asked.position is not None:
        at, number = asked.position
        conditions.append({"$or": [{"at": {"$lt": at}}, {"at": at, "number": {"$lt": number}}]})
    sort = sort_of(HISTORY, NEWEST, {"model"})
    found = await database.find(HISTORY, {"$and": conditions}, sort=sort, limit=message.max_results + 1)
    shown, token = asked.cut(found, message.max_results, lambda one: [int(one["at"]), int(one["number"])])
    return messages.GetModelTimelineResponse(changes=tuple(map(_change, shown)), next_page_token=token)


async def _model(database: Database, name: str) -> Document:
    """The model of that name, or the one that was deleted last under it; ``RegisteredModelNotFound``."""
    found = await registered.find(database, name)
    if found is not None:
        return found
    # Few models of one name were deleted.
    gone = await database.find(MODELS, {"former": {"$eq": name}, "gone": True})
    if not gone:
        raise RegisteredModelNotFound(name)
    last = max(gone, key=lambda one: (int(one["noted_ms"]), one["_id"]))
    await registered.settle(database, last)
    return last


def _change(found: Document) -> messages.ModelChange:
    version = None if found["version"] is None else int(found["version"])
    change = Change(found["kind"], version, found["key"], found["before"], found["after"])
    return shared.change_entity(change, found["name"], int(found["at"]), found["user"])
