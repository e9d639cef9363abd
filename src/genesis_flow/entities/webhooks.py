"""Webhooks."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from genesis_flow.entities.entity import Entity, Record
from genesis_flow.exceptions import MlflowException
from genesis_flow.values import webhooks as values


class WebhookStatus(str, Enum):
    """Whether a webhook is called."""

    ACTIVE = "ACTIVE"
    DISABLED = "DISABLED"

    def __str__(self) -> str:
        return self.value

    def is_active(self) -> bool:
        """Whether it is called."""
        return self is WebhookStatus.ACTIVE


class WebhookEvent(Record, frozen=True):
    """What a webhook is called for: ``registered_model.created``."""

    entity: str
    action: str

    @classmethod
    def from_str(cls, event_str: str) -> WebhookEvent:
        """The event of ``entity.action``; raises ``MlflowException`` for a text that is none."""
        entity, dot, action = event_str.partition(".")
        if not (entity and dot and action):
            raise MlflowException.invalid_parameter_value(
                f"{event_str!r} is no event of a webhook: it must be 'entity.action', as in 'model_version.created'"
            )
        return cls(entity.lower(), action.lower())

    def __str__(self) -> str:
        return f"{self.entity}.{self.action}"

    @classmethod
    def of(cls, value: values.WebhookEvent) -> WebhookEvent:
        """The event of an answer."""
        return cls(value.entity.lower(), value.action.lower())


class Webhook(Entity):
    """Something that is called when models change; times in milliseconds since 1970, its secret never told."""

    def __init__(
        self,
        webhook_id: str,
        name: str,
        url: str,
        events: Iterable[WebhookEvent],
        creation_timestamp: int,
        last_updated_timestamp: int,
        description: str | None = None,
        status: WebhookStatus | str = WebhookStatus.ACTIVE,
        secret: str | None = None,
        workspace: str | None = None,
    ) -> None:
        self.webhook_id = webhook_id
        self.name = name
        self.url = url
        self.events = list(events)
        self.creation_timestamp = creation_timestamp
        self.last_updated_timestamp = last_updated_timestamp
        self.description = description
        self.status = WebhookStatus(status)
        self.workspace = workspace or "default"
        self._secret = secret

    @property
    def secret(self) -> str | None:
        """What the calls are signed with, as it was given to the constructor."""
        return self._secret

    def __repr__(self) -> str:
        return f"<Webhook: name={self.name!r}, url={self.url!r}, webhook_id={self.webhook_id!r}>"


class WebhookTestResult(Record, frozen=True):
    """What became of a call that was made to try a webhook."""

    success: bool
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None
