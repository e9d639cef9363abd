"""The verbs of webhooks on a relational database, its outbox, and how each runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from genesis_flow.stores.protocol import Delivery, Outcome, Target
from genesis_flow.stores.sql import outbox, webhooks
from genesis_flow.stores.sql.running import Running
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import extended
from genesis_flow.wire.messages import webhook_deliveries as delivery_messages
from genesis_flow.wire.messages import webhooks as messages


class SqlWebhooks(Running):
    """A part of ``SqlStore``."""

    async def create_webhook(self, message: extended.CreateWebhook) -> Reply[extended.WebhookResponse]:
        return await self._write_dated(webhooks.create, message)

    async def list_webhooks(self, message: extended.ListWebhooks) -> Reply[extended.ListWebhooksResponse]:
        return await self._scan_pages(webhooks.list_, message)

    async def get_webhook(self, message: messages.GetWebhook) -> Reply[extended.WebhookResponse]:
        return await self._read(webhooks.get, message)

    async def update_webhook(self, message: extended.UpdateWebhook) -> Reply[extended.WebhookResponse]:
        return await self._write_dated(webhooks.update, message)

    async def delete_webhook(self, message: messages.DeleteWebhook) -> Reply[messages.DeleteWebhookResponse]:
        return await self._write(webhooks.delete, message)

    async def list_webhook_deliveries(
        self, message: delivery_messages.ListWebhookDeliveries
    ) -> Reply[delivery_messages.ListWebhookDeliveriesResponse]:
        return await self._read(webhooks.list_deliveries, message)

    async def replay_webhook_delivery(
        self, message: delivery_messages.ReplayWebhookDelivery
    ) -> Reply[delivery_messages.ReplayWebhookDeliveryResponse]:
        return await self._write_dated(webhooks.replay, message)

    # --- the outbox ---------------------------------------------------------------------------------------------

    async def target(self, webhook_id: str) -> Target:
        return await self._read(outbox.target, webhook_id)

    async def due_targets(self, now_ms: int) -> Sequence[Target]:
        return await self._read(outbox.due_targets, now_ms)

    async def take_deliveries(self, webhook_id: str, now_ms: int, until_ms: int, most: int) -> Sequence[Delivery]:
        work = partial(outbox.take, now_ms=now_ms, until_ms=until_ms, most=most)
        return await self._write(work, webhook_id)

    async def settle_delivery(self, delivery: Delivery, at_ms: int, outcome: Outcome) -> None:
        await self._write(partial(outbox.settle, at_ms=at_ms, outcome=outcome), delivery)
