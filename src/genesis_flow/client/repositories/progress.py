"""One line about a transfer that takes long, for somebody who looks."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from genesis_flow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR

PATIENCE_S = 2.0
"""A transfer that is over sooner says nothing."""
BETWEEN_S = 0.2

_CLEARED = "\r\033[K"


class Progress:
    """Counts what was transferred, and tells it on a terminal; may be shared by threads.

    Args:
        what: what is done, as the beginning of a line.
        files: how many there are.
        size_bytes: how large they are together.
        things: what they are.
    """

    def __init__(self, what: str, files: int, size_bytes: int, things: str = "files") -> None:
        self._what, self._files, self._size_bytes, self._things = what, files, size_bytes, things
        self._lock = threading.Lock()
        self._done_files = self._done_bytes = 0
        self._shown = sys.stderr.isatty() and MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.get()
        self._next_s = time.monotonic() + PATIENCE_S
        self._has_spoken = False

    def add(self, size_bytes: int) -> None:
        """So much more was transferred; less than nothing if some of it has to be again."""
        with self._lock:
            self._done_bytes += size_bytes
            self._tell()

    def add_file(self) -> None:
        """One more file is done."""
        with self._lock:
            self._done_files += 1
            self._tell()

    def _tell(self) -> None:
        if not self._shown or time.monotonic() < self._next_s:
            return
        self._next_s = time.monotonic() + BETWEEN_S
        self._has_spoken = True
        done, size = self._done_bytes / 2**20, self._size_bytes / 2**20
        line = f"{self._what} {self._done_files:,} of {self._files:,} {self._things}, {done:,.1f} of {size:,.1f} MiB"
        print(_CLEARED + line, end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if self._has_spoken:
            print(_CLEARED, end="", file=sys.stderr, flush=True)
