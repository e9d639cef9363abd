"""The verbs of webhooks on MongoDB, its outbox, and what each needs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from genesis_flow.stores.mongo import outbox, registered, webhooks
from genesis_flow.stores.mongo.prepared import Prepared
from genesis_flow.stores.protocol import Delivery, Outcome, Target
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.messages import extended
from genesis_flow.wire.messages import webhook_deliveries as delivery_messages
from genesis_flow.wire.messages import webhooks as messages

SWEEP_S = 5.0


class MongoWebhooks(Prepared):
    """A part of ``MongoStore``."""

    _models_swept: float | None = None

    async def create_webhook(self, message: extended.CreateWebhook) -> Reply[extended.WebhookResponse]:
        return await webhooks.create(await self._ready(), message, now_ms=self._clock())

    async def list_webhooks(self, message: extended.ListWebhooks) -> Reply[extended.ListWebhooksResponse]:
        return await webhooks.list_(await self._ready(), message, secret=await self.token_secret())

    async def get_webhook(self, message: messages.GetWebhook) -> Reply[extended.WebhookResponse]:
        return await webhooks.get(await self._ready(), message)

    async def update_webhook(self, message: extended.UpdateWebhook) -> Reply[extended.WebhookResponse]:
        return await webhooks.update(await self._ready(), message, now_ms=self._clock())

    async def delete_webhook(self, message: messages.DeleteWebhook) -> Reply[messages.DeleteWebhookResponse]:
        return await webhooks.delete(await self._ready(), message)

    async def list_webhook_deliveries(
        self, message: delivery_messages.ListWebhookDeliveries
    ) -> Reply[delivery_messages.ListWebhookDeliveriesResponse]:
        return await webhooks.list_deliveries(await self._ready(), message)

    async def replay_webhook_delivery(
        self, message: delivery_messages.ReplayWebhookDelivery
    ) -> Reply[delivery_messages.ReplayWebhookDeliveryResponse]:
        return await webhooks.replay(await self._ready(), message, now_ms=self._clock())

    # --- the outbox ---------------------------------------------------------------------------------------------

    async def target(self, webhook_id: str) -> Target:
        return await outbox.target(await self._ready(), webhook_id)

    async def due_targets(self, now_ms: int) -> Sequence[Target]:
        database = await self._ready()
        if self._models_swept is None or time.monotonic() - self._models_swept > SWEEP_S:
            # What a server that ended had not copied yet; of runs the settler does it.
            self._models_swept = time.monotonic()
            await registered.settle_all(database)
        return await outbox.due_targets(database, now_ms)

    async def take_deliveries(self, webhook_id: str, now_ms: int, until_ms: int, most: int) -> Sequence[Delivery]:
        return await outbox.take(await self._ready(), webhook_id, now_ms=now_ms, until_ms=until_ms, most=most)

    async def settle_delivery(self, delivery: Delivery, at_ms: int, outcome: Outcome) -> None:
        await outbox.settle(await self._ready(), delivery, at_ms=at_ms, outcome=outcome)
