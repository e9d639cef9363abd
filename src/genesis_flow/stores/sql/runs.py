"""Runs in SQL: their life, and everything written to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import (
    MissingParameter,
    ParameterChanged,
    RunNotActive,
    RunNotFound,
    TagNotFound,
)
from genesis_flow.rules.ids import new_run_id
from genesis_flow.rules.locations import run_artifacts
from genesis_flow.rules.run_names import random_run_name
from genesis_flow.rules.stages import ACTIVE, DELETED, REMOVED
from genesis_flow.rules.tags import DATASET_CONTEXT, LOGGED_MODELS, RUN_NAME, with_model
from genesis_flow.stores.sql import documents, experiments, metrics, outbox, schema
from genesis_flow.stores.sql.connection import Connection, Statement
from genesis_flow.stores.sql.upsert import upsert
from genesis_flow.stores.webhook_events import run_ended
from genesis_flow.values.datasets import DatasetInput
from genesis_flow.values.runs import Param, Run, RunData, RunInfo, RunInputs, RunTag
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages import runs as messages

T = schema.runs
FEW_PARAMS = 4

STATE = Statement(
    sa.select(T.c.id, T.c.experiment_id, T.c.lifecycle_stage).where(
        T.c.run_id == value("run_id"), T.c.lifecycle_stage != REMOVED
    )
)
INFO = Statement(sa.select(*documents.INFO_COLUMNS).where(T.c.run_id == value("run_id")))
INSERT = Statement(
    sa.insert(T).values({
        c: value(c)
        for c in (
            "run_id", "experiment_id", "lifecycle_stage", "name", "user_id", "status", "started_ms", "artifact_uri",
        )
    })
)  # fmt: skip
UPDATE = Statement(
    sa.update(T)
    .where(T.c.id == value("run"))
    .values(name=value("name"), status=value("status"), ended_ms=value("ended_ms"), document=sa.null())
)
RENAME = Statement(sa.update(T).where(T.c.id == value("run")).values(name=value("new")))
SET_STAGE = Statement(
    sa.update(T)
    .where(T.c.id == value("run"))
    .values(lifecycle_stage=value("stage"), deleted_ms=value("deleted"), document=sa.null())
)

PARAMS, TAGS = schema.run_params, schema.run_tags
PARAM = Statement(sa.select(PARAMS.c.value).where(PARAMS.c.run == value("run"), PARAMS.c.key == value("name")))
ALL_PARAMS = Statement(sa.select(PARAMS.c.key, PARAMS.c.value).where(PARAMS.c.run == value("run")))
PUT_PARAM = Statement(upsert(PARAMS, "run", "key"))
TAG = Statement(sa.select(TAGS.c.value).where(TAGS.c.run == value("run"), TAGS.c.key == value("name")))
PUT_TAG = Statement(upsert(TAGS, "run", "key", update=("value", "head")))
DELETE_TAG = Statement(sa.delete(TAGS).where(TAGS.c.run == value("run"), TAGS.c.key == value("name")))

DATA, INPUTS = schema.datasets, schema.run_datasets
# Locked, where rows can be, so that it is not removed as unused before the link to it is there.
DATASET = Statement(
    sa.select(DATA.c.id)
    .where(
        DATA.c.experiment_id == value("experiment"),
        DATA.c.name == value("name"),
        DATA.c.digest == value("digest"),
    )
    .with_for_update(read=True, key_share=True)
)
ADD_DATASET = Statement(sa.insert(DATA).values({c.name: value(c.name) for c in DATA.columns if c.name != "id"}))
ADD_INPUT = Statement(upsert(INPUTS, "run", "dataset"))
ADD_MODEL = Statement(upsert(schema.run_models, "run", "direction", "model_id"))


def create(connection: Connection, message: messages.CreateRun) -> messages.CreateRunResponse:
    """Inserts a run with its tags."""
    if not message.experiment_id:
        raise MissingParameter("experiment_id")
    experiment, location = experiments.require_active(connection, message.experiment_id)
    tags = {tag.key or "": tag.value or "" for tag in message.tags}
    name = message.run_name or tags.get(RUN_NAME) or random_run_name()
    tags[RUN_NAME] = name
    run_id = new_run_id()
    described = RunInfo(
        run_id=run_id,
        run_uuid=run_id,
        run_name=name,
        experiment_id=str(experiment),
        user_id=message.user_id or "",
        status="RUNNING",
        start_time=message.start_time or 0,
        artifact_uri=run_artifacts(location, run_id),
        lifecycle_stage=ACTIVE,
    )
    run = connection.insert(
        INSERT,
        run_id=run_id,
        experiment_id=experiment,
        lifecycle_stage=ACTIVE,
        name=name,
        user_id=described.user_id,
        status=described.status,
        started_ms=described.start_time,
        artifact_uri=described.artifact_uri,
    )
    put_texts(connection, PUT_TAG, run, experiment, tags)
    data = RunData(tags=tuple(RunTag(key=k, value=v) for k, v in sorted(tags.items())))
    return messages.CreateRunResponse(run=Run(info=described, data=data, inputs=RunInputs()))


def get(connection: Connection, message: messages.GetRun) -> Encoded[messages.GetRunResponse]:
    """Reads a run."""
    run_id = message.run_id or message.run_uuid or ""
    run, _, _ = state(connection, run_id)
    (document,) = documents.documents(connection, [run])
    return Encoded(b'{"run":' + document + b"}", messages.GetRunResponse)


def update(connection: Connection, message: messages.UpdateRun, *, now_ms: int) -> messages.UpdateRunResponse:
    """Changes what the message gives and leaves the rest."""
    run_id = message.run_id or message.run_uuid or ""
    run, experiment = require_active(connection, run_id)
    row = connection.row(INFO, run_id=run_id)
    assert row is not None  # it was there a line ago, in the same transaction
    before = documents.info(row)
    name = message.run_name or before.run_name
    connection.run(
        UPDATE,
        run=run,
        name=name,
        status=message.status or before.status,
        ended_ms=before.end_time if message.end_time is None else message.end_time,
    )
    if message.run_name:
        put_texts(connection, PUT_TAG, run, experiment, {RUN_NAME: message.run_name})
    after = connection.row(INFO, run_id=run_id)
    assert after is not None
    info = documents.info(after)
    outbox.tell(connection, run_ended(info, before.status), now_ms)
    return messages.UpdateRunResponse(run_info=info)


def delete(connection: Connection, message: messages.DeleteRun, *, now_ms: int) -> messages.DeleteRunResponse:
    """Marks a run as deleted."""
    run, _, _ = state(connection, message.run_id)
    connection.run(SET_STAGE, run=run, stage=DELETED, deleted=now_ms)
    connection.states.clear()
    return messages.DeleteRunResponse()


def restore(connection: Connection, message: messages.RestoreRun) -> messages.RestoreRunResponse:
    """Brings a run back."""
    run, _, _ = state(connection, message.run_id)
    connection.run(SET_STAGE, run=run, stage=ACTIVE, deleted=None)
    connection.states.clear()
    return messages.RestoreRunResponse()


def log_batch(connection: Connection, message: messages.LogBatch) -> messages.LogBatchResponse:
    """Writes params, metrics and tags of a run, after every check that can refuse them."""
    run, experiment = require_active(connection, message.run_id or "")
    params = new_params(connection, run, message.params)
    if message.metrics:
        metrics.write(connection, run, experiment, message.run_id or "", message.metrics)
    if params:
        put_texts(connection, PUT_PARAM, run, experiment, params)
    if message.tags:
        tags = {tag.key or "": tag.value or "" for tag in message.tags}
        put_texts(connection, PUT_TAG, run, experiment, tags)
        if RUN_NAME in tags:
            connection.run(RENAME, run=run, new=tags[RUN_NAME])
    documents.empty(connection, run)
    return messages.LogBatchResponse()


def new_params(connection: Connection, run: int, params: Sequence[Param]) -> dict[str, str]:
    """Those params that the run does not have yet.

    Raises:
        ParameterChanged: the run has one of them with another value.
    """
    if not params:
        return {}
    wanted = {param.key or "": param.value or "" for param in params}
    if len(wanted) <= FEW_PARAMS:
        found = ((name, connection.row(PARAM, run=run, name=name)) for name in wanted)
        known = {name: row[0] for name, row in found if row is not None}
    else:
        known = dict(connection.rows(ALL_PARAMS, run=run))
    for name, text in wanted.items():
        if known.get(name, text) != text:
            raise ParameterChanged(name, known[name], text)
    return {name: text for name, text in wanted.items() if name not in known}


def put_texts(
    connection: Connection, statement: Statement, run: int, experiment: int, texts: Mapping[str, str]
) -> None:
    """Writes params or tags of a run."""
    connection.many(
        statement,
        (
            {"run": run, "key": k, "value": v, "head": v[: schema.HEAD_LENGTH], "experiment_id": experiment}
            for k, v in texts.items()
        ),
    )


def delete_tag(connection: Connection, message: messages.DeleteTag) -> messages.DeleteTagResponse:
    """Removes a tag."""
    run, _ = require_active(connection, message.run_id)
    if not connection.run(DELETE_TAG, run=run, name=message.key):
        raise TagNotFound(message.key, f"The run '{message.run_id}'")
    documents.empty(connection, run)
    return messages.DeleteTagResponse()


def log_inputs(connection: Connection, message: messages.LogInputs) -> messages.LogInputsResponse:
    """Links datasets and models that the run read."""
    run, experiment = require_active(connection, message.run_id)
    for given in message.datasets:
        _add_input(connection, run, experiment, given)
    _add_models(connection, run, "input", ((model.model_id, 0) for model in message.models))
    documents.empty(connection, run)
    return messages.LogInputsResponse()


def _add_input(connection: Connection, run: int, experiment: int, given: DatasetInput) -> None:
    dataset = given.dataset
    row = connection.row(DATASET, experiment=experiment, name=dataset.name, digest=dataset.digest)
    key = (
        row[0]
        if row
        else connection.insert(
            ADD_DATASET,
            experiment_id=experiment,
            name=dataset.name,
            digest=dataset.digest,
            source_type=dataset.source_type,
            source=dataset.source,
            schema=dataset.schema,
            profile=dataset.profile,
        )
    )
    pairs = [(tag.key, tag.value or "") for tag in given.tags]
    values: dict[str, Any] = {
        "run": run,
        "dataset": key,
        "context": dict(pairs).get(DATASET_CONTEXT),
        "tags": msgspec.json.encode(pairs).decode(),
    }
    connection.many(ADD_INPUT, [values])


def log_outputs(connection: Connection, message: messages.LogOutputs) -> messages.LogOutputsResponse:
    """Links models that the run made."""
    run, _ = require_active(connection, message.run_id)
    _add_models(connection, run, "output", ((model.model_id, model.step) for model in message.models))
    documents.empty(connection, run)
    return messages.LogOutputsResponse()


def _add_models(connection: Connection, run: int, direction: str, models: Iterable[tuple[str, int]]) -> None:
    connection.many(
        ADD_MODEL,
        ({"run": run, "direction": direction, "model_id": model_id, "step": step} for model_id, step in models),
    )


def log_model(connection: Connection, message: messages.LogModel) -> messages.LogModelResponse:
    """Appends a model's description to the list in the run's tag."""
    run, experiment = require_active(connection, message.run_id or "")
    row = connection.row(TAG, run=run, name=LOGGED_MODELS)
    text = with_model(row[0] if row else None, message.model_json)
    put_texts(connection, PUT_TAG, run, experiment, {LOGGED_MODELS: text})
    documents.empty(connection, run)
    return messages.LogModelResponse()


def state(connection: Connection, run_id: str) -> tuple[int, int, str]:
    """Key, experiment and life-cycle stage of a run; ``RunNotFound``."""
    row = connection.states.get(run_id) or connection.row(STATE, run_id=run_id)
    if row is None:
        raise RunNotFound(run_id)
    run, experiment, stage = row
    return run, experiment, stage


def require_active(connection: Connection, run_id: str) -> tuple[int, int]:
    """Key and experiment of an active run; ``RunNotFound``, ``RunNotActive``."""
    run, experiment, stage = state(connection, run_id)
    if stage != ACTIVE:
        raise RunNotActive(run_id)
    return run, experiment
