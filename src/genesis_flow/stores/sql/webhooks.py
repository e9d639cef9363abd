"""Webhooks in SQL, and the log of their deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import WebhookDeliveryNotFound, WebhookNotFound
from genesis_flow.rules.webhooks import LIST_DEFAULT, RUN, Kind
from genesis_flow.stores import asking, hooked
from genesis_flow.stores.hooked import StoredDelivery, StoredWebhook
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement, among, grouped
from genesis_flow.stores.sql.upsert import upsert
from genesis_flow.wire.messages import extended
from genesis_flow.wire.messages import webhook_deliveries as delivery_messages
from genesis_flow.wire.messages import webhooks as messages

T, EVENTS, DELIVERIES = schema.webhooks, schema.webhook_events, schema.webhook_deliveries

FIELDS = ("webhook_id", "name", "description", "url", "secret", "status", "created_ms", "updated_ms")
COLUMNS = (T.c.id, *(T.c[name] for name in FIELDS))
BY_ID = Statement(sa.select(*COLUMNS).where(T.c.webhook_id == value("id_")))
# Locked, where rows can be, so that no event of a change that goes on meanwhile is written behind its back.
BY_ID_TO_CHANGE = Statement(sa.select(*COLUMNS).where(T.c.webhook_id == value("id_")).with_for_update())
INSERT = Statement(sa.insert(T).values({name: value(name) for name in FIELDS}))
UPDATE = Statement(
    sa.update(T).where(T.c.id == value("row")).values({name: value(f"new_{name}") for name in FIELDS[1:]})
)
DELETE = Statement(sa.delete(T).where(T.c.id == value("row")))
DELETE_EVENTS = Statement(sa.delete(EVENTS).where(EVENTS.c.webhook == value("row")))
DELETE_DELIVERIES = Statement(sa.delete(DELIVERIES).where(DELIVERIES.c.webhook == value("row")))
PUT_EVENT = Statement(upsert(EVENTS, "entity", "action", "webhook"))
EVENTS_OF = Statement(
    lambda dialect: sa.select(EVENTS.c.webhook, EVENTS.c.entity, EVENTS.c.action).where(
        among(dialect, EVENTS.c.webhook, "webhooks")
    )
)

_D = DELIVERIES.c
DELIVERY_COLUMNS = (
    _D.delivery_id, T.c.webhook_id, _D.event, _D.body, _D.created_ms, _D.attempts, _D.due_ms, _D.last_ms, _D.ended_ms,
    _D.response_status, _D.error,
)  # fmt: skip
_DELIVERIES = sa.select(*DELIVERY_COLUMNS).join_from(DELIVERIES, T, T.c.id == _D.webhook)
LAST_DELIVERIES = Statement(_DELIVERIES.where(_D.webhook == value("row")).order_by(_D.id.desc()).limit(value("most")))
DELIVERY = Statement(_DELIVERIES.where(_D.webhook == value("row"), _D.delivery_id == value("id_")))
REPLAY = Statement(
    sa.update(DELIVERIES)
    .where(_D.webhook == value("row"), _D.delivery_id == value("id_"), _D.due_ms.is_(None))
    .values(attempts=0, due_ms=value("now"))
)


def create(connection: Connection, message: extended.CreateWebhook, *, now_ms: int) -> extended.WebhookResponse:
    """Inserts a webhook."""
    webhook, kinds = hooked.created(message, now_ms), hooked.kinds_asked(message)
    row = connection.insert(INSERT, **msgspec.structs.asdict(webhook))
    _put_events(connection, row, kinds)
    return extended.WebhookResponse(webhook=hooked.webhook_entity(webhook, kinds))


def _put_events(connection: Connection, row: int, kinds: Iterable[Kind]) -> None:
    connection.many(PUT_EVENT, [{"entity": kind.entity, "action": kind.action, "webhook": row} for kind in kinds])


def get(connection: Connection, message: messages.GetWebhook) -> extended.WebhookResponse:
    """Reads a webhook."""
    row, webhook = _require(connection, message.webhook_id)
    return extended.WebhookResponse(webhook=hooked.webhook_entity(webhook, _kinds_of(connection, [row])[row]))


def list_(connection: Connection, message: extended.ListWebhooks, *, secret: bytes) -> extended.ListWebhooksResponse:
    """A page of webhooks, the newest first."""
    asked = asking.of_webhooks(message, secret)
    conditions: list[sa.ColumnElement[bool]] = []
    if not message.run_events:
        others = sa.select(EVENTS.c.webhook).where(EVENTS.c.webhook == T.c.id, EVENTS.c.entity != RUN)
        conditions.append(others.exists())
    if asked.position is not None:
        created_ms, id_ = asked.position
        behind = sa.or_(T.c.created_ms < created_ms, sa.and_(T.c.created_ms == created_ms, T.c.webhook_id < id_))
        conditions += [T.c.created_ms <= created_ms, behind]
    most = message.max_results or LIST_DEFAULT
    newest = sa.select(*COLUMNS).where(*conditions).order_by(T.c.created_ms.desc(), T.c.webhook_id.desc())
    found = [_webhook(row) for row in connection.query(newest.limit(most + 1))]
    shown, token = asked.cut(found, most, lambda one: (one[1].created_ms, one[1].webhook_id))
    kinds = _kinds_of(connection, [row for row, _ in shown])
    return extended.ListWebhooksResponse(
        webhooks=tuple(hooked.webhook_entity(webhook, kinds[row]) for row, webhook in shown), next_page_token=token
    )


def update(connection: Connection, message: extended.UpdateWebhook, *, now_ms: int) -> extended.WebhookResponse:
    """Changes what the message gives."""
    row, before = _require(connection, message.webhook_id, BY_ID_TO_CHANGE)
    after = hooked.updated(before, message, now_ms)
    kinds_before = _kinds_of(connection, [row])[row]
    kinds = hooked.kinds_after(kinds_before, message)
    fields = msgspec.structs.asdict(after)
    connection.run(UPDATE, row=row, **{f"new_{name}": fields[name] for name in FIELDS[1:]})
    if kinds != sorted(kinds_before):
        connection.run(DELETE_EVENTS, row=row)
        _put_events(connection, row, kinds)
    return extended.WebhookResponse(webhook=hooked.webhook_entity(after, kinds))


def delete(connection: Connection, message: messages.DeleteWebhook) -> messages.DeleteWebhookResponse:
    """Removes a webhook and its deliveries."""
    row, _ = _require(connection, message.webhook_id, BY_ID_TO_CHANGE)
    for statement in (DELETE_DELIVERIES, DELETE_EVENTS, DELETE):
        connection.run(statement, row=row)
    return messages.DeleteWebhookResponse()


def list_deliveries(
    connection: Connection, message: delivery_messages.ListWebhookDeliveries
) -> delivery_messages.ListWebhookDeliveriesResponse:
    """The newest deliveries."""
    row, _ = _require(connection, message.webhook_id)
    found = connection.rows(LAST_DELIVERIES, row=row, most=message.max_results)
    return delivery_messages.ListWebhookDeliveriesResponse(
        deliveries=tuple(hooked.delivery_entity(StoredDelivery(*one)) for one in found)
    )


def replay(
    connection: Connection, message: delivery_messages.ReplayWebhookDelivery, *, now_ms: int
) -> delivery_messages.ReplayWebhookDeliveryResponse:
    """Has a delivery sent again."""
    row, _ = _require(connection, message.webhook_id)
    connection.run(REPLAY, row=row, id_=message.delivery_id, now=now_ms)
    found = connection.row(DELIVERY, row=row, id_=message.delivery_id)
    if found is None:
        raise WebhookDeliveryNotFound(message.delivery_id)
    return delivery_messages.ReplayWebhookDeliveryResponse(delivery=hooked.delivery_entity(StoredDelivery(*found)))


def _require(connection: Connection, webhook_id: str, statement: Statement = BY_ID) -> tuple[int, StoredWebhook]:
    row = connection.row(statement, id_=webhook_id)
    if row is None:
        raise WebhookNotFound(webhook_id)
    return _webhook(row)


def _webhook(row: Row) -> tuple[int, StoredWebhook]:
    return row[0], StoredWebhook(**dict(zip(FIELDS, row[1:], strict=True)))


def _kinds_of(connection: Connection, rows: Sequence[int]) -> dict[int, list[Kind]]:
    found = grouped(connection.rows(EVENTS_OF, webhooks=connection.array(rows)))
    return {row: [Kind(*pair) for pair in found[row]] for row in rows}
