"""Offline runs to a server: each is made once, and what was logged to it arrives once, however often it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from genesis_flow.client.push.contents import Contents, LocalFile, Problem, Subject
from genesis_flow.client.push.files import Files, new_files
from genesis_flow.client.push.notes import Note, Notes
from genesis_flow.client.push.target import Target, point_key
from genesis_flow.client.push.told import OFFLINE_MODEL, OFFLINE_RUN, Told, ToldExperiment
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.runs import PARENT
from genesis_flow.client.sender import is_refusal
from genesis_flow.client.words import there
from genesis_flow.errors import (
    GenesisFlowError,
    PushTargetDeleted,
    PushTargetGone,
    PushToFolder,
    PushUntold,
)
from genesis_flow.journals.layout import artifacts_of, is_offline
from genesis_flow.journals.lines import DamagedJournal, Line
from genesis_flow.rules.ids import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME
from genesis_flow.rules.limits import METRICS_A_BATCH, PARAMS_A_BATCH, TAGS_A_BATCH
from genesis_flow.rules.tags import LOGGED_MODELS, RUN_NAME
from genesis_flow.values.logged_models import LoggedModel, LoggedModelParameter, LoggedModelTag, ModelInput
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, Run, RunTag
from genesis_flow.wire import codec
from genesis_flow.wire.messages import experiments, logged_models, runs

Kind = Literal["experiment", "run", "model"]
Outcome = Literal["made", "added to", "unchanged", "left out", "failed"]


@dataclass
class Pushed:
    """What has become of an experiment, a run or a logged model.

    Attributes:
        kind: which of them it is.
        id: its id in the folder.
        name: what it is called.
        outcome: ``made`` on the server, ``added to``, ``unchanged``; ``left out``, because it is deleted in the folder;
            ``failed``. In a dry run, what would be.
        target_id: its id on the server.
        points: how many points of metrics were sent.
        params: likewise params.
        tags: likewise tags, set or deleted.
        files: likewise files.
        size_bytes: how large points and files are.
        refused: how many things the server refused.
        reason: why it failed, or is left out.
    """

    kind: Kind
    id: str
    name: str = ""
    outcome: Outcome = "unchanged"
    target_id: str = ""
    points: int = 0
    params: int = 0
    tags: int = 0
    files: int = 0
    size_bytes: int = 0
    refused: int = 0
    reason: str = ""


@dataclass
class _Made:
    """A run or a model on the server.

    Attributes:
        id: its id there.
        location: where its files go.
        is_new: whether this push made it.
        before: what it was when it was found.
    """

    id: str
    location: str
    is_new: bool
    before: Run | LoggedModel


@dataclass
class _Work:
    """A run or a model, and what is to be sent of it."""

    subject: Subject
    note: Note
    told: Told
    files: list[LocalFile]
    result: Pushed
    made: _Made | None = None
    making: bool = field(default=False)

    @property
    def has_new_points(self) -> bool:
        """Whether a file of points has some that are not confirmed."""
        settled = self.note.settled
        return any(numbers[-1] >= settled.get(name, 0) for name, (numbers, _) in self.subject.points.items())

    @property
    def is_new(self) -> bool:
        """Whether there is anything to send."""
        return self.told.is_new or self.has_new_points or bool(self.files)


class Push:
    """One folder on its way to one server.

    Args:
        root: the folder of offline runs.
        tracking_uri: where it goes.
        dry_run: whether to tell what would be sent, and to send and write nothing.

    Raises:
        NoOfflineRuns: it is no such folder.
        PushToFolder: the server is such a folder.
        UnsupportedLocation: nothing can be kept there.
    """

    def __init__(self, root: Path, tracking_uri: str, *, dry_run: bool = False) -> None:
        if is_offline(tracking_uri):
            raise PushToFolder
        self._contents = Contents(root)
        self._notes = Notes(root, tracking_uri)
        self._target = Target(tracking_uri)
        self._dry_run = dry_run
        self._told_experiments: dict[str, ToldExperiment | None] = {}
        self._experiments: dict[str, str | GenesisFlowError] = {}
        self._work: dict[str, _Work] = {}
        self._progress = Progress("Sending", 0, 0)

    @property
    def problems(self) -> Sequence[Problem]:
        """What in the folder cannot be sent, as far as it is known."""
        return self._contents.problems

    def run(self) -> Iterator[Pushed]:
        """Sends everything that is new; each experiment, run and model when it is done with.

        Raises:
            PushGoesOn: another push is at it.
            GenesisFlowError: the server does not answer, or takes nothing from us now. What it confirmed is noted.
            OSError: the folder cannot be written to.
        """
        if not self._dry_run:
            self._notes.open()
        try:
            works = [*self._prepared("run", self._contents.runs), *self._prepared("model", self._contents.models)]
            size_bytes = sum(file.size_bytes for work in works for file in work.files)
            with Progress("Sending", len(works), size_bytes, "runs") as self._progress:
                yield from self._send_experiments()
                for work in works:
                    yield self._guarded(work)
                    self._progress.add_file()
        finally:
            self._notes.close()

    def _prepared(self, kind: Kind, subjects: dict[str, Subject]) -> list[_Work]:
        for subject in subjects.values():
            note = self._notes.read(subject.id)
            result = Pushed(kind, subject.id, target_id=note.target_id)
            try:
                told = Told.of(subject, note)
            except (msgspec.MsgspecError, RecursionError, DamagedJournal) as error:
                told, result.outcome, result.reason = Told(), "failed", f"One of its records cannot be read: {error}."
                self._contents.problem((subject.lines[0].file if subject.lines else subject.id,), str(error))
            made = told.run or told.model
            result.name = (told.run.run_name if told.run else told.model.name if told.model else "") or ""
            files = self._contents.files(made.experiment_id or "", subject.id) if made else []
            self._work[subject.id] = _Work(subject, note, told, new_files(files, note), result)
            self._check_files(made.experiment_id or "" if made else "", subject.id, files, note, told)
        return [self._work[id_] for id_ in _parents_first(subjects, self._work)]

    def _check_files(self, experiment_id: str, id_: str, files: Sequence[LocalFile], note: Note, told: Told) -> None:
        found = {str(file.path) for file in files}
        for path in sorted(told.digests.keys() - found - note.files.keys()):
            self._contents.problem((*artifacts_of(experiment_id, id_), path), "was stored, and is not there any more")

    def _guarded(self, work: _Work) -> Pushed:
        """Sends one; what is refused for good is its failure, and the others go on."""
        result = work.result
        if result.outcome == "failed":
            return result
        try:
            self._send(work)
        except DamagedJournal as error:
            result.outcome, result.reason = "failed", f"One of its journals changed meanwhile: {error}."
        except GenesisFlowError as error:
            if not is_refusal(error):
                raise
            result.outcome, result.reason = "failed", error.message
        return result

    def _send(self, work: _Work) -> None:
        told, result = work.told, work.result
        if told.run is None and told.model is None:
            raise PushUntold("run" if result.kind == "run" else "logged model", work.subject.id)
        if self._is_left_out(work):
            result.outcome, result.reason = "left out", "It is deleted in the folder."
        elif work.is_new:
            self._count(work)
            result.outcome = "added to" if work.note.target_id else "made"
            if not self._dry_run:
                made = self._made(work)
                result.outcome, result.target_id = "made" if made.is_new else "added to", made.id
                (self._send_run if told.run else self._send_model)(work, made)

    def _is_left_out(self, work: _Work) -> bool:
        """Whether it was deleted before anybody else heard of it."""
        made = work.told.run or work.told.model
        assert made is not None
        experiment = self._told_experiment(made.experiment_id or "")
        return not work.note.target_id and (work.told.is_deleted or bool(experiment and experiment.is_deleted))

    def _count(self, work: _Work) -> None:
        told, result = work.told, work.result
        result.params, result.tags, result.files = len(told.new_params), len(told.new_tags), len(work.files)
        result.size_bytes = sum(file.size_bytes for file in work.files)
        if self._dry_run:
            result.points = len(told.metrics)
            for name in work.subject.points:
                for _, line in self._contents.points(work.subject, name, work.note.settled.get(name, 0)):
                    result.points += len(_batch(line).metrics)
                    result.size_bytes += len(bytes(line.message))

    # --- experiments ----------------------------------------------------------------------------------------------

    def _told_experiment(self, id_: str) -> ToldExperiment | None:
        if id_ not in self._told_experiments:
            self._told_experiments[id_] = self._read_experiment(id_)
        return self._told_experiments[id_]

    def _read_experiment(self, id_: str) -> ToldExperiment | None:
        subject = self._contents.experiments.get(id_)
        if subject is None:
            return None
        name = DEFAULT_EXPERIMENT_NAME if id_ == DEFAULT_EXPERIMENT_ID else ""
        try:
            return ToldExperiment.of(subject, self._notes.read(f"e-{id_}"), name)
        except (msgspec.MsgspecError, RecursionError) as error:
            self._contents.problem((subject.lines[0].file,), str(error))
            return None

    def _send_experiments(self) -> Iterator[Pushed]:
        """Those that were made or changed; the others are looked for when a run of theirs is sent."""
        for id_ in self._contents.experiments:
            told = self._told_experiment(id_)
            note = self._notes.read(f"e-{id_}")
            if told is None or not told.name or told.settled == note.settled:
                continue
            result = Pushed("experiment", id_, told.name, "added to" if note.target_id else "made", note.target_id)
            if told.is_deleted and not note.target_id:
                result.outcome, result.reason = "left out", "It is deleted in the folder."
            elif not self._dry_run:
                try:
                    result.target_id = self._experiment(id_, result)
                except GenesisFlowError as error:
                    if not is_refusal(error):
                        raise
                    result.outcome, result.reason = "failed", error.message
            yield result

    def _experiment(self, id_: str, result: Pushed | None = None) -> str:
        """The id of an experiment on the server."""
        if id_ not in self._experiments:
            try:
                self._experiments[id_] = self._find_experiment(id_, result or Pushed("experiment", id_))
            except GenesisFlowError as error:
                if not is_refusal(error):
                    raise
                self._experiments[id_] = error
        found = self._experiments[id_]
        if isinstance(found, GenesisFlowError):
            raise found
        return found

    def _find_experiment(self, id_: str, result: Pushed) -> str:
        told = self._told_experiment(id_)
        if told is None or not told.name:
            raise PushUntold("experiment", id_)
        tags = {key: value for key, value in told.tags.items() if value is not None}
        target_id, is_new = self._target.experiment(told.name, told.location, tags)
        result.outcome = "made" if is_new else "added to"
        if not is_new:
            for key in sorted(told.new_tags):
                self._set_experiment_tag(target_id, key, told.tags[key])
        result.tags = len(told.new_tags)
        self._notes.write(f"e-{id_}", Note(target_id=target_id, settled=dict(told.settled)))
        return target_id

    def _set_experiment_tag(self, target_id: str, key: str, value: str | None) -> None:
        if value is None:
            delete = experiments.DeleteExperimentTag(experiment_id=target_id, key=key)
            self._target.refusal(delete, experiments.DeleteExperimentTagResponse)  # it may not be there
        else:
            message = experiments.SetExperimentTag(experiment_id=target_id, key=key, value=value)
            self._target.ask(message, experiments.SetExperimentTagResponse)

    # --- made once ------------------------------------------------------------------------------------------------

    def _made(self, work: _Work) -> _Made:
        """The run or the model on the server, which is made if there is none."""
        if work.made is None:
            work.making = True
            try:
                work.made = self._made_run(work) if work.told.run else self._made_model(work)
            finally:
                work.making = False
            work.note.target_id = work.made.id
            self._notes.write(work.subject.id, work.note)
        return work.made

    def _mapped(self, id_: str) -> str:
        """The id on the server of a run or a model of this folder; of others, the same id."""
        work = self._work.get(id_)
        if work is None or work.making or not (work.told.run or work.told.model) or self._is_left_out(work):
            return id_
        return self._made(work).id

    def _made_run(self, work: _Work) -> _Made:
        told, noted = work.told, work.note.target_id
        assert told.run is not None
        if noted:
            run, is_new = self._target.get_run(noted), False
            run_tags = {tag.key: tag.value for tag in there(run.data).tags} if run else {}
            if run is None or run_tags.get(OFFLINE_RUN) != work.subject.id:
                raise PushTargetGone("run", noted, self._notes.path)
        else:
            tags = {key: value for key, value in told.tags.items() if value is not None and key != RUN_NAME}
            create = runs.CreateRun(
                experiment_id=self._experiment(told.run.experiment_id or ""),
                user_id=told.run.user_id,
                run_name=told.run_name or told.run.run_name,
                start_time=told.run.start_time,
                tags=self._run_tags({**tags, OFFLINE_RUN: work.subject.id}),
            )
            run, is_new = self._target.run(create, work.subject.id)
        info = there(run.info)
        restores = told.stage_is_new and not told.is_deleted
        if info.lifecycle_stage == "deleted" and not restores:
            raise PushTargetDeleted("run", info.run_id or "")
        if info.lifecycle_stage == "deleted":
            self._target.ask(runs.RestoreRun(run_id=info.run_id or ""), runs.RestoreRunResponse)
        return _Made(info.run_id or "", info.artifact_uri or "", is_new, run)

    def _run_tags(self, tags: dict[str, str]) -> tuple[RunTag, ...]:
        return tuple(
            RunTag(key=key, value=self._mapped(value) if key == PARENT else value) for key, value in tags.items()
        )

    def _made_model(self, work: _Work) -> _Made:
        told, noted = work.told, work.note.target_id
        assert told.model is not None
        if noted:
            model, is_new = self._target.get_model(noted), False
            model_tags = {tag.key: tag.value for tag in there(model.info).tags} if model else {}
            if model is None or model_tags.get(OFFLINE_MODEL) != work.subject.id:
                raise PushTargetGone("logged model", noted, self._notes.path)
        else:
            source = told.model.source_run_id
            kept = {key: value for key, value in told.tags.items() if value is not None}
            create = logged_models.CreateLoggedModel(
                experiment_id=self._experiment(told.model.experiment_id),
                name=told.model.name,
                model_type=told.model.model_type,
                source_run_id=self._mapped(source) if source else None,
                tags=tuple(LoggedModelTag(key=k, value=v) for k, v in {**kept, OFFLINE_MODEL: work.subject.id}.items()),
            )
            model, is_new = self._target.model(create, work.subject.id)
        info = there(model.info)
        return _Made(info.model_id or "", info.artifact_uri or "", is_new, model)

    # --- what was logged ------------------------------------------------------------------------------------------

    def _send_run(self, work: _Work, made: _Made) -> None:
        told = work.told
        for key, value in sorted(told.contradicted.items()):
            self._refuse(work, {"param": key, "value": value}, "The run has another value of this param already.")
        self._log(work, made, params=[Param(key=key, value=value) for key, value in told.new_params.items()])
        if not made.is_new:
            self._send_tags(work, made)
        self._send_links(work, made)
        self._send_points(work, made)
        self._send_files(work, made)
        update = runs.UpdateRun(
            run_id=made.id,
            status=told.status,
            end_time=told.end_time,
            run_name=None if made.is_new else told.run_name,
        )
        if (update.status, update.end_time, update.run_name) != (None, None, None):
            self._target.ask(update, runs.UpdateRunResponse)
        if told.stage_is_new and told.is_deleted:
            self._target.ask(runs.DeleteRun(run_id=made.id), runs.DeleteRunResponse)
        self._settle(work)

    def _settle(self, work: _Work) -> None:
        work.note.settled |= work.told.settled
        work.note.is_sending = False
        self._notes.write(work.subject.id, work.note)

    def _send_tags(self, work: _Work, made: _Made) -> None:
        keys = sorted(work.told.new_tags - {RUN_NAME})
        tags = {key: value for key in keys if (value := work.told.tags[key]) is not None}
        self._log(work, made, tags=self._run_tags(tags))
        for key in keys:
            if key not in tags:
                delete = runs.DeleteTag(run_id=made.id, key=key)
                self._target.refusal(delete, runs.DeleteTagResponse)  # it may not be there

    def _send_links(self, work: _Work, made: _Made) -> None:
        """The datasets and models that it read, and the models that it made."""
        told, before = work.told, made.before
        assert isinstance(before, Run)
        known = before.inputs.dataset_inputs if before.inputs else ()
        there_already = {(one.dataset.name, one.dataset.digest) for one in known}
        datasets = tuple(one for one in told.datasets if (one.dataset.name, one.dataset.digest) not in there_already)
        models = tuple(ModelInput(model_id=self._mapped(id_)) for id_ in told.model_inputs)
        if datasets or models:
            message = runs.LogInputs(run_id=made.id, datasets=datasets, models=models)
            self._taken(work, message, runs.LogInputsResponse)
        outputs = tuple(msgspec.structs.replace(one, model_id=self._mapped(one.model_id)) for one in told.model_outputs)
        if outputs:
            self._taken(work, runs.LogOutputs(run_id=made.id, models=outputs), runs.LogOutputsResponse)
        self._describe(work, made, before)

    def _describe(self, work: _Work, made: _Made, before: Run) -> None:
        tags = {tag.key: tag.value for tag in there(before.data).tags}
        listed = _listed(tags.get(LOGGED_MODELS) or "[]")
        for text in work.told.descriptions:
            described: dict[str, Any] = {**msgspec.json.decode(text), "run_id": made.id}
            if described not in listed:
                message = runs.LogModel(run_id=made.id, model_json=msgspec.json.encode(described).decode())
                self._taken(work, message, runs.LogModelResponse)

    def _send_points(self, work: _Work, made: _Made) -> None:
        """Points in the order in which they were logged, each once, also on a server that keeps whatever comes."""
        note = work.note
        is_unsure = not made.is_new and (note.is_sending or not note.settled)
        compares = _Compared(self._target, made.id) if is_unsure else None
        if (work.has_new_points or work.told.metrics) and not note.is_sending:
            note.is_sending = True
            self._notes.write(work.subject.id, note)
        for at in range(0, len(work.told.metrics), METRICS_A_BATCH):
            self._log_points(work, made, work.told.metrics[at : at + METRICS_A_BATCH], compares)
        for name in work.subject.points:
            lines = self._contents.points(work.subject, name, note.settled.get(name, 0))
            for end, points, size_bytes in _batches(lines):
                work.result.size_bytes += size_bytes
                self._progress.add(size_bytes)
                self._log_points(work, made, points, compares)
                note.settled[name] = end
                self._notes.write(work.subject.id, note)

    def _log_points(self, work: _Work, made: _Made, points: Sequence[Metric], compares: _Compared | None) -> None:
        mapped = [
            msgspec.structs.replace(point, model_id=self._mapped(point.model_id)) if point.model_id else point
            for point in points
        ]
        sent = compares.missing(mapped) if compares else mapped
        work.result.points += len(sent)
        self._log(work, made, metrics=sent)

    def _log(
        self,
        work: _Work,
        made: _Made,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
    ) -> None:
        for at in range(0, len(metrics), METRICS_A_BATCH):
            self._log_batch(work, runs.LogBatch(run_id=made.id, metrics=tuple(metrics[at : at + METRICS_A_BATCH])))
        for at in range(0, len(params), PARAMS_A_BATCH):
            self._log_batch(work, runs.LogBatch(run_id=made.id, params=tuple(params[at : at + PARAMS_A_BATCH])))
        for at in range(0, len(tags), TAGS_A_BATCH):
            self._log_batch(work, runs.LogBatch(run_id=made.id, tags=tuple(tags[at : at + TAGS_A_BATCH])))

    def _log_batch(self, work: _Work, batch: runs.LogBatch) -> None:
        for part, error in self._target.log(batch):
            self._refuse(work, msgspec.Raw(codec.encode(part)), error.message)

    def _taken(self, work: _Work, message: Any, response: Any) -> None:
        if (error := self._target.refusal(message, response)) is not None:
            self._refuse(work, msgspec.Raw(codec.encode(message)), error.message)

    def _refuse(self, work: _Work, what: object, reason: str) -> None:
        work.result.refused += 1
        work.result.reason = work.result.reason or f"Something is refused: {reason}"
        line = {"kind": work.result.kind, "id": work.subject.id, "reason": reason, "refused": what}
        self._notes.refuse(msgspec.json.encode(line))

    def _send_files(self, work: _Work, made: _Made) -> None:
        if not work.files:
            return
        created = work.told.run or work.told.model
        assert created is not None
        root = artifacts_of(created.experiment_id or "", work.subject.id)
        files = Files(
            self._contents,
            root,
            made.location,
            self._target.uri,
            work.told.digests,
            self._progress,
            is_resumed=not made.is_new,
        )
        files.send(work.files, work.note, lambda: self._notes.write(work.subject.id, work.note))
        work.result.files -= files.failed

    def _send_model(self, work: _Work, made: _Made) -> None:
        told = work.told
        assert isinstance(made.before, LoggedModel)
        # COMPAT: mlflow 3.17 fails if a param of a model is logged again, with whatever value.
        known = {param.key: param.value for param in made.before.data.params} if made.before.data else {}
        new = {key: value for key, value in told.new_params.items() if known.get(key) != value}
        params = [LoggedModelParameter(key=key, value=value) for key, value in new.items()]
        for at in range(0, len(params), PARAMS_A_BATCH):
            message = logged_models.LogLoggedModelParamsRequest(
                model_id=made.id, params=tuple(params[at : at + PARAMS_A_BATCH])
            )
            self._taken(work, message, logged_models.LogLoggedModelParamsRequestResponse)
        if not made.is_new:
            self._send_model_tags(work, made)
        self._send_files(work, made)
        if told.model_status is not None:
            final = logged_models.FinalizeLoggedModel(model_id=made.id, status=told.model_status)
            self._target.ask(final, logged_models.FinalizeLoggedModelResponse)
        if told.stage_is_new and told.is_deleted:
            delete = logged_models.DeleteLoggedModel(model_id=made.id)
            self._target.ask(delete, logged_models.DeleteLoggedModelResponse)
        self._settle(work)

    def _send_model_tags(self, work: _Work, made: _Made) -> None:
        tags = work.told.tags
        kept = [(key, value) for key in sorted(work.told.new_tags) if (value := tags[key]) is not None]
        if kept:
            pairs = tuple(LoggedModelTag(key=key, value=value) for key, value in kept)
            message = logged_models.SetLoggedModelTags(model_id=made.id, tags=pairs)
            self._target.ask(message, logged_models.SetLoggedModelTagsResponse)
        for key in sorted(key for key in work.told.new_tags if tags[key] is None):
            delete = logged_models.DeleteLoggedModelTag(model_id=made.id, tag_key=key)
            self._target.refusal(delete, logged_models.DeleteLoggedModelTagResponse)


class _Compared:
    """Points that the server has already, read once for each metric."""

    def __init__(self, target: Target, run_id: str) -> None:
        self._target, self._run_id = target, run_id
        self._known: dict[str, set[tuple[int, int, str]]] = {}

    def missing(self, points: Iterable[Metric]) -> list[Metric]:
        """Those that are not there."""
        found = []
        for point in points:
            key = point.key or ""
            if key not in self._known:
                self._known[key] = self._target.points(self._run_id, key)
            if point_key(point) not in self._known[key]:
                found.append(point)
        return found


def fields_of(pushed: Pushed) -> dict[str, object]:
    """What has become of one, for programs."""
    return asdict(pushed)


def _batch(line: Line) -> runs.LogBatch:
    try:
        batch = line.said
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DamagedJournal(0, f"a record with points cannot be read ({error})") from None
    assert isinstance(batch, runs.LogBatch)
    return batch


def _batches(lines: Iterator[tuple[int, Line]]) -> Iterator[tuple[int, list[Metric], int]]:
    """Points in batches, each with the number behind its last record and the size of its records."""
    points: list[Metric] = []
    end = size_bytes = 0
    for number, line in lines:
        metrics = _batch(line).metrics
        if points and len(points) + len(metrics) > METRICS_A_BATCH:
            yield end, points, size_bytes
            points, size_bytes = [], 0
        points += metrics
        size_bytes += len(bytes(line.message))
        end = number + 1
    if end:
        yield end, points, size_bytes


def _listed(text: str) -> list[Any]:
    try:
        return msgspec.json.decode(text, type=list)
    except msgspec.MsgspecError:
        return []


def _parents_first(subjects: Iterable[str], works: dict[str, _Work]) -> list[str]:
    """Ids in an order in which a run comes behind the one it is nested in; in a circle, somewhere."""
    done: dict[str, None] = {}
    asked = set(subjects)
    for id_ in subjects:
        chain: dict[str, None] = {}
        at: str | None = id_
        while at is not None and at in works and at not in done and at not in chain:
            chain[at] = None
            at = works[at].told.tags.get(PARENT)
        for one in reversed(chain):
            done[one] = None
    return [id_ for id_ in done if id_ in asked]
