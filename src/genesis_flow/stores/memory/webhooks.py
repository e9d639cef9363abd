"""Webhooks in memory."""

from __future__ import annotations

import dataclasses

from genesis_flow.errors import WebhookDeliveryNotFound
from genesis_flow.rules.webhooks import LIST_DEFAULT, RUN
from genesis_flow.stores import asking, hooked
from genesis_flow.stores.hooked import StoredWebhook
from genesis_flow.stores.memory.outbox import Outbox
from genesis_flow.wire.messages import extended, webhook_deliveries
from genesis_flow.wire.messages import webhooks as messages


class Webhooks(Outbox):
    """The verbs of the noun."""

    async def create_webhook(self, message: extended.CreateWebhook) -> extended.WebhookResponse:
        webhook, kinds = hooked.created(message, self._state.clock()), hooked.kinds_asked(message)
        self._state.webhooks[webhook.webhook_id] = webhook, kinds
        return extended.WebhookResponse(webhook=hooked.webhook_entity(webhook, kinds))

    async def list_webhooks(self, message: extended.ListWebhooks) -> extended.ListWebhooksResponse:
        asked = asking.of_webhooks(message, self._state.secret)
        found = [
            (webhook, kinds)
            for webhook, kinds in self._state.webhooks.values()
            if (message.run_events or any(kind.entity != RUN for kind in kinds))
            and (asked.position is None or _place(webhook) < tuple(asked.position))
        ]
        found.sort(key=lambda pair: _place(pair[0]), reverse=True)
        shown, token = asked.cut(found, message.max_results or LIST_DEFAULT, lambda pair: _place(pair[0]))
        return extended.ListWebhooksResponse(
            webhooks=tuple(hooked.webhook_entity(*pair) for pair in shown), next_page_token=token
        )

    async def get_webhook(self, message: messages.GetWebhook) -> extended.WebhookResponse:
        return extended.WebhookResponse(webhook=hooked.webhook_entity(*self._webhook(message.webhook_id)))

    async def update_webhook(self, message: extended.UpdateWebhook) -> extended.WebhookResponse:
        before, kinds = self._webhook(message.webhook_id)
        after, kinds = hooked.updated(before, message, self._state.clock()), hooked.kinds_after(kinds, message)
        self._state.webhooks[after.webhook_id] = after, kinds
        return extended.WebhookResponse(webhook=hooked.webhook_entity(after, kinds))

    async def delete_webhook(self, message: messages.DeleteWebhook) -> messages.DeleteWebhookResponse:
        webhook, _ = self._webhook(message.webhook_id)
        del self._state.webhooks[webhook.webhook_id]
        for one in self._deliveries(webhook.webhook_id):
            del self._state.deliveries[one.delivery_id]
        return messages.DeleteWebhookResponse()

    async def list_webhook_deliveries(
        self, message: webhook_deliveries.ListWebhookDeliveries
    ) -> webhook_deliveries.ListWebhookDeliveriesResponse:
        self._webhook(message.webhook_id)
        found = list(reversed(self._deliveries(message.webhook_id)))[: message.max_results]
        return webhook_deliveries.ListWebhookDeliveriesResponse(deliveries=tuple(map(hooked.delivery_entity, found)))

    async def replay_webhook_delivery(
        self, message: webhook_deliveries.ReplayWebhookDelivery
    ) -> webhook_deliveries.ReplayWebhookDeliveryResponse:
        self._webhook(message.webhook_id)
        one = self._state.deliveries.get(message.delivery_id)
        if one is None or one.webhook_id != message.webhook_id:
            raise WebhookDeliveryNotFound(message.delivery_id)
        again = one if one.due_ms is not None else dataclasses.replace(one, attempts=0, due_ms=self._state.clock())
        self._state.deliveries[one.delivery_id] = again
        return webhook_deliveries.ReplayWebhookDeliveryResponse(delivery=hooked.delivery_entity(again))


def _place(webhook: StoredWebhook) -> tuple[int, str]:
    return webhook.created_ms, webhook.webhook_id
