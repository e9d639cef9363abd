"""What the lines about a run or a model come to, and what of it a server has not heard yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from genesis_flow.client.push.contents import Logged, Subject
from genesis_flow.client.push.notes import Note
from genesis_flow.journals.lines import FILE, StoredFile
from genesis_flow.rules.tags import RUN_NAME
from genesis_flow.values.datasets import DatasetInput
from genesis_flow.values.logged_models import LoggedModelStatus, ModelOutput
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import RunStatus
from genesis_flow.wire.messages import experiments, logged_models, runs

OFFLINE_RUN = "genesis.offline_run_id"
OFFLINE_MODEL = "genesis.offline_model_id"
OURS = frozenset({OFFLINE_RUN, OFFLINE_MODEL})
"""Tags that only ``push`` sets."""


@dataclass
class Told:
    """What is known of a run or a model, and what is new.

    Attributes:
        run: how the run was made; None if nobody tells.
        model: the same of a model.
        tags: all of them; None for those that were deleted.
        new_tags: keys of those that were set or deleted since.
        new_params: params, the first value of each.
        contradicted: params that were logged again with another value.
        status: of the run, if it is new; likewise its end and its name.
        model_status: of the model, if it is new.
        stage_is_new: whether it was deleted or restored since.
        is_deleted: whether it is deleted.
        metrics: new points that stand among other things.
        datasets: that it read, if that is new; likewise models.
        descriptions: of models, for the run's tag, if they are new.
        digests: of its files, which may have several.
        settled: what is confirmed when all of this is.
        is_new: whether there is anything new but points and files.
    """

    run: runs.CreateRun | None = None
    model: logged_models.CreateLoggedModel | None = None
    tags: dict[str, str | None] = field(default_factory=dict)
    new_tags: set[str] = field(default_factory=set)
    new_params: dict[str, str] = field(default_factory=dict)
    contradicted: dict[str, str] = field(default_factory=dict)
    status: RunStatus | None = None
    end_time: int | None = None
    run_name: str | None = None
    model_status: LoggedModelStatus | None = None
    stage_is_new: bool = False
    is_deleted: bool = False
    metrics: list[Metric] = field(default_factory=list)
    datasets: list[DatasetInput] = field(default_factory=list)
    model_inputs: list[str] = field(default_factory=list)
    model_outputs: list[ModelOutput] = field(default_factory=list)
    descriptions: list[str] = field(default_factory=list)
    digests: dict[str, set[str]] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)
    is_new: bool = False

    @property
    def experiment_id(self) -> str:
        """The experiment in the folder that it is in; empty if nobody tells how it was made."""
        made = self.run or self.model
        return made.experiment_id or "" if made else ""

    @classmethod
    def of(cls, subject: Subject, note: Note) -> Told:
        """What the lines of a subject say.

        Raises:
            msgspec.MsgspecError, RecursionError: one says what its operation does not know.
        """
        told = cls(settled=dict(note.settled))
        params: dict[str, str] = {}
        for one in subject.lines:
            is_new = one.number >= note.settled.get(one.file, 0)
            told.settled[one.file] = max(told.settled.get(one.file, 0), one.number + 1)
            told.is_new = told.is_new or (is_new and one.line.operation != FILE)
            told._take(one, params, is_new=is_new)
        return told

    def _take(self, one: Logged, params: dict[str, str], *, is_new: bool) -> None:
        match one.line.said:
            case StoredFile() as file:
                self._take_file(file)
            case runs.CreateRun() as made:
                if self.run is None:
                    self.run = made
                    self.tags |= {tag.key or "": tag.value for tag in made.tags if tag.key not in OURS}
            case runs.LogBatch() as batch:
                for param in batch.params:
                    self._take_param(param.key or "", param.value or "", params, is_new=is_new)
                self._take_tags({tag.key or "": tag.value or "" for tag in batch.tags}, is_new=is_new)
                self.metrics += batch.metrics if is_new else ()
            case runs.DeleteTag(key=key) | logged_models.DeleteLoggedModelTag(tag_key=key):
                self._take_tags({key: None}, is_new=is_new)
            case runs.UpdateRun() as update if is_new:
                self.status = update.status or self.status
                self.end_time = self.end_time if update.end_time is None else update.end_time
                self.run_name = update.run_name or self.run_name
            case runs.DeleteRun() | logged_models.DeleteLoggedModel():
                self.is_deleted, self.stage_is_new = True, self.stage_is_new or is_new
            case runs.RestoreRun():
                self.is_deleted, self.stage_is_new = False, self.stage_is_new or is_new
            case runs.LogInputs() as inputs if is_new:
                self.datasets += inputs.datasets
                self.model_inputs += [given.model_id for given in inputs.models]
            case runs.LogOutputs() as outputs if is_new:
                self.model_outputs += outputs.models
            case runs.LogModel() as described if is_new:
                self.descriptions.append(described.model_json or "")
            case logged_models.CreateLoggedModel() as model:
                if self.model is None:
                    self.model = model
                    self.tags |= {tag.key or "": tag.value for tag in model.tags if tag.key not in OURS}
                    for given in model.params:
                        self._take_param(given.key or "", given.value or "", params, is_new=is_new)
            case logged_models.SetLoggedModelTags() as message:
                self._take_tags({tag.key or "": tag.value or "" for tag in message.tags}, is_new=is_new)
            case logged_models.LogLoggedModelParamsRequest() as logged:
                for given in logged.params:
                    self._take_param(given.key or "", given.value or "", params, is_new=is_new)
            case logged_models.FinalizeLoggedModel() as final if is_new:
                self.model_status = final.status

    def _take_param(self, key: str, value: str, params: dict[str, str], *, is_new: bool) -> None:
        first = params.setdefault(key, value)
        if is_new and first != value:
            self.contradicted[key] = value
        elif is_new:
            self.new_params[key] = value

    def _take_tags(self, tags: Mapping[str, str | None], *, is_new: bool) -> None:
        kept = {key: value for key, value in tags.items() if key not in OURS}
        self.tags |= kept
        if is_new:
            self.new_tags |= kept.keys()
            self.run_name = kept.get(RUN_NAME) or self.run_name

    def _take_file(self, file: StoredFile) -> None:
        if file.sha256 is not None:
            self.digests.setdefault(file.path, set()).add(file.sha256)
            return
        gone = [path for path in self.digests if not file.path or path == file.path or path.startswith(f"{file.path}/")]
        for path in gone:
            del self.digests[path]


@dataclass(frozen=True)
class ToldExperiment:
    """An experiment, as its lines say.

    Attributes:
        name: what it is called.
        location: of its files, if somebody gave one.
        tags: all of them; None for those that were deleted.
        new_tags: keys of those that are new.
        is_deleted: whether it is deleted.
        settled: what is confirmed when all of this is.
    """

    name: str
    location: str | None
    tags: Mapping[str, str | None]
    new_tags: frozenset[str]
    is_deleted: bool
    settled: Mapping[str, int]

    @classmethod
    def of(cls, subject: Subject, note: Note, name: str = "") -> ToldExperiment:
        """What the lines of an experiment say; its name is empty if nobody tells how it was made.

        Raises:
            msgspec.MsgspecError, RecursionError: one says what its operation does not know.
        """
        location, is_deleted = None, False
        tags: dict[str, str | None] = {}
        new_tags: set[str] = set()
        settled = dict(note.settled)
        for one in subject.lines:
            set_now: dict[str, str | None] = {}
            match one.line.said:
                case experiments.CreateExperiment() as made:
                    name, location = name or made.name, location or made.artifact_location
                    set_now = {tag.key or "": tag.value for tag in made.tags}
                case experiments.UpdateExperiment() as update if name:
                    name = update.new_name or name
                case experiments.DeleteExperiment():
                    is_deleted = True
                case experiments.RestoreExperiment():
                    is_deleted = False
                case experiments.SetExperimentTag(key=key, value=value):
                    set_now = {key: value}
                case experiments.DeleteExperimentTag(key=key):
                    set_now = {key: None}
            tags |= set_now
            if one.number >= note.settled.get(one.file, 0):
                new_tags |= set_now.keys()
            settled[one.file] = max(settled.get(one.file, 0), one.number + 1)
        return cls(name, location, tags, frozenset(new_tags), is_deleted, settled)
