"""A connection to PostgreSQL: what is said differently there, and what its errors become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import psycopg
from psycopg.abc import Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect
from sqlalchemy.sql import ClauseElement

from genesis_flow.errors import FilterTooDeep, StorageFull, StoreBusy, StoreFailed, StoreUnreachable
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Row, Statement, Work

T = TypeVar("T")

DEADLINE = "20s"
"""For one statement, unless the server or the URI says another ``statement_timeout``."""
SETTINGS = f"""
    SELECT set_config('statement_timeout',
               CASE current_setting('statement_timeout') WHEN '0' THEN '{DEADLINE}'
               ELSE current_setting('statement_timeout') END, false),
           -- An answer of 200 is on disk, whatever the server's default is.
           set_config('synchronous_commit',
               CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
               ELSE current_setting('synchronous_commit') END, false),
           -- It takes longer to compile a query than any of ours takes to run.
           set_config('jit', 'off', false)
"""

MADE = """
    SELECT 'table', tablename::text FROM pg_tables WHERE schemaname = current_schema()
    UNION ALL SELECT 'index', indexname::text FROM pg_indexes WHERE schemaname = current_schema()
"""

BUSY = frozenset({"57014", "55P03", "53200", "53300"})
RERUN = frozenset({"40001", "40P01", "23505"})
"""Serialization failure, deadlock, and a key that another server made meanwhile."""
LOST = frozenset({"57P01", "57P02", "57P03", "57P05", "25006"})
"""The server ends, starts, or has become one that takes no writes."""


class _Compiler(PGCompiler):
    """LIKE has no escape character, as it has none in SQLite."""

    def visit_like_op_binary(self, binary: Any, operator: Any, **options: Any) -> str:
        return f"{super().visit_like_op_binary(binary, operator, **options)} ESCAPE ''"  # type: ignore[no-untyped-call]

    def visit_not_like_op_binary(self, binary: Any, operator: Any, **options: Any) -> str:
        return f"{super().visit_not_like_op_binary(binary, operator, **options)} ESCAPE ''"  # type: ignore[no-untyped-call]


class _Dialect(PGDialect):
    statement_compiler = _Compiler
    supports_statement_cache = False


DIALECT = _Dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]


class _Text(StrDumperUnknown):
    """A text; one with a NUL, which PostgreSQL cannot hold, is asked for as NULL, which equals nothing."""

    def dump(self, obj: str) -> Buffer | None:
        return None if "\0" in obj else super().dump(obj)


class PostgresConnection:
    """A connection to PostgreSQL, used by one thread at a time.

    Args:
        parameters: what the driver connects with.

    Raises:
        psycopg.Error
    """

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self._raw = psycopg.connect(**parameters, autocommit=True)
        # One type for every integer, so that a statement is prepared once and not for each size of its values.
        self._raw.adapters.register_dumper(int, Int8Dumper)
        self._raw.adapters.register_dumper(str, _Text)
        self._cursor = self._raw.cursor(binary=True)
        self.states: dict[str, tuple[int, int, str]] = {}
        self.emptied: set[int] = set()
        self.joins_writes = True
        self.changes = 0
        self.execute(SETTINGS)

    def _execute(self, statement: Statement, values: dict[str, Any]) -> psycopg.Cursor[Row]:
        text, constants = statement.compiled(DIALECT)
        return self._cursor.execute(text.encode(), values | constants if constants else values)

    def rows(self, statement: Statement, **values: Any) -> list[Row]:
        return self._execute(statement, values).fetchall()

    def row(self, statement: Statement, **values: Any) -> Row | None:
        return self._execute(statement, values).fetchone()

    def run(self, statement: Statement, **values: Any) -> int:
        changed = max(0, self._execute(statement, values).rowcount)  # -1 of what changes no rows
        self.changes += changed
        return changed

    def many(self, statement: Statement, values: Iterable[Mapping[str, Any]]) -> int:
        """Runs a statement whose values are arrays, one for each column (``upsert.py``)."""
        rows = list(values)
        if not rows:
            return 0
        return self.run(statement, **{name: array([row[name] for row in rows]) for name in rows[0]})

    def array(self, values: Iterable[int] | Iterable[str]) -> str:
        return array(list(values))

    def query(self, clause: ClauseElement) -> list[Row]:
        compiled = clause.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        # Beside a float PostgreSQL would round an integer; beside a decimal it compares exactly.
        values = {name: Decimal(v) if isinstance(v, float) else v for name, v in compiled.params.items()}
        return self._cursor.execute(str(compiled).encode(), values, prepare=False).fetchall()

    def insert(self, statement: Statement, **values: Any) -> int:
        found = self._execute(statement, values).fetchone()
        assert found is not None  # the compiler asks for the key that is generated
        self.changes += 1
        key: int = found[0]
        return key

    def execute(self, sql: str) -> list[Row]:
        """Runs SQL that no value enters; the rows of its last statement, if that has any."""
        cursor = self._raw.execute(sql.encode())
        while cursor.nextset():
            pass
        return cursor.fetchall() if cursor.description else []

    def made(self) -> schema.Made:
        """The tables and indexes that are there."""
        return schema.Made.of(self.execute(MADE))

    def in_snapshot(self, work: Work[T]) -> T:
        """Runs reads so that all of them see one state of the database."""
        self.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            return work(self)
        finally:
            self.rollback()

    def rollback(self) -> None:
        """Ends the transaction, if it has not ended with its connection."""
        if self._raw.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            self.execute("ROLLBACK")

    @property
    def version(self) -> int:
        """The major version of the server."""
        return self._raw.info.server_version // 10_000

    def close(self) -> None:
        self._raw.close()


class Transaction:
    """A write transaction: committed at the end, rolled back on an error. Within the block it has an id."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection

    def __enter__(self) -> str:
        self._connection.states.clear()
        self._connection.emptied.clear()
        begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_current_xact_id()::text"
        ((transaction,),) = self._connection.execute(begin)
        return str(transaction)

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None:
            self._connection.execute("COMMIT")
        else:
            self._connection.rollback()


