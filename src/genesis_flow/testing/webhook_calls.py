"""What the suites of webhooks ask of a store, said shortly."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from genesis_flow.rules.webhooks import EVENTS
from genesis_flow.stores.protocol import Outbox, Store
from genesis_flow.testing.calls import answer, there
from genesis_flow.values.webhooks import WebhookAction, WebhookEntity, WebhookEvent
from genesis_flow.wire.messages import extended, webhook_deliveries, webhooks
from genesis_flow.wire.messages.webhook_deliveries import WebhookDelivery

URL = "https://hooks.example/in?x=1"
SECRET = "it's 5 %_secret"  # noqa: S105
EVERY = tuple(f"{entity}.{action}" for entity, actions in EVENTS.items() for action in sorted(actions))
UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"
LATER_MS = 10**15
"""A time at which everything is due."""


def events(*names: str) -> tuple[WebhookEvent, ...]:
    """Events such as ``MODEL_VERSION.CREATED``."""
    pairs = [name.split(".") for name in names]
    return tuple(WebhookEvent(entity=cast("WebhookEntity", e), action=cast("WebhookAction", a)) for e, a in pairs)


def creation(*names: str, name: str = "hook", **rest: Any) -> extended.CreateWebhook:
    """A message that creates a webhook for these events."""
    return extended.CreateWebhook(name=name, url=URL, events=events(*names), **rest)


async def new_webhook(store: Store, *names: str, **rest: Any) -> extended.Webhook:
    """A new webhook; the test is skipped if the store has none."""
    if "webhooks" not in store.supports:
        pytest.skip("this store has no webhooks")
    return there((await answer(store.create_webhook(creation(*names, **rest)))).webhook)


def id_of(webhook: extended.Webhook) -> str:
    """The id of a webhook."""
    return there_text(webhook.webhook_id)


def there_text(text: str | None) -> str:
    """A text that must be there."""
    assert text
    return text


@asynccontextmanager
async def listening(store: Store, *names: str, **rest: Any) -> AsyncIterator[str]:
    """The id of a webhook that is there for a while: whatever else happens in the store, it would hear."""
    webhook_id = id_of(await new_webhook(store, *names, **rest))
    yield webhook_id
    await store.delete_webhook(webhooks.DeleteWebhook(webhook_id=webhook_id))


async def webhook_of(store: Store, webhook_id: str) -> extended.Webhook:
    """The webhook with this id."""
    return there((await answer(store.get_webhook(webhooks.GetWebhook(webhook_id=webhook_id)))).webhook)


async def change(store: Store, webhook_id: str, **fields: Any) -> extended.Webhook:
    """The webhook after an update."""
    message = extended.UpdateWebhook(webhook_id=webhook_id, **fields)
    return there((await answer(store.update_webhook(message))).webhook)


async def deliveries(store: Store, webhook_id: str, most: int = 1_000) -> list[WebhookDelivery]:
    """What was and will be delivered, the oldest first."""
    message = webhook_deliveries.ListWebhookDeliveries(webhook_id=webhook_id, max_results=most)
    return list(reversed((await answer(store.list_webhook_deliveries(message))).deliveries))


async def heard(store: Store, webhook_id: str) -> list[str | None]:
    """The events of the deliveries, the oldest first."""
    return [one.event for one in await deliveries(store, webhook_id)]


async def replay(store: Store, webhook_id: str, delivery_id: str) -> WebhookDelivery:
    """A delivery that is sent again."""
    message = webhook_deliveries.ReplayWebhookDelivery(webhook_id=webhook_id, delivery_id=delivery_id)
    return there((await answer(store.replay_webhook_delivery(message))).delivery)


def outbox_of(store: Store) -> Outbox:
    """The store as what holds deliveries; the test is skipped if another server does that."""
    if not isinstance(store, Outbox):
        pytest.skip("another server delivers for this store")
    return store


async def bodies(store: Store, webhook_id: str) -> list[Any]:
    """What the deliveries would send, by time."""
    taken = await outbox_of(store).take_deliveries(webhook_id, LATER_MS, LATER_MS + 1, 1_000)
    return [json.loads(delivery.body) for delivery in taken]
