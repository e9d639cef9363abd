"""What the store in memory holds, and the few questions that every noun asks of it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field

from genesis_flow.errors import (
    ExperimentNotActive,
    ExperimentNotFound,
    LoggedModelNotFound,
    RunNotActive,
    RunNotFound,
)
from genesis_flow.rules.clock import Clock
from genesis_flow.rules.history import Change
from genesis_flow.rules.ids import experiment_key
from genesis_flow.rules.registry import NONE
from genesis_flow.rules.stages import ACTIVE, REMOVED
from genesis_flow.rules.webhooks import Kind
from genesis_flow.stores.hooked import StoredDelivery, StoredWebhook
from genesis_flow.values.datasets import Dataset, InputTag
from genesis_flow.values.experiments import Experiment
from genesis_flow.values.logged_models import LoggedModelInfo
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import RunInfo

DatasetKey = tuple[int, str, str]
"""Experiment, name and digest: what makes a dataset."""

PointKey = tuple[str, str, str, int, int, str, str]
"""What makes a point of a model: metric, dataset name, dataset digest, time, step, run, the value as text."""


@dataclass(eq=False)
class StoredExperiment:
    """An experiment; its tags stand beside it, and when it was deleted, if it is."""

    value: Experiment
    tags: dict[str, str] = field(default_factory=dict)
    deleted: int | None = None


@dataclass(eq=False)
class StoredRun:
    """A run and everything written to it.

    Attributes:
        experiment: the key of its experiment.
        points: every point of every metric, by key, time, step and the value as text.
        inputs: the tags of each dataset that it read.
        models: the step of each model that it read or made, by ``input`` or ``output`` and model id.
        deleted: when it was deleted, if it is.
    """

    experiment: int
    info: RunInfo
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: dict[tuple[str, int, int, str], Metric] = field(default_factory=dict)
    inputs: dict[DatasetKey, tuple[InputTag, ...]] = field(default_factory=dict)
    models: dict[tuple[str, str], int] = field(default_factory=dict)
    deleted: int | None = None

    def points_of(self, key: str) -> list[Metric]:
        """Every point of one metric, each once, in no order."""
        return [point for point in self.points.values() if point.key == key]


@dataclass(eq=False)
class StoredModel:
    """A logged model, its tags, its params and every point logged with it; when it was deleted, if it is."""

    experiment: int
    info: LoggedModelInfo
    stage: str = ACTIVE
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    points: dict[PointKey, Metric] = field(default_factory=dict)
    deleted: int | None = None


@dataclass(eq=False)
class StoredVersion:
    """A version of a registered model.

    Attributes:
        source: what it was made of.
        location: where its artifacts are.
    """

    number: int
    source: str
    location: str
    created: int
    updated: int
    stage: str = NONE
    description: str | None = None
    run_id: str = ""
    run_link: str = ""
    model_id: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False)
class StoredRegistered:
    """A registered model and its versions.

    Attributes:
        key: what stays the same when it is renamed.
        last: the highest number that a version had.
    """

    key: int
    name: str
    description: str | None
    created: int
    updated: int
    tags: dict[str, str]
    last: int = 0
    aliases: dict[str, int] = field(default_factory=dict)
    versions: dict[int, StoredVersion] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredChange:
    """A change of a registered model, known by its key, and the name that it had then."""

    number: int
    model: int
    name: str
    at_ms: int
    user_id: str
    change: Change


class State:
    """All that is stored; dictionaries keep the order in which things were made."""

    def __init__(self, artifact_root: str, clock: Clock) -> None:
        self.artifact_root = artifact_root
        self.clock = clock
        self.secret = secrets.token_bytes(32)
        self.experiments: MutableMapping[int, StoredExperiment] = {}
        self.runs: MutableMapping[str, StoredRun] = {}
        self.datasets: dict[DatasetKey, Dataset] = {}
        self.models: MutableMapping[str, StoredModel] = {}
        self.registered: MutableMapping[str, StoredRegistered] = {}
        self.registered_ever = 0
        self.changes: list[StoredChange] = []
        self.experiments_ever = 0
        self.leases: dict[str, tuple[str, int]] = {}
        self.webhooks: dict[str, tuple[StoredWebhook, list[Kind]]] = {}
        self.deliveries: dict[str, StoredDelivery] = {}

    def next_registered(self) -> int:
        """The key of a new registered model."""
        self.registered_ever += 1
        return self.registered_ever

    def new_experiment_key(self) -> int:
        """The key of a new experiment."""
        self.experiments_ever += 1
        return self.experiments_ever

    def runs_in(self, experiments: Collection[int]) -> Iterable[StoredRun]:
        """The runs of these experiments."""
        return [run for run in self.runs.values() if run.experiment in experiments]

    def models_in(self, experiments: Collection[int]) -> Iterable[StoredModel]:
        """The logged models of these experiments."""
        return [model for model in self.models.values() if model.experiment in experiments]

    def datasets_in_order(self, run: StoredRun) -> Sequence[DatasetKey]:
        """The datasets of a run, as they came into the store."""
        places = list(self.datasets)
        return sorted(run.inputs, key=places.index)

    def experiment(self, experiment_id: str) -> StoredExperiment:
        """The experiment, deleted or not; ``ExperimentNotFound``."""
        found = self.experiments.get(experiment_key(experiment_id))
        if found is None or found.value.lifecycle_stage == REMOVED:
            raise ExperimentNotFound(experiment_id)
        return found

    def active_experiment(self, experiment_id: str) -> StoredExperiment:
        """The experiment; ``ExperimentNotFound``, ``ExperimentNotActive``."""
        found = self.experiment(experiment_id)
        if found.value.lifecycle_stage != ACTIVE:
            raise ExperimentNotActive(experiment_id)
        return found

    def run(self, run_id: str) -> StoredRun:
        """The run, deleted or not; ``RunNotFound``."""
        found = self.runs.get(run_id)
        if found is None or found.info.lifecycle_stage == REMOVED:
            raise RunNotFound(run_id)
        return found

    def active_run(self, run_id: str) -> StoredRun:
        """The run; ``RunNotFound``, ``RunNotActive``."""
        found = self.run(run_id)
        if found.info.lifecycle_stage != ACTIVE:
            raise RunNotActive(run_id)
        return found

    def model_of_points(self, model_id: str) -> StoredModel | None:
        """The model that points are logged with, deleted or not; None, if they are to be the run's alone.

        Raises:
            LoggedModelNotFound
        """
        found = self.models.get(model_id)
        if found is None or found.stage == REMOVED:
            raise LoggedModelNotFound(model_id)
        return found

    def model(self, model_id: str) -> StoredModel:
        """The model, if it is not deleted; ``LoggedModelNotFound``."""
        found = self.models.get(model_id)
        if found is None or found.stage != ACTIVE:
            raise LoggedModelNotFound(model_id)
        return found
