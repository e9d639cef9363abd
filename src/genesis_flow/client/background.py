"""Logging in the background: who logs goes on after microseconds, and nothing that reached the disk is lost.

What is logged goes through a buffer to a spool on disk (``pipeline.py``, ``spool.py``), and from there in order to the
server (``sender.py``). Nothing that goes wrong on the way is raised into the program that logs.
"""

from __future__ import annotations

import logging
import math
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from weakref import WeakSet

from genesis_flow.client.exits import before_exit
from genesis_flow.client.items import END, PARAM, POINT, TAG, Item
from genesis_flow.client.pipeline import LOADING, Limits, Pipeline
from genesis_flow.client.reports import Reports
from genesis_flow.client.spool import Spool
from genesis_flow.errors import Unavailable

if TYPE_CHECKING:
    from genesis_flow.client.connection import Connection

log = logging.getLogger("genesis_flow")

LIMITS = Limits()
SPOOL_DIR = "GENESIS_FLOW_SPOOL_DIR"
FORK_PATIENCE_S = 2.0


class Point(Protocol):
    """A value of a metric, such as ``entities.Metric``."""

    @property
    def key(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def step(self) -> int: ...
    @property
    def model_id(self) -> str | None: ...
    @property
    def dataset_name(self) -> str | None: ...
    @property
    def dataset_digest(self) -> str | None: ...


class Text(Protocol):
    """A param or a tag, such as ``entities.Param``."""

    @property
    def key(self) -> str: ...
    @property
    def value(self) -> str: ...


class Pending:
    """Something that was logged and is on its way."""

    __slots__ = ("_end", "_first", "_pipeline")

    def __init__(self, pipeline: Pipeline, first: int | None, count: int) -> None:
        self._pipeline = pipeline
        self._first = first
        self._end = (first or 0) + count

    def wait(self, timeout_s: float | None = None) -> bool:
        """Waits until it is confirmed; False if that took longer, or another process has it.

        Raises:
            MlflowException: the server refused some of it, or there was no room for it.
        """
        if self._first is None:
            raise Unavailable("There was no room for what was logged: neither the spool nor the server took it.")
        if not self._pipeline.settled(self._end, timeout_s):
            return False
        if (error := self._pipeline.refusal_among(self._first, self._end)) is not None:
            raise error
        return True


@dataclass(frozen=True)
class Confirmed:
    """What has become of everything that was logged.

    Attributes:
        points: points of metrics that the server has confirmed.
        params: the same, params.
        tags: the same, tags.
        waiting: items that wait to be confirmed.
        refused: items that the server refused, which are set aside, or that could not be written.
        dropped: items for which there was no room.
    """

    points: int
    params: int
    tags: int
    waiting: int
    refused: int
    dropped: int


class Background:
    """Logs to one server in the background; threads may share it.

    A child of the process that is forked begins with an empty buffer, threads and a spool of its own. When the program
    ends, everything is written to the spool, and the server gets some time to confirm it.

    Args:
        connect: opens a connection of its own, which does not retry by itself; called in the sender's thread.
        folder: below it every process has the folder of its spool.
        tracking_uri: what ``sync`` will connect to; credentials in it are not kept.
        limits: of memory, disk and patience.
    """

    def __init__(
        self, connect: Callable[[], Connection], folder: Path, *, tracking_uri: str = "", limits: Limits = LIMITS
    ) -> None:
        self._connect = connect
        self._folder = folder
        self._tracking_uri = tracking_uri
        self._limits = limits
        self._most = limits.items
        self._pipeline = self._new()
        self._left = False
        _ALL.add(self)

    def _new(self) -> Pipeline:
        name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}-{secrets.token_hex(4)}"
        spool = Spool(self._folder / name, self._tracking_uri, most_bytes=self._limits.spool_bytes)
        return Pipeline(
            spool,
            self._connect,
            self._limits,
            Reports(),
            started=_close_at_the_end_of_a_child,
            last=_ENDING.is_set(),
        )

    def log_metric(self, run_id: str, key: str, value: float, timestamp_ms: int, step: int = 0) -> Pending:
        """Logs a point; the fastest way in."""
        # PERF: 0.6 µs, of which the lock is 0.1; see design/0019.
        pipeline = self._pipeline
        if type(value) is not float:
            value = _number(value)
        if len(pipeline.buffer) >= self._most and not pipeline.make_room(1):
            return Pending(pipeline, None, 1)
        with pipeline.lock:
            buffer = pipeline.buffer
            first = pipeline.taken + len(buffer)
            buffer.append((POINT, run_id, key, value, timestamp_ms, step))
        if pipeline.idle:
            pipeline.wake()
        return Pending(pipeline, first, 1)

    def log(
        self, run_id: str, metrics: Iterable[Point] = (), params: Iterable[Text] = (), tags: Iterable[Text] = ()
    ) -> Pending:
        """Logs any number of points, params and tags, which may be sent in several batches."""
        texts = [(PARAM, run_id, param.key, param.value) for param in params]
        texts += [(TAG, run_id, tag.key, tag.value) for tag in tags]
        items: list[Item] = [
            (POINT, run_id, p.key, _number(p.value), p.timestamp, p.step, p.model_id, p.dataset_name, p.dataset_digest)
            for p in metrics
        ]
        items += texts
        pipeline = self._pipeline
        return Pending(pipeline, pipeline.put(items, sum(len(str(text[3])) for text in texts)), len(items))

    @property
    def waits(self) -> bool:
        """Whether something that was logged is not confirmed yet, here or in a spool that was left behind."""
        return self._left or self.confirmed.waiting > 0

    def end_run(self, run_id: str, status: str, end_time_ms: int) -> None:
        """Ends a run behind everything that was logged before, and waits for that as long as the server confirms some.

        What it does not confirm is kept and sent in its turn, the end of the run, too; which is told of as a warning.

        Raises:
            MlflowException: the server refused it, or there was no room for it.
        """
        pipeline = self._pipeline
        first = pipeline.put([(END, run_id, status, end_time_ms)], 0)
        if first is not None:
            pipeline.wait_while_moving(first + 1, math.inf, self._limits.exit_stall_s)
        if not Pending(pipeline, first, 1).wait(0):
            text = "The end of the run %s waits in the spool %s, behind what was logged before."
            log.warning(text, run_id, pipeline.spool.folder)

    def flush(self, timeout_s: float | None = None) -> Confirmed:
        """Waits until everything that was logged before is confirmed or refused, or the time is over."""
        pipeline = self._pipeline
        if end := pipeline.end:
            pipeline.settled(end, timeout_s)
        return self.confirmed

    @property
    def confirmed(self) -> Confirmed:
        """What has become of what was logged until now."""
        pipeline = self._pipeline
        counts = pipeline.counts
        return Confirmed(
            counts.points,
            counts.params,
            counts.tags,
            waiting=max(0, pipeline.end - pipeline.spool.settled),
            refused=counts.refused + pipeline.left_out,
            dropped=pipeline.dropped,
        )

    def close(self) -> Confirmed:
        """Writes everything to the spool and gives the server some time; what it does not confirm, ``sync`` sends.

        What is logged after it begins anew.
        """
        pipeline = self._pipeline
        try:
            done = pipeline.finish(self._limits.exit_s, self._limits.exit_stall_s)
        finally:
            found = self.confirmed
            if self._pipeline is pipeline:
                self._pipeline = self._new()
        if not done:
            self._left = True
            text = "%s items that were logged wait in the spool %s: `genesis-flow sync` sends them."
            log.warning(text, f"{found.waiting:,}", pipeline.spool.folder)
        return found

    def _forked(self) -> None:
        """In a child: the parent's items, threads and spool stay the parent's."""
        self._pipeline.abandon()
        self._pipeline = self._new()
        self._left = False


