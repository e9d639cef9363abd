"""Requests and responses of our own: what was delivered to a webhook, and once more. Written by hand."""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int32, Int64, Message

DeliveryStatus = Literal["PENDING", "DELIVERED", "FAILED"]


class WebhookDelivery(Message, frozen=True, kw_only=True):
    """An event on its way to a webhook, or at its end.

    Attributes:
        delivery_id: the same at each attempt, in the header ``X-MLflow-Delivery-Id``.
        event: such as ``model_version.created``.
        attempts: how often it was sent, or tried to; a replay starts anew.
        last_attempt_timestamp: when that was last begun.
        next_attempt_timestamp: when it will be sent next, at the earliest; for a pending one.
        response_status: what the receiver answered last, if it did.
        error: why the last attempt failed, as a word; what the receiver said is not kept.
    """

    delivery_id: str | None = None
    webhook_id: str | None = None
    event: str | None = None
    status: DeliveryStatus | None = None
    attempts: Int32 = 0
    creation_timestamp: Int64 | None = None
    last_attempt_timestamp: Int64 | None = None
    next_attempt_timestamp: Int64 | None = None
    response_status: Int32 | None = None
    error: str | None = None


class ListWebhookDeliveries(Message, frozen=True, kw_only=True):
    """``GET /api/genesis/v1/webhooks/{webhook_id}/deliveries``."""

    webhook_id: str
    max_results: Int32 = 100


class ListWebhookDeliveriesResponse(Message, frozen=True, kw_only=True):
    """The newest deliveries, the newest first."""

    deliveries: tuple[WebhookDelivery, ...] = ()


class ReplayWebhookDelivery(Message, frozen=True, kw_only=True):
    """``POST /api/genesis/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay``."""

    webhook_id: str
    delivery_id: str


class ReplayWebhookDeliveryResponse(Message, frozen=True, kw_only=True):
    """The delivery, on its way again."""

    delivery: WebhookDelivery | None = None
