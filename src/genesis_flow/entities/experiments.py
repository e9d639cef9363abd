"""Experiments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from genesis_flow.entities.entity import Entity, Tag, as_dict
from genesis_flow.values import experiments as values

if TYPE_CHECKING:
    from typing_extensions import Self


class ExperimentTag(Tag, frozen=True):
    """A tag of an experiment."""


class Experiment(Entity):
    """An experiment: what runs are gathered in.

    Times are in milliseconds since 1970.
    """

    DEFAULT_EXPERIMENT_NAME = "Default"

    def __init__(
        self,
        experiment_id: str,
        name: str,
        artifact_location: str,
        lifecycle_stage: str,
        tags: Iterable[ExperimentTag] | None = None,
        creation_time: int | None = None,
        last_update_time: int | None = None,
        workspace: str | None = None,
        trace_location: Any = None,
        effective_trace_archival_retention: str | None = None,
    ) -> None:
        self.experiment_id = experiment_id
        self.name = name
        self.artifact_location = artifact_location
        self.lifecycle_stage = lifecycle_stage
        self.tags = as_dict(tags or ())
        self.creation_time = creation_time
        self.last_update_time = last_update_time
        self.workspace = workspace or "default"
        self.trace_location = trace_location
        self.effective_trace_archival_retention = effective_trace_archival_retention

    @classmethod
    def of(cls, value: values.Experiment) -> Self:
        """The experiment of an answer."""
        return cls(
            value.experiment_id or "",
            value.name or "",
            value.artifact_location or "",
            value.lifecycle_stage or "",
            [ExperimentTag(tag.key or "", tag.value or "") for tag in value.tags],
            value.creation_time,
            value.last_update_time,
            value.workspace,
            None,
            value.effective_trace_archival_retention,
        )
