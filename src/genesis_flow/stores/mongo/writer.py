"""Group commit: concurrent writes to runs become one bulk write under one acknowledgement.

While bulks are on their way, what comes in waits, and then goes together. Each piece of work is an edit of a run's
head; edits of one run share one update. An edit must refuse before it changes anything, and may be made again: on what
another server wrote meanwhile, or after a failure that leaves open whether the write was done.

PERF: two bulks at most, so that MongoDB works on one while this process answers for the other and makes the next; a
second one waits until half of the writers are in it, since MongoDB and its driver cost most for each bulk.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bson import ObjectId
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from genesis_flow.errors import DocumentFull, GenesisFlowError, RunNotFound, ShuttingDown, StoreBusy, Unavailable
from genesis_flow.rules.stages import REMOVED
from genesis_flow.stores.mongo import points
from genesis_flow.stores.mongo.database import DUPLICATE, TOO_LARGE, Database, Document
from genesis_flow.stores.mongo.documents import WITHOUT_LOOKUP
from genesis_flow.stores.mongo.head import Head, HistoryNeeded, head_of

T = TypeVar("T")
Edit = Callable[[Head], T]

MOST_IN_A_BULK = 256
MOST_ON_THEIR_WAY = 2
FEWER_WRITERS = 0.9
"""How fast it is forgotten that there were more writers: by this factor a bulk."""
DEADLINE_S = 30.0
"""How long a write waits for a database that does not take it, before its caller is told so."""
PAUSE_S = 0.1
HEADS_KEPT = 1_000
HEADS_KEPT_BYTES = 16 * 2**20
HEAD_AGE_S = 60.0
MANY_PENDING, MANY_PENDING_BYTES = 100, 2**16
"""Writes whose points wait in a run's document, and their size, beyond which they are moved to buckets although the run
is not quiet. PERF: MongoDB writes the whole document at each update."""
MOST_PENDING_BYTES = 2**20
"""Points that wait in a run's document beyond this are moved to buckets before more are taken."""

log = logging.getLogger("genesis_flow.stores")


@dataclass(eq=False)
class _Job:
    """A piece of work.

    Attributes:
        document: of a run that is to be made.
        result: what the edit answered when it was last made.
        tried: the revision that it was last sent with.
    """

    run_id: str
    edit: Edit[Any]
    future: asyncio.Future[Any]
    deadline: float
    document: Document | None
    result: Any = None
    tried: ObjectId | None = None


