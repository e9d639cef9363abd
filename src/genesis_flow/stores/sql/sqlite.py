"""SQLite as it has to be used by a server: many readers, one writer, and commits that are shared.

Short reads run on the event loop (a point read takes 4 µs, a hop to a thread 40-110 µs), long ones in reader
threads, each on a connection of its own. All writes go through one thread, which shares its commits (``writer.py``).

Several processes may use one file: each has its writer, and SQLite's lock lets one commit at a time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.sql import ClauseElement

from genesis_flow.errors import FilterTooDeep, ShuttingDown, StorageFull, StoreBusy, StoreFailed
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Row, Statement, Work
from genesis_flow.stores.sql.writer import Job, Outcome, Writer, attempt

T = TypeVar("T")

log = logging.getLogger("genesis_flow.stores")

DIALECT = sqlite_dialect(paramstyle="named")
BUSY_TIMEOUT_S = 30.0
BUSY_PAUSE_S = 0.01
READERS = 2
CACHE_KIB = 4_096
MADE = "SELECT type, name FROM sqlite_master"
# PERF: a checkpoint holds the writer up: 4,000 pages fill a tenth more runs a second than the 1,000 of SQLite itself.
WAL_PAGES_BEFORE_CHECKPOINT = 4_000


class SqliteConnection:
    """A connection to a SQLite file, used by one thread at a time.

    Args:
        path: the database file.
        writable: whether the connection may change it.
    """

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._raw = sqlite3.connect(
            path,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        self.states: dict[str, tuple[int, int, str]] = {}
        self.emptied: set[int] = set()
        self.joins_writes = False
        self._use_wal()
        for pragma in (
            "synchronous = FULL",  # an answer of 200 is on disk
            f"cache_size = -{CACHE_KIB}",
            f"wal_autocheckpoint = {WAL_PAGES_BEFORE_CHECKPOINT}",
            f"query_only = {'OFF' if writable else 'ON'}",
            # What a batch may have to undo stays in memory; a reader's large sort does not.
            f"temp_store = {'MEMORY' if writable else 'DEFAULT'}",
            "trusted_schema = OFF",
            "case_sensitive_like = ON",  # as LIKE is everywhere else; ILIKE compares in lower case
        ):
            self._raw.execute(f"PRAGMA {pragma}")

    def _use_wal(self) -> None:
        """Has writes go to a log; SQLite's own time-out does not cover two connections that switch to it at once."""
        deadline = time.monotonic() + BUSY_TIMEOUT_S
        while True:
            try:
                self._raw.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if not isinstance(translated(error), StoreBusy) or time.monotonic() > deadline:
                    raise
                time.sleep(BUSY_PAUSE_S)
            else:
                return

    def _execute(self, statement: Statement, values: dict[str, Any]) -> sqlite3.Cursor:
        text, constants = statement.compiled(DIALECT)
        return self._raw.execute(text, values | constants if constants else values)

    def rows(self, statement: Statement, **values: Any) -> list[Row]:
        return self._execute(statement, values).fetchall()

    def row(self, statement: Statement, **values: Any) -> Row | None:
        found: Row | None = self._execute(statement, values).fetchone()
        return found

    def run(self, statement: Statement, **values: Any) -> int:
        return self._execute(statement, values).rowcount

    def many(self, statement: Statement, values: Iterable[Mapping[str, Any]]) -> int:
        return self._raw.executemany(statement.text(DIALECT), values).rowcount

    def array(self, values: Iterable[int] | Iterable[str]) -> str:
        return json.dumps(list(values))

    def query(self, clause: ClauseElement) -> list[Row]:
        compiled = clause.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        return self._raw.execute(str(compiled), compiled.params).fetchall()

    def insert(self, statement: Statement, **values: Any) -> int:
        rowid = self._execute(statement, values).lastrowid
        assert rowid is not None  # every table that this is used for has an integer key
        return rowid

    def execute(self, sql: str) -> list[Row]:
        """Runs SQL that no value enters: transaction control and pragmas."""
        return self._raw.execute(sql).fetchall()

    def made(self) -> schema.Made:
        """The tables and indexes that are there."""
        return schema.Made.of(self.execute(MADE))

    @property
    def changes(self) -> int:
        """The number of rows that this connection has changed since it was opened."""
        return self._raw.total_changes

    def interrupt(self) -> None:
        """Ends the query that another thread is running on this connection."""
        self._raw.interrupt()

    def close(self) -> None:
        self._raw.close()


