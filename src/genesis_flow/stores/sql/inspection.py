"""The state of a relational database: version, indexes, and the plans of the commonest queries as they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from genesis_flow.errors import ForeignDatabase
from genesis_flow.stores.inspection import IndexState, Inspection, Plan
from genesis_flow.stores.sql import (
    datasets,
    experiment_search,
    experiments,
    metrics,
    migrations,
    model_search,
    run_search,
    runs,
    schema,
)
from genesis_flow.stores.sql.connection import Connection
from genesis_flow.wire.messages import datasets as dataset_messages
from genesis_flow.wire.messages import experiments as experiment_messages
from genesis_flow.wire.messages import logged_models as model_messages
from genesis_flow.wire.messages import metrics as metric_messages
from genesis_flow.wire.messages import runs as run_messages

SECRET = b"inspection"


class Explaining(Connection, Protocol):
    """A connection that notes the plan of every query before it answers it.

    Attributes:
        seen: the steps of the plans, in the database's words.
    """

    seen: list[str]


def inspected(
    connection: Explaining, tables: set[str], indexes: set[str], is_scan: Callable[[str], bool]
) -> Inspection:
    """What is found on a connection.

    Args:
        connection: to the database.
        tables: the names of the tables that are there.
        indexes: the names of the indexes that are there.
        is_scan: whether a step of a plan looks at a whole table.

    Raises:
        ForeignDatabase: the database belongs to another program.
    """
    if tables and schema.properties.name not in tables:
        raise ForeignDatabase("MLflow" if {"alembic_version", "experiments"} <= tables else "another program")
    if not tables:
        return empty()
    states = [IndexState(name, purpose, name in indexes) for name, purpose in _expected()]
    pending = [step.purpose for step in migrations.plan(connection)]
    plans = [] if pending else list(_plans(connection, is_scan))
    return Inspection(migrations.version_of(connection), pending, states, plans)


def empty() -> Inspection:
    """A database in which nothing was made yet."""
    return Inspection(0, ["make the tables and their indexes"], [IndexState(*one, False) for one in _expected()])


def _expected() -> list[tuple[str, str]]:
    found = [(str(index.name), index) for table in schema.metadata.sorted_tables for index in table.indexes]
    columns = "{0} by {1}"
    return [
        (
            name,
            columns.format(
                index.table.name if index.table is not None else "", ", ".join(map(str, index.columns.keys()))
            ),
        )
        for name, index in found
    ]


def _plans(connection: Explaining, is_scan: Callable[[str], bool]) -> Iterable[Plan]:
    for query, ask in _queries(connection):
        connection.seen.clear()
        ask()
        steps = list(dict.fromkeys(connection.seen))
        yield Plan(query, "; ".join(steps), any(map(is_scan, steps)))


def _queries(connection: Connection) -> Sequence[tuple[str, Callable[[], Any]]]:
    """The commonest queries, asked of a run that exists; none without one."""
    row = connection.row(metrics.ANY_METRIC)
    if row is None:
        return []
    run_id, experiment, key = row[0], str(row[1]), row[2]

    def search(filter: str = "", *order: str) -> Callable[[], Any]:
        message = run_messages.SearchRuns(
            experiment_ids=(experiment,), filter=filter, order_by=order, max_results=100, run_view_type="ACTIVE_ONLY"
        )
        return lambda: run_search.search(connection, message, secret=SECRET)

    models = model_messages.SearchLoggedModels(
        experiment_ids=(experiment,), filter=f"metrics.`{key}` > 0", max_results=100
    )
    history = metric_messages.GetMetricHistory(run_id=run_id, metric_key=key)
    interval = metric_messages.GetMetricHistoryBulkInterval(run_ids=(run_id,), metric_key=key, max_results=320)
    named = experiment_messages.GetExperimentByName(experiment_name="Default")
    return [
        ("an experiment by its name", lambda: experiments.get_by_name(connection, named)),
        (
            "the list of experiments",
            lambda: experiment_search.search(connection, experiment_messages.SearchExperiments(), secret=SECRET),
        ),
        ("a run", lambda: runs.get(connection, run_messages.GetRun(run_id=run_id))),
        ("the latest runs", search()),
        ("runs by a param", search("params.lr = '0.1'")),
        ("runs by a metric", search(f"metrics.`{key}` > 0")),
        ("runs in the order of a metric", search("", f"metrics.`{key}` DESC")),
        ("runs by a param in the order of a metric", search("params.lr = '0.1'", f"metrics.`{key}` ASC")),
        ("the history of a metric", lambda: metrics.history(connection, history, secret=SECRET)),
        ("the curve of a metric", lambda: metrics.history_bulk_interval(connection, interval, most=320)),
        (
            "the datasets of an experiment",
            lambda: datasets.search(connection, dataset_messages.SearchDatasets(experiment_ids=(experiment,))),
        ),
        ("logged models by a metric", lambda: model_search.search(connection, models, secret=SECRET)),
    ]


def inspect_sqlite(path: Path) -> Inspection:
    """Looks at a SQLite file without changing it.

    Raises:
        ForeignDatabase: it belongs to another program.
    """
    from genesis_flow.stores.sql.sqlite import DIALECT, SqliteConnection
    from genesis_flow.stores.sql.sqlite_store import refuse_foreign

    class ExplainingSqlite(SqliteConnection):
        seen: list[str]

        def _execute(self, statement: Any, values: dict[str, Any]) -> Any:
            text, constants = statement.compiled(DIALECT)
            self._explain(text, values | constants)
            return super()._execute(statement, values)

        def query(self, clause: Any) -> Any:
            compiled = clause.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
            self._explain(str(compiled), compiled.params)
            return super().query(clause)

        def _explain(self, text: str, values: Any) -> None:
            self.seen += [step[3] for step in self._raw.execute(f"EXPLAIN QUERY PLAN {text}", values)]

    if not path.exists():
        return empty()
    refuse_foreign(path)
    connection = ExplainingSqlite(path, writable=False)
    connection.seen = []
    try:
        entries = connection.execute("SELECT type, name FROM sqlite_master")
        tables, indexes = ({name for kind, name in entries if kind == wanted} for wanted in ("table", "index"))
        return inspected(connection, tables, indexes, _scans_in_sqlite)
    finally:
        connection.close()


def _scans_in_sqlite(step: str) -> bool:
    own = (f"SCAN {table}" for table in schema.metadata.tables)
    return any(step == one or (step.startswith(one + " ") and "USING" not in step) for one in own)


def inspect_postgresql(uri: str) -> Inspection:
    """Looks at a PostgreSQL database without changing it.

    Raises:
        ForeignDatabase: it belongs to another program.
        StoreUnreachable: it cannot be connected to.
    """
    import psycopg

    from genesis_flow.stores.sql.postgresql import DIALECT, PostgresConnection, translated, unreachable
    from genesis_flow.stores.sql.postgresql_store import TABLES, parameters

    class ExplainingPostgres(PostgresConnection):
        seen: list[str]

        def _execute(self, statement: Any, values: dict[str, Any]) -> Any:
            text, constants = statement.compiled(DIALECT)
            self._explain(text, values | constants)
            return super()._execute(statement, values)

        def query(self, clause: Any) -> Any:
            compiled = clause.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
            self._explain(str(compiled), dict(compiled.params))
            return super().query(clause)

        def _explain(self, text: str, values: dict[str, Any]) -> None:
            rows = self._raw.execute(f"EXPLAIN (COSTS OFF) {text}".encode(), values)
            self.seen += [row[0].strip(" ->") for row in rows if " on " in row[0] or " using " in row[0]]

    try:
        connection = ExplainingPostgres(parameters(uri))
    except psycopg.Error as error:
        raise unreachable(error)[0] from error
    connection.seen = []
    try:
        # Small tables are read whole because that is faster; here the question is whether an index would do.
        connection.execute("SET enable_seqscan = off")
        tables = {name for (name,) in connection.execute(TABLES)}
        found = connection.execute("SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema()")
        return inspected(connection, tables, {name for (name,) in found}, lambda step: step.startswith("Seq Scan"))
    except psycopg.Error as error:
        raise translated(error) from error
    finally:
        connection.close()