class Heads:
    """The heads of runs that were written lately; they need not be read again before the next write."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Head, int, float]] = OrderedDict()
        self._bytes = 0

    def get(self, run_id: str) -> Head | None:
        """The head of a run, unless it was forgotten."""
        found = self._kept.get(run_id)
        if found is None or time.monotonic() - found[2] > HEAD_AGE_S:
            return None
        return found[0]

    def keep(self, head: Head) -> None:
        """Remembers a head as it stands in the database now."""
        self.forget(head.run_id)
        head.known.clear()
        size = _size(head)
        self._kept[head.run_id] = head, size, time.monotonic()
        self._bytes += size
        while len(self._kept) > HEADS_KEPT or (self._bytes > HEADS_KEPT_BYTES and len(self._kept) > 1):
            self.forget(next(iter(self._kept)))

    def forget(self, run_id: str) -> None:
        """Has the head read again before the next write."""
        if found := self._kept.pop(run_id, None):
            self._bytes -= found[1]


def _size(head: Head) -> int:
    texts = sum(len(key) + len(text) for entries in (head.params, head.tags) for key, text in entries.items())
    return 2_000 + texts + 600 * len(head.metrics) + 100 * (len(head.params) + len(head.tags)) + head.pending_bytes


class Writer:
    """What writes to runs.

    Args:
        database: the database.

    Attributes:
        on_commit: told the number of writes in each bulk.
        written: runs that were written to and are not in order yet, with the time of their last write.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs: list[_Job] = []
        self._heads = Heads()
        self._flights: set[asyncio.Task[None]] = set()
        self._aboard: dict[str, int] = {}
        self._writers = 0.0
        self._is_calling = False
        self._landed_at = 0.0
        self._closing = False
        self.on_commit: Callable[[int], None] = lambda writes: None
        self.written: dict[str, float] = {}
        self._moves: dict[str, asyncio.Task[None]] = {}

    @property
    def waiting(self) -> int:
        """How many writes wait for the bulk that is on its way."""
        return len(self._jobs)

    @property
    def idle_s(self) -> float:
        """How long nothing was written."""
        return 0.0 if self._flights or self._jobs else time.monotonic() - self._landed_at

    async def edit(self, run_id: str, edit: Edit[T]) -> T:
        """Changes a run and answers when the change is durable.

        Raises:
            RunNotFound: there is no such run.
            Unavailable: the database did not take it in time; it may still have been written.
        """
        return await self._put(run_id, edit, None)

    async def create(self, document: Document) -> None:
        """Adds the document of a new run."""
        await self._put(document["_id"], lambda head: None, document)

    async def _put(self, run_id: str, edit: Edit[T], document: Document | None) -> T:
        if self._closing:
            raise ShuttingDown
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.append(_Job(run_id, edit, future, time.monotonic() + DEADLINE_S, document))
        self._call()
        return await future

    async def close(self) -> None:
        """Finishes what was asked."""
        self._closing = True
        while self._jobs or self._flights:
            self._take_off()
            await asyncio.wait(self._flights)
        if self._moves:
            await asyncio.wait(self._moves.values())

    def kept(self, run_id: str) -> Head | None:
        """The head of a run that was written lately, as this server left it."""
        return self._heads.get(run_id)

    def forget(self, run_ids: Iterable[str]) -> None:
        """Has these runs read again before the next write."""
        for run_id in run_ids:
            self._heads.forget(run_id)

    # --- bulks ------------------------------------------------------------------------------------------------

    def _call(self) -> None:
        """Has a bulk made of what waits, when those requests have been read that are here already."""
        if not self._is_calling:
            self._is_calling = True
            asyncio.get_running_loop().call_soon(self._take_off)

    def _take_off(self) -> None:
        """Sends what waits, unless enough bulks are on their way. A run is in one of them only."""
        self._is_calling = False
        if len(self._flights) >= MOST_ON_THEIR_WAY:
            return
        ready = [job for job in self._jobs if job.run_id not in self._aboard]
        writers = max(len(self._jobs) + sum(self._aboard.values()), self._writers)
        share = min(math.ceil(writers / MOST_ON_THEIR_WAY), MOST_IN_A_BULK)
        if not ready or (self._flights and len(ready) < share):
            return
        runs = {job.run_id for job in ready[:share]}
        ready = [job for job in ready if job.run_id in runs]
        self._writers = FEWER_WRITERS * writers
        going = set(map(id, ready))
        self._jobs = [job for job in self._jobs if id(job) not in going]
        self._aboard |= Counter(job.run_id for job in ready)
        flight = asyncio.create_task(self._fly(ready), name="mongo-bulk")
        self._flights.add(flight)
        flight.add_done_callback(lambda flight: self._landed(flight, ready))

    def _landed(self, flight: asyncio.Task[None], jobs: list[_Job]) -> None:
        self._flights.discard(flight)
        self._landed_at = time.monotonic()
        for job in jobs:
            self._aboard.pop(job.run_id, None)
        self._call()

    async def _fly(self, jobs: list[_Job]) -> None:
        try:
            await self._commit(jobs)
        except Exception as error:
            # Nothing foreseen: nobody may wait for ever, and the next bulk starts from the database.
            self.forget(job.run_id for job in jobs)
            _fail(jobs, error)

    async def _commit(self, jobs: list[_Job]) -> None:
        """Brings every job to its outcome; those that another server's write was in the way of are made again."""
        while jobs:
            try:
                jobs = await self._attempt(jobs)
            except Unavailable as error:
                # Whether it was done is open. The runs are read again: what was done is found there.
                self.forget(job.run_id for job in jobs)
                late = [job for job in jobs if time.monotonic() > job.deadline]
                _fail(late, error)
                jobs = [job for job in jobs if not job.future.done()]
                await asyncio.sleep(PAUSE_S if jobs else 0)

    async def _attempt(self, jobs: Sequence[_Job]) -> list[_Job]:
        """Sends one bulk; the jobs that have to be made again."""
        heads = await self._load(jobs)
        made: list[_Job] = []
        for job in jobs:
            try:
                await self._make(job, heads)
                made.append(job)
            except Unavailable:
                raise
            except GenesisFlowError as error:
                _fail([job], error)
        # Also when nothing changed: what an edit found there may be another's write that is not durable yet.
        wanted = {job.run_id for job in made if job.document is None}
        inserts = {job.run_id: job.document for job in made if job.document is not None}
        updates = {run_id: heads[run_id].write() for run_id in wanted}
        for job in made:
            job.tried = heads[job.run_id].revision if job.run_id in updates else None
        failed, again = await self._send(inserts, updates, heads)
        for run_id, document in inserts.items():
            if run_id not in failed:  # so that the first write to a new run need not read it
                self._database.remember(run_id, int(document["experiment"]))
                self._heads.keep(head_of(document))
        for run_id, head in heads.items():
            if run_id not in failed and run_id not in again:
                self._heads.keep(head)
                self._relieve(head)
        self.on_commit(len(made))
        return self._settle(made, failed, again)

    def _relieve(self, head: Head) -> None:
        """Has a document that grows moved its points to buckets, while others are written."""
        is_heavy = head.pending_bytes > MANY_PENDING_BYTES or len(head.pending) > MANY_PENDING
        if is_heavy and head.run_id not in self._moves:
            task = asyncio.create_task(points.move(self._database, head), name="mongo-move")
            self._moves[head.run_id] = task
            task.add_done_callback(lambda done: self._moved(head.run_id, done))

    def _moved(self, run_id: str, task: asyncio.Task[None]) -> None:
        del self._moves[run_id]
        if not task.cancelled() and (error := task.exception()):
            log.debug("points wait in their run's document: %s", error)  # they are moved the next time

    async def _make(self, job: _Job, heads: dict[str, Head]) -> None:
        """Makes the job's edit, unless an attempt whose answer was lost has done it."""
        if job.document is not None:
            return
        head = heads.get(job.run_id)
        if head is None:
            raise RunNotFound(job.run_id)
        if job.tried is not None and job.tried in head.revisions:
            return
        while True:
            try:
                job.result = job.edit(head)
                return
            except HistoryNeeded as needed:
                await points.learn(self._database, head, needed.spans)

    def _settle(self, made: list[_Job], failed: dict[str, GenesisFlowError], again: set[str]) -> list[_Job]:
        left: list[_Job] = []
        for job in made:
            if job.run_id in failed:
                _fail([job], failed[job.run_id])
            elif job.run_id in again:
                left.append(job)
            elif not job.future.done():  # else the caller has gone; the write stays
                job.future.set_result(job.result)
        return left

    async def _load(self, jobs: Iterable[_Job]) -> dict[str, Head]:
        """The heads of the runs that the jobs write to, of those that exist."""
        wanted = {job.run_id for job in jobs if job.document is None}
        heads = {run_id: head for run_id in wanted if (head := self._heads.get(run_id)) is not None}
        missing = [run_id for run_id in wanted if run_id not in heads]
        if missing:
            for found in await self._database.find("runs", self._database.of_runs(missing), WITHOUT_LOOKUP):
                head = head_of(found)
                self._database.remember(head.run_id, head.experiment)
                if head.stage != REMOVED:
                    heads[head.run_id] = head
        # Taken out while they change: what fails must not be found there.
        self.forget(heads)
        for head in heads.values():
            if head.pending_bytes > MOST_PENDING_BYTES:
                await points.move(self._database, head)
        return heads

    async def _send(
        self, inserts: dict[str, Document], updates: dict[str, UpdateOne], heads: dict[str, Head]
    ) -> tuple[dict[str, GenesisFlowError], set[str]]:
        """The runs whose write failed, and those that another write was in the way of."""
        writes: list[Any] = [*map(InsertOne, inserts.values()), *updates.values()]
        if not writes:
            return {}, set()
        ids = [*inserts, *updates]
        failed: dict[str, GenesisFlowError] = {}
        try:
            met = await self._database.bulk("runs", writes)
        except BulkWriteError as error:
            met = int(error.details.get("nMatched", 0))
            failed = self._failures(error, ids, inserts)
        except DocumentFull as error:
            if len(writes) > 1:
                return await self._send_each(writes, ids, inserts)
            failed = dict.fromkeys(ids, error)
        self.written.update(dict.fromkeys((run_id for run_id in ids if run_id not in failed), time.monotonic()))
        expected = [run_id for run_id in updates if run_id not in failed]
        if met == len(expected):
            return failed, set()
        return failed, await self._not_written({run_id: heads[run_id] for run_id in expected})

    async def _send_each(
        self, writes: list[Any], ids: list[str], inserts: dict[str, Document]
    ) -> tuple[dict[str, GenesisFlowError], set[str]]:
        """One of the writes is larger than the driver sends: it must not take the others with it."""
        failed: dict[str, GenesisFlowError] = {}
        again: set[str] = set()
        for run_id, write in zip(ids, writes, strict=True):
            try:
                met = await self._database.bulk("runs", [write])
            except BulkWriteError as error:
                failed |= self._failures(error, [run_id], inserts)
                continue
            except DocumentFull as error:
                failed[run_id] = error
                continue
            if isinstance(write, UpdateOne) and not met:
                again.add(run_id)
        return failed, again

    def _failures(
        self, error: BulkWriteError, ids: list[str], inserts: dict[str, Document]
    ) -> dict[str, GenesisFlowError]:
        """The errors of single writes.

        Raises:
            Unavailable: the whole was not confirmed.
        """
        failed: dict[str, GenesisFlowError] = {}
        for one in error.details.get("writeErrors", ()):
            run_id, code = ids[one["index"]], one.get("code")
            if code == DUPLICATE and run_id in inserts:
                continue  # ids are never made twice: it was inserted by an attempt whose answer was lost
            if code not in TOO_LARGE:
                raise StoreBusy
            failed[run_id] = DocumentFull()
        if error.details.get("writeConcernErrors"):
            raise StoreBusy
        return failed

    async def _not_written(self, heads: dict[str, Head]) -> set[str]:
        """Those whose new revision the database does not have."""
        wanted: dict[str, ObjectId] = {run_id: head.revision for run_id, head in heads.items()}
        found = await self._database.find("runs", self._database.of_runs(list(wanted)), {"revisions": True})
        written = {one["_id"] for one in found if wanted[one["_id"]] in one["revisions"]}
        return wanted.keys() - written


def _fail(jobs: Iterable[_Job], error: BaseException) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_exception(error)
