"""Logged models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from genesis_flow.entities.entity import Entity, Record, Tag, as_dict
from genesis_flow.entities.metrics import Metric, metric_of
from genesis_flow.values import logged_models as values


class LoggedModelStatus(str, Enum):
    """Whether a model's files are complete."""

    UNSPECIFIED = "UNSPECIFIED"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"

    def __str__(self) -> str:
        return self.value

    @staticmethod
    def is_finalized(status: LoggedModelStatus | str) -> bool:
        """Whether nothing is awaited any more."""
        return status in (LoggedModelStatus.READY, LoggedModelStatus.FAILED)


STATUS_ON_THE_WIRE: dict[LoggedModelStatus, values.LoggedModelStatus] = {
    LoggedModelStatus.UNSPECIFIED: "LOGGED_MODEL_STATUS_UNSPECIFIED",
    LoggedModelStatus.PENDING: "LOGGED_MODEL_PENDING",
    LoggedModelStatus.READY: "LOGGED_MODEL_READY",
    LoggedModelStatus.FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
}
_STATUS = {sent: status for status, sent in STATUS_ON_THE_WIRE.items()}


class LoggedModelParameter(Record, frozen=True):
    """A parameter of a logged model."""

    key: str
    value: str


class LoggedModelTag(Tag, frozen=True):
    """A tag of a logged model."""


class LoggedModelInput(Record, frozen=True):
    """A model that a run was given."""

    model_id: str


class LoggedModelOutput(Record, frozen=True):
    """A model that a run made, and at which step."""

    model_id: str
    step: int


class LoggedModel(Entity):
    """A model that was logged: its files lie at its artifact location. Times are in milliseconds since 1970."""

    def __init__(
        self,
        experiment_id: str,
        model_id: str,
        name: str,
        artifact_location: str,
        creation_timestamp: int,
        last_updated_timestamp: int,
        model_type: str | None = None,
        source_run_id: str | None = None,
        status: LoggedModelStatus | str = LoggedModelStatus.READY,
        status_message: str | None = None,
        tags: list[LoggedModelTag] | Mapping[str, str] | None = None,
        params: list[LoggedModelParameter] | Mapping[str, str] | None = None,
        metrics: list[Metric] | None = None,
    ) -> None:
        self.experiment_id = experiment_id
        self.model_id = model_id
        self.name = name
        self.artifact_location = artifact_location
        self.creation_timestamp = creation_timestamp
        self.last_updated_timestamp = last_updated_timestamp
        self.model_type = model_type
        self.source_run_id = source_run_id
        self.status = LoggedModelStatus(status)
        self.status_message = status_message
        self.tags = _mapping(tags)
        self.params = _mapping(params)
        self.metrics = metrics or []

    @property
    def model_uri(self) -> str:
        """What the model is loaded by."""
        return f"models:/{self.model_id}"

    def to_dictionary(self) -> dict[str, Any]:
        """The fields by name; the status as the number that MLflow has for it."""
        fields = {name: value for name, value in self if name not in ("model_uri", "metrics")}
        return {
            **fields,
            "status": list(LoggedModelStatus).index(self.status),
            "metrics": [metric.to_dictionary() for metric in self.metrics],
        }

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> LoggedModel:
        """The model of what :meth:`to_dictionary` answered."""
        status, metrics = the_dict.get("status", 2), the_dict.get("metrics") or ()
        return cls(
            **{
                **the_dict,
                "status": list(LoggedModelStatus)[status] if isinstance(status, int) else status,
                "metrics": [Metric.from_dictionary(metric) for metric in metrics],
            }
        )

    @classmethod
    def of(cls, value: values.LoggedModel) -> LoggedModel:
        """The model of an answer."""
        info, data = value.info or values.LoggedModelInfo(), value.data or values.LoggedModelData()
        return cls(
            info.experiment_id or "",
            info.model_id or "",
            info.name or "",
            info.artifact_uri or "",
            info.creation_timestamp_ms or 0,
            info.last_updated_timestamp_ms or 0,
            info.model_type or "",
            info.source_run_id or "",
            _STATUS[info.status or "LOGGED_MODEL_STATUS_UNSPECIFIED"],
            info.status_message or "",
            as_dict(info.tags),
            as_dict(data.params),
            [metric_of(metric) for metric in data.metrics],
        )


def _mapping(pairs: Iterable[Record] | Mapping[str, str] | None) -> dict[str, str]:
    if isinstance(pairs, Mapping):
        return dict(pairs)
    return as_dict(pairs or ())  # type: ignore[arg-type]  # tags and params both are keys with values
