"""The writer of a relational database: one thread, and commits that are shared.

It takes everything that waits, has it run in one transaction and committed once, so that sixteen clients wait for one
flush to the disk instead of sixteen. Each piece of work has its own outcome.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, TypeVar

from genesis_flow.errors import GenesisFlowError, ShuttingDown, StoreFailed
from genesis_flow.stores.sql.connection import Connection, Work

T = TypeVar("T")

log = logging.getLogger("genesis_flow.stores")

MOST_WORK_IN_A_COMMIT = 256
IDLE_S = 0.25
LONGEST_WITHOUT_IDLE_WORK_S = 2.0


class Job(NamedTuple):
    """A piece of work, who waits for it, and the run that it writes to, if it writes to one."""

    work: Work[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    run_id: str | None


Outcome = tuple[Any, "BaseException | None"]


class CountingConnection(Connection, Protocol):
    """A connection that knows how much it has changed."""

    @property
    def changes(self) -> int:
        """A number that grows with every change."""


class Writer:
    """The thread that runs work which waits.

    Args:
        name: of the thread.
        commit: runs jobs and makes what they wrote durable; their outcomes. It raises nothing.
        idle: does a piece of the work that can wait, in a transaction of its own; whether there is more of it.

    Attributes:
        on_commit: told the number of writes in each commit, on the writer's thread.
    """

    def __init__(self, name: str, commit: Callable[[list[Job]], list[Outcome]], idle: Callable[[], bool]) -> None:
        self.on_commit: Callable[[int], None] = lambda writes: None
        self.closing = False
        self._commit = commit
        self._idle = idle
        self._idle_at = time.monotonic()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        # PERF: the writer's statements are a few microseconds each; with Python's default of 5 ms
        # it waits for the event loop after every one of them: 5,500 instead of 6,200 log-metric/s,
        # and 0.8 instead of 0.67 ms for a single one.
        sys.setswitchinterval(min(sys.getswitchinterval(), 0.0005))
        self._thread = threading.Thread(target=self._write_forever, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many writes wait for the writer."""
        return self._queue.qsize()

    async def write(self, work: Work[T], run_id: str | None) -> T:
        """Has work done and answers when it is durable.

        Raises:
            ShuttingDown: the writer takes no more.
        """
        if self.closing:
            raise ShuttingDown
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(Job(work, loop, future, run_id))
        return await future

    async def close(self) -> None:
        """Finishes what waits."""
        self.closing = True
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
                _tell(jobs, self._outcomes(jobs))
                self.on_commit(len(jobs))
                more_to_do = True
                if time.monotonic() - self._idle_at > LONGEST_WITHOUT_IDLE_WORK_S:
                    self._idle_at = time.monotonic()
                    self._do_some_idle_work()
            if last:
                return

    def _gather(self, first: Job | None) -> tuple[list[Job], bool]:
        """Everything that waits, and whether the end was asked for."""
        jobs: list[Job] = []
        item: Job | None = first
        while item is not None:
            jobs.append(item)
            if len(jobs) == MOST_WORK_IN_A_COMMIT:
                return jobs, False
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _do_idle_work(self) -> bool:
        """Does idle work until something waits; whether there is more."""
        self._idle_at = time.monotonic()
        while self._queue.empty():
            if not self._do_some_idle_work():
                return False
        return True

    # Nothing unforeseen may end the thread: all who write would wait for ever.

    def _outcomes(self, jobs: list[Job]) -> list[Outcome]:
        try:
            return self._commit(jobs)
        except Exception as error:
            log.exception("Writes failed in a way that nobody foresaw.")
            failure = StoreFailed()
            failure.__cause__ = error
            return [(None, failure)] * len(jobs)

    def _do_some_idle_work(self) -> bool:
        try:
            return self._idle()
        except Exception:
            log.exception("The work that can wait failed in a way that nobody foresaw.")
            return False


def attempt(connection: CountingConnection, job: Job) -> Outcome:
    """A job's outcome; an error of its own that it raised before it changed anything leaves the others alone."""
    before = connection.changes
    try:
        return job.work(connection), None
    except GenesisFlowError as error:
        if connection.changes != before:
            raise
        return None, error


def _tell(jobs: list[Job], outcomes: list[Outcome]) -> None:
    """Gives each job its outcome on its own loop, waking each loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Outcome]]] = {}
    for job, outcome in zip(jobs, outcomes, strict=True):
        by_loop.setdefault(job.loop, []).append((job.future, outcome))
    for loop, pairs in by_loop.items():
        # A closed loop has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[asyncio.Future[Any], Outcome]]) -> None:
    for future, (result, error) in pairs:
        if future.done():  # the caller has gone; the write stays
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
