"""Runs, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from genesis_flow.entities.datasets import Dataset, DatasetInput, InputTag
from genesis_flow.entities.entity import Entity, Record, Tag
from genesis_flow.entities.logged_models import LoggedModelInput, LoggedModelOutput
from genesis_flow.entities.metrics import Metric, metric_of
from genesis_flow.values import runs as values


class Param(Record, frozen=True):
    """A parameter of a run: set once."""

    key: str
    value: str


class RunTag(Tag, frozen=True):
    """A tag of a run."""


class RunInfo(Record, frozen=True):
    """What a run is, without what was logged to it. Times are in milliseconds since 1970."""

    run_id: str
    experiment_id: str
    user_id: str
    status: str
    start_time: int | None
    end_time: int | None
    lifecycle_stage: str
    artifact_uri: str | None = None
    run_name: str | None = None

    @classmethod
    def get_searchable_attributes(cls) -> list[str]:
        """The attributes that a filter may name."""
        return ["artifact_uri", "end_time", "run_id", "run_name", "start_time", "status", "user_id"]

    @classmethod
    def get_orderable_attributes(cls) -> list[str]:
        """The attributes that an order may name."""
        return cls.get_searchable_attributes()

    @classmethod
    def of(cls, value: values.RunInfo) -> RunInfo:
        """The facts of an answer."""
        return cls(
            value.run_id or value.run_uuid or "",
            value.experiment_id or "",
            value.user_id or "",
            value.status or "RUNNING",
            value.start_time,
            value.end_time,
            value.lifecycle_stage or "active",
            value.artifact_uri,
            value.run_name,
        )


class RunData(Entity):
    """What was logged to a run: of each metric the latest value, the params, the tags.

    Attributes:
        metrics: values by key.
        params: values by key.
        tags: values by key.
    """

    def __init__(
        self,
        metrics: Iterable[Metric] | None = None,
        params: Iterable[Param] | None = None,
        tags: Iterable[RunTag] | None = None,
    ) -> None:
        self._metric_objs = list(metrics or ())
        self.metrics = {metric.key: metric.value for metric in self._metric_objs}
        self.params = {param.key: param.value for param in params or ()}
        self.tags = {tag.key: tag.value for tag in tags or ()}

    def to_dictionary(self) -> dict[str, Any]:
        """Metrics, params and tags by name."""
        return {"metrics": self.metrics, "params": self.params, "tags": self.tags}

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> RunData:
        """The data of what :meth:`to_dictionary` answered."""
        return cls(
            [Metric(key, value, 0, 0) for key, value in the_dict.get("metrics", {}).items()],
            [Param(key, value) for key, value in the_dict.get("params", {}).items()],
            [RunTag(key, value) for key, value in the_dict.get("tags", {}).items()],
        )

    @classmethod
    def of(cls, value: values.RunData) -> RunData:
        """The data of an answer."""
        data = cls([metric_of(metric) for metric in value.metrics])
        data.params = {param.key or "": param.value or "" for param in value.params}
        data.tags = {tag.key or "": tag.value or "" for tag in value.tags}
        return data


class RunInputs(Entity):
    """What a run was given: datasets and models."""

    def __init__(self, dataset_inputs: list[DatasetInput], model_inputs: list[LoggedModelInput] | None = None) -> None:
        self.dataset_inputs = dataset_inputs
        self.model_inputs = model_inputs or []

    def to_dictionary(self) -> dict[str, Any]:
        """Models and datasets as dictionaries."""
        return {
            "model_inputs": [model.to_dictionary() for model in self.model_inputs],
            "dataset_inputs": [dataset.to_dictionary() for dataset in self.dataset_inputs],
        }

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> RunInputs:
        """The inputs of what :meth:`to_dictionary` answered."""
        datasets = [
            DatasetInput(Dataset(**one["dataset"]), [InputTag(*tag) for tag in one.get("tags", {}).items()])
            for one in the_dict.get("dataset_inputs", ())
        ]
        return cls(datasets, [LoggedModelInput.from_dictionary(one) for one in the_dict.get("model_inputs", ())])

    @classmethod
    def of(cls, value: values.RunInputs) -> RunInputs:
        """The inputs of an answer."""
        return cls(
            [DatasetInput.of(one) for one in value.dataset_inputs],
            [LoggedModelInput(one.model_id) for one in value.model_inputs],
        )


class RunOutputs(Entity):
    """What a run made: models."""

    def __init__(self, model_outputs: list[LoggedModelOutput]) -> None:
        self.model_outputs = model_outputs

    def to_dictionary(self) -> dict[str, Any]:
        """The models as dictionaries."""
        return {"model_outputs": [model.to_dictionary() for model in self.model_outputs]}

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> RunOutputs:
        """The outputs of what :meth:`to_dictionary` answered."""
        return cls([LoggedModelOutput.from_dictionary(one) for one in the_dict.get("model_outputs", ())])

    @classmethod
    def of(cls, value: values.RunOutputs) -> RunOutputs:
        """The outputs of an answer."""
        return cls([LoggedModelOutput(one.model_id, one.step) for one in value.model_outputs])


class Run(Entity):
    """A run.

    Attributes:
        info: what it is.
        data: what was logged to it.
        inputs: what it was given.
        outputs: what it made.
    """

    def __init__(
        self,
        run_info: RunInfo,
        run_data: RunData | None,
        run_inputs: RunInputs | None = None,
        run_outputs: RunOutputs | None = None,
    ) -> None:
        if run_info is None:
            raise ValueError("a run needs its info: run_info must not be None")
        self.info = run_info
        self.data = run_data or RunData()
        self.inputs = run_inputs or RunInputs([])
        self.outputs = run_outputs or RunOutputs([])

    def to_dictionary(self) -> dict[str, Any]:
        """Everything, as dictionaries."""
        return {
            "info": dict(self.info),
            "data": self.data.to_dictionary(),
            "inputs": self.inputs.to_dictionary(),
            "outputs": self.outputs.to_dictionary(),
        }

    @classmethod
    def from_dictionary(cls, the_dict: Mapping[str, Any]) -> Run:
        """The run of what :meth:`to_dictionary` answered."""
        return cls(
            RunInfo.from_dictionary(the_dict["info"]),
            RunData.from_dictionary(the_dict.get("data", {})),
            RunInputs.from_dictionary(the_dict.get("inputs", {})),
            RunOutputs.from_dictionary(the_dict.get("outputs", {})),
        )

    @classmethod
    def of(cls, value: values.Run) -> Run:
        """The run of an answer."""
        return cls(
            RunInfo.of(value.info or values.RunInfo()),
            RunData.of(value.data or values.RunData()),
            RunInputs.of(value.inputs or values.RunInputs()),
            RunOutputs.of(value.outputs or values.RunOutputs()),
        )
