"""The journal of this process: what was answered is at the end of a file before the answer is given."""

from __future__ import annotations

import os
import re
import secrets
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from genesis_flow.folders import HAS_FOLDER_HANDLES, Folder
from genesis_flow.journals import layout
from genesis_flow.journals.lines import ABOUT, About, line_of, packed
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.values.message import Message

FSYNC_S = 1.0
"""How often what was written is flushed to the disk, at least, as long as something is written."""


@dataclass
class _End:
    """A file that is written at its end."""

    name: str
    handle: int
    size_bytes: int = 0
    number: int = 0


class Journal:
    """Files of one process in a folder of offline runs; may be shared by threads, not by processes.

    Nothing is on disk before the first line. What ``append`` has written survives the end of the process, what was
    flushed that of the machine.

    Args:
        folder: the folder of offline runs.
        clock: the time.
    """

    def __init__(self, folder: Path, clock: Clock = now_ms) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: dict[str, _End] = {}
        self._at_ms = 0
        self._synced_s = time.monotonic()
        self.names: set[str] = set()

    def now_ms(self) -> int:
        """The time, which never goes back within a journal."""
        self._at_ms = max(self._at_ms, self._clock())
        return self._at_ms

    def append(self, name: str, subject: str, message: Message, *, suffix: str = layout.JOURNAL) -> None:
        """Writes a line.

        Args:
            name: of the operation.
            subject: the experiment, run or model.
            message: what was asked.
            suffix: to which file.

        Raises:
            OSError: the disk did not take it, and nothing of it is there.
        """
        with self._lock:
            end = self._ends.get(suffix) or self._begin(suffix)
            self._write(suffix, end, name, subject, message)
            if time.monotonic() - self._synced_s >= FSYNC_S:
                self._fsync()

    def _write(self, suffix: str, end: _End, name: str, subject: str, message: Message) -> None:
        data = packed(line_of(self.now_ms(), name, subject, message), end.number)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(end.handle, rest) :]
        except OSError:
            try:
                os.ftruncate(end.handle, end.size_bytes)
            except OSError:  # who reads it stops at the torn line, so what comes next is in another file
                self._ends.pop(suffix, None)
                os.close(end.handle)
            raise
        end.size_bytes += len(data)
        end.number += 1

    def _begin(self, suffix: str) -> _End:
        machine = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:50] or "machine"
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        name = f"{stamp}-{machine}-{os.getpid()}-{secrets.token_hex(4)}{suffix}"
        self._folder.mkdir(parents=True, exist_ok=True)
        with Folder.at(str(self._folder), by_handle=HAS_FOLDER_HANDLES).walk((layout.JOURNALS,), make=True) as folder:
            with folder.append_to(name) as file:
                end = _End(name, os.dup(file.fileno()))
            about = About(version=1, machine=machine, pid=os.getpid(), created_ms=self.now_ms())
            self._write(suffix, end, ABOUT, "", about)
            with suppress(OSError):
                folder.sync()
        self.names.add(name)
        self._ends[suffix] = end
        return end

    def fsync(self) -> None:
        """Flushes to the disk what was written.

        Raises:
            OSError: the disk did not take it.
        """
        with self._lock:
            self._fsync()

    def _fsync(self) -> None:
        self._synced_s = time.monotonic()
        for end in self._ends.values():
            os.fsync(end.handle)

    def close(self) -> None:
        """Flushes and closes the files; the next line begins new ones."""
        with self._lock:
            with suppress(OSError):
                self._fsync()
            for end in self._ends.values():
                os.close(end.handle)
            self._ends.clear()
