"""PostgreSQL as it is used by a server: pooled readers, one writer, and a connection that may be lost.

Reads run in threads, each in a snapshot on a connection of its own. All writes of a process go through one thread,
which shares its commits (``writer.py``); the rows of the runs in a commit are locked first, in the order of their ids,
so that several servers neither overwrite each other nor wait in a circle.

Work whose connection was lost is done again on the next one. Whether a commit happened that nobody answered is asked
of PostgreSQL itself, so that nothing is done twice. A database that was there a moment ago is waited for; one that has
been away for longer is said at once.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import GenesisFlowError, ShuttingDown, StoreBusy, StoreUnreachable
from genesis_flow.rules.stages import REMOVED
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Statement, Work
from genesis_flow.stores.sql.postgresql import (
    PostgresConnection,
    Transaction,
    array,
    is_lost,
    may_succeed_again,
    translated,
    unreachable,
)
from genesis_flow.stores.sql.writer import Job, Outcome, Writer, attempt

T = TypeVar("T")

log = logging.getLogger("genesis_flow.stores")

POINT_READERS, SCAN_READERS = 4, 4
TRIES = 5
PATIENCE_S = 10.0
PAUSE_S = 0.2

RUNS = schema.runs
LOCK_RUNS = Statement(
    sa.select(RUNS.c.run_id, RUNS.c.id, RUNS.c.experiment_id, RUNS.c.lifecycle_stage, RUNS.c.document.is_(None))
    .where(RUNS.c.run_id == sa.any_(sa.cast(value("runs"), sa.ARRAY(sa.Text))), RUNS.c.lifecycle_stage != REMOVED)
    .order_by(RUNS.c.run_id)
    .with_for_update(key_share=True)
)
HAPPENED = Statement(sa.select(sa.func.pg_xact_status(value("id"))))


class Connector:
    """Makes connections to a database that it has prepared.

    Args:
        parameters: what the driver connects with.
        prepare: makes the database what the store works on; the secret that signs page tokens.
    """

    def __init__(self, parameters: Mapping[str, Any], prepare: Callable[[PostgresConnection], bytes]) -> None:
        self.closing = False
        self._parameters = parameters
        self._prepare = prepare
        self._preparing = threading.Lock()
        self._secret: bytes | None = None
        # Since when no connection could be made; a database that never was there is not waited for.
        self._down_since: float | None = float("-inf")

    @property
    def secret(self) -> bytes:
        """The secret that signs page tokens, of a database that was connected to."""
        assert self._secret is not None
        return self._secret

    def connect(self) -> PostgresConnection:
        """A new connection to the prepared database.

        Raises:
            GenesisFlowError: there is none, or it is not ours.
        """
        while True:
            try:
                connection = self._connected()
            except psycopg.Error as error:
                self._wait_or_give_up(error)
            else:
                if self._down_since is not None:
                    log.info("The database answers.")
                self._down_since = None
                return connection

    def _connected(self) -> PostgresConnection:
        connection = PostgresConnection(self._parameters)
        try:
            with self._preparing:
                if self._secret is None:
                    self._secret = self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _wait_or_give_up(self, error: psycopg.Error) -> None:
        failure, may_pass = unreachable(error) if is_lost(error) else (translated(error), False)
        now = time.monotonic()
        if self._down_since is None:
            log.warning("%s", failure)
            self._down_since = now
        if not may_pass or self.closing or now - self._down_since > PATIENCE_S:
            raise failure from error
        time.sleep(PAUSE_S)


class PostgresDatabase:
    """A PostgreSQL database, connected to when it is first used.

    Args:
        connector: makes its connections.
        on_idle: work that the writer does when nothing waits; it answers whether there is more of it to do.
    """

    def __init__(self, connector: Connector, on_idle: Callable[[PostgresConnection], bool] = lambda _: False) -> None:
        self._connector = connector
        self._on_idle = on_idle
        self._connection: PostgresConnection | None = None
        self._idle_readers: queue.LifoQueue[PostgresConnection] = queue.LifoQueue()
        self._points = ThreadPoolExecutor(POINT_READERS, thread_name_prefix="postgresql-reader")
        self._scans = ThreadPoolExecutor(SCAN_READERS, thread_name_prefix="postgresql-scan")
        self._writer = Writer("postgresql-writer", self._commit, self._do_idle_work)

    @property
    def waiting(self) -> int:
        """How many writes wait for the writer."""
        return self._writer.waiting

    def watch(self, on_commit: Callable[[int], None]) -> None:
        self._writer.on_commit = on_commit

    async def read(self, work: Work[T]) -> T:
        return await self._in_thread(self._points, work)

    async def scan(self, work: Work[T]) -> T:
        return await self._in_thread(self._scans, work)

    async def write(self, work: Work[T], *, run_id: str | None = None) -> T:
        return await self._writer.write(work, run_id)

    async def close(self) -> None:
        if self._writer.closing:
            return
        self._connector.closing = True
        await self._writer.close()
        loop = asyncio.get_running_loop()
        for pool in (self._points, self._scans):
            await loop.run_in_executor(None, pool.shutdown)
        self._drop_readers()
        self._drop()

    # --- the readers' threads -----------------------------------------------------------------------------

    async def _in_thread(self, pool: ThreadPoolExecutor, work: Work[T]) -> T:
        if self._writer.closing:
            raise ShuttingDown
        return await asyncio.get_running_loop().run_in_executor(pool, self._read, work)

    def _read(self, work: Work[T]) -> T:
        for _ in range(TRIES):
            try:
                connection = self._idle_readers.get_nowait()
            except queue.Empty:
                connection = self._connector.connect()
            try:
                result = connection.in_snapshot(work)
            except BaseException as error:
                if not is_lost(error):
                    self._idle_readers.put(connection)
                    raise translated(error) from error
                connection.close()
                self._drop_readers()  # they are lost, too
            else:
                self._idle_readers.put(connection)
                return result
        raise StoreUnreachable("the connection to the database was lost")

    def _drop_readers(self) -> None:
        while not self._idle_readers.empty():
            try:
                self._idle_readers.get_nowait().close()
            except queue.Empty:
                return

    # --- the writer's thread ------------------------------------------------------------------------------

    def _do_idle_work(self) -> bool:
        if self._connection is None:
            return False
        try:
            with Transaction(self._connection):
                return self._on_idle(self._connection)
        except psycopg.Error as error:
            log.warning("Documents of runs could not be filled in: %s", error)
            if is_lost(error):
                self._drop()
            return False  # the work is still there the next time

    def _commit(self, jobs: list[Job]) -> list[Outcome]:
        """Runs the jobs in one transaction; if that fails as a whole, each in one of its own."""
        failure: BaseException = StoreBusy()
        for _ in range(TRIES):
            try:
                connection = self._connected()
            except GenesisFlowError as error:
                return [(None, error)] * len(jobs)
            try:
                return self._transact(connection, jobs)
            except Exception as error:
                failure = translated(error)
                if is_lost(error):
                    self._drop()
                elif len(jobs) > 1:
                    return [outcome for job in jobs for outcome in self._commit([job])]
                elif not may_succeed_again(error):
                    break
        return [(None, failure)] * len(jobs)

    def _transact(self, connection: PostgresConnection, jobs: list[Job]) -> list[Outcome]:
        outcomes: list[Outcome] | None = None
        transaction = ""
        try:
            with Transaction(connection) as transaction:
                if runs := {job.run_id for job in jobs if job.run_id}:
                    for run_id, run, experiment, stage, is_empty in connection.rows(LOCK_RUNS, runs=array(list(runs))):
                        connection.states[run_id] = run, experiment, stage
                        if is_empty:
                            connection.emptied.add(run)
                outcomes = [attempt(connection, job) for job in jobs]
        except psycopg.Error as error:
            if outcomes is None or not is_lost(error):
                raise
            self._drop()
            try:
                if not self._happened(transaction):
                    raise
            except GenesisFlowError as unknown:
                return [(None, unknown)] * len(jobs)
        assert outcomes is not None  # otherwise it was raised
        return outcomes

    def _happened(self, transaction: str) -> bool:
        """Whether a transaction was committed whose commit nobody answered.

        Raises:
            Unavailable: nobody knows.
        """
        for _ in range(TRIES):
            try:
                ((status,),) = self._connected().rows(HAPPENED, id=transaction)
            except psycopg.Error as error:
                if not is_lost(error):
                    return False  # a server that does not know it: one that took the place of another
                status = "in progress"
                self._drop()
            if status != "in progress":
                return bool(status == "committed")
            time.sleep(PAUSE_S)
        raise StoreBusy

    def _connected(self) -> PostgresConnection:
        if self._connection is None:
            self._connection = self._connector.connect()
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
