"""From the thread that logs to the spool, and from there to the server: a buffer and two threads.

The thread that logs appends a tuple to a list. The spooler takes the list every few milliseconds, writes it to the
spool and flushes that once a second. The sender reads the spool. All of it belongs to one process.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from genesis_flow.client.items import Item
from genesis_flow.client.reports import Reports
from genesis_flow.client.spool import SPOOL_BYTES, Spool

if TYPE_CHECKING:
    from genesis_flow.client.connection import Connection
    from genesis_flow.client.sender import Counts, Sender

PIECE = 8_000
"""How many items are written with one call; the thread that logs waits for no more than their encoding, 1 ms."""
HELD_BYTES = 8 * 2**20
"""How much of what the disk does not take waits in memory, beside the buffer."""
DISK_BACKOFF_S = 0.25
KEPT_REFUSALS = 10_000

LOADING = threading.Lock()
"""Held while the threads load modules: a process that is forked then would have halves of them for ever."""


@dataclass(frozen=True)
class Limits:
    """Bounds of what is logged in the background.

    Attributes:
        items: how many items the buffer has; beyond it, who logs waits for the disk.
        text: the same, as characters of params and tags.
        spool_bytes: how large the spool may become on disk.
        patience_s: how long who logs waits for a disk or a spool that is full. Then new items are dropped and counted,
            until there is room: training goes on.
        gather_s: for how long items are gathered before they are written.
        fsync_s: how often what was written is flushed to the disk.
        exit_s: how long the end of the program waits for the server.
        exit_stall_s: the same, while the server confirms nothing.
    """

    items: int = 50_000
    text: int = 16 * 2**20
    spool_bytes: int = SPOOL_BYTES
    patience_s: float = 30.0
    gather_s: float = 0.01
    fsync_s: float = 1.0
    exit_s: float = 300.0
    exit_stall_s: float = 5.0


class Pipeline:
    """A buffer, a spool and what moves items; it begins with the first of them.

    Args:
        spool: on disk.
        connect: opens a connection of its own; called in the sender's thread.
        limits: of buffer, spool and patience.
        reports: tells the user what is wrong.
        started: called when the first item comes.
        last: the interpreter is ending: no threads, everything is written at once.
    """

    def __init__(
        self,
        spool: Spool,
        connect: Callable[[], Connection],
        limits: Limits,
        reports: Reports,
        *,
        started: Callable[[], None],
        last: bool,
    ) -> None:
        self.buffer: list[Item] = []
        self.lock = threading.RLock()  # a signal's handler may log, too
        self.taken = 0
        self.dropped = 0
        self.idle = True
        self.spool = spool
        self.sender: Sender | None = None
        self.unwritable: deque[tuple[int, Exception]] = deque(maxlen=KEPT_REFUSALS)
        self.left_out = 0
        self._limits = limits
        self._connect = connect
        self._reports = reports
        self._started = started
        self._last = last
        self._items: list[Item] = []
        self._text = 0
        self._writing = threading.Lock()
        self._arrived: SimpleQueue[None] = SimpleQueue()  # what a signal's handler may use at any moment
        self._written = threading.Event()
        self._progress = threading.Condition()
        self._ended = False
        self._overflowing = False
        self._synced_s = time.monotonic()
        self._unsynced = False
        self._threads: list[threading.Thread] = []

    # --- the thread that logs ----------------------------------------------------------------------------------------

    @property
    def end(self) -> int:
        """The number behind the last item that was logged."""
        with self.lock:
            return self.taken + len(self.buffer)

    def put(self, items: list[Item], text: int) -> int | None:
        """Takes items that have so many characters of text; the number of the first, or None if there is no room."""
        if self.full and not self.make_room(len(items)):
            return None
        with self.lock:
            first = self.taken + len(self.buffer)
            self.buffer += items
            self._text += text
        if self.idle:
            self.wake()
        return first

    @property
    def full(self) -> bool:
        """Whether who logs has to wait."""
        return len(self.buffer) >= self._limits.items or self._text >= self._limits.text

    def make_room(self, items: int) -> bool:
        """Waits until the buffer has room; False if that took too long, and so many items are dropped."""
        self.wake()
        deadline = time.monotonic() + (0.0 if self._overflowing else self._limits.patience_s)
        with self._progress:
            if self._progress.wait_for(lambda: not self.full, max(0.0, deadline - time.monotonic())):
                self._overflowing = False
                return True
        self._overflowing = True
        self.dropped += items
        text = "Neither the spool %s nor the server takes what is logged: it is dropped until there is room."
        self._reports.once("dropped", text, self.spool.folder)
        return False

    def wake(self) -> None:
        """Starts the threads, or wakes the spooler."""
        if self._last:
            self._reports.once("last", "What is logged while the program ends waits in %s.", self.spool.folder)
            self._drained()
            return
        if not self._threads:
            with self.lock:
                if not self._threads:
                    self._start()
        self._arrived.put(None)

    def _start(self) -> None:
        named = (("spooler", self._spool_all), ("sender", self._send_all))
        self._threads = [
            threading.Thread(target=work, name=f"genesis-flow-{name}", daemon=True) for name, work in named
        ]
        self._started()
        # An interpreter that is ending starts none: what is logged is written when it is flushed.
        with suppress(RuntimeError):
            for thread in self._threads:
                thread.start()

    # --- the spooler -------------------------------------------------------------------------------------------------

    def _spool_all(self) -> None:
        while not self._ended:
            if not (self.buffer or self._items or self.spool.held_bytes):
                self.idle = True
                if not self.buffer:
                    self._sleep()
                self.idle = False
            time.sleep(self._limits.gather_s)
            if not self._drained():
                time.sleep(DISK_BACKOFF_S)
            if self._unsynced and self._until_fsync_s() <= 0:
                self.fsync()

    def _sleep(self) -> None:
        """Waits until something is logged, or flushing is due."""
        with suppress(Empty):
            self._arrived.get(timeout=self._until_fsync_s() if self._unsynced else None)
            while True:
                self._arrived.get_nowait()

    def _drained(self) -> bool:
        try:
            return self.drain()
        except Exception as error:  # training must not notice
            self._reports.once("spooler", "What is logged cannot be written: %r", error)
            return False

    def _until_fsync_s(self) -> float:
        return max(0.0, self._synced_s + self._limits.fsync_s - time.monotonic())

    def fsync(self) -> None:
        """Flushes the spool to the disk."""
        self._synced_s = time.monotonic()
        self._unsynced = False
        try:
            self.spool.fsync()
        except OSError as error:
            self._reports.once("fsync", "The spool %s cannot be flushed to the disk: %s", self.spool.folder, error)

    def drain(self) -> bool:
        """Writes what was logged to the spool; False if the disk does not take all of it."""
        with LOADING:
            from genesis_flow.client.batches import records
        with self._writing:
            try:
                self.spool.append()
                while self._take():
                    piece = self._items[:PIECE]
                    made, unwritable = records(piece, self.taken - len(self._items))
                    del self._items[:PIECE]
                    self._note_unwritable(unwritable)
                    self.spool.append(made)
                    self._unsynced = True
                    self._notify()
            except OSError as error:
                text = "The disk does not take what is logged (%s): it goes to the server from memory."
                self._reports.once(f"disk {error.errno}", text, error)
                self._notify()
            return not self.spool.held_bytes

    def _take(self) -> bool:
        """Takes the buffer, if all that was taken is written; False if there is nothing to write, or no room."""
        if self.spool.held_bytes >= HELD_BYTES:
            return False
        if not self._items:
            with self.lock:
                self._items, self.buffer = self.buffer, []
                self.taken += len(self._items)
                self._text = 0
        return bool(self._items)

    def _note_unwritable(self, found: list[tuple[int, Exception]]) -> None:
        for number, error in found:
            self.unwritable.append((number, error))
            self.left_out += 1
            self._reports.once("unwritable", "Something that was logged cannot be written, and is left out: %s", error)

    def _notify(self) -> None:
        self._written.set()
        with self._progress:
            self._progress.notify_all()

    # --- the sender --------------------------------------------------------------------------------------------------

    def _send_all(self) -> None:
        with LOADING:
            from genesis_flow.client.sender import Sender, Stopped
        self.sender = Sender(self.spool, self._connect, self._reports, self._notify_settled)
        while True:
            try:
                sent = self.sender.step()
            except Stopped:
                break
            except Exception as error:
                self._reports.once("sender", "The spool %s cannot be sent: %r", self.spool.folder, error)
                time.sleep(DISK_BACKOFF_S)
                continue
            if not sent:
                if self._ended:
                    break
                self._written.wait()
                self._written.clear()
        self.sender.close()

    def _notify_settled(self) -> None:
        with self._progress:
            self._progress.notify_all()

    @property
    def counts(self) -> Counts:
        """What has found its end."""
        from genesis_flow.client.sender import Counts

        return self.sender.counts if self.sender else Counts()

    # --- the end -----------------------------------------------------------------------------------------------------

    def settled(self, number: int, timeout_s: float | None) -> bool:
        """Waits until everything below a number is confirmed or refused; False if that took too long."""
        if not self._ended:
            self.wake()
            self._drain_alone()
        with self._progress:
            self._progress.wait_for(lambda: not self._sends or self.spool.settled >= number, timeout_s)
        return self.spool.settled >= number

    def finish(self, timeout_s: float, stall_s: float) -> bool:
        """Writes all to the spool, then waits for the server, and ends; whether everything found its end.

        Args:
            timeout_s: how long to wait for the server.
            stall_s: the same, while it confirms nothing.
        """
        if not self._threads:
            return True
        end = self.end
        self._arrived.put(None)
        self._drain_alone()
        with self._progress:
            self._progress.wait_for(lambda: self.spool.end >= end, stall_s)
        self.fsync()
        self.wait_while_moving(end, timeout_s, stall_s)
        return self._end()

    def wait_while_moving(self, number: int, timeout_s: float, stall_s: float) -> None:
        """Waits until everything below a number is confirmed or refused, as long as something is.

        Args:
            number: as of ``settled``.
            timeout_s: how long at most.
            stall_s: how long for the next item to be settled.
        """
        deadline = time.monotonic() + timeout_s
        before = -1
        while before != self.spool.settled < number and self._sends and time.monotonic() < deadline:
            before = self.spool.settled
            with self._progress:
                patience = min(stall_s, deadline - time.monotonic())
                self._progress.wait_for(functools.partial(self._moved, before), max(0.0, patience))

    @property
    def _sends(self) -> bool:
        """Whether a sender is there to settle anything."""
        return not self._ended and len(self._threads) == 2 and self._threads[1].is_alive()

    def refusal_among(self, first: int, end: int) -> Exception | None:
        """The first error of the items with these numbers."""
        refusals = [*self.unwritable, *(self.sender.refusals if self.sender else ())]
        return next(
            (error for number, error in sorted(refusals, key=lambda one: one[0]) if first <= number < end), None
        )

    def _moved(self, since: int) -> bool:
        return self.spool.settled != since

    def _drain_alone(self) -> None:
        """Writes what was logged where no spooler lives to do it."""
        if self._threads and not self._threads[0].is_alive() and not self._ended:
            self.drain()

    def _end(self) -> bool:
        """Ends the threads and lets go of the spool; it is removed if all of it is settled."""
        self._ended = True
        if self.sender is not None:
            self.sender.stop()
        self._arrived.put(None)
        self._notify()
        for thread in self._threads:
            if thread.is_alive() and thread is not threading.current_thread():
                thread.join(1.0)
        if self.spool.settled >= self.end and not self.spool.held_bytes:
            self.spool.remove()
            return True
        if not self._threads[1].is_alive():  # or the lock stays until the process ends, and what is asked is answered
            self.spool.close()
        return False

    def abandon(self) -> None:
        """Forgets it in a child of the process, whose parent goes on with it."""
        self._ended = True
        self.spool.close()
