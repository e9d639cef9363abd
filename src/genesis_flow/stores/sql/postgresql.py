"""PostgreSQL as the SQL store uses it: a pool of connections that read, and one that writes.

Reads see one state of the database each. Writes go through one writer, whose commits are shared, on rows that are
locked: several servers may write to one database. Everything runs in threads, because the statements are the same
functions that SQLite runs.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import psycopg
from psycopg import IsolationLevel, errors
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import Insert

from genesis_flow.errors import (
    GenesisFlowError,
    InvalidRequest,
    ShuttingDown,
    StorageFull,
    StoreBusy,
    StoreFailed,
    StoreUnreachable,
)
from genesis_flow.stores.sql.connection import Connection, Row, Statement, Work
from genesis_flow.stores.sql.writer import Writer

T = TypeVar("T")
Raw = psycopg.Connection[Row]

log = logging.getLogger("genesis_flow.stores")

DIALECT: Dialect = PGDialect_psycopg(paramstyle="pyformat")  # type: ignore[no-untyped-call]
READERS = 4
DEADLINE_S = 20
"""For one statement."""
CONNECT_TIMEOUT_S = 5
REPEAT_FOR_S = 10.0
"""How long work is run again on a database that does not answer, as long as nothing of it was committed."""
PAUSE_S = 0.2
LOST = (psycopg.OperationalError, psycopg.InterfaceError)


class PostgresqlConnection:
    """A connection to a PostgreSQL database, used by one thread at a time."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw
        self.emptied: set[int] = set()
        self.changes = 0

    def _execute(self, statement: Statement, values: dict[str, Any]) -> psycopg.Cursor[Row]:
        text, constants = statement.compiled(DIALECT)
        return self.raw.execute(cast(Any, text), values | constants if constants else values)

    def rows(self, statement: Statement, **values: Any) -> list[Row]:
        return self._execute(statement, values).fetchall()

    def row(self, statement: Statement, **values: Any) -> Row | None:
        return self._execute(statement, values).fetchone()

    def run(self, statement: Statement, **values: Any) -> int:
        changed = self._execute(statement, values).rowcount
        self.changes += changed
        return changed

    def many(self, statement: Statement, values: Iterable[Mapping[str, Any]]) -> int:
        rows = list(values)
        if not rows:
            return 0
        cursor = self.raw.execute(cast(Any, as_arrays(statement)), _columns(rows))
        self.changes += cursor.rowcount
        return cursor.rowcount

    def array(self, values: Iterable[int]) -> list[int]:
        return list(values)

    def query(self, clause: ClauseElement) -> list[Row]:
        compiled = clause.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        return self.raw.execute(cast(Any, str(compiled)), compiled.params).fetchall()

    def insert(self, statement: Statement, **values: Any) -> int:
        row = self.raw.execute(cast(Any, statement.text(DIALECT)), values).fetchone()  # SQLAlchemy adds RETURNING
        assert row is not None  # a row was inserted, or an error raised
        self.changes += 1
        key: int = row[0]
        return key

    def execute(self, sql: str) -> list[Row]:
        """Runs SQL that no value enters."""
        cursor = self.raw.execute(cast(Any, sql))
        return cursor.fetchall() if cursor.description else []


_ARRAYS: dict[int, tuple[Statement, str]] = {}


def as_arrays(statement: Statement) -> str:
    """An insert of one row, whose every column is bound to its own name, as an insert of arrays.

    PERF: 1,000 points in 6 ms; as 1,000 statements in a pipeline they take 30.
    """
    known = _ARRAYS.get(id(statement))
    if known is None:
        clause = statement.clause(DIALECT)
        assert isinstance(clause, Insert)
        columns = [column for column in clause.table.columns if f"%({column.name})s" in statement.text(DIALECT)]
        arrays = ", ".join(f"%({c.name})s::{c.type.compile(dialect=DIALECT).split(' COLLATE')[0]}[]" for c in columns)
        text = statement.text(DIALECT)
        start, end = text.index("VALUES ("), text.index(" ON CONFLICT") if " ON CONFLICT" in text else len(text)
        known = _ARRAYS[id(statement)] = statement, f"{text[:start]}SELECT * FROM unnest({arrays}){text[end:]}"  # noqa: S608
    return known[1]


