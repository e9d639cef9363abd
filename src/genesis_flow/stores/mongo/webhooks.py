"""Webhooks in MongoDB, and the log of their deliveries. There are few of them, so a list is sorted here."""

from __future__ import annotations

from typing import Any

import msgspec
from bson import ObjectId

from genesis_flow.errors import StoreBusy, WebhookDeliveryNotFound, WebhookNotFound
from genesis_flow.rules.webhooks import LIST_DEFAULT, RUN, Kind
from genesis_flow.stores import asking, hooked
from genesis_flow.stores.hooked import StoredDelivery, StoredWebhook
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.experiments import ATTEMPTS
from genesis_flow.stores.mongo.indexes import sort_of
from genesis_flow.stores.mongo.outbox import DELIVERIES, HOOKS, stored_kind
from genesis_flow.wire.messages import extended
from genesis_flow.wire.messages import webhook_deliveries as delivery_messages
from genesis_flow.wire.messages import webhooks as messages


async def create(database: Database, message: extended.CreateWebhook, *, now_ms: int) -> extended.WebhookResponse:
    """Inserts a webhook."""
    webhook, kinds = hooked.created(message, now_ms), hooked.kinds_asked(message)
    # By an upsert, because one whose answer was lost is sent again.
    await database.update(HOOKS, {"_id": webhook.webhook_id}, {"$set": _fields(webhook, kinds)}, upsert=True)
    return extended.WebhookResponse(webhook=hooked.webhook_entity(webhook, kinds))


async def get(database: Database, message: messages.GetWebhook) -> extended.WebhookResponse:
    """Reads a webhook."""
    return extended.WebhookResponse(webhook=_entity(await _require(database, message.webhook_id)))


async def list_(database: Database, message: extended.ListWebhooks, *, secret: bytes) -> extended.ListWebhooksResponse:
    """A page of webhooks, the newest first."""
    asked = asking.of_webhooks(message, secret)
    behind = None if asked.position is None else tuple(asked.position)
    found = [
        one
        for one in await database.find(HOOKS, {})
        if (message.run_events or any(kind.entity != RUN for kind in _kinds(one)))
        and (behind is None or _place(one) < behind)
    ]
    found.sort(key=_place, reverse=True)
    shown, token = asked.cut(found, message.max_results or LIST_DEFAULT, _place)
    return extended.ListWebhooksResponse(webhooks=tuple(map(_entity, shown)), next_page_token=token)


async def update(database: Database, message: extended.UpdateWebhook, *, now_ms: int) -> extended.WebhookResponse:
    """Changes what the message gives, on what another server wrote meanwhile too."""
    for _ in range(ATTEMPTS):
        found = await _require(database, message.webhook_id)
        webhook, kinds = hooked.updated(_stored(found), message, now_ms), hooked.kinds_after(_kinds(found), message)
        of_revision = {"_id": found["_id"], "revision": found["revision"]}
        if await database.update(HOOKS, of_revision, {"$set": _fields(webhook, kinds)}):
            return extended.WebhookResponse(webhook=hooked.webhook_entity(webhook, kinds))
    raise StoreBusy


async def delete(database: Database, message: messages.DeleteWebhook) -> messages.DeleteWebhookResponse:
    """Removes a webhook and its deliveries."""
    found = await _require(database, message.webhook_id)
    await database.delete_all(HOOKS, {"_id": found["_id"]})
    await database.delete_all(DELIVERIES, {"webhook": found["_id"]})
    return messages.DeleteWebhookResponse()


async def list_deliveries(
    database: Database, message: delivery_messages.ListWebhookDeliveries
) -> delivery_messages.ListWebhookDeliveriesResponse:
    """The newest deliveries."""
    webhook = await _require(database, message.webhook_id)
    sort = sort_of(DELIVERIES, [("place", -1)], {"webhook"})
    found = await database.find(DELIVERIES, {"webhook": webhook["_id"]}, sort=sort, limit=message.max_results)
    return delivery_messages.ListWebhookDeliveriesResponse(
        deliveries=tuple(hooked.delivery_entity(_delivery(one)) for one in found)
    )


async def replay(
    database: Database, message: delivery_messages.ReplayWebhookDelivery, *, now_ms: int
) -> delivery_messages.ReplayWebhookDeliveryResponse:
    """Has a delivery sent again."""
    webhook = await _require(database, message.webhook_id)
    of_id: Document = {"_id": {"$eq": message.delivery_id}, "webhook": webhook["_id"]}
    await database.update(DELIVERIES, of_id | {"due": None}, {"$set": {"attempts": 0, "due": now_ms}})
    found = await database.find_one(DELIVERIES, of_id)
    if found is None:
        raise WebhookDeliveryNotFound(message.delivery_id)
    return delivery_messages.ReplayWebhookDeliveryResponse(delivery=hooked.delivery_entity(_delivery(found)))


async def _require(database: Database, webhook_id: str) -> Document:
    found = await database.find_one(HOOKS, {"_id": {"$eq": webhook_id}})
    if found is None:
        raise WebhookNotFound(webhook_id)
    return found


def _fields(webhook: StoredWebhook, kinds: list[Kind]) -> Document:
    fields: dict[str, Any] = msgspec.structs.asdict(webhook)
    del fields["webhook_id"]
    return fields | {"events": [stored_kind(kind) for kind in kinds], "revision": ObjectId()}


def _stored(found: Document) -> StoredWebhook:
    return StoredWebhook(
        webhook_id=found["_id"],
        name=found["name"],
        description=found["description"],
        url=found["url"],
        secret=found["secret"],
        status=found["status"],
        created_ms=int(found["created_ms"]),
        updated_ms=int(found["updated_ms"]),
    )


def _kinds(found: Document) -> list[Kind]:
    return [Kind(*name.split(".")) for name in found["events"]]


def _entity(found: Document) -> extended.Webhook:
    return hooked.webhook_entity(_stored(found), _kinds(found))


def _place(found: Document) -> tuple[int, str]:
    return int(found["created_ms"]), found["_id"]


def _delivery(found: Document) -> StoredDelivery:
    def number(name: str) -> int | None:
        return None if found[name] is None else int(found[name])

    return StoredDelivery(
        delivery_id=found["_id"],
        webhook_id=found["webhook"],
        event=found["event"],
        body=bytes(found["body"]),
        created_ms=int(found["created"]),
        attempts=int(found["attempts"]),
        due_ms=number("due"),
        last_ms=number("last"),
        ended_ms=number("ended"),
        response_status=number("answered"),
        error=found["error"],
    )
