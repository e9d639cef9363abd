"""What was logged to a run or a model, to the server: in order, each thing once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from genesis_flow.client.push.contents import Contents
from genesis_flow.client.push.files import Files
from genesis_flow.client.push.making import Making
from genesis_flow.client.push.notes import Notes
from genesis_flow.client.push.target import PointKey, Target, point_key
from genesis_flow.client.push.works import Made, Work
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.words import there
from genesis_flow.journals.layout import artifacts_of
from genesis_flow.journals.lines import DamagedJournal, Line
from genesis_flow.rules.limits import METRICS_A_BATCH, PARAMS_A_BATCH, TAGS_A_BATCH
from genesis_flow.rules.tags import LOGGED_MODELS, RUN_NAME
from genesis_flow.values.logged_models import LoggedModel, LoggedModelParameter, LoggedModelTag, ModelInput
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, Run, RunTag
from genesis_flow.wire import codec
from genesis_flow.wire.messages import logged_models, runs


class Sending:
    """Sends what is new of runs and models that are on the server.

    Args:
        contents: the folder.
        notes: what the server has confirmed.
        target: the server.
        making: knows the ids there.
        progress: what counts bytes.
    """

    def __init__(self, contents: Contents, notes: Notes, target: Target, making: Making, progress: Progress) -> None:
        self._contents, self._notes, self._target, self._making = contents, notes, target, making
        self._progress = progress

    def run(self, work: Work, made: Made) -> None:
        """Sends what was logged to a run; its end comes last."""
        told = work.told
        for key, value in sorted(told.contradicted.items()):
            self._refuse(work, {"param": key, "value": value}, "The run has another value of this param already.")
        self._log(work, made, params=[Param(key=key, value=value) for key, value in told.new_params.items()])
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

    def _settle(self, work: Work) -> None:
        work.note.settled |= work.told.settled
        work.note.is_sending = False
        self._notes.write(work.subject.id, work.note)

    def _send_tags(self, work: Work, made: Made) -> None:
        keys = sorted(work.told.new_tags - {RUN_NAME})
        tags = {key: value for key in keys if (value := work.told.tags[key]) is not None}
        self._log(work, made, tags=self._making.run_tags(tags))
        for key in keys:
            if key not in tags and not made.is_new:
                delete = runs.DeleteTag(run_id=made.id, key=key)
                self._target.refusal(delete, runs.DeleteTagResponse)  # it may not be there

    def _send_links(self, work: Work, made: Made) -> None:
        """The datasets and models that it read, and the models that it made."""
        told, before = work.told, made.before
        assert isinstance(before, Run)
        known = before.inputs.dataset_inputs if before.inputs else ()
        there_already = {(one.dataset.name, one.dataset.digest) for one in known}
        datasets = tuple(one for one in told.datasets if (one.dataset.name, one.dataset.digest) not in there_already)
        models = tuple(ModelInput(model_id=self._making.mapped(id_)) for id_ in told.model_inputs)
        if datasets or models:
            message = runs.LogInputs(run_id=made.id, datasets=datasets, models=models)
            self._taken(work, message, runs.LogInputsResponse)
        outputs = tuple(
            msgspec.structs.replace(one, model_id=self._making.mapped(one.model_id)) for one in told.model_outputs
        )
        if outputs:
            self._taken(work, runs.LogOutputs(run_id=made.id, models=outputs), runs.LogOutputsResponse)
        self._describe(work, made, before)

    def _describe(self, work: Work, made: Made, before: Run) -> None:
        tags = {tag.key: tag.value for tag in there(before.data).tags}
        listed = _listed(tags.get(LOGGED_MODELS) or "[]")
        for text in work.told.descriptions:
            try:
                described: dict[str, Any] = {**msgspec.json.decode(text, type=dict), "run_id": made.id}
            except (msgspec.MsgspecError, RecursionError):
                self._refuse(work, {"model_json": text}, "The description of a model is no JSON object.")
                continue
            if described not in listed:
                message = runs.LogModel(run_id=made.id, model_json=msgspec.json.encode(described).decode())
                self._taken(work, message, runs.LogModelResponse)

    def _send_points(self, work: Work, made: Made) -> None:
        """Points in the order in which they were logged, each once, also on a server that keeps whatever comes."""
        note = work.note
        is_unsure = not made.is_new and (note.is_sending or not note.settled)
        compares = _Compared(self._target, made.id) if is_unsure else None
        if (work.has_new_points or work.told.metrics) and not note.is_sending:
            note.is_sending = True
            self._notes.write(work.subject.id, note)
        self._log_points(work, made, work.told.metrics, compares)
        for name in work.subject.points:
            lines = self._contents.points(work.subject, name, note.settled.get(name, 0))
            for end, points, size_bytes in batches(lines):
                work.result.size_bytes += size_bytes
                self._progress.add(size_bytes)
                self._log_points(work, made, points, compares)
                note.settled[name] = end
                self._notes.write(work.subject.id, note)

    def _log_points(self, work: Work, made: Made, points: Sequence[Metric], compares: _Compared | None) -> None:
        mapped = [
            msgspec.structs.replace(point, model_id=self._making.mapped(point.model_id)) if point.model_id else point
            for point in points
        ]
        sent = compares.missing(mapped) if compares else mapped
        work.result.points += len(sent)
        self._log(work, made, metrics=sent)

    def _log(
        self,
        work: Work,
        made: Made,
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

    def _log_batch(self, work: Work, batch: runs.LogBatch) -> None:
        for part, error in self._target.log(batch):
            self._refuse(work, msgspec.Raw(codec.encode(part)), error.message)

    def _taken(self, work: Work, message: Any, response: Any) -> None:
        if (error := self._target.refusal(message, response)) is not None:
            self._refuse(work, msgspec.Raw(codec.encode(message)), error.message)

    def _refuse(self, work: Work, what: object, reason: str) -> None:
        work.result.refused += 1
        work.result.reason = work.result.reason or f"Something is refused: {reason}"
        line = {"kind": work.result.kind, "id": work.subject.id, "reason": reason, "refused": what}
        self._notes.refuse(msgspec.json.encode(line))

    def _send_files(self, work: Work, made: Made) -> None:
        if not work.files:
            return
        root = artifacts_of(work.told.experiment_id, work.subject.id)
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

    def model(self, work: Work, made: Made) -> None:
        """Sends what was logged to a model, and its files."""
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

    def _send_model_tags(self, work: Work, made: Made) -> None:
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
        self._known: dict[str, set[PointKey]] = {}

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


def batch_of(line: Line) -> runs.LogBatch:
    """The points of a line.

    Raises:
        DamagedJournal: it has none.
    """
    try:
        batch = line.said
    except (msgspec.MsgspecError, RecursionError) as error:
        raise DamagedJournal(0, f"a record with points cannot be read ({error})") from None
    assert isinstance(batch, runs.LogBatch)
    return batch


def batches(lines: Iterator[tuple[int, Line]]) -> Iterator[tuple[int, list[Metric], int]]:
    """Points in batches, each with the number behind its last record and the size of its records."""
    points: list[Metric] = []
    end = size_bytes = 0
    for number, line in lines:
        metrics = batch_of(line).metrics
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
