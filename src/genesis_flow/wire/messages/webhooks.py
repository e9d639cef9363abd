"""Requests and responses of the noun ``webhooks``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Int32, Message
from genesis_flow.values.webhooks import Webhook, WebhookEvent, WebhookStatus, WebhookTestResult


class CreateWebhook(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/webhooks``."""

    name: str
    url: str
    description: str | None = None
    events: tuple[WebhookEvent, ...] = ()
    secret: str | None = None
    status: WebhookStatus | None = None


class CreateWebhookResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateWebhook.Response``."""

    webhook: Webhook | None = None


class ListWebhooks(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/webhooks``."""

    max_results: Int32 = 100
    page_token: str | None = None


class ListWebhooksResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListWebhooks.Response``."""

    webhooks: tuple[Webhook, ...] = ()
    next_page_token: str | None = None


class GetWebhook(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/webhooks/{webhook_id}``."""

    webhook_id: str


class GetWebhookResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetWebhook.Response``."""

    webhook: Webhook | None = None


class UpdateWebhook(Message, frozen=True, kw_only=True):
    """``PATCH /api/2.0/mlflow/webhooks/{webhook_id}``."""

    webhook_id: str
    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: tuple[WebhookEvent, ...] = ()
    secret: str | None = None
    status: WebhookStatus | None = None


class UpdateWebhookResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateWebhook.Response``."""

    webhook: Webhook | None = None


class DeleteWebhook(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow/webhooks/{webhook_id}``."""

    webhook_id: str


class DeleteWebhookResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteWebhook.Response``."""


class TestWebhook(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/webhooks/{webhook_id}/test``."""

    webhook_id: str
    event: WebhookEvent | None = None


class TestWebhookResponse(Message, frozen=True, kw_only=True):
    """``mlflow.TestWebhook.Response``."""

    result: WebhookTestResult | None = None
