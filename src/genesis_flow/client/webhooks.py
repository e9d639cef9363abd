"""Webhooks, as the client asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from genesis_flow.client.noun import Noun
from genesis_flow.client.words import there
from genesis_flow.entities import Webhook, WebhookEvent, WebhookStatus, WebhookTestResult
from genesis_flow.entities.paged_list import PagedList
from genesis_flow.values import webhooks as values
from genesis_flow.wire.messages import extended
from genesis_flow.wire.messages import webhooks as messages

Event = WebhookEvent | str


class Webhooks(Noun):
    """The verbs of webhooks."""

    def create_webhook(
        self,
        name: str,
        url: str,
        events: Sequence[WebhookEvent | str],
        description: str | None = None,
        secret: str | None = None,
        status: WebhookStatus | str | None = None,
    ) -> Webhook:
        """Makes a webhook: something that is called when what it listens to happens.

        Args:
            name: for people.
            url: what to call.
            events: ``WebhookEvent("model_version", "created")`` or ``"model_version.created"``.
            description: for people.
            secret: what to sign the calls with.
            status: ``ACTIVE`` by default.
        """
        message = extended.CreateWebhook(
            name=name,
            url=url,
            events=_events(events),
            description=description,
            secret=secret,
            status=_status(status or WebhookStatus.ACTIVE),
        )
        return _webhook(self._registry(message, extended.WebhookResponse).webhook)

    def get_webhook(self, webhook_id: str) -> Webhook:
        """A webhook."""
        return _webhook(self._registry(messages.GetWebhook(webhook_id=webhook_id), extended.WebhookResponse).webhook)

    def list_webhooks(self, max_results: int | None = None, page_token: str | None = None) -> PagedList[Webhook]:
        """A page of all webhooks."""
        message = extended.ListWebhooks(max_results=max_results or 100, page_token=page_token)
        answer = self._registry(message, extended.ListWebhooksResponse)
        return PagedList(map(_webhook, answer.webhooks), answer.next_page_token)

    def update_webhook(
        self,
        webhook_id: str,
        name: str | None = None,
        description: str | None = None,
        url: str | None = None,
        events: Sequence[WebhookEvent | str] | None = None,
        secret: str | None = None,
        status: WebhookStatus | str | None = None,
    ) -> Webhook:
        """Changes what is given of a webhook, and leaves the rest."""
        message = extended.UpdateWebhook(
            webhook_id=webhook_id,
            name=name,
            description=description,
            url=url,
            events=_events(events or ()),
            secret=secret,
            status=None if status is None else _status(status),
        )
        return _webhook(self._registry(message, extended.WebhookResponse).webhook)

    def delete_webhook(self, webhook_id: str) -> None:
        """Deletes a webhook."""
        self._registry(messages.DeleteWebhook(webhook_id=webhook_id), messages.DeleteWebhookResponse)

    def test_webhook(self, webhook_id: str, event: WebhookEvent | str | None = None) -> WebhookTestResult:
        """Calls a webhook with an example, and tells what became of it."""
        message = extended.TestWebhook(webhook_id=webhook_id, event=None if event is None else _events([event])[0])
        result = there(self._registry(message, messages.TestWebhookResponse).result)
        return WebhookTestResult(
            bool(result.success), result.response_status, result.response_body, result.error_message
        )


def _webhook(value: values.Webhook | None) -> Webhook:
    found = there(value)
    return Webhook(
        found.webhook_id or "",
        found.name or "",
        found.url or "",
        map(WebhookEvent.of, found.events),
        found.creation_timestamp or 0,
        found.last_updated_timestamp or 0,
        found.description,
        found.status or "ACTIVE",
    )


def _events(events: Iterable[Event]) -> tuple[values.WebhookEvent, ...]:
    parsed = (WebhookEvent.from_str(event) if isinstance(event, str) else event for event in events)
    # What is no entity or action of a webhook is refused by the server, which knows them.
    return tuple(values.WebhookEvent(entity=_upper(event.entity), action=_upper(event.action)) for event in parsed)


def _upper(word: Any) -> Any:
    return str(getattr(word, "value", word)).upper()


def _status(status: WebhookStatus | str) -> values.WebhookStatus:
    return WebhookStatus(status).value
