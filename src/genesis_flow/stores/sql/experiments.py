"""Experiments in SQL."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import (
    ExperimentExists,
    ExperimentNameNotFound,
    ExperimentNotActive,
    ExperimentNotFound,
    TagNotFound,
)
from genesis_flow.rules.ids import experiment_key
from genesis_flow.rules.locations import joined
from genesis_flow.rules.stages import ACTIVE, DELETED, REMOVED
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement
from genesis_flow.stores.sql.upsert import upsert
from genesis_flow.values.experiments import Experiment, ExperimentTag
from genesis_flow.wire.messages import experiments as messages

T = schema.experiments
TAGS = schema.experiment_tags
RUNS = schema.runs

COLUMNS = (T.c.id, T.c.name, T.c.artifact_location, T.c.lifecycle_stage, T.c.created_ms, T.c.updated_ms)

_KNOWN = T.c.lifecycle_stage != REMOVED
BY_ID = Statement(sa.select(*COLUMNS).where(T.c.id == value("id"), _KNOWN))
BY_NAME = Statement(sa.select(*COLUMNS).where(T.c.name == value("name"), _KNOWN))
_STATE = sa.select(T.c.lifecycle_stage, T.c.artifact_location).where(T.c.id == value("id"), _KNOWN)
# Locked, where rows can be, so that nothing is written to an experiment that another server deletes meanwhile. Who
# changes the experiment itself locks it for that from the start: two who share a lock and want more wait in a circle.
STATE_TO_USE = Statement(_STATE.with_for_update(read=True))
STATE_TO_CHANGE = Statement(_STATE.with_for_update(key_share=True))
TAGS_OF = Statement(sa.select(TAGS.c.key, TAGS.c.value).where(TAGS.c.experiment_id == value("id")))
INSERT = Statement(sa.insert(T).values({c: value(c) for c in ("name", "artifact_location", "lifecycle_stage")} | {
    "created_ms": value("now"), "updated_ms": value("now"),
}))  # fmt: skip
INSERT_WITH_ID = Statement(sa.insert(T).values({
    c: value(c) for c in ("id", "name", "artifact_location", "lifecycle_stage", "created_ms", "updated_ms")
}))  # fmt: skip
SET_LOCATION = Statement(sa.update(T).where(T.c.id == value("row")).values(artifact_location=value("location")))
RENAME = Statement(sa.update(T).where(T.c.id == value("row")).values(name=value("new"), updated_ms=value("now")))
SET_STAGE = Statement(
    sa.update(T).where(T.c.id == value("row")).values(lifecycle_stage=value("stage"), updated_ms=value("now"))
)
SET_STAGE_OF_RUNS = Statement(
    sa.update(RUNS)
    .where(RUNS.c.experiment_id == value("row"), RUNS.c.lifecycle_stage != REMOVED)
    .values(lifecycle_stage=value("stage"), deleted_ms=value("deleted"), document=sa.null())
)
PUT_TAG = Statement(upsert(TAGS, "experiment_id", "key", update=("value",)))
DELETE_TAG = Statement(sa.delete(TAGS).where(TAGS.c.experiment_id == value("id"), TAGS.c.key == value("name")))


def create(
    connection: Connection, message: messages.CreateExperiment, *, artifact_root: str, now_ms: int
) -> messages.CreateExperimentResponse:
    """Inserts an experiment; without a location of its own it gets a folder of the root, named by its id."""
    require_free_name(connection, message.name)
    location = message.artifact_location or ""
    row = connection.insert(INSERT, name=message.name, artifact_location=location, lifecycle_stage=ACTIVE, now=now_ms)
    if not location:
        connection.run(SET_LOCATION, row=row, location=joined(artifact_root, str(row)))
    connection.many(PUT_TAG, ({"experiment_id": row, "key": tag.key, "value": tag.value or ""} for tag in message.tags))
    return messages.CreateExperimentResponse(experiment_id=str(row))


def get(connection: Connection, message: messages.GetExperiment) -> messages.GetExperimentResponse:
    """Reads one by its id."""
    row = connection.row(BY_ID, id=experiment_key(message.experiment_id))
    if row is None:
        raise ExperimentNotFound(message.experiment_id)
    return messages.GetExperimentResponse(experiment=with_tags(connection, row))


def get_by_name(connection: Connection, message: messages.GetExperimentByName) -> messages.GetExperimentByNameResponse:
    """Reads one by its name."""
    row = connection.row(BY_NAME, name=message.experiment_name)
    if row is None:
        raise ExperimentNameNotFound(message.experiment_name)
    return messages.GetExperimentByNameResponse(experiment=with_tags(connection, row))


def update(
    connection: Connection, message: messages.UpdateExperiment, *, now_ms: int
) -> messages.UpdateExperimentResponse:
    """Renames one."""
    key, _ = require_active(connection, message.experiment_id, STATE_TO_CHANGE)
    assert message.new_name is not None  # validated before
    taken = connection.row(BY_NAME, name=message.new_name)
    if taken is not None and taken[0] != key:
        raise ExperimentExists(message.new_name, taken[3] == DELETED)
    connection.run(RENAME, row=key, new=message.new_name, now=now_ms)
    return messages.UpdateExperimentResponse()


def delete(
    connection: Connection, message: messages.DeleteExperiment, *, now_ms: int
) -> messages.DeleteExperimentResponse:
    """Marks one and its runs as deleted."""
    _set_stage(connection, message.experiment_id, ACTIVE, DELETED, now_ms)
    return messages.DeleteExperimentResponse()


def restore(
    connection: Connection, message: messages.RestoreExperiment, *, now_ms: int
) -> messages.RestoreExperimentResponse:
    """Brings one and its runs back."""
    _set_stage(connection, message.experiment_id, DELETED, ACTIVE, now_ms)
    return messages.RestoreExperimentResponse()


def _set_stage(connection: Connection, experiment_id: str, before: str, after: str, now_ms: int) -> None:
    key = experiment_key(experiment_id)
    row = connection.row(STATE_TO_CHANGE, id=key)
    if row is None or row[0] != before:
        raise ExperimentNotFound(experiment_id)
    connection.run(SET_STAGE, row=key, stage=after, now=now_ms)
    connection.run(SET_STAGE_OF_RUNS, row=key, stage=after, deleted=now_ms if after == DELETED else None)
    connection.states.clear()


def set_tag(connection: Connection, message: messages.SetExperimentTag) -> messages.SetExperimentTagResponse:
    """Writes or replaces a tag."""
    key, _ = require_active(connection, message.experiment_id, STATE_TO_CHANGE)
    connection.many(PUT_TAG, [{"experiment_id": key, "key": message.key, "value": message.value}])
    return messages.SetExperimentTagResponse()


def delete_tag(connection: Connection, message: messages.DeleteExperimentTag) -> messages.DeleteExperimentTagResponse:
    """Removes a tag."""
    key, _ = require_active(connection, message.experiment_id, STATE_TO_CHANGE)
    if not connection.run(DELETE_TAG, id=key, name=message.key):
        raise TagNotFound(message.key, f"The experiment '{message.experiment_id}'")
    return messages.DeleteExperimentTagResponse()


def require_active(connection: Connection, experiment_id: str, state: Statement = STATE_TO_USE) -> tuple[int, str]:
    """The key and the artifact location of an active experiment.

    Raises:
        ExperimentNotFound, ExperimentNotActive
    """
    key = experiment_key(experiment_id)
    row = connection.row(state, id=key)
    if row is None:
        raise ExperimentNotFound(experiment_id)
    if row[0] != ACTIVE:
        raise ExperimentNotActive(experiment_id)
    return key, row[1]


def require_free_name(connection: Connection, name: str) -> None:
    """Raises ``ExperimentExists`` if an experiment has this name, deleted or not."""
    row = connection.row(BY_NAME, name=name)
    if row is not None:
        raise ExperimentExists(name, row[3] == DELETED)


def with_tags(connection: Connection, row: Row) -> Experiment:
    """The experiment of one row."""
    return entity(row, connection.rows(TAGS_OF, id=row[0]))


def entity(row: Row, tags: Sequence[Row]) -> Experiment:
    """The experiment of a row of ``COLUMNS`` and its tags."""
    key, name, location, stage, created_ms, updated_ms = row
    return Experiment(
        experiment_id=str(key),
        name=name,
        artifact_location=location,
        lifecycle_stage=stage,
        creation_time=created_ms,
        last_update_time=updated_ms,
        tags=tuple(ExperimentTag(key=k, value=v) for k, v in tags),
        workspace="default",
    )
