"""The outbox in MongoDB: deliveries, each a document of its own, that were part of what was changed first.

What causes deliveries is one atomic update of one document, of a model or of a run, and it brings them along; then they
are copied to where they are sent from, and taken away there. A copy that is made twice is one, because a delivery has
its id from the start; one that was cut off is made by whoever puts that document in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from bson import Binary, ObjectId
from pymongo import UpdateOne

from genesis_flow.errors import WebhookNotFound
from genesis_flow.rules.webhooks import DELIVERIES_KEPT, EVENTS, Kind
from genesis_flow.stores import hooked, webhook_events
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.indexes import sort_of
from genesis_flow.stores.protocol import Delivery, Outcome, Target
from genesis_flow.stores.webhook_events import Event
from genesis_flow.values.registry import ModelVersion
from genesis_flow.wire.messages.registry import CreateModelVersionResponse

HOOKS, DELIVERIES = "webhooks", "webhook_deliveries"

Listeners = Mapping[str, Sequence[str]]
"""The ids of webhooks by the event that they listen to."""


def stored_kind(kind: Kind) -> str:
    """An event as a webhook's document names it."""
    return f"{kind.entity}.{kind.action}"


async def listening(database: Database, kinds: Iterable[Kind]) -> Listeners:
    """Who listens to one of these events."""
    names = [stored_kind(kind) for kind in kinds]
    found = await database.find(HOOKS, {"events": {"$in": names}, "status": hooked.ACTIVE}, {"events": True})
    return {name: ids for name in names if (ids := [one["_id"] for one in found if name in one["events"]])}


def deliveries_of(events: Iterable[Event], listeners: Listeners, at_ms: int) -> list[Document]:
    """The documents of the deliveries of these events."""
    return [
        {
            "_id": hooked.new_id(),
            "place": ObjectId(),  # they grow, which gives deliveries of one webhook their order
            "webhook": webhook,
            "event": event.name,
            "body": Binary(event.body(at_ms)),
            "created": at_ms,
            "attempts": 0,
            "due": at_ms,
            "last": None,
            "ended": None,
            "answered": None,
            "error": None,
        }
        for event in events
        for webhook in listeners.get(stored_kind(event.kind), ())
    ]


async def put(database: Database, documents: Iterable[Document]) -> None:
    """Copies deliveries to where they are sent from, those that are not there yet."""
    writes = [
        UpdateOne({"_id": one["_id"]}, {"$setOnInsert": {k: v for k, v in one.items() if k != "_id"}}, upsert=True)
        for one in documents
    ]
    if writes:
        await database.bulk_again(DELIVERIES, writes)


# --- changes of the registry ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Telling:
    """A change of the registry that somebody may be told of."""

    message: Any
    listeners: Listeners
    at_ms: int

    def effects(self, tags: Mapping[str, str], last_version: int) -> list[Document]:
        """What is to be done when the change is made, for a model that has these tags then."""
        reply = CreateModelVersionResponse(model_version=ModelVersion(version=str(last_version)))
        of_prompt = webhook_events.says_prompt(tags)
        events = webhook_events.events_of(self.message, reply, of_prompt=of_prompt)
        documents = deliveries_of(events, self.listeners, self.at_ms)
        return [{"deliver": documents}] if documents else []


TELLING: ContextVar[Telling | None] = ContextVar("telling", default=None)
"""The change that is being made, if anybody listens; an edit of a model knows what changes, and not what was asked."""


async def telling(database: Database, message: object, at_ms: int) -> Telling | None:
    """A change, if somebody listens to what it may cause."""
    entities = webhook_events.entities_of(message)
    if entities is None:
        return None
    kinds = [Kind(entity, action) for entity in entities if entity for action in EVENTS[entity]]
    listeners = await listening(database, kinds)
    return Telling(message, listeners, at_ms) if listeners else None


# --- ends of runs ---------------------------------------------------------------------------------------------------


async def move_of_run(database: Database, run: Document, documents: Mapping[str, Document]) -> None:
    """Moves deliveries out of a run's document, in which they stand by their ids.

    Args:
        database: where they are.
        run: names the document: by its id and, if known, its shard.
        documents: the deliveries.
    """
    if documents:
        await put(database, documents.values())
        await database.update("runs", run, {"$unset": {f"outbox.{id_}": "" for id_ in documents}})


# --- who sends ------------------------------------------------------------------------------------------------------


async def target(database: Database, webhook_id: str) -> Target:
    """Where a webhook's deliveries go."""
    found = await database.find_one(HOOKS, {"_id": {"$eq": webhook_id}})
    if found is None:
        raise WebhookNotFound(webhook_id)
    return _target(found)


def _target(found: Document) -> Target:
    return Target(found["_id"], found["url"], found["secret"])


async def due_targets(database: Database, now_ms: int) -> list[Target]:
    """The active webhooks for which something is due."""
    active = await database.find(HOOKS, {"status": hooked.ACTIVE}, {"url": True, "secret": True})
    if not active:
        return []
    due = {"webhook": {"$in": [one["_id"] for one in active]}, "due": {"$gt": 0, "$lte": now_ms}}
    group = {"_id": "$webhook", "due": {"$min": "$due"}}
    found = await database.aggregate(DELIVERIES, [{"$match": due}, {"$group": group}])
    earliest = {one["_id"]: int(one["due"]) for one in found}
    waiting = [one for one in active if one["_id"] in earliest]
    return [_target(one) for one in sorted(waiting, key=lambda one: earliest[one["_id"]])]


async def take(database: Database, webhook_id: str, *, now_ms: int, until_ms: int, most: int) -> list[Delivery]:
    """Takes deliveries until a time. One that another server was quicker to take is left to it."""
    due = {"webhook": {"$eq": webhook_id}, "due": {"$gt": 0, "$lte": now_ms}}
    sort = sort_of(DELIVERIES, [("due", 1)], {"webhook"})
    taken = []
    for one in await database.find(DELIVERIES, due, sort=sort, limit=most):
        attempts = int(one["attempts"]) + 1
        as_found = {"_id": one["_id"], "attempts": one["attempts"], "due": one["due"]}
        change = {"$set": {"attempts": attempts, "due": until_ms, "last": now_ms}}
        if await database.update(DELIVERIES, as_found, change):
            taken.append(Delivery(one["_id"], webhook_id, bytes(one["body"]), attempts))
    return taken


async def settle(database: Database, delivery: Delivery, *, at_ms: int, outcome: Outcome) -> None:
    """Notes how an attempt went, and forgets the oldest of those that have ended."""
    of_attempt = {"_id": delivery.delivery_id, "attempts": delivery.attempts, "due": {"$gt": 0}}
    fields = {"due": outcome.again_ms, "ended": at_ms, "answered": outcome.status, "error": outcome.error}
    if await database.update(DELIVERIES, of_attempt, {"$set": fields}) and outcome.again_ms is None:
        await _forget(database, delivery.webhook_id)


async def _forget(database: Database, webhook_id: str) -> None:
    ended: Document = {"webhook": {"$eq": webhook_id}, "due": None}
    sort = sort_of(DELIVERIES, [("ended", -1)], {"webhook", "due"})
    found = await database.find(DELIVERIES, ended, {"_id": True}, sort=sort, limit=2 * DELIVERIES_KEPT)
    if old := [one["_id"] for one in found[DELIVERIES_KEPT:]]:
        await database.delete_all(DELIVERIES, {"_id": {"$in": old}})
