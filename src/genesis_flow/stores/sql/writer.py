"""Group commit: one thread takes all writes that wait, runs them in one transaction and commits once.

So sixteen clients wait for one ``fsync`` instead of sixteen. Each piece of work has its own outcome: one that refuses
before it changes anything leaves the others alone, and when the transaction fails as a whole, each is run in one of
its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, TypeVar

from genesis_flow.errors import GenesisFlowError, ShuttingDown
from genesis_flow.stores.sql.connection import Connection, Work

T = TypeVar("T")

MOST_WORK_IN_A_COMMIT = 256
IDLE_S = 0.25
LONGEST_WITHOUT_IDLE_WORK_S = 2.0


class WritingConnection(Connection, Protocol):
    """A connection that can tell whether work has changed anything."""

    @property
    def changes(self) -> int:
        """The number of rows that this connection has changed since it was opened."""


class Transactions(Protocol):
    """How a kind of database runs transactions on the one connection that writes."""

    def begin(self) -> AbstractContextManager[WritingConnection]:
        """A transaction: committed at the end of the block, rolled back on an error."""

    def translated(self, error: BaseException) -> BaseException:
        """A driver's error as one of ours; anything else as it is."""

    def may_repeat(self, error: BaseException, attempt: int) -> bool:
        """Whether work that failed so may be run once more, perhaps after a pause that this call makes."""


class _Job(NamedTuple):
    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


_Outcome = tuple[Any, "BaseException | None"]


class Writer:
    """The one that writes.

    Args:
        transactions: where to.
        on_idle: work for when nothing waits; it answers whether there is more of it to do.
        name: of the thread.

    Attributes:
        on_commit: told the number of writes in each commit, on the writer's thread.
    """

    def __init__(self, transactions: Transactions, on_idle: Callable[[Connection], bool], name: str) -> None:
        self._transactions = transactions
        self._on_idle = on_idle
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._idle_at = time.monotonic()
        self._closing = False
        self.on_commit: Callable[[int], None] = lambda writes: None
        self._thread = threading.Thread(target=self._write_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many writes wait."""
        return self._queue.qsize()

    async def write(self, work: Work[T]) -> T:
        """Runs work in a transaction and answers when it is durable."""
        if self._closing:
            raise ShuttingDown
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Job(work, loop, future))
        return await future

    async def close(self) -> None:
        """Finishes what was asked."""
        if not self._closing:
            self._closing = True
            self._queue.put(None)
            await asyncio.get_running_loop().run_in_executor(None, self._thread.join)

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
                with self._transactions.begin() as connection:
                    if not self._on_idle(connection):
                        return False
                if even_if_busy:
                    break
        except Exception as error:
            if self._transactions.translated(error) is error and not isinstance(error, GenesisFlowError):
                raise
            return False  # a full or locked disk, a lost connection: the work is still there the next time
        return True

    def _commit_together(self, jobs: list[_Job]) -> None:
        """Runs the jobs in one transaction; if that fails as a whole, each in one of its own."""
        outcomes: list[_Outcome] = []
        attempt = 0
        while True:
            try:
                with self._transactions.begin() as connection:
                    outcomes = [_attempt(job, connection) for job in jobs]
                break
            except Exception as error:
                if len(jobs) > 1:
                    for job in jobs:
                        self._commit_together([job])
                    return
                if self._transactions.may_repeat(error, attempt):
                    attempt += 1
                    continue
                told = self._transactions.translated(error)
                if told is not error:
                    told.__cause__ = error  # for the log
                outcomes = [(None, told)]
                break
        _tell(jobs, outcomes)


def _attempt(job: _Job, connection: WritingConnection) -> _Outcome:
    """A job's outcome; an error of its own that it raised before it changed anything leaves the others alone."""
    before = connection.changes
    try:
        return job.work(connection), None
    except GenesisFlowError as error:
        if connection.changes != before:
            raise
        return None, error


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
