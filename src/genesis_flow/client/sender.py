"""What is spooled to the server: in order, again and again until it is confirmed, around what is refused."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from genesis_flow.client.batches import Batch, batches
from genesis_flow.client.pipeline import KEPT_REFUSALS, LOADING
from genesis_flow.client.reports import Reports
from genesis_flow.errors import GenesisFlowError, MalformedRequest, ServerError, Unavailable
from genesis_flow.wire import codec
from genesis_flow.wire.messages.runs import LogBatch, UpdateRun
from genesis_flow.wire.operations import operation_of

if TYPE_CHECKING:
    from genesis_flow.client.connection import Connection
    from genesis_flow.client.spool import Spool

log = logging.getLogger("genesis_flow")

WINDOW = 8_000
"""How many items are looked at together; a batch is made of those of one run among them."""
FIRST_BACKOFF_S, LONGEST_BACKOFF_S, LONGEST_ASKED_S = 0.1, 30.0, 3_600.0

# Of these a later try may have another outcome: credentials are mended, a server has time.
PASSING = frozenset({401, 407, 408, 425, 429})
_TOO_LARGE = 413


class Stopped(Exception):
    """The sender was told to stop."""


@dataclass
class Counts:
    """How many items have found their end.

    Attributes:
        points: confirmed points of metrics.
        params: confirmed params.
        tags: confirmed tags.
        refused: items that the server refused, or that could not be written.
    """

    points: int = 0
    params: int = 0
    tags: int = 0
    refused: int = 0


class Refusal(NamedTuple):
    """An item that was refused."""

    number: int
    error: Exception


class Sender:
    """Sends one spool over one connection; one thread may use it.

    A batch that was sent may have arrived, so one that was not confirmed is sent again before anything behind it: to
    the server a repeat is the same points, params and tags once more, which changes nothing.

    Args:
        spool: what to send.
        connect: opens a connection of its own.
        reports: tells the user what is wrong.
        settled: called whenever something has found its end.
        patience_s: how long to try while nothing is answered; for ever by default.
    """

    def __init__(
        self,
        spool: Spool,
        connect: Callable[[], Connection],
        reports: Reports,
        settled: Callable[[], None] = lambda: None,
        patience_s: float = math.inf,
    ) -> None:
        self.counts = Counts()
        self.refusals: deque[Refusal] = deque(maxlen=KEPT_REFUSALS)
        self.failing_since: float | None = None
        self._spool = spool
        self._connect = connect
        self._reports = reports
        self._settled = settled
        self._patience_s = patience_s
        self._connection: Connection | None = None
        self._loaded = False
        self._stop = threading.Event()
        self._batches: deque[Batch] = deque()
        self._end = spool.settled

    def stop(self) -> None:
        """Ends ``step`` as soon as no answer is waited for; any thread may call it."""
        self._stop.set()

    def close(self) -> None:
        """Closes the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def step(self) -> bool:
        """Sends what comes next in the spool; False if there is nothing.

        Raises:
            Stopped: it was told to.
            OSError: the spool cannot be read.
        """
        if not self._batches and not self._read():
            return False
        while self._batches:
            self._deliver(self._batches[0])
            self._batches.popleft()
            self._settle(self._batches[0].first if self._batches else self._end)
        self._settle(self._end)
        return True

    def _read(self) -> bool:
        spooled = self._spool.read(WINDOW)
        if not spooled:
            return False
        self._end = spooled[-1].end
        try:
            self._batches.extend(batches(spooled, self._spool.settled))
        except msgspec.MsgspecError as error:
            self._reports.once("content", "Something in the spool %s cannot be read: %s", self._spool.folder, error)
            self._spool.refuse(b"".join(record.payload for record in spooled).hex().encode())
        return True

    def _settle(self, number: int) -> None:
        try:
            if number != self._spool.settled:
                self._spool.settle(number)
        except OSError as error:
            self._reports.once("note", "The spool %s cannot be written to: %s", self._spool.folder, error)
        self._settled()

    # --- one batch ------------------------------------------------------------------------------------------------

    def _deliver(self, batch: Batch) -> None:
        """Sends a batch; if the server refuses it, those parts that it takes."""
        parts = [batch]
        while parts:
            part = parts.pop()
            error = self._refusal_of(part.message)
            if error is None:
                points, params, tags = part.counts
                self.counts.points += points
                self.counts.params += params
                self.counts.tags += tags
            elif len(part.items) == 1 or (part is batch and self._takes_nothing(batch.run_id)):
                self._set_aside(part, error)
            else:
                parts.extend(reversed(part.halves()))

    def _takes_nothing(self, run_id: str) -> bool:
        """Whether the server refuses even an empty batch: the run is what it refuses."""
        return self._refusal_of(LogBatch(run_id=run_id)) is not None

    def _set_aside(self, batch: Batch, error: GenesisFlowError) -> None:
        self.counts.refused += len(batch.items)
        self.refusals.extend(Refusal(number, error) for number, _ in batch.items)
        kind = f"refused {error.code} {error.status} {batch.run_id}"
        text = "The server refused what was logged to the run %s: %s It is set aside in %s; the rest goes on."
        self._reports.once(kind, text, batch.run_id, error.message, self._spool.folder)
        reason = {"at_ms": time.time_ns() // 1_000_000, "code": error.code, "status": error.status}
        line = {**reason, "message": error.message, "batch": msgspec.Raw(codec.encode(batch.message))}
        try:
            self._spool.refuse(msgspec.json.encode(line))
        except OSError as failure:
            self._reports.once("aside", "What the server refused could not be set aside: %s", failure)

    def _refusal_of(self, message: LogBatch | UpdateRun) -> GenesisFlowError | None:
        """Sends until the server confirms, and None, or says that it never will.

        Raises:
            Stopped: it was told to, or has no more patience.
        """
        attempt = 0
        while not self._stop.is_set():
            try:
                self._send(message)
            except Exception as error:
                if isinstance(error, GenesisFlowError) and is_refusal(error):
                    self._answered()
                    return error
                self._report(error)
                if self.failing_since is not None and time.monotonic() - self.failing_since >= self._patience_s:
                    break
                self._stop.wait(_backoff_s(attempt, error))
                attempt += 1
            else:
                self._answered()
                return None
        raise Stopped

    def _send(self, message: LogBatch | UpdateRun) -> None:
        verb = operation_of(type(message))
        # What a connection needs is loaded when it is first used.
        with nullcontext() if self._loaded else LOADING:
            self._loaded = True
            if self._connection is None:
                self._connection = self._connect()
            body = self._connection.send(verb, message)
        if not body:
            raise MalformedRequest("the server's answer is empty")
        codec.decode_answer(body, verb.response)  # a page that a proxy shows is no confirmation

    def _answered(self) -> None:
        if self.failing_since is not None:
            log.info("The server answers again.")
            self.failing_since = None

    def _report(self, error: Exception) -> None:
        if self.failing_since is None:
            self.failing_since = time.monotonic()
        match error:
            case Unavailable():
                kind = "unavailable"
            case GenesisFlowError():
                kind = f"{type(error).__name__} {error.code} {error.status}"
            case _:
                kind = type(error).__name__
        text = "What is logged cannot be sent: %s It is kept in %s and sent when the server takes it."
        self._reports.once(kind, text, error, self._spool.folder)


def is_refusal(error: GenesisFlowError) -> bool:
    """Whether the same batch would be refused again.

    Only what the tracking server says itself counts: a page from something in between has no code.
    """
    if isinstance(error, MalformedRequest) or error.status in PASSING:
        return False
    return error.status == _TOO_LARGE or (400 <= error.status < 500 and error.code != "INTERNAL_ERROR")


def _backoff_s(attempt: int, error: Exception) -> float:
    """How long to wait before the next try: twice as long each time, by chance up to half of it shorter."""
    own: float = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(attempt, 20)) * random.uniform(0.5, 1.0)
    asked = error.retry_after_s if isinstance(error, ServerError) else None
    return own if asked is None else max(own, min(asked, LONGEST_ASKED_S))
