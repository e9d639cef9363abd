"""Registered models."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from genesis_flow.entities.entity import Entity, Record, Tag, as_dict
from genesis_flow.entities.model_registry.versions import ModelVersion
from genesis_flow.values import registry as values

if TYPE_CHECKING:
    from typing_extensions import Self


class RegisteredModelTag(Tag, frozen=True):
    """A tag of a registered model."""


class RegisteredModelAlias(Record, frozen=True):
    """A name for a version of a registered model."""

    alias: str
    version: str


class RegisteredModelDeploymentJobState:
    """Whether a deployment job is connected to a registered model."""

    NOT_SET_UP, CONNECTED, NOT_FOUND, REQUIRED_PARAMETERS_CHANGED = 1, 2, 3, 4

    _NAMES = ("NOT_SET_UP", "CONNECTED", "NOT_FOUND", "REQUIRED_PARAMETERS_CHANGED")

    @classmethod
    def from_string(cls, state_str: str) -> int:
        """The number of a name; raises ``ValueError`` for a name that is none."""
        if state_str not in cls._NAMES:
            raise ValueError(f"no state is called {state_str!r}: it must be one of {', '.join(cls._NAMES)}")
        return cls._NAMES.index(state_str) + 1

    @classmethod
    def to_string(cls, state: int) -> str:
        """The name of a number; raises ``ValueError`` for a number that is none."""
        if state not in cls.all_states():
            raise ValueError(f"no state has the number {state!r}: it must be between 1 and 4")
        return cls._NAMES[state - 1]

    @staticmethod
    def all_states() -> list[int]:
        """All numbers."""
        return [1, 2, 3, 4]


class RegisteredModel(Entity):
    """A registered model: a name for versions. Times are in milliseconds since 1970.

    Attributes:
        latest_versions: of each stage the latest version.
        aliases: the versions that aliases stand for.
    """

    def __init__(
        self,
        name: str,
        creation_timestamp: int | None = None,
        last_updated_timestamp: int | None = None,
        description: str | None = None,
        latest_versions: list[ModelVersion] | None = None,
        tags: Iterable[RegisteredModelTag] | None = None,
        aliases: Iterable[RegisteredModelAlias] | None = None,
        deployment_job_id: str | None = None,
        deployment_job_state: str | None = None,
        workspace: str | None = None,
    ) -> None:
        self.name = name
        self.creation_timestamp = creation_timestamp
        self.last_updated_timestamp = last_updated_timestamp
        self.description = description
        self.latest_versions = latest_versions or []
        self.tags = as_dict(tags or ())
        self.aliases = {alias.alias: alias.version for alias in aliases or ()}
        self.deployment_job_id = deployment_job_id
        self.deployment_job_state = deployment_job_state
        self.workspace = workspace or "default"

    @classmethod
    def of(cls, value: values.RegisteredModel) -> Self:
        """The model of an answer."""
        return cls(
            value.name or "",
            value.creation_timestamp,
            value.last_updated_timestamp,
            value.description or "",
            [ModelVersion.of(version) for version in value.latest_versions],
            [RegisteredModelTag(tag.key or "", tag.value or "") for tag in value.tags],
            [RegisteredModelAlias(alias.alias or "", alias.version or "") for alias in value.aliases],
            value.deployment_job_id or "",
            value.deployment_job_state or "DEPLOYMENT_JOB_CONNECTION_STATE_UNSPECIFIED",
        )


class RegisteredModelSearch(RegisteredModel):
    """A registered model as a search finds it."""
