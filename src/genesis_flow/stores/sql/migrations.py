"""The steps of relational databases from one version of the schema to the next.

All steps are made in the one transaction in which a database is opened: exactly once, and all or none. The properties
``schema_version`` and ``oldest_writer`` say what a database has.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy import bindparam as value
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from genesis_flow.rules.aggregates import Summary
from genesis_flow.stores import keys, versions
from genesis_flow.stores.sql import metrics, schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement
from genesis_flow.stores.sql.upsert import upsert

log = logging.getLogger("genesis_flow.stores")

PROPERTIES = schema.properties
PROPERTY = Statement(sa.select(PROPERTIES.c.value).where(PROPERTIES.c.name == value("name")))
PUT_PROPERTY = Statement(upsert(PROPERTIES, "name", update=("value",)))
REPORT_EVERY = 100_000


class DefiningConnection(Connection, Protocol):
    """A connection that can also change tables."""

    def execute(self, sql: str) -> list[Row]:
        """Runs SQL that no value enters."""

    def made(self) -> schema.Made:
        """The tables and indexes that are there."""


Step = versions.Step[Callable[[DefiningConnection, Dialect], None]]


def make_tables(connection: DefiningConnection, dialect: Dialect, tables: sa.MetaData) -> None:
    """Makes the tables and indexes that are missing.

    Those that are there are not asked for "if not there": PostgreSQL would lock each table against writers while it
    looks, in an order that is not the writers', and a server that starts would stop one that works.
    """
    made = connection.made()
    for table in tables.sorted_tables:
        if table.name not in made.tables:
            connection.execute(str(CreateTable(table).compile(dialect=dialect)))
        for index in table.indexes:
            if index.name not in made.indexes:
                connection.execute(str(CreateIndex(index).compile(dialect=dialect)))


def add_aggregates(connection: DefiningConnection, dialect: Dialect) -> None:
    """Adds what all points of a metric come to, and works it out for those that are there."""
    for column in schema.aggregate_columns():
        kind = column.type.compile(dialect=dialect)
        connection.execute(f'ALTER TABLE run_metrics ADD COLUMN "{column.name}" {kind}')
    several = connection.rows(_METRICS)
    for number, (run, key) in enumerate(several, 1):
        rows = connection.rows(_POINTS, run=run, name=key)
        summary = Summary.of([(timestamp, step, float(text.strip(metrics.QUOTE))) for timestamp, step, text in rows])
        parts = {f"new_{name}": part for name, part in metrics.columns(summary).items()}
        connection.run(_SET, of_run=run, of_key=key, **parts)
        if number % REPORT_EVERY == 0:
            log.info("%d of %d metrics are done.", number, len(several))


_T, _M = schema.metric_points, schema.run_metrics
_METRICS = Statement(sa.select(_T.c.run, _T.c.key).group_by(_T.c.run, _T.c.key).having(sa.func.count() > 1))
_POINTS = Statement(
    sa.select(_T.c.timestamp, _T.c.step, _T.c.value).where(_T.c.run == value("run"), _T.c.key == value("name"))
)
_SET = Statement(
    sa.update(_M)
    .where(_M.c.run == value("of_run"), _M.c.key == value("of_key"))
    .values({name: value(f"new_{name}") for name in ("value", "timestamp", "step", *metrics.PARTS)})
)


def only_add(connection: DefiningConnection, dialect: Dialect) -> None:
    """Nothing that is there changes: new tables and indexes are made with those that are missing."""


def make_order_anew(connection: DefiningConnection, dialect: Dialect) -> None:
    """Removes the index of the default order, which is then made as it is now."""
    connection.execute("DROP INDEX runs_by_start")


def count_keys(connection: DefiningConnection, dialect: Dialect) -> None:
    """Puts the runs that are there into blocks, whose keys are counted when there is time."""
    connection.execute("ALTER TABLE runs ADD COLUMN block BIGINT")
    connection.execute("DROP INDEX runs_without_document")
    connection.execute(str(CreateTable(schema.run_blocks).compile(dialect=dialect)))
    joined: Counter[int] = Counter()
    rows = []
    for experiment, run in connection.rows(_RUNS):
        block, place = divmod(joined[experiment], keys.RUNS_IN_A_BLOCK)
        joined[experiment] += 1
        connection.run(_JOIN, of_run=run, joined=block)
        if place == 0:
            rows.append({"experiment": experiment, "block": block})
    for row in rows:
        connection.run(_ADD_BLOCK, **row, full=keys.BLOCK_VALUES)


_RUNS = Statement(sa.select(schema.runs.c.experiment_id, schema.runs.c.id).order_by(schema.runs.c.id))
_JOIN = Statement(sa.update(schema.runs).where(schema.runs.c.id == value("of_run")).values(block=value("joined")))
_ADD_BLOCK = Statement(
    sa.insert(schema.run_blocks).values(
        experiment_id=value("experiment"), block=value("block"), size=value("full"), version=1
    )
)


STEPS: tuple[Step, ...] = (
    Step(2, "keep what all points of a metric come to", 2, add_aggregates),
    # A server of version 2 does not know these tables, and works on with the others.
    Step(3, "keep registered models, their history and webhooks", 2, only_add),
    # A server of version 3 would restore what another one is removing for good.
    Step(4, "find what was deleted, to remove it for good", 4, only_add),
    Step(5, "count runs without a look at each", 4, make_order_anew),
    # A server of version 5 would settle a run and not tell its block.
    Step(6, "count the keys of experiments", 6, count_keys),
)


def version_of(connection: Connection) -> int:
    """The version of the schema; 0, if nothing says one."""
    row = connection.row(PROPERTY, name="schema_version")
    return 0 if row is None else int(row[0])


def plan(connection: Connection, steps: Sequence[Step] = STEPS) -> list[Step]:
    """The steps that a database of ours lacks.

    Raises:
        NewerDatabase: it does not let a version as old as this one work on it.
    """
    version = version_of(connection)
    row = connection.row(PROPERTY, name="oldest_writer")
    return versions.missing(steps, version, version if row is None else int(row[0]))


def upgrade(
    connection: DefiningConnection,
    dialect: Dialect,
    *,
    tables: sa.MetaData = schema.metadata,
    steps: Sequence[Step] = STEPS,
) -> None:
    """Makes the tables of a new database, or the steps that an older one lacks.

    Raises:
        ForeignDatabase: the database belongs to another program.
        NewerDatabase: the database does not let a version as old as this one work on it.
    """
    made = connection.made()
    made.refuse_foreign()
    is_new = not made.is_ours
    missing = list(steps) if is_new else plan(connection, steps)
    if not is_new:
        for step in missing:
            log.info("The database goes to version %d: %s.", step.version, step.purpose)
            step.run(connection, dialect)
    make_tables(connection, dialect, tables)
    if missing:
        last = missing[-1]
        noted = {"schema_version": str(last.version), "oldest_writer": str(last.oldest_writer)}
        connection.many(PUT_PROPERTY, [{"name": name, "value": text} for name, text in noted.items()])
