"""Logged models in SQL (MLflow 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import InvalidParameter, LoggedModelNotFound, TagNotFound
from genesis_flow.rules.ids import new_model_id
from genesis_flow.rules.locations import model_artifacts
from genesis_flow.rules.run_names import random_run_name
from genesis_flow.rules.stages import ACTIVE, DELETED
from genesis_flow.stores.sql import experiments, schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement, among, grouped
from genesis_flow.stores.sql.upsert import upsert
from genesis_flow.values.logged_models import (
    LoggedModel,
    LoggedModelData,
    LoggedModelInfo,
    LoggedModelParameter,
    LoggedModelTag,
)
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import logged_models as messages

T = schema.logged_models
PARAMS, TAGS, POINTS = schema.logged_model_params, schema.logged_model_tags, schema.logged_model_metrics

COLUMNS = tuple(
    T.c[c]
    for c in (
        "id", "model_id", "experiment_id", "name", "created_ms", "updated_ms", "artifact_uri", "status", "model_type",
        "source_run_id", "status_message",
    )
)  # fmt: skip
_KEY = sa.select(T.c.id).where(T.c.model_id == value("model_id"), T.c.lifecycle_stage == ACTIVE)
KEY = Statement(_KEY)
# Locked, where rows can be, so that what is checked of a model holds until its writer has written.
KEY_TO_CHANGE = Statement(_KEY.with_for_update(key_share=True))
BY_KEYS = Statement(lambda dialect: sa.select(*COLUMNS).where(among(dialect, T.c.id, "models")))
INSERT = Statement(
    sa.insert(T).values({c.name: value(c.name) for c in T.columns if c.name not in ("id", "status_message")})
)
SET_STATUS = Statement(
    sa.update(T).where(T.c.id == value("model")).values(status=value("new"), updated_ms=value("now"))
)
SET_STAGE = Statement(
    sa.update(T).where(T.c.id == value("model")).values(lifecycle_stage=value("stage"), updated_ms=value("now"))
)
PUT_PARAM = Statement(upsert(PARAMS, "model", "key"))
PUT_TAG = Statement(upsert(TAGS, "model", "key", update=("value",)))
DELETE_TAG = Statement(sa.delete(TAGS).where(TAGS.c.model == value("model"), TAGS.c.key == value("name")))


def _of_models(table: sa.Table, *columns: str) -> Statement:
    selected = sa.select(table.c.model, *(table.c[c] for c in columns)).order_by(*table.primary_key.columns)
    return Statement(lambda dialect: selected.where(among(dialect, table.c.model, "models")))


PARAMS_OF = _of_models(PARAMS, "key", "value")
TAGS_OF = _of_models(TAGS, "key", "value")
POINTS_OF = _of_models(POINTS, "key", "dataset_name", "dataset_digest", "timestamp", "step", "run_id", "value")


def create(
    connection: Connection, message: messages.CreateLoggedModel, *, now_ms: int
) -> messages.CreateLoggedModelResponse:
    """Inserts a pending model."""
    experiment, location = experiments.require_active(connection, message.experiment_id)
    model_id = new_model_id()
    model = connection.insert(
        INSERT,
        model_id=model_id,
        experiment_id=experiment,
        lifecycle_stage=ACTIVE,
        name=message.name or random_run_name(),
        model_type=message.model_type or "",
        source_run_id=message.source_run_id or "",
        status="LOGGED_MODEL_PENDING",
        artifact_uri=model_artifacts(location, model_id),
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    _put(connection, PUT_PARAM, model, message.params)
    _put(connection, PUT_TAG, model, message.tags)
    return messages.CreateLoggedModelResponse(model=_one(connection, model))


def get(connection: Connection, message: messages.GetLoggedModel) -> messages.GetLoggedModelResponse:
    """Reads a model that is not deleted."""
    return messages.GetLoggedModelResponse(model=_one(connection, require(connection, message.model_id)))


def finalize(
    connection: Connection, message: messages.FinalizeLoggedModel, *, now_ms: int
) -> messages.FinalizeLoggedModelResponse:
    """Sets the status."""
    model = require(connection, message.model_id, KEY_TO_CHANGE)
    connection.run(SET_STATUS, model=model, new=message.status, now=now_ms)
    return messages.FinalizeLoggedModelResponse(model=_one(connection, model))


def delete(
    connection: Connection, message: messages.DeleteLoggedModel, *, now_ms: int
) -> messages.DeleteLoggedModelResponse:
    """Marks a model as deleted."""
    model = require(connection, message.model_id, KEY_TO_CHANGE)
    connection.run(SET_STAGE, model=model, stage=DELETED, now=now_ms)
    return messages.DeleteLoggedModelResponse()


def set_tags(connection: Connection, message: messages.SetLoggedModelTags) -> messages.SetLoggedModelTagsResponse:
    """Writes or replaces tags."""
    model = require(connection, message.model_id, KEY_TO_CHANGE)
    _put(connection, PUT_TAG, model, message.tags)
    return messages.SetLoggedModelTagsResponse()  # COMPAT: mlflow 3.17 does not answer the model either


def delete_tag(connection: Connection, message: messages.DeleteLoggedModelTag) -> messages.DeleteLoggedModelTagResponse:
    """Removes a tag."""
    model = require(connection, message.model_id, KEY_TO_CHANGE)
    if not connection.run(DELETE_TAG, model=model, name=message.tag_key):
        raise TagNotFound(message.tag_key, f"The logged model '{message.model_id}'")
    return messages.DeleteLoggedModelTagResponse()


def log_params(
    connection: Connection, message: messages.LogLoggedModelParamsRequest
) -> messages.LogLoggedModelParamsRequestResponse:
    """Adds params; one that is there keeps its value, and another value is refused."""
    model = require(connection, message.model_id, KEY_TO_CHANGE)
    known = {row[1]: row[2] for row in connection.rows(PARAMS_OF, models=connection.array([model]))}
    for param in message.params:
        if known.get(param.key, param.value) != param.value:
            raise InvalidParameter("params", param.key, "a param that the model does not have with another value")
    _put(connection, PUT_PARAM, model, message.params)
    return messages.LogLoggedModelParamsRequestResponse()


def require(connection: Connection, model_id: str, statement: Statement = KEY) -> int:
    """The key of a model that is not deleted; ``LoggedModelNotFound``."""
    row = connection.row(statement, model_id=model_id)
    if row is None:
        raise LoggedModelNotFound(model_id)
    key: int = row[0]
    return key


def _put(
    connection: Connection,
    statement: Statement,
    model: int,
    entries: Iterable[LoggedModelParameter | LoggedModelTag],
) -> None:
    connection.many(statement, ({"model": model, "key": e.key or "", "value": e.value or ""} for e in entries))


def _one(connection: Connection, model: int) -> LoggedModel:
    return load(connection, [model])[0]


def load(connection: Connection, models: Sequence[int]) -> list[LoggedModel]:
    """The models with these keys, in this order."""
    keys = connection.array(models)
    params = grouped(connection.rows(PARAMS_OF, models=keys))
    tags = grouped(connection.rows(TAGS_OF, models=keys))
    points = grouped(connection.rows(POINTS_OF, models=keys))
    found = {
        row[0]: LoggedModel(
            info=_info(row, tags[row[0]]),
            data=LoggedModelData(
                params=tuple(LoggedModelParameter(key=k, value=v) for k, v in params[row[0]]),
                metrics=tuple(_metrics(row[1], points[row[0]])),
            ),
        )
        for row in connection.rows(BY_KEYS, models=keys)
    }
    return [found[model] for model in models if model in found]


def _info(row: Row, tags: Sequence[Row]) -> LoggedModelInfo:
    _, model_id, experiment, name, created_ms, updated_ms, artifact_uri, status, model_type, source, text = row
    return LoggedModelInfo(
        model_id=model_id,
        experiment_id=str(experiment),
        name=name,
        creation_timestamp_ms=created_ms,
        last_updated_timestamp_ms=updated_ms,
        artifact_uri=artifact_uri,
        status=status,
        model_type=model_type,
        source_run_id=source,
        status_message=text,
        tags=tuple(LoggedModelTag(key=k, value=v) for k, v in tags),
    )


def _metrics(model_id: str, points: Sequence[Row]) -> Iterable[Metric]:
    """Every point of a model, by metric, dataset, time and step."""
    for key, name, digest, timestamp, step, run_id, number in points:
        yield Metric(
            key=key,
            value=float("nan") if number is None else number,
            timestamp=timestamp,
            step=step,
            dataset_name=name or None,
            dataset_digest=digest or None,
            model_id=model_id,
            run_id=run_id,
        )
