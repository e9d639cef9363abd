"""Tables of runs in SQL: the keys of a block first, then one query for each kind of column."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from genesis_flow.search.ast import AGGREGATES, Kind
from genesis_flow.stores import asking
from genesis_flow.stores.run_tables import Cell, Columns, fields_of, number, reply
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Connection, Statement, among
from genesis_flow.stores.sql.paging import Query, count, keys_of, page
from genesis_flow.stores.sql.run_search import SOURCE, T, in_stage
from genesis_flow.stores.sql.search import aggregate_of
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages.run_tables import GetRunsTable, GetRunsTableResponse

ATTRIBUTES = Statement(
    lambda dialect: sa.select(T.c.id, *SOURCE.attributes.values()).where(among(dialect, T.c.id, "runs"))
)


def _of_keys(table: sa.Table, *columns: sa.ColumnElement[object]) -> Statement:
    """Run, key and these columns, of some runs and some keys."""
    selected = sa.select(table.c.run, table.c.key, *columns)
    return Statement(
        lambda dialect: selected.where(among(dialect, table.c.run, "runs"), among(dialect, table.c.key, "keys"))
    )


METRICS = _of_keys(schema.run_metrics, schema.run_metrics.c.value)
METRICS_WITH_AGGREGATES = _of_keys(
    schema.run_metrics,
    schema.run_metrics.c.value,
    *(aggregate_of(schema.run_metrics, name).label(name) for name in AGGREGATES),
)
TEXTS = {
    Kind.PARAM: _of_keys(schema.run_params, schema.run_params.c.value),
    Kind.TAG: _of_keys(schema.run_tags, schema.run_tags.c.value),
}


def get(connection: Connection, message: GetRunsTable) -> Encoded[GetRunsTableResponse]:
    """A block of a table."""
    fields, asked = fields_of(message), asking.of_table(message)
    if not asked.experiments:
        return reply(message, fields, 0, [], [[] for _ in fields])
    query = Query(SOURCE, T, in_stage(message.run_view_type), T.c.experiment_id, asked)
    total = count(connection, query)
    runs = keys_of(page(connection, query, message.limit, message.offset)) if message.offset < total else []
    columns, places = Columns(fields, len(runs)), {run: place for place, run in enumerate(runs)}
    run_ids = _fill_attributes(connection, columns, places)
    _fill_texts(connection, columns, places)
    _fill_metrics(connection, columns, places)
    return reply(message, fields, total, run_ids, columns.values())


def _fill_attributes(connection: Connection, columns: Columns, places: Mapping[int, int]) -> Sequence[str]:
    """Fills in attributes; the ids of the runs."""
    run_ids = [""] * len(places)
    cells = [columns.of(Kind.ATTRIBUTE).get(name) for name in SOURCE.attributes]
    for run, *values in connection.rows(ATTRIBUTES, runs=connection.array(places)):
        place = places[run]
        run_ids[place] = values[0]
        for column, value in zip(cells, values, strict=True):
            if column is not None:
                column[place] = value
    return run_ids


def _fill_texts(connection: Connection, columns: Columns, places: Mapping[int, int]) -> None:
    for kind, statement in TEXTS.items():
        if cells := columns.of(kind):
            found = connection.rows(statement, runs=connection.array(places), keys=connection.array(cells))
            for run, key, text in found:
                cells[key][places[run]] = text


def _fill_metrics(connection: Connection, columns: Columns, places: Mapping[int, int]) -> None:
    if not columns.metrics:
        return
    statement = METRICS_WITH_AGGREGATES if columns.aggregates else METRICS
    cells, aggregates = columns.of(Kind.METRIC), columns.aggregates
    asked = connection.array(columns.metrics)
    for run, key, value, *parts in connection.rows(statement, runs=connection.array(places), keys=asked):
        if key in cells:
            cells[key][places[run]] = _number(value)
        for name, column in aggregates.get(key, {}).items():
            column[places[run]] = _number(parts[AGGREGATES.index(name)])


def _number(value: float | None) -> Cell:
    return number(math.nan if value is None else value)
