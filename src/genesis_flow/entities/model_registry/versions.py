"""Versions of registered models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from genesis_flow.entities.entity import Entity, Record, Tag, as_dict
from genesis_flow.entities.logged_models import LoggedModelParameter
from genesis_flow.entities.metrics import Metric
from genesis_flow.values import registry as values

if TYPE_CHECKING:
    from typing_extensions import Self


class ModelVersionTag(Tag, frozen=True):
    """A tag of a version."""


class ModelVersionDeploymentJobState(Record, frozen=True):
    """What a deployment job last said about a version."""

    job_id: str
    run_id: str
    job_state: str
    run_state: str
    current_task_name: str


class ModelVersion(Entity):
    """A version of a registered model. Times are in milliseconds since 1970."""

    def __init__(
        self,
        name: str,
        version: str,
        creation_timestamp: int,
        last_updated_timestamp: int | None = None,
        description: str | None = None,
        user_id: str | None = None,
        current_stage: str | None = None,
        source: str | None = None,
        run_id: str | None = None,
        status: str = "READY",
        status_message: str | None = None,
        tags: Iterable[ModelVersionTag] | None = None,
        run_link: str | None = None,
        aliases: Iterable[str] | None = None,
        model_id: str | None = None,
        params: list[LoggedModelParameter] | None = None,
        metrics: list[Metric] | None = None,
        deployment_job_state: ModelVersionDeploymentJobState | None = None,
        workspace: str | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.creation_timestamp = creation_timestamp
        self.last_updated_timestamp = last_updated_timestamp
        self.description = description
        self.user_id = user_id
        self.current_stage = current_stage
        self.source = source
        self.run_id = run_id
        self.status = status
        self.status_message = status_message
        self.tags = as_dict(tags or ())
        self.run_link = run_link
        self.aliases = list(aliases or ())
        self.model_id = model_id
        self.params = params
        self.metrics = metrics
        self.deployment_job_state = deployment_job_state
        self.workspace = workspace or "default"

    @classmethod
    def of(cls, value: values.ModelVersion) -> Self:
        """The version of an answer."""
        return cls(
            value.name or "",
            value.version or "",
            value.creation_timestamp or 0,
            value.last_updated_timestamp,
            value.description or "",
            value.user_id or "",
            value.current_stage,
            value.source or "",
            value.run_id or "",
            value.status or "READY",
            value.status_message,
            [ModelVersionTag(tag.key or "", tag.value or "") for tag in value.tags],
            value.run_link or "",
            value.aliases,
            value.model_id,
        )


class ModelVersionSearch(ModelVersion):
    """A version as a search finds it."""
