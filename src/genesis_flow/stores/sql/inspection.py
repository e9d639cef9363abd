"""The state of a relational database: version, indexes, and the plans of the commonest queries as they are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import ClauseElement

from genesis_flow.errors import AliasNotFound
from genesis_flow.stores.inspection import (
    NO_ALIAS,
    IndexState,
    Inspection,
    Plan,
    Question,
    commonest,
    commonest_of_registry,
)
from genesis_flow.stores.sql import (
    datasets,
    experiment_search,
    experiments,
    metrics,
    migrations,
    model_history,
    model_search,
    model_versions,
    registered_models,
    registry_search,
    run_search,
    run_tables,
    runs,
    schema,
)
from genesis_flow.stores.sql.connection import Connection, Row, Statement

SECRET = b"inspection"
ASK: Mapping[str, Any] = {
    "get_experiment_by_name": experiments.get_by_name,
    "search_experiments": partial(experiment_search.search, secret=SECRET),
    "get_run": runs.get,
    "search_runs": partial(run_search.search, secret=SECRET),
    "get_runs_table": run_tables.get,
    "get_metric_history": partial(metrics.history, secret=SECRET),
    "get_metric_history_bulk_interval": partial(metrics.history_bulk_interval, most=320),
    "search_datasets": datasets.search,
    "search_logged_models": partial(model_search.search, secret=SECRET),
    "get_registered_model": registered_models.get,
    "search_registered_models": partial(registry_search.models, secret=SECRET),
    "get_model_version_by_alias": model_versions.get_by_alias,
    "resolve_model_alias": model_history.resolve,
    "search_model_versions": partial(registry_search.versions, secret=SECRET),
    "get_model_timeline": partial(model_history.timeline, secret=SECRET),
}


class Explaining(migrations.DefiningConnection, Protocol):
    """A connection that notes the plan of every query before it answers it.

    Attributes:
        seen: the steps of the plans, in the database's words.
    """

    seen: list[str]


class _Noting:
    """What makes a kind of connection an explaining one; stands before it among the bases of a class."""

    dialect: Dialect

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.seen: list[str] = []
        super().__init__(*arguments, **options)

    def plan(self, text: str, values: Any) -> Iterable[str]:
        """The steps of a plan, asked of the database."""
        raise NotImplementedError

    def _execute(self, statement: Statement, values: dict[str, Any]) -> Any:
        text, constants = statement.compiled(self.dialect)
        self.seen += self.plan(text, values | constants)
        return super()._execute(statement, values)  # type: ignore[misc]  # of the connection behind

    def query(self, clause: ClauseElement) -> list[Row]:
        compiled = clause.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
        self.seen += self.plan(str(compiled), dict(compiled.params))
        found: list[Row] = super().query(clause)  # type: ignore[misc]  # of the connection behind
        return found


def inspected(connection: Explaining, is_scan: Callable[[str], bool]) -> Inspection:
    """What is found on a connection.

    Args:
        connection: to the database.
        is_scan: whether a step of a plan looks at a whole table.

    Raises:
        ForeignDatabase: the database belongs to another program.
    """
    made = connection.made()
    made.refuse_foreign()
    if not made.tables:
        return empty()
    states = [IndexState(name, purpose, name in made.indexes) for name, purpose in _expected()]
    pending = [step.purpose for step in migrations.plan(connection)]
    plans = [] if pending else list(_plans(connection, is_scan))
    return Inspection(migrations.version_of(connection), pending, states, plans)


def empty() -> Inspection:
    """A database in which nothing was made yet."""
    return Inspection(0, ["make the tables and their indexes"], [IndexState(*one, False) for one in _expected()])


def _expected() -> list[tuple[str, str]]:
    """The names of the indexes that there should be, and what they are of."""
    return [
        (str(index.name), f"{table.name} by {', '.join(index.columns.keys())}")
        for table in schema.metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda one: str(one.name))
    ]


def _plans(connection: Explaining, is_scan: Callable[[str], bool]) -> Iterable[Plan]:
    """The plans of the commonest queries."""
    for question in _questions(connection):
        connection.seen.clear()
        with suppress(AliasNotFound):  # the plan of looking for it is known then
            ASK[question.verb](connection, question.message)
        steps = list(dict.fromkeys(connection.seen))
        yield Plan(question.words, "; ".join(steps), any(map(is_scan, steps)))


def _questions(connection: Connection) -> list[Question]:
    """The commonest queries, asked of a run and of a registered model that exist; none without them."""
    questions: list[Question] = []
    if (of_run := connection.row(metrics.ANY_METRIC)) is not None:
        run_id, experiment, metric = of_run
        questions += commonest(run_id, str(experiment), metric, "params.lr = '0.1'")
    if (of_model := connection.row(registered_models.ANY_ALIAS)) is not None:
        name, alias = of_model
        questions += commonest_of_registry(name, alias or NO_ALIAS)
    return questions


def inspect_sqlite(path: Path) -> Inspection:
    """Looks at a SQLite file without changing it.

    Raises:
        ForeignDatabase: it belongs to another program.
    """
    from genesis_flow.stores.sql.sqlite import DIALECT, SqliteConnection
    from genesis_flow.stores.sql.sqlite_store import refuse_foreign

    class ExplainingSqlite(_Noting, SqliteConnection):
        dialect = DIALECT

        def plan(self, text: str, values: Any) -> Iterable[str]:
            return [step[3] for step in self._raw.execute(f"EXPLAIN QUERY PLAN {text}", values)]

    if not path.exists():
        return empty()
    refuse_foreign(path)
    connection = ExplainingSqlite(path, writable=False)
    try:
        return inspected(connection, _scans_in_sqlite)
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
    from genesis_flow.stores.sql.postgresql_store import parameters

    class ExplainingPostgres(_Noting, PostgresConnection):
        dialect = DIALECT

        def plan(self, text: str, values: Any) -> Iterable[str]:
            rows = self._raw.execute(f"EXPLAIN (COSTS OFF) {text}".encode(), values)
            return [row[0].strip(" ->") for row in rows if " on " in row[0] or " using " in row[0]]

    try:
        connection = ExplainingPostgres(parameters(uri))
    except psycopg.Error as error:
        raise unreachable(error)[0] from error
    try:
        # Small tables are read whole because that is faster; here the question is whether an index would do.
        connection.execute("SET enable_seqscan = off")
        return inspected(connection, lambda step: step.startswith("Seq Scan"))
    except psycopg.Error as error:
        raise translated(error) from error
    finally:
        connection.close()
