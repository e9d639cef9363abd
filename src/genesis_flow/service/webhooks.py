"""Webhooks: what checks their messages, seals their secrets and tries them out."""

from __future__ import annotations

import msgspec

from genesis_flow.errors import InvalidParameter, MissingParameter
from genesis_flow.outbound.client import CallFailed, Client
from genesis_flow.rules import webhooks as rules
from genesis_flow.rules.clock import now_ms
from genesis_flow.rules.texts import check_range, check_text
from genesis_flow.rules.webhooks import Kind
from genesis_flow.service.secrets import Sealer
from genesis_flow.service.sending import Sender
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores import hooked
from genesis_flow.stores.protocol import Outbox, Store, Target
from genesis_flow.stores.webhook_examples import example
from genesis_flow.values.webhooks import WebhookTestResult
from genesis_flow.wire.codec import Reply, value
from genesis_flow.wire.messages import extended, webhook_deliveries, webhooks

RUN_EVENT = Kind(rules.RUN, "FINISHED")


class Webhooks:
    """The verbs of the noun.

    Args:
        store: where webhooks are kept.
        client: what calls them.
        sealer: what their secrets are kept with.
    """

    def __init__(self, store: Store, client: Client, sealer: Sealer) -> None:
        self._store = store
        self._client = client
        self._sealer = sealer
        self._sender = Sender(client, sealer)

    def verbs(self) -> Verbs:
        """The verbs of the noun."""
        shared: Verbs = {
            "create_webhook": Verb(self.create, self._check_create),
            "list_webhooks": Verb(self._store.list_webhooks, check_list),
            "get_webhook": Verb(self._store.get_webhook),
            "update_webhook": Verb(self.update, self._check_update),
            "delete_webhook": Verb(self._store.delete_webhook),
            "list_webhook_deliveries": Verb(self._store.list_webhook_deliveries, check_deliveries),
            "replay_webhook_delivery": Verb(self._store.replay_webhook_delivery),
        }
        # A store behind another server tells no secret, so that only the other server can send.
        return {**shared, "test_webhook": Verb(self.test)} if isinstance(self._store, Outbox) else shared

    # --- checks -------------------------------------------------------------------------------------------------

    def _check_create(self, message: extended.CreateWebhook) -> extended.CreateWebhook:
        """Everything but whether the host may be called."""
        rules.check_webhook_name(message.name)
        rules.check_url(message.url, self._client.allowed.schemes)
        _check_texts(message.description, message.secret)
        if not message.events and not message.run_events:
            raise MissingParameter("events")
        rules.check_events((event.entity, event.action) for event in message.events)
        return message

    def _check_update(self, message: extended.UpdateWebhook) -> extended.UpdateWebhook:
        if message.name:
            rules.check_webhook_name(message.name)
        if message.url:
            rules.check_url(message.url, self._client.allowed.schemes)
        _check_texts(message.description, message.secret)
        rules.check_events((event.entity, event.action) for event in message.events)
        return message

    # --- verbs --------------------------------------------------------------------------------------------------

    async def create(self, message: extended.CreateWebhook) -> Reply[extended.WebhookResponse]:
        """Creates a webhook whose host may be called."""
        await self._check_host(message.url)
        sealed = self._sealer.seal(message.secret or "")
        return await self._store.create_webhook(msgspec.structs.replace(message, secret=sealed))

    async def update(self, message: extended.UpdateWebhook) -> Reply[extended.WebhookResponse]:
        """Changes a webhook, whose new host may be called."""
        if message.url:
            await self._check_host(message.url)
        sealed = None if message.secret is None else self._sealer.seal(message.secret)
        return await self._store.update_webhook(msgspec.structs.replace(message, secret=sealed))

    async def _check_host(self, url: str) -> None:
        """COMPAT: mlflow 3.17 looks at once where a name leads, unless private addresses are allowed."""
        if not self._client.allowed.only_public:
            return
        checked = rules.check_url(url, self._client.allowed.schemes)
        try:
            await self._client.check(checked)
        except CallFailed as failed:
            allowed = "with a host whose name can be resolved"
            if failed.reason == "AddressNotAllowed":
                allowed = "with a host of the public Internet; the operator may allow others"
            raise InvalidParameter("url", checked.host, allowed) from None

    async def test(self, message: extended.TestWebhook) -> webhooks.TestWebhookResponse:
        """Sends an example once, and answers how it went without what was answered."""
        kind = await self._kind_to_test(message)
        assert isinstance(self._store, Outbox)  # otherwise the verb is not there
        target: Target = await self._store.target(message.webhook_id)
        status, error = await self._sender.send(target, hooked.new_id(), example(kind).body(now_ms()))
        result = WebhookTestResult(success=error is None, response_status=status, error_message=error)
        return webhooks.TestWebhookResponse(result=result)

    async def _kind_to_test(self, message: extended.TestWebhook) -> Kind:
        """The event that is named, or the first that the webhook listens to."""
        if message.run_event:
            return Kind(rules.RUN, message.run_event)
        if message.event:
            return rules.check_events([(message.event.entity, message.event.action)])[0]
        found = value(await self._store.get_webhook(webhooks.GetWebhook(webhook_id=message.webhook_id))).webhook
        first = next(iter(found.events if found else ()), None)
        return RUN_EVENT if first is None else Kind(first.entity, first.action)


def check_list(message: extended.ListWebhooks) -> extended.ListWebhooks:
    """The size of a page; 0 is that of MLflow's server."""
    check_range("max_results", message.max_results, 0, rules.LIST_MOST)
    return message


def check_deliveries(message: webhook_deliveries.ListWebhookDeliveries) -> webhook_deliveries.ListWebhookDeliveries:
    """How many are asked for."""
    check_range("max_results", message.max_results, 1, rules.LIST_MOST)
    return message


def _check_texts(description: str | None, secret: str | None) -> None:
    check_text("description", description or "")
    check_range("the length of description", len(description or ""), 0, rules.WEBHOOK_DESCRIPTION_LENGTH)
    check_range("the length of secret", len(secret or ""), 0, rules.SECRET_LENGTH)
