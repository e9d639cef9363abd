"""Runs in memory: their life, and everything written to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from genesis_flow.errors import MissingParameter, ParameterChanged, TagNotFound
from genesis_flow.rules.aggregates import Summary
from genesis_flow.rules.ids import experiment_key, new_run_id
from genesis_flow.rules.locations import run_artifacts
from genesis_flow.rules.points import Triple, rank
from genesis_flow.rules.run_names import random_run_name
from genesis_flow.rules.stages import ACTIVE, DELETED, STAGES
from genesis_flow.rules.tags import DATASET_CONTEXT, LOGGED_MODELS, RUN_NAME, with_model
from genesis_flow.search.ast import Field, Kind, Value
from genesis_flow.stores import asking
from genesis_flow.stores.memory.outbox import Outbox
from genesis_flow.stores.memory.search import Query, in_line, page
from genesis_flow.stores.memory.state import StoredRun
from genesis_flow.stores.run_tables import Cell, fields_of, number, reply
from genesis_flow.stores.webhook_events import run_ended
from genesis_flow.values.datasets import DatasetInput, InputTag
from genesis_flow.values.experiments import ViewType
from genesis_flow.values.logged_models import ModelInput, ModelOutput
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, Run, RunData, RunInfo, RunInputs, RunOutputs, RunTag
from genesis_flow.wire import codec
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages import run_tables
from genesis_flow.wire.messages import runs as messages


class Runs(Outbox):
    """The verbs of the noun."""

    async def create_run(self, message: messages.CreateRun) -> messages.CreateRunResponse:
        if not message.experiment_id:
            raise MissingParameter("experiment_id")
        experiment = self._state.active_experiment(message.experiment_id).value
        tags = {tag.key or "": tag.value or "" for tag in message.tags}
        name = message.run_name or tags.get(RUN_NAME) or random_run_name()
        run_id = new_run_id()
        info = RunInfo(
            run_id=run_id,
            run_uuid=run_id,
            run_name=name,
            experiment_id=experiment.experiment_id,
            user_id=message.user_id or "",
            status="RUNNING",
            start_time=message.start_time or 0,
            artifact_uri=run_artifacts(experiment.artifact_location or "", run_id),
            lifecycle_stage=ACTIVE,
        )
        stored = StoredRun(experiment_key(message.experiment_id), info, tags={**tags, RUN_NAME: name})
        self._state.runs[run_id] = stored
        return messages.CreateRunResponse(run=msgspec.structs.replace(self._run(stored), outputs=None))

    async def get_run(self, message: messages.GetRun) -> messages.GetRunResponse:
        return messages.GetRunResponse(run=self._run(self._state.run(message.run_id or message.run_uuid or "")))

    async def update_run(self, message: messages.UpdateRun) -> messages.UpdateRunResponse:
        stored = self._state.active_run(message.run_id or message.run_uuid or "")
        before = stored.info
        stored.info = msgspec.structs.replace(
            before,
            run_name=message.run_name or before.run_name,
            status=message.status or before.status,
            end_time=before.end_time if message.end_time is None else message.end_time,
        )
        if message.run_name:
            stored.tags[RUN_NAME] = message.run_name
        if ended := run_ended(stored.info, before.status):
            self.tell(ended)
        return messages.UpdateRunResponse(run_info=_shown(stored.info))

    async def delete_run(self, message: messages.DeleteRun) -> messages.DeleteRunResponse:
        self._set_stage_of_run(message.run_id, DELETED)
        return messages.DeleteRunResponse()

    async def restore_run(self, message: messages.RestoreRun) -> messages.RestoreRunResponse:
        self._set_stage_of_run(message.run_id, ACTIVE)
        return messages.RestoreRunResponse()

    def _set_stage_of_run(self, run_id: str, stage: str) -> None:
        stored = self._state.run(run_id)
        stored.info = msgspec.structs.replace(stored.info, lifecycle_stage=stage)
        stored.deleted = self._state.clock() if stage == DELETED else None

    async def search_runs(self, message: messages.SearchRuns) -> messages.SearchRunsResponse:
        asked = asking.of_runs(message, self._state.secret)
        query = Query(asked, _values, _value)
        shown, token = page(self._in_view(asked, message.run_view_type), query, message.max_results)
        return messages.SearchRunsResponse(runs=tuple(map(self._run, shown)), next_page_token=token)

    async def get_runs_table(self, message: run_tables.GetRunsTable) -> Encoded[run_tables.GetRunsTableResponse]:
        fields, asked = fields_of(message), asking.of_table(message)
        query = Query(asked, _values, _value)
        line = in_line(self._in_view(asked, message.run_view_type), query)
        block = line[message.offset : message.offset + message.limit]
        values = [[_cell(run, field) for run in block] for field in fields]
        return reply(message, fields, len(line), [run.info.run_id or "" for run in block], values)

    def _in_view(self, asked: asking.Asked, view: ViewType) -> list[StoredRun]:
        stages = STAGES[view]
        return [run for run in self._state.runs_in(asked.experiments) if run.info.lifecycle_stage in stages]

    # --- what is written to a run ---------------------------------------------------------------------------

    async def log_batch(self, message: messages.LogBatch) -> messages.LogBatchResponse:
        stored = self._state.active_run(message.run_id or "")
        for param in message.params:
            known = stored.params.get(param.key or "", param.value or "")
            if known != (param.value or ""):
                raise ParameterChanged(param.key or "", known, param.value or "")
        ids = {metric.model_id for metric in message.metrics if metric.model_id}
        models = {model_id: self._state.model_of_points(model_id) for model_id in ids}
        stored.params.update({param.key or "": param.value or "" for param in message.params})
        stored.tags.update({tag.key or "": tag.value or "" for tag in message.tags})
        for metric in message.metrics:
            key, number = metric.key or "", float(metric.value or 0.0)
            timestamp, step, text = metric.timestamp or 0, metric.step or 0, codec.number(number)
            plain = Metric(key=key, value=number, timestamp=timestamp, step=step)
            stored.points.setdefault((key, timestamp, step, text), plain)
            if metric.model_id and (model := models[metric.model_id]) is not None:
                name, digest, run_id = (
                    metric.dataset_name or "",
                    metric.dataset_digest or "",
                    message.run_id or "",
                )
                model.points[key, name, digest, timestamp, step, run_id, text] = plain
        if renamed := [tag.value or "" for tag in message.tags if tag.key == RUN_NAME]:
            stored.info = msgspec.structs.replace(stored.info, run_name=renamed[-1])
        return messages.LogBatchResponse()

    async def delete_tag(self, message: messages.DeleteTag) -> messages.DeleteTagResponse:
        if self._state.active_run(message.run_id).tags.pop(message.key, None) is None:
            raise TagNotFound(message.key, f"The run '{message.run_id}'")
        return messages.DeleteTagResponse()

    async def log_inputs(self, message: messages.LogInputs) -> messages.LogInputsResponse:
        stored = self._state.active_run(message.run_id)
        for given in message.datasets:
            key = stored.experiment, given.dataset.name, given.dataset.digest
            self._state.datasets.setdefault(key, given.dataset)
            stored.inputs.setdefault(key, tuple(InputTag(key=tag.key, value=tag.value or "") for tag in given.tags))
        for model in message.models:
            stored.models.setdefault(("input", model.model_id), 0)
        return messages.LogInputsResponse()

    async def log_outputs(self, message: messages.LogOutputs) -> messages.LogOutputsResponse:
        stored = self._state.active_run(message.run_id)
        for model in message.models:
            stored.models.setdefault(("output", model.model_id), model.step)
        return messages.LogOutputsResponse()

    async def log_model(self, message: messages.LogModel) -> messages.LogModelResponse:
        stored = self._state.active_run(message.run_id or "")
        stored.tags[LOGGED_MODELS] = with_model(stored.tags.get(LOGGED_MODELS), message.model_json)
        return messages.LogModelResponse()

    def _run(self, stored: StoredRun) -> Run:
        return Run(
            info=_shown(stored.info),
            data=RunData(
                metrics=tuple(metric for _, metric in sorted(latest(stored).items())),
                params=tuple(Param(key=k, value=v) for k, v in sorted(stored.params.items())),
                tags=tuple(RunTag(key=k, value=v) for k, v in sorted(stored.tags.items())),
            ),
            inputs=RunInputs(
                dataset_inputs=tuple(
                    DatasetInput(dataset=self._state.datasets[key], tags=stored.inputs[key])
                    for key in self._state.datasets_in_order(stored)
                ),
                model_inputs=tuple(
                    ModelInput(model_id=model_id) for way, model_id in sorted(stored.models) if way == "input"
                ),
            ),
            outputs=RunOutputs(
                model_outputs=tuple(
                    ModelOutput(model_id=model_id, step=step)
                    for (way, model_id), step in sorted(stored.models.items())
                    if way == "output"
                )
            ),
        )


def _shown(info: RunInfo) -> RunInfo:
    # COMPAT: mlflow 3.17 leaves an end at 0 out, like no end; a search does find it.
    return msgspec.structs.replace(info, end_time=info.end_time or None)


def latest(stored: StoredRun) -> dict[str, Metric]:
    """Of each metric the first point with the highest step, then time, then value; NaN counts as 0."""
    found: dict[str, Metric] = {}
    for metric in stored.points.values():
        key = metric.key or ""
        if key not in found or rank(_triple(metric)) > rank(_triple(found[key])):
            found[key] = metric
    return found


def _triple(metric: Metric) -> Triple:
    return metric.timestamp or 0, metric.step or 0, metric.value or 0.0


def _values(stored: StoredRun, field: Field) -> Sequence[Value]:
    match field.kind:
        case Kind.ATTRIBUTE:
            return _known([getattr(stored.info, field.key)])
        case Kind.METRIC:
            metric = latest(stored).get(field.key)
            return [metric.value or 0.0] if metric else _aggregate(stored, field)
        case Kind.PARAM:
            return _known([stored.params.get(field.key)])
        case Kind.TAG:
            return _known([stored.tags.get(field.key)])
        case Kind.DATASET:
            return _known(_of_dataset(field.key, key, stored) for key in stored.inputs)


def _value(stored: StoredRun, field: Field) -> Value | None:
    return next(iter(_values(stored, field)), None)


def _cell(stored: StoredRun, field: Field) -> Cell:
    value = _value(stored, field)
    return number(value) if isinstance(value, float) else value


def _aggregate(stored: StoredRun, field: Field) -> Sequence[Value]:
    if field.aggregate is None:
        return []
    points = [_triple(point) for point in stored.points_of(field.aggregate.key)]
    return [Summary.of(points).value(field.aggregate.name)] if points else []


def _of_dataset(name: str, key: tuple[int, str, str], stored: StoredRun) -> str | None:
    match name:
        case "name":
            return key[1]
        case "digest":
            return key[2]
        case _:
            return {tag.key: tag.value for tag in stored.inputs[key]}.get(DATASET_CONTEXT)


def _known(values: Iterable[Value | None]) -> list[Value]:
    return [value for value in values if value is not None]
