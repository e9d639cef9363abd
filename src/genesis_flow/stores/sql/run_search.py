"""The search for runs."""

from __future__ import annotations

import sqlalchemy as sa

from genesis_flow.rules.stages import STAGES
from genesis_flow.search.ast import Kind
from genesis_flow.stores import asking
from genesis_flow.stores.sql import documents, schema
from genesis_flow.stores.sql.connection import Connection
from genesis_flow.stores.sql.paging import Query, page, position_of
from genesis_flow.stores.sql.search import Source, Values
from genesis_flow.values.experiments import ViewType
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages import runs as messages

T = schema.runs

SOURCE = Source(
    key=T.c.id,
    attributes={
        "run_id": T.c.run_id,
        "run_name": T.c.name,
        "user_id": T.c.user_id,
        "status": T.c.status,
        "artifact_uri": T.c.artifact_uri,
        "start_time": T.c.started_ms,
        "end_time": T.c.ended_ms,
    },
    nullable=frozenset({"end_time"}),
    values={
        Kind.METRIC: Values(schema.run_metrics, "run", indexed=True),
        Kind.PARAM: Values(schema.run_params, "run", indexed=True),
        Kind.TAG: Values(schema.run_tags, "run", indexed=True),
    },
    datasets={
        "name": schema.datasets.c.name,
        "digest": schema.datasets.c.digest,
        "context": schema.run_datasets.c.context,
    },
)


def search(
    connection: Connection, message: messages.SearchRuns, *, secret: bytes
) -> Encoded[messages.SearchRunsResponse]:
    """A page of runs."""
    asked = asking.of_runs(message, secret)
    if not asked.experiments:
        return asking.runs_page([], None)
    query = Query(SOURCE, T, in_stage(message.run_view_type), T.c.experiment_id, asked)
    found = page(connection, query, message.max_results + 1)
    shown, token = asked.cut(found, message.max_results, position_of)
    return asking.runs_page(documents.documents(connection, [run for run, _ in shown]), token)


def in_stage(view: ViewType) -> sa.ColumnElement[bool]:
    """Whether a run is in the view."""
    stages = STAGES[view]
    return T.c.lifecycle_stage == stages[0] if len(stages) == 1 else T.c.lifecycle_stage.in_(stages)
