"""The work of quiet moments: points go to buckets, and the JSON of a run to its document.

Each server does it for the runs that it wrote to. Runs that a server left behind when it ended are found by their
index, by any server that is still there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from bson import Binary, ObjectId
from pymongo import UpdateOne
from pymongo.errors import PyMongoError

from genesis_flow.errors import GenesisFlowError
from genesis_flow.stores.mongo import documents, keys, outbox, points
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.head import Head, head_of
from genesis_flow.stores.mongo.writer import Writer
from genesis_flow.wire import codec

log = logging.getLogger("genesis_flow.stores")

INTERVAL_S = 0.5
QUIET_S = 1.0
"""How long a run is left alone after a write."""
BUSY_QUIET_S = 3.0
"""The same while other runs are being written: whoever waits for an answer comes first."""
AT_ONCE = 200
SWEEP_S = 30.0
LEFT_BEHIND_S = 60
LONGEST_JSON = 2**20
"""A longer one is built when it is asked for."""


NOTHING_TO_TELL: Document = {"outbox": {"$in": [None, {}]}}
"""Of a run whose deliveries have been moved; one that was not read here may have some, and is swept up later."""


class Settler:
    """Puts runs in order that have been quiet for a moment.

    Args:
        database: the database.
        writer: knows which runs were written.
    """

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._swept = 0.0
        self._to_count: set[keys.Block] = set()

    def start(self) -> None:
        """Begins; must be called on the event loop that the database is used on."""
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="mongo-settler")

    async def close(self) -> None:
        """Ends; what is left is found by its index."""
        # The driver may swallow a cancellation that meets the answer to a command, so that is not all that is done.
        self._closing = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        while not self._closing:
            await asyncio.sleep(INTERVAL_S)
            try:
                while await self.settle_some(self._quiet_s) and not self._closing:
                    pass
                await self.count()
                if time.monotonic() - self._swept > SWEEP_S:
                    self._swept = time.monotonic()
                    await self.sweep()
            except (GenesisFlowError, PyMongoError) as error:
                log.debug("runs wait to be put in order: %s", error)  # the work is still there the next time

    @property
    def _quiet_s(self) -> float:
        return QUIET_S if self._writer.idle_s > INTERVAL_S else BUSY_QUIET_S

    async def settle_some(self, quiet_s: float) -> bool:
        """Settles some of the runs that have been quiet; whether there may be more."""
        before = time.monotonic() - quiet_s
        due = [run_id for run_id, at in self._writer.written.items() if at <= before][:AT_ONCE]
        if due:
            await self.settle(due)
            for run_id in due:
                if self._writer.written.get(run_id, before + 1) <= before:
                    del self._writer.written[run_id]
        return len(due) == AT_ONCE

    async def count(self) -> None:
        """Counts the blocks of the runs that were settled here; one that is left out is settled again by somebody."""
        while self._to_count and not self._closing:
            await keys.count(self._database, self._to_count.pop())

    async def sweep(self, left_behind_s: float = LEFT_BEHIND_S) -> None:
        """Settles what ended servers left behind, of which nothing was written for so long."""
        long_ago = ObjectId.from_datetime(datetime.now(timezone.utc) - timedelta(seconds=left_behind_s))
        while True:
            left = await self._database.find(
                "runs", {"unsettled": True, "revision": {"$lt": long_ago}}, {"_id": True}, limit=AT_ONCE
            )
            if left:
                await self._settle(await self._read([one["_id"] for one in left]))
            if len(left) < AT_ONCE or self._closing:
                break
        for block in await keys.left_behind(self._database):
            if not self._closing:
                await keys.count(self._database, block)

    async def settle(self, run_ids: Sequence[str]) -> None:
        """Puts these runs in order, as far as nobody writes to them meanwhile."""
        kept = {run_id: head for run_id in run_ids if (head := self._writer.kept(run_id))}
        read = await self._read([run_id for run_id in run_ids if run_id not in kept])
        await self._settle(read, list(kept.values()))

    async def _read(self, run_ids: Sequence[str]) -> list[Head]:
        if not run_ids:
            return []
        found = await self._database.find("runs", self._database.of_runs(run_ids), documents.WITHOUT_LOOKUP)
        heads = []
        for one in found:
            of_run = {"experiment": one["experiment"], "_id": one["_id"]}
            await outbox.move_of_run(self._database, of_run, one.get("outbox", {}))
            heads.append(head_of(one))
        return heads

    async def _settle(self, read: Sequence[Head], kept: Sequence[Head] = ()) -> None:
        # What is kept is the writer's, who takes it away before changing it, perhaps while the database is asked here.
        for head in read:
            await points.move(self._database, head)
        for head in kept:
            if self._writer.kept(head.run_id) is head:
                await points.move(self._database, head)
        self._to_count |= await keys.join_blocks(self._database, [*read, *kept])
        datasets = await documents.described(self._database, [*read, *kept])
        updates = []
        for head in [*read, *(head for head in kept if self._writer.kept(head.run_id) is head)]:
            json = codec.encode(documents.run(head, datasets))
            fields = {"json": Binary(json)} if len(json) <= LONGEST_JSON else {}
            of_revision = {
                "experiment": head.experiment,
                "_id": head.run_id,
                "revision": head.revision,
                "block": {"$ne": None},
                **NOTHING_TO_TELL,
            }
            change = {"$unset": {"unsettled": ""}} | ({"$set": fields} if fields else {})
            updates.append(UpdateOne(of_revision | NOTHING_TO_TELL, change))
        if updates:
            await self._database.bulk_again("runs", updates)
