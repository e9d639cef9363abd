"""What every store does alike with webhooks and their deliveries: new ones, changed ones, and how they are answered."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

import msgspec

from genesis_flow.rules.webhooks import RUN, Kind
from genesis_flow.values.webhooks import WebhookAction, WebhookEntity, WebhookEvent, WebhookStatus
from genesis_flow.wire.messages import extended
from genesis_flow.wire.messages.webhook_deliveries import DeliveryStatus, WebhookDelivery

ACTIVE: WebhookStatus = "ACTIVE"


class StoredWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it is kept: what is answered, and the secret, which never is.

    Attributes:
        secret: as the service sealed it; empty if deliveries are not signed.
    """

    webhook_id: str
    name: str
    description: str
    url: str
    secret: str
    status: WebhookStatus
    created_ms: int
    updated_ms: int


def new_id() -> str:
    """The id of a webhook or a delivery."""
    return str(uuid.uuid4())


def kinds_asked(message: extended.CreateWebhook | extended.UpdateWebhook) -> list[Kind]:
    """The kinds of events that a message names, each once."""
    pairs = [Kind(event.entity, event.action) for event in message.events]
    return sorted({*pairs, *(Kind(RUN, action) for action in message.run_events or ())})


def created(message: extended.CreateWebhook, now_ms: int) -> StoredWebhook:
    """A new webhook."""
    return StoredWebhook(
        webhook_id=new_id(),
        name=message.name,
        description=message.description or "",
        url=message.url,
        secret=message.secret or "",
        status=message.status or ACTIVE,
        created_ms=now_ms,
        updated_ms=now_ms,
    )


def updated(before: StoredWebhook, message: extended.UpdateWebhook, now_ms: int) -> StoredWebhook:
    """A webhook with what a message says of it.

    COMPAT: mlflow 3.17 leaves name and address as they are if they are given empty, and removes the others.
    """
    return msgspec.structs.replace(
        before,
        name=message.name or before.name,
        description=before.description if message.description is None else message.description,
        url=message.url or before.url,
        secret=before.secret if message.secret is None else message.secret,
        status=message.status or before.status,
        updated_ms=now_ms,
    )


def kinds_after(before: Collection[Kind], message: extended.UpdateWebhook) -> list[Kind]:
    """The kinds of events that a webhook hears of after an update."""
    asked = kinds_asked(message)
    of_runs = asked if message.run_events is not None else before
    of_others = asked if message.events else before
    return sorted({*(k for k in of_others if k.entity != RUN), *(k for k in of_runs if k.entity == RUN)})


def webhook_entity(webhook: StoredWebhook, kinds: Collection[Kind]) -> extended.Webhook:
    """A webhook as it is answered."""
    return extended.Webhook(
        webhook_id=webhook.webhook_id,
        name=webhook.name,
        description=webhook.description or None,
        url=webhook.url,
        events=tuple(
            WebhookEvent(entity=cast("WebhookEntity", entity), action=cast("WebhookAction", action))
            for entity, action in sorted(kinds)
            if entity != RUN
        ),
        status=webhook.status,
        creation_timestamp=webhook.created_ms,
        last_updated_timestamp=webhook.updated_ms,
        run_events=tuple(cast("extended.RunEvent", action) for entity, action in sorted(kinds) if entity == RUN),
    )


@dataclass(frozen=True)
class StoredDelivery:
    """An event for one webhook: on its way if it is due at some time, otherwise at its end.

    Attributes:
        event: such as ``model_version.created``.
        due_ms: when it is sent next, at the earliest. Whoever sends it moves that behind its lease, so that it comes up
            again if nobody says how it went.
        last_ms: when it was last taken.
        ended_ms: when it was last said how it went.
    """

    delivery_id: str
    webhook_id: str
    event: str
    body: bytes
    created_ms: int
    attempts: int = 0
    due_ms: int | None = None
    last_ms: int | None = None
    ended_ms: int | None = None
    response_status: int | None = None
    error: str | None = None


def delivery_entity(one: StoredDelivery) -> WebhookDelivery:
    """A delivery as it is answered."""
    return WebhookDelivery(
        delivery_id=one.delivery_id,
        webhook_id=one.webhook_id,
        event=one.event,
        status=_status(one),
        attempts=one.attempts,
        creation_timestamp=one.created_ms,
        last_attempt_timestamp=one.last_ms,
        next_attempt_timestamp=one.due_ms,
        response_status=one.response_status,
        error=one.error,
    )


def _status(one: StoredDelivery) -> DeliveryStatus:
    if one.due_ms is not None:
        return "PENDING"
    return "FAILED" if one.error else "DELIVERED"