def _number(value: float) -> float:
    """The value as it is now, whatever becomes of the object."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return value  # what it is not is said when it is written


def default_folder() -> Path:
    """Where spools are: ``GENESIS_FLOW_SPOOL_DIR``, or the user's folder for the state of programs."""
    if given := os.environ.get(SPOOL_DIR):
        return Path(given)
    home = Path.home()
    if sys.platform == "win32":
        state = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        state = home / "Library" / "Application Support"
    else:
        state = Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    return state / "genesis-flow" / "spool"


# --- all of this process ------------------------------------------------------------------------------------------

_ALL: WeakSet[Background] = WeakSet()
_OF_URI: dict[str, Background] = {}
_LOCK = threading.Lock()
_ENDING = threading.Event()
_HELD = False


def background_of(uri: str) -> Background:
    """The background of this process for a tracking URI: one for all that log to it."""
    found = _OF_URI.get(uri)
    if found is not None:
        return found
    with _LOCK:
        if uri not in _OF_URI:
            _OF_URI[uri] = Background(lambda: connected(uri), default_folder(), tracking_uri=uri)
        return _OF_URI[uri]


def waiting_for(uri: str) -> Background | None:
    """The background for a tracking URI, if something of it is not confirmed yet."""
    found = _OF_URI.get(uri)
    return found if found is not None and found.waits else None


def flush_all() -> None:
    """Waits until everything that this process logged in the background is confirmed or refused."""
    for background in list(_ALL):
        background.flush()


def connected(uri: str) -> Connection:
    """A connection that leaves it to the sender to try again."""
    if uri.startswith(("http://", "https://")):
        from genesis_flow.client.http import connect_http

        return connect_http(uri, again=False)
    from genesis_flow.client.connection import connection_to

    return connection_to(uri)


def _close_all() -> None:
    _ENDING.set()
    try:
        for background in list(_ALL):
            background.close()
    except KeyboardInterrupt:
        log.warning("Interrupted: what is not confirmed waits in the spool, and `genesis-flow sync` sends it.")


def _before_fork() -> None:
    global _HELD
    _HELD = LOADING.acquire(timeout=FORK_PATIENCE_S)  # a first request that hangs does not hold up the program


def _after_fork() -> None:
    if _HELD:
        LOADING.release()


def _forked() -> None:
    global _LOCK
    _LOCK = threading.Lock()
    with suppress(RuntimeError):
        LOADING.release()  # whoever held it, the thread is not here
    _ENDING.clear()
    for background in list(_ALL):
        background._forked()


def _close_at_the_end_of_a_child() -> None:
    """A process of ``multiprocessing`` ends without what ``atexit`` knows; it has a list of its own."""
    process, util = (sys.modules.get(f"multiprocessing.{name}") for name in ("process", "util"))
    if process is not None and util is not None and process.parent_process() is not None:
        util.Finalize(None, _close_all, exitpriority=100)


before_exit(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_forked)
