"""Files that are stored in the background, so that training does not wait for them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

log = logging.getLogger("genesis_flow")

WAITING = 64
"""So many may wait; who has more waits until one is stored, so that memory does not fill."""
WORKERS = 2

Work = Callable[[], None]


class Later:
    """Does work in a few threads; survives a fork, and an interpreter that ends waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0

    def submit(self, work: Work) -> None:
        """Does something later, as ``told``."""
        with self._lock:
            if self._pid != os.getpid():  # a fork has the objects of its parent, and none of its threads
                self._pid, self._places = os.getpid(), threading.Semaphore(WAITING)
                self._waiting: set[Future[None]] = set()
                self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="genesis-flow-files")
        self._places.acquire()
        future = self._threads.submit(told, work)
        with self._lock:
            self._waiting.add(future)
        future.add_done_callback(self._done)

    def flush(self) -> None:
        """Waits until all that was handed over so far is stored, or was told of as failed."""
        with self._lock:
            waiting = list(self._waiting) if self._pid == os.getpid() else []
        wait(waiting)

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._waiting.discard(future)
        self._places.release()


def told(work: Work) -> None:
    """Does something whose failure is told of in the log, and never raised into training."""
    try:
        work()
    except Exception as error:
        log.warning("A file that was logged in the background was not stored: %s", error)


LATER = Later()


def flush() -> None:
    """Waits for all files that were logged in the background by this process."""
    LATER.flush()
