"""The deleted go for good in the background: one server at a time does it, and only as far as nobody notices."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.errors import GenesisFlowError
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.server.monitor import Monitor
from genesis_flow.service.collection import Collected, Collector, Wanted
from genesis_flow.stores.collecting import LEASE, UnaskedCollectionStore

log = logging.getLogger("genesis_flow.server")

LEAST_S = 1.0
"""Between two collections."""
LEASE_MS = 120_000
RENEW_S = 30.0
BUSY_S = 0.25
"""A server that was asked something a moment ago is busy."""
REST = 50
"""While it is busy, work is followed by so many times as much rest: it meets one request of fifty, so not the p95."""
LONGEST_REST_S = 5.0
LOOK_S = 0.05


class Pace:
    """The turns of the collector: at full speed while nobody asks anything, a little now and then while somebody does.

    Args:
        is_busy: whether somebody does.
    """

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._alone = asyncio.Lock()
        self._rest_until = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a good moment, and for the others while there is much to do."""
        if not self._is_busy():
            yield
            return
        async with self._alone:
            await self._rest()
            started = time.monotonic()
            try:
                yield
            finally:
                ended = time.monotonic()
                self._rest_until = ended + min(REST * (ended - started), LONGEST_REST_S)

    async def _rest(self) -> None:
        """Waits until it was quiet for long enough, or nobody asks any more."""
        for _ in range(round(LONGEST_REST_S / LOOK_S)):
            left = self._rest_until - time.monotonic()
            if left <= 0 or not self._is_busy():
                return
            await asyncio.sleep(min(left, LOOK_S))


class Background:
    """Collects now and then, unless another server does.

    Args:
        store: where it is noted what was deleted.
        roots: below which files may be deleted.
        retention_ms: how long the deleted can be restored.
        every_ms: the time from one collection to the next.
        monitor: knows whether the server is busy, and counts what goes.
        clock: the time.
    """

    def __init__(
        self,
        store: UnaskedCollectionStore,
        roots: Roots,
        monitor: Monitor,
        *,
        retention_ms: int,
        every_ms: int,
        clock: Clock = now_ms,
    ) -> None:
        self._store = store
        self._retention_ms = retention_ms
        self._every_s = max(every_ms / 1000, LEAST_S)
        self._monitor = monitor
        self._clock = clock
        self._holder = secrets.token_hex(8)
        self._collector = Collector(store, roots, turn=Pace(lambda: monitor.is_busy(BUSY_S)).turn, clock=clock)
        self._holds = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, on the event loop of the server."""
        self._task = asyncio.create_task(self._work(), name="collector")

    async def close(self) -> None:
        """Ends; what is half done is found by the next one."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _work(self) -> None:
        while True:
            # Servers that start together do not ask together.
            await asyncio.sleep(self._every_s * random.uniform(0.02, 0.1))
            try:
                await self.collect()
            except GenesisFlowError as error:
                self._monitor.collection_failed()
                log.warning("What was deleted could not be removed, and is tried again: %s", error)
            except Exception as error:
                self._monitor.collection_failed()
                log.exception("What was deleted could not be removed", exc_info=error)
            await asyncio.sleep(self._every_s)

    async def collect(self) -> bool:
        """Removes what is due, if no other server is at it; whether it was this one."""
        self._holds = await self._lease(LEASE_MS)
        if not self._holds:
            return False
        holding = asyncio.create_task(self._hold(), name="collector-lease")
        try:
            wanted = Wanted(self._clock() + 1 - self._retention_ms)
            async with aclosing(self._collector.collect(wanted)) as collected:
                async for one in collected:
                    self._count(one)
                    if not self._holds:
                        return False
        finally:
            holding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await holding
            await self._lease(0)
        return True

    async def _hold(self) -> None:
        """Renews the lease until it is lost."""
        while self._holds:
            await asyncio.sleep(RENEW_S)
            try:
                self._holds = await self._lease(LEASE_MS)
            except GenesisFlowError:
                self._holds = False

    async def _lease(self, for_ms: int) -> bool:
        now = self._clock()
        return await self._store.lease(LEASE, self._holder, now + for_ms if for_ms else 0, now)

    def _count(self, one: Collected) -> None:
        usage = one.usage
        self._monitor.collected(one.deleted.kind, one.outcome, usage.objects, usage.size_bytes)
        if one.outcome == "failed":
            log.warning("The files of %s %s could not be removed: %s", one.deleted.kind, one.deleted.id, one.reason)
