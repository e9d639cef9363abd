"""Values of the noun ``webhooks``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int32, Int64, Message


WebhookEntity = Literal[
    "ENTITY_UNSPECIFIED",
    "REGISTERED_MODEL",
    "MODEL_VERSION",
    "MODEL_VERSION_TAG",
    "MODEL_VERSION_ALIAS",
    "PROMPT",
    "PROMPT_VERSION",
    "PROMPT_TAG",
    "PROMPT_VERSION_TAG",
    "PROMPT_ALIAS",
    "BUDGET_POLICY",
]


WebhookAction = Literal[
    "ACTION_UNSPECIFIED",
    "CREATED",
    "UPDATED",
    "DELETED",
    "SET",
    "EXCEEDED",
]


WebhookStatus = Literal[
    "ACTIVE",
    "DISABLED",
]


class WebhookEvent(Message, frozen=True, kw_only=True):
    """``mlflow.WebhookEvent``."""

    entity: WebhookEntity
    action: WebhookAction


class Webhook(Message, frozen=True, kw_only=True):
    """``mlflow.Webhook``."""

    webhook_id: str | None = None
    name: str | None = None
    description: str | None = None
    url: str | None = None
    events: tuple[WebhookEvent, ...] = ()
    status: WebhookStatus | None = None
    creation_timestamp: Int64 | None = None
    last_updated_timestamp: Int64 | None = None


class WebhookTestResult(Message, frozen=True, kw_only=True):
    """``mlflow.WebhookTestResult``."""

    success: bool | None = None
    response_status: Int32 | None = None
    response_body: str | None = None
    error_message: str | None = None
