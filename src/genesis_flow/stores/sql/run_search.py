"""The search for runs."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from genesis_flow.entities.experiments import ViewType
from genesis_flow.rules.ids import experiment_key
from genesis_flow.rules.page_tokens import make_token, read_token
from genesis_flow.rules.stages import STAGES
from genesis_flow.search.ast import Kind
from genesis_flow.search.fields import RUNS
from genesis_flow.search.parse import parse_filter, parse_order
from genesis_flow.stores.sql import documents, schema
from genesis_flow.stores.sql.connection import Connection
from genesis_flow.stores.sql.paging import Query, page
from genesis_flow.stores.sql.search import Source, Values
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
    expression = parse_filter(message.filter, RUNS)
    order = parse_order(message.order_by, RUNS)
    keys = sorted({experiment_key(experiment_id) for experiment_id in message.experiment_ids})
    asked = ["runs", keys, message.filter or "", message.order_by, message.run_view_type]
    position = read_token(secret, asked, message.page_token) if message.page_token else None
    if not keys:
        return _answer([], None)
    query = Query(SOURCE, T, in_stage(message.run_view_type), keys, T.c.experiment_id, expression, order)
    found = page(connection, query, position, message.max_results + 1)
    shown = found[: message.max_results]
    more = len(found) > len(shown) and bool(shown)
    token = make_token(secret, asked, shown[-1][1]) if more else None
    return _answer(documents.documents(connection, [run for run, _ in shown]), token)


def in_stage(view: ViewType) -> sa.ColumnElement[bool]:
    """Whether a run is in the view."""
    stages = STAGES[view]
    return T.c.lifecycle_stage == stages[0] if len(stages) == 1 else T.c.lifecycle_stage.in_(stages)


def _answer(found: Sequence[bytes], token: str | None) -> Encoded[messages.SearchRunsResponse]:
    runs = b'"runs":[' + b",".join(found) + b"]" if found else b""
    next_page = f',"next_page_token":"{token}"'.encode() if token else b""
    return Encoded(b"{" + runs + next_page + b"}", messages.SearchRunsResponse)