def _columns(rows: list[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


class PostgresqlDatabase:
    """A PostgreSQL database.

    Args:
        uri: as libpq takes it.
        prepare: makes the database what the store works on, in one transaction; the secret that signs page tokens.
        on_idle: work that the writer does when nothing waits; it answers whether there is more of it to do.
    """

    def __init__(
        self, uri: str, *, prepare: Callable[[PostgresqlConnection], bytes], on_idle: Callable[[Connection], bool]
    ) -> None:
        self._uri = uri
        self._prepare = prepare
        self._on_idle = on_idle
        self._secret: bytes | None = None
        self._opening = threading.Lock()
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="postgresql-reader")
        self._pool = ConnectionPool(
            uri,
            kwargs=OPTIONS,
            configure=_for_reading,
            min_size=0,
            max_size=READERS,
            timeout=REPEAT_FOR_S,
            open=False,
            name="genesis-flow",
        )
        self._closing = False
        self._transactions = _Transactions(uri)
        self._writer = Writer(self._transactions, self._do_idle_work, "postgresql-writer")

    @property
    def waiting(self) -> int:
        """How many writes wait for the writer."""
        return self._writer.waiting

    def watch(self, on_commit: Callable[[int], None]) -> None:
        self._writer.on_commit = on_commit

    def _do_idle_work(self, connection: Connection) -> bool:
        return self._secret is not None and self._on_idle(connection)

    async def secret(self) -> bytes:
        if self._secret is None:
            await self._in_thread(self._open)
            assert self._secret is not None  # opened above
        return self._secret

    def _open(self) -> None:
        with self._opening:
            if self._secret is None:
                try:
                    with psycopg.connect(self._uri, **OPTIONS) as raw:
                        self._secret = self._prepare(PostgresqlConnection(cast(Raw, raw)))
                except Exception as error:
                    raise translated(error) from error
                self._pool.open()

    async def _in_thread(self, function: Callable[[], T]) -> T:
        if self._closing:
            raise ShuttingDown
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)

    async def read(self, work: Work[T]) -> T:
        await self.secret()
        return await self._in_thread(lambda: self._read(work))

    async def scan(self, work: Work[T]) -> T:
        return await self.read(work)

    def _read(self, work: Work[T]) -> T:
        """Runs reads so that all of them see one state of the database; once more, if a connection was lost."""
        deadline = time.monotonic() + REPEAT_FOR_S
        while True:
            try:
                with self._pool.connection() as raw:
                    try:
                        return work(PostgresqlConnection(cast(Raw, raw)))
                    finally:
                        if not raw.broken:
                            raw.rollback()
            except Exception as error:
                if is_lost(error) and time.monotonic() < deadline:
                    time.sleep(PAUSE_S)
                    continue
                raise translated(error) from error

    async def write(self, work: Work[T]) -> T:
        await self.secret()
        return await self._writer.write(work)

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        await self._writer.close()
        self._threads.shutdown()
        self._pool.close()
        self._transactions.close()


OPTIONS: dict[str, Any] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "application_name": "genesis-flow",
    "options": f"-c statement_timeout={DEADLINE_S * 1000} -c synchronous_commit=on -c jit=off",
}


def _for_reading(raw: psycopg.Connection[Any]) -> None:
    raw.isolation_level = IsolationLevel.REPEATABLE_READ
    raw.read_only = True


class CommitLost(Exception):
    """The connection was lost while a commit was on its way; whether it was done is open."""


class _Transactions:
    """What the writer needs of a PostgreSQL database: one connection, opened again when it was lost."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._connection: PostgresqlConnection | None = None
        self._since = 0.0

    @contextmanager
    def begin(self) -> Iterator[PostgresqlConnection]:
        connection = self._connection
        if connection is None or connection.raw.closed:
            connection = PostgresqlConnection(cast(Raw, psycopg.connect(self._uri, **OPTIONS)))
            self._connection = connection
        connection.emptied.clear()
        try:
            yield connection
        except BaseException:
            if not connection.raw.broken:
                connection.raw.rollback()
            raise
        try:
            connection.raw.commit()
        except LOST as error:
            if is_lost(error) or connection.raw.broken:
                raise CommitLost from error
            raise

    def translated(self, error: BaseException) -> BaseException:
        return translated(error)

    def may_repeat(self, error: BaseException, attempt: int) -> bool:
        """Deadlocks, and names that another server took at the same moment, at once; lost connections for a while."""
        if isinstance(error, (errors.SerializationFailure, errors.DeadlockDetected, errors.UniqueViolation)):
            return attempt < 5
        if not is_lost(error):
            return False
        if attempt == 0:
            self._since = time.monotonic()
        time.sleep(PAUSE_S)
        return time.monotonic() - self._since < REPEAT_FOR_S

    def close(self) -> None:
        if self._connection is not None:
            self._connection.raw.close()


def is_lost(error: BaseException) -> bool:
    """Whether the connection is gone, or cannot be made, so that nothing was done."""
    if isinstance(error, (errors.QueryCanceled, errors.DiskFull, errors.LockNotAvailable, PoolTimeout)):
        return False
    if isinstance(error, psycopg.Error) and error.sqlstate is not None:
        return error.sqlstate[:2] in ("08", "57")  # connection exceptions; the server stops or starts
    return isinstance(error, LOST)


def translated(error: BaseException) -> BaseException:
    """A driver's error as one of ours; anything else as it is."""
    match error:
        case GenesisFlowError():
            return error
        case CommitLost():
            return StoreUnreachable("the connection was lost before the database confirmed the write")
        case errors.QueryCanceled() | errors.LockNotAvailable():
            return StoreBusy()
        case errors.DiskFull():
            return StorageFull()
        case PoolTimeout():
            return StoreUnreachable("no connection to the database could be made in time")
        case errors.InvalidPassword() | errors.InvalidAuthorizationSpecification():
            return StoreUnreachable("the database refuses the server's credentials")
        case psycopg.DataError() if "NUL" in str(error):
            return InvalidRequest("A text holds the character NUL, which this database cannot keep or look for.")
        case psycopg.Error() if is_lost(error):
            log.warning("PostgreSQL does not answer: %s", type(error).__name__)
            return StoreUnreachable("the database does not answer")
        case psycopg.Error():
            return StoreFailed()
        case _:
            return error
