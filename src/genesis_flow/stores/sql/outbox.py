"""The outbox in SQL: deliveries, written in the transaction of the change that causes them, and taken to be sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import WebhookNotFound
from genesis_flow.rules.registry import IS_PROMPT
from genesis_flow.rules.webhooks import DELIVERIES_KEPT, RUN
from genesis_flow.stores import hooked, webhook_events
from genesis_flow.stores.protocol import Delivery, Outcome, Target
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Connection, Statement, first
from genesis_flow.stores.webhook_events import Event
from genesis_flow.wire.codec import Reply

T, HOOKS, EVENTS = schema.webhook_deliveries, schema.webhooks, schema.webhook_events
MODELS, TAGS = schema.registered_models, schema.registered_model_tags

# Locked, where rows can be: a webhook is deleted before this, or with what is written because of this.
LISTENING = Statement(
    sa.select(EVENTS.c.entity, EVENTS.c.action, EVENTS.c.webhook)
    .join_from(EVENTS, HOOKS, HOOKS.c.id == EVENTS.c.webhook)
    .where(EVENTS.c.entity.in_([value("of_models"), value("of_prompts")]), HOOKS.c.status == hooked.ACTIVE)
    .with_for_update(read=True, key_share=True, of=HOOKS)
)
PROMPT_TAG = Statement(
    sa.select(TAGS.c.value)
    .join_from(MODELS, TAGS, TAGS.c.model == MODELS.c.id)
    .where(MODELS.c.name == value("name"), TAGS.c.key == IS_PROMPT)
)
INSERT = Statement(
    sa.insert(T).values(
        {c: value(c) for c in ("delivery_id", "webhook", "event", "body", "created_ms", "attempts", "due_ms")}
    )
)
TARGET = Statement(
    sa.select(HOOKS.c.webhook_id, HOOKS.c.url, HOOKS.c.secret).where(HOOKS.c.webhook_id == value("webhook"))
)
_EARLIEST = (
    sa.select(sa.func.min(T.c.due_ms)).where(T.c.webhook == HOOKS.c.id, T.c.due_ms.is_not(None)).scalar_subquery()
)
DUE_TARGETS = Statement(
    sa.select(HOOKS.c.webhook_id, HOOKS.c.url, HOOKS.c.secret)
    .where(HOOKS.c.status == hooked.ACTIVE, value("now") >= _EARLIEST)
    .order_by(_EARLIEST, HOOKS.c.id)
)
_KEY_OF = sa.select(HOOKS.c.id).where(HOOKS.c.webhook_id == value("of_webhook")).scalar_subquery()
# Those that another server is taking at this moment are left to it.
DUE = Statement(
    sa.select(T.c.id, T.c.delivery_id, T.c.body, T.c.attempts)
    .where(T.c.webhook == _KEY_OF, T.c.due_ms <= value("now"))
    .order_by(T.c.due_ms, T.c.id)
    .limit(value("most"))
    .with_for_update(skip_locked=True)
)
TAKE = Statement(
    sa.update(T)
    .where(T.c.id == value("row"))
    .values(attempts=value("new_attempts"), due_ms=value("until"), last_ms=value("now"))
)
SETTLE = Statement(
    sa.update(T)
    .where(T.c.delivery_id == value("of_id"), T.c.attempts == value("of_attempts"), T.c.due_ms.is_not(None))
    .values(due_ms=value("again"), ended_ms=value("now"), response_status=value("answered"), error=value("failure"))
)
_ENDED = sa.select(T.c.id).where(T.c.webhook == _KEY_OF, T.c.due_ms.is_(None))
FORGET = Statement(
    sa.delete(T).where(T.c.id.in_(_ENDED.order_by(T.c.ended_ms.desc(), T.c.id.desc()).offset(value("kept"))))
)


def tell_of(connection: Connection, message: Any, reply: Reply[Any], at_ms: int) -> None:
    """Writes deliveries of what a change of the registry causes, if anybody listens. Costs one look if nobody does."""
    entities = webhook_events.entities_of(message)
    if entities is None:
        return
    listening = connection.rows(LISTENING, of_models=entities[0], of_prompts=entities[1])
    if not listening:
        return
    tag = first(connection.row(PROMPT_TAG, name=message.name))
    of_prompt = webhook_events.says_prompt({IS_PROMPT: tag or ""})
    _tell(connection, webhook_events.events_of(message, reply, of_prompt=of_prompt), listening, at_ms)


def tell(connection: Connection, event: Event | None, at_ms: int) -> None:
    """Writes deliveries of an event of a run, if there is one and anybody listens."""
    if event is not None:
        _tell(connection, [event], connection.rows(LISTENING, of_models=RUN, of_prompts=RUN), at_ms)


def _tell(connection: Connection, events: Iterable[Event], listening: list[tuple[Any, ...]], at_ms: int) -> None:
    for event in events:
        for entity, action, webhook in listening:
            if (entity, action) == event.kind:
                connection.run(
                    INSERT,
                    delivery_id=hooked.new_id(),
                    webhook=webhook,
                    event=event.name,
                    body=event.body(at_ms),
                    created_ms=at_ms,
                    attempts=0,
                    due_ms=at_ms,
                )


def target(connection: Connection, webhook_id: str) -> Target:
    """Where a webhook's deliveries go."""
    row = connection.row(TARGET, webhook=webhook_id)
    if row is None:
        raise WebhookNotFound(webhook_id)
    return Target(*row)


def due_targets(connection: Connection, now_ms: int) -> list[Target]:
    """The active webhooks for which something is due."""
    return [Target(*row) for row in connection.rows(DUE_TARGETS, now=now_ms)]


def take(connection: Connection, webhook_id: str, *, now_ms: int, until_ms: int, most: int) -> list[Delivery]:
    """Takes deliveries until a time."""
    found = connection.rows(DUE, of_webhook=webhook_id, now=now_ms, most=most)
    for row, _, _, attempts in found:
        connection.run(TAKE, row=row, new_attempts=attempts + 1, until=until_ms, now=now_ms)
    return [Delivery(id_, webhook_id, bytes(body), attempts + 1) for _, id_, body, attempts in found]


def settle(connection: Connection, delivery: Delivery, *, at_ms: int, outcome: Outcome) -> None:
    """Notes how an attempt went, and forgets the oldest of those that have ended."""
    changed = connection.run(
        SETTLE,
        of_id=delivery.delivery_id,
        of_attempts=delivery.attempts,
        again=outcome.again_ms,
        now=at_ms,
        answered=outcome.status,
        failure=outcome.error,
    )
    if changed and outcome.again_ms is None:
        connection.run(FORGET, of_webhook=delivery.webhook_id, kept=DELIVERIES_KEPT)