class SqliteDatabase:
    """A SQLite file, read by many and written by one.

    Args:
        path: the database file; its folder must exist.
        on_idle: work that the writer does when nothing waits; it answers whether there is more of it to do.
    """

    def __init__(self, path: Path, on_idle: Callable[[SqliteConnection], bool] = lambda _: False) -> None:
        self._connection = SqliteConnection(path, writable=True)
        self._point_reader = SqliteConnection(path, writable=False)
        self._idle_readers = [SqliteConnection(path, writable=False) for _ in range(READERS)]
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._on_idle = on_idle
        self._writer = Writer("sqlite-writer", self._commit_together, self._do_idle_work)

    @property
    def waiting(self) -> int:
        """How many writes wait for the writer."""
        return self._writer.waiting

    def watch(self, on_commit: Callable[[int], None]) -> None:
        self._writer.on_commit = on_commit

    async def read(self, work: Work[T]) -> T:
        return _in_snapshot(self._point_reader, work)

    async def scan(self, work: Work[T]) -> T:
        if self._writer.closing:
            raise ShuttingDown
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._scan, work)

    def _scan(self, work: Work[T]) -> T:
        reader = self._idle_readers.pop()
        try:
            return _in_snapshot(reader, work)
        finally:
            self._idle_readers.append(reader)

    async def write(self, work: Work[T], *, run_id: str | None = None) -> T:
        return await self._writer.write(work, run_id)

    async def close(self) -> None:
        if self._writer.closing:
            return
        await self._writer.close()
        self._pool.shutdown()
        for connection in (self._point_reader, *self._idle_readers, self._connection):
            connection.close()

    # --- the writer's thread ------------------------------------------------------------------------------

    def _do_idle_work(self) -> bool:
        try:
            with Transaction(self._connection):
                return self._on_idle(self._connection)
        except sqlite3.Error as error:  # a full or locked disk: the work is still there the next time
            log.warning("Documents of runs could not be filled in: %s", error)
            return False

    def _commit_together(self, jobs: list[Job]) -> list[Outcome]:
        """Runs the jobs in one transaction; if that fails as a whole, each in one of its own."""
        try:
            with Transaction(self._connection):
                return [attempt(self._connection, job) for job in jobs]
        except Exception as error:
            if len(jobs) == 1:
                return [(None, translated(error))]
            return [outcome for job in jobs for outcome in self._commit_together([job])]


def _in_snapshot(connection: SqliteConnection, work: Work[T]) -> T:
    """Runs reads so that all of them see one state of the database."""
    try:
        connection.execute("BEGIN")
        try:
            return work(connection)
        finally:
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise translated(error) from error


class Transaction:
    """A write transaction: committed at the end, rolled back on an error."""

    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.emptied.clear()
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            if error is None:
                self._connection.execute("COMMIT")
        finally:
            if self._connection._raw.in_transaction:
                self._connection.execute("ROLLBACK")


def translated(error: BaseException) -> BaseException:
    """A driver's error as one of ours; anything else as it is."""
    if not isinstance(error, sqlite3.Error):
        return error
    ours = _ours(error)
    ours.__cause__ = error
    return ours


def _ours(error: sqlite3.Error) -> BaseException:
    # By its sentence, because Python 3.10 gives no code.
    said = str(error)
    if "parser stack overflow" in said:
        return FilterTooDeep()
    if "locked" in said:
        return StoreBusy()
    if "disk is full" in said or "disk I/O error" in said:
        return StorageFull()
    return StoreFailed()
