"""The background work of a server: it sends what the outbox holds.

Several servers may share an outbox. Each delivery is taken under a lease, and comes up again behind it if the server
that took it ended; so it is sent at least once, and mostly once.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Sequence

from genesis_flow.errors import GenesisFlowError
from genesis_flow.outbound.client import AT_ONCE, AT_ONCE_FOR_HOST
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.rules.webhooks import RETRIES, may_succeed_later, pause_s
from genesis_flow.service.sending import Sender
from genesis_flow.stores.protocol import Delivery, Outbox, Outcome, Target

log = logging.getLogger("genesis_flow.webhooks")

POLL_S = 1.0
LEASE_S = 60.0
"""Longer than a call may take."""
CLOSING_S = 2.0
_FINAL = frozenset({"AddressNotAllowed", "UrlNotAllowed", "SecretUnreadable", "InvalidRequest"})


class Deliveries:
    """Sends what is due, some of it at once.

    Args:
        outbox: what holds deliveries.
        sender: what sends them.
        retries: how often one is sent again that fails.
        clock: the time.
    """

    def __init__(self, outbox: Outbox, sender: Sender, *, retries: int = RETRIES, clock: Clock = now_ms) -> None:
        self._outbox = outbox
        self._sender = sender
        self._retries = retries
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._flights: set[asyncio.Task[None]] = set()
        self._in_flight: Counter[str] = Counter()
        self._woken = asyncio.Event()
        self._closing = False

    def start(self) -> None:
        """Begins, on the event loop that runs."""
        self._task = asyncio.create_task(self._work(), name="webhooks")

    def wake(self) -> None:
        """Looks at once whether something is due."""
        self._woken.set()

    async def close(self) -> None:
        """Ends, giving what is on its way a moment; what is cut off comes up again behind its lease."""
        self._closing = True
        self._woken.set()
        if self._task is not None:
            await self._task
        if self._flights:
            _, late = await asyncio.wait(self._flights, timeout=CLOSING_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self) -> None:
        while not self._closing:
            self._woken.clear()
            try:
                await self.send_due()
            except GenesisFlowError as error:
                log.debug("deliveries wait: %s", error)  # they are still there the next time
            except Exception:
                log.exception("The outbox of webhooks cannot be read.")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_S)

    async def send_due(self) -> None:
        """Takes what is due, as much as there is room for, and begins to send it."""
        for target in await self._outbox.due_targets(self._clock()):
            host = _host(target)
            room = min(AT_ONCE - len(self._flights), AT_ONCE_FOR_HOST - self._in_flight[host])
            if room <= 0 or self._closing:
                continue
            now = self._clock()
            taken = await self._outbox.take_deliveries(target.webhook_id, now, now + int(LEASE_S * 1000), room)
            self._begin(target, host, taken)

    def _begin(self, target: Target, host: str, taken: Sequence[Delivery]) -> None:
        for delivery in taken:
            self._in_flight[host] += 1
            task = asyncio.create_task(self._deliver(target, delivery), name="webhook")
            self._flights.add(task)
            task.add_done_callback(lambda done: self._landed(done, host))

    def _landed(self, task: asyncio.Task[None], host: str) -> None:
        self._flights.discard(task)
        self._in_flight[host] -= 1
        self._in_flight += Counter()  # forgets hosts without any
        self._woken.set()
        if not task.cancelled() and (error := task.exception()):
            log.warning("How a delivery went could not be noted: %s", type(error).__name__)

    async def _deliver(self, target: Target, delivery: Delivery) -> None:
        status, error = await self._sender.send(target, delivery.delivery_id, delivery.body)
        now = self._clock()
        again_ms = self._again_ms(now, delivery.attempts, status, error)
        if error and again_ms is None:
            log.warning("The delivery %s is given up: %s.", delivery.delivery_id, error)
        await self._outbox.settle_delivery(delivery, now, Outcome(status, error, again_ms))

    def _again_ms(self, now: int, attempts: int, status: int | None, error: str | None) -> int | None:
        if error is None or error in _FINAL or not may_succeed_later(status):
            return None
        wait = pause_s(attempts, random.random(), self._retries)
        return None if wait is None else now + int(wait * 1000)

    async def finish(self) -> None:
        """Sends all that is due now, and waits until it is noted; for tests and for commands."""
        while True:
            await self.send_due()
            if not self._flights:
                return
            await asyncio.wait(self._flights)


def _host(target: Target) -> str:
    return target.url.partition("://")[2].partition("/")[0].partition("?")[0].lower()