def array(values: Sequence[Any]) -> str:
    """Numbers, texts and None as an array in PostgreSQL's notation; a text with a NUL is NULL, as in ``_Text``.

    PERF: 1 ms for the six columns of a thousand points, where the driver's own arrays take 6 ms.
    """
    return "{" + ",".join([_item(v) for v in values]) + "}"


def _item(value: Any) -> str:
    if isinstance(value, str) and "\0" not in value:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "NULL" if value is None or isinstance(value, str) else repr(value)


# --- errors -------------------------------------------------------------------------------------------------------


def is_lost(error: BaseException) -> bool:
    """Whether the connection is of no use any more."""
    if not isinstance(error, psycopg.OperationalError | psycopg.InternalError):
        return False
    state = error.sqlstate
    return state is None or state in LOST or state.startswith("08")


def may_succeed_again(error: BaseException) -> bool:
    """Whether a transaction that failed in this way may be run again."""
    return isinstance(error, psycopg.Error) and error.sqlstate in RERUN


def translated(error: BaseException) -> BaseException:
    """A driver's error as one of ours; anything else as it is."""
    if not isinstance(error, psycopg.Error):
        return error
    ours = _ours(error)
    ours.__cause__ = error
    return ours


def _ours(error: psycopg.Error) -> BaseException:
    if is_lost(error):
        return StoreUnreachable("the connection to the database was lost")
    match error.sqlstate:
        case state if state in BUSY | RERUN:
            return StoreBusy()
        case "53100":
            return StorageFull()
        case "54001":
            return FilterTooDeep()
        case "42501":
            return StoreUnreachable("the database does not let its user do what the server needs")
        case _:
            return StoreFailed()


# What the driver says when it cannot connect, which has no code: a part of its sentence, and what we say.
_REFUSALS = {
    "password authentication failed": "the database refuses the server's credentials",
    "no password supplied": "the database asks for a password",
    "no pg_hba.conf entry": "the database does not accept this server",
    "does not exist": "there is no such database, or no such user",
    "permission denied": "the database does not let its user in",
}
_HINDRANCES = {
    "refused": "nothing listens at its address",
    "timeout": "it does not answer",
    "translate host name": "the name of its host is not known",
    "No such file": "nothing listens at its address",
    "starting up": "it is starting",
    "shutting down": "it is shutting down",
    "recovery": "it is recovering",
    "read-only": "it takes no writes at the moment",
    "too many clients": "it has too many connections",
    "remaining connection slots": "it has too many connections",
}


def unreachable(error: psycopg.Error) -> tuple[StoreUnreachable, bool]:
    """What is wrong with a database that cannot be connected to, and whether that may pass soon."""
    said = str(error)
    for part, reason in _REFUSALS.items():
        if part in said:
            return StoreUnreachable(reason), False
    reason = next((reason for part, reason in _HINDRANCES.items() if part in said), "it cannot be reached")
    return StoreUnreachable(reason), True
