"""SQLite as it has to be used by a server: many readers, one writer, and commits that are shared.

Short reads run on the event loop (a point read takes 4 µs, a hop to a thread 40-110 µs), long ones in reader
threads, each on a connection of its own. All writes go through one thread: it takes everything that waits, runs
it in one transaction and commits once, so that sixteen clients wait for one ``fsync`` instead of sixteen. Each
piece of work has its own outcome.

Several processes may use one file: each has its writer, and SQLite's lock lets one commit at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.sql import ClauseElement

from genesis_flow.errors import FilterTooDeep, GenesisFlowError, ShuttingDown, StorageFull, StoreBusy, StoreFailed
from genesis_flow.stores.sql.connection import Row, Statement, Work

T = TypeVar("T")

DIALECT = sqlite_dialect(paramstyle="named")
BUSY_TIMEOUT_S = 30.0
READERS = 2
MOST_WORK_IN_A_COMMIT = 256
IDLE_S = 0.25
LONGEST_WITHOUT_IDLE_WORK_S = 2.0
CACHE_KIB = 4_096
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
        self.emptied: set[int] = set()
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # an answer of 200 is on disk
            f"cache_size = -{CACHE_KIB}",
            f"wal_autocheckpoint = {WAL_PAGES_BEFORE_CHECKPOINT}",
            f"query_only = {'OFF' if writable else 'ON'}",
            "trusted_schema = OFF",
            "case_sensitive_like = ON",  # as LIKE is everywhere else; ILIKE compares in lower case
        ):
            self._raw.execute(f"PRAGMA {pragma}")

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

    def many(self, statement: Statement, values: Iterable[Mapping[str, Any]]) -> None:
        self._raw.executemany(statement.text(DIALECT), values)

    def array(self, values: Iterable[int]) -> str:
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

    @property
    def changes(self) -> int:
        """The number of rows that this connection has changed since it was opened."""
        return self._raw.total_changes

    def interrupt(self) -> None:
        """Ends the query that another thread is running on this connection."""
        self._raw.interrupt()

    def close(self) -> None:
        self._raw.close()


class _Job(NamedTuple):
    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


_Outcome = tuple[Any, "BaseException | None"]


class SqliteDatabase:
    """A SQLite file, read by many and written by one.

    Args:
        path: the database file; its folder must exist.
        on_idle: work that the writer does when nothing waits; it answers whether there is more of it to do.

    Attributes:
        on_commit: told the number of writes in each commit, on the writer's thread.
    """

    def __init__(self, path: Path, on_idle: Callable[[SqliteConnection], bool] = lambda _: False) -> None:
        self._writer = SqliteConnection(path, writable=True)
        self._point_reader = SqliteConnection(path, writable=False)
        self._idle_readers = [SqliteConnection(path, writable=False) for _ in range(READERS)]
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="sqlite-reader")
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._on_idle = on_idle
        self._idle_at = time.monotonic()
        self.on_commit: Callable[[int], None] = lambda writes: None
        self._closing = False
        # PERF: the writer's statements are a few microseconds each; with Python's default of 5 ms
        # it waits for the event loop after every one of them: 5,500 instead of 6,200 log-metric/s,
        # and 0.8 instead of 0.67 ms for a single one.
        sys.setswitchinterval(min(sys.getswitchinterval(), 0.0005))
        self._thread = threading.Thread(target=self._write_forever, name="sqlite-writer", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many writes wait for the writer."""
        return self._queue.qsize()

    async def read(self, work: Work[T]) -> T:
        return _in_snapshot(self._point_reader, work)

    async def scan(self, work: Work[T]) -> T:
        if self._closing:
            raise ShuttingDown
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._scan, work)

    def _scan(self, work: Work[T]) -> T:
        reader = self._idle_readers.pop()
        try:
            return _in_snapshot(reader, work)
        finally:
            self._idle_readers.append(reader)

    async def write(self, work: Work[T]) -> T:
        if self._closing:
            raise ShuttingDown
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Job(work, loop, future))
        return await future

    async def close(self) -> None:
        if self._closing:
            return
        self._closing = True
        self._queue.put(None)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
        self._pool.shutdown()
        for connection in (self._point_reader, *self._idle_readers, self._writer):
            connection.close()

    # --- the writer's thread ------------------------------------------------------------------------------

    def _write_forever(self) -> None:
        more_to_do = True
        while True:
            try:
                first = self._queue.get(timeout=IDLE_S) if more_to_do else self._queue.get()
            except queue.Empty:
                more_to_do = self._do_idle_work()
                continue
            jobs, last = self._gather(first)
            if jobs:
                self._commit_together(jobs)
                self.on_commit(len(jobs))
                more_to_do = True
                if time.monotonic() - self._idle_at > LONGEST_WITHOUT_IDLE_WORK_S:
                    self._do_idle_work(even_if_busy=True)
            if last:
                return

    def _gather(self, first: _Job | None) -> tuple[list[_Job], bool]:
        """Everything that waits, and whether the end was asked for."""
        jobs: list[_Job] = []
        item: _Job | None = first
        while item is not None:
            jobs.append(item)
            if len(jobs) == MOST_WORK_IN_A_COMMIT:
                return jobs, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _do_idle_work(self, *, even_if_busy: bool = False) -> bool:
        """Does idle work until something waits, or one piece of it; whether there is more."""
        self._idle_at = time.monotonic()
        try:
            while even_if_busy or self._queue.empty():
                with Transaction(self._writer):
                    if not self._on_idle(self._writer):
                        return False
                if even_if_busy:
                    break
        except sqlite3.Error:
            return False  # a full or locked disk: the work is still there the next time
        return True

    def _commit_together(self, jobs: list[_Job]) -> None:
        """Runs the jobs in one transaction; if that fails as a whole, each in one of its own."""
        outcomes: list[_Outcome] = []
        try:
            with Transaction(self._writer):
                for job in jobs:
                    outcomes.append(self._attempt(job))
        except Exception as error:
            if len(jobs) == 1:
                outcomes = [(None, translated(error))]
            else:
                for job in jobs:
                    self._commit_together([job])
                return
        _tell(jobs, outcomes)

    def _attempt(self, job: _Job) -> _Outcome:
        """A job's outcome; an error of its own that it raised before it changed anything leaves the others alone."""
        before = self._writer.changes
        try:
            return job.work(self._writer), None
        except GenesisFlowError as error:
            if self._writer.changes != before:
                raise
            return None, error


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


def _tell(jobs: list[_Job], outcomes: list[_Outcome]) -> None:
    """Gives each job its outcome on its own loop, waking each loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], _Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        by_loop.setdefault(job.loop, []).append((job.future, outcome))
    for loop, pairs in by_loop.items():
        # A closed loop has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[asyncio.Future[Any], _Outcome]]) -> None:
    for future, (result, error) in pairs:
        if future.done():  # the caller has gone; the write stays
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)


def translated(error: BaseException) -> BaseException:
    """A driver's error as one of ours; anything else as it is."""
    if not isinstance(error, sqlite3.Error):
        return error
    # By its sentence, because Python 3.10 gives no code.
    said = str(error)
    if "parser stack overflow" in said:
        return FilterTooDeep()
    if "locked" in said:
        return StoreBusy()
    if "disk is full" in said or "disk I/O error" in said:
        return StorageFull()
    return StoreFailed()
