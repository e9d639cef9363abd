"""A queue on disk: records are appended, read in order, and removed once they are settled.

One process owns a spool, by a lock on a file in its folder that ends with the process. The folder holds

- ``about.json``: for which server it is, without credentials;
- ``lock``;
- ``<number>.spool``: segments, named after the number of their first item. A record is a header (length and CRC-32 of
  what follows the two, number of its first item, count of its items) and its payload;
- ``settled``: the number below which every item is confirmed or refused, with its CRC-32;
- ``refused.jsonl``: what the server refused, a line each, with its reason.

What ``append`` has written survives the end of the process, what ``fsync`` has flushed that of the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import zlib
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from errno import EAGAIN, ENOSPC
from io import FileIO
from pathlib import Path
from typing import IO

from genesis_flow.folders import HAS_FOLDER_HANDLES, Folder, locked
from genesis_flow.journals.framing import Record, framed, read_record
from genesis_flow.rules.locations import without_credentials

SEGMENT_BYTES = 8 * 2**20
SPOOL_BYTES = 2 * 2**30

ABOUT, LOCK, SETTLED, REFUSED, SEGMENT, DAMAGED = (
    *("about.json", "lock", "settled", "refused.jsonl"),
    *(".spool", ".damaged"),
)


class SpoolFull(OSError):
    """The spool has as many bytes on disk as it may have."""

    def __init__(self, most_bytes: int) -> None:
        super().__init__(ENOSPC, f"the spool has reached its limit of {most_bytes:,} bytes")


@dataclass
class _Segment:
    path: Path
    end: int
    size: int = 0
    synced: int = 0


class Spool:
    """The spool of this process; nothing is on disk before the first record.

    One thread at a time may append, another one read and settle.

    Args:
        folder: its own, which does not exist yet; ``recover`` opens one that does.
        tracking_uri: for which server it is; credentials in it are not kept.
        most_bytes: how large it may become on disk.
        segment_bytes: when to begin a new file; what is settled is removed by files.

    Attributes:
        settled: the number below which every item is confirmed or refused.
        end: the number behind its last item.
        damaged: files with what could not be read; they stay.
    """

    def __init__(
        self,
        folder: Path,
        tracking_uri: str = "",
        *,
        most_bytes: int = SPOOL_BYTES,
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.folder = folder
        self.tracking_uri = without_credentials(tracking_uri)
        self.settled = self.end = 0
        self.damaged: list[Path] = []
        self._most_bytes = most_bytes
        self._segment_bytes = min(segment_bytes, most_bytes // 8)
        self._segments: deque[_Segment] = deque()
        self._unread: deque[_Segment] = deque()
        self._held: deque[Record] = deque()
        self._mutex = threading.Lock()
        self._lock: IO[bytes] | None = None
        self._tail: FileIO | None = None
        self._head: FileIO | None = None
        self._settled_file: FileIO | None = None
        self._folder_synced = True

    @classmethod
    def recover(cls, folder: Path) -> Spool | None:
        """The spool that a dead process left; None if a process has it, or nothing is in it.

        A record that was being written when the process died is cut off.
        """
        spool = cls(folder)
        try:
            if spool._take_lock("r+b"):
                spool.tracking_uri = str(json.loads((folder / ABOUT).read_bytes())["tracking_uri"])
                spool._find()
        except (OSError, ValueError, KeyError, TypeError):
            spool._segments.clear()
        if spool._segments:
            return spool
        spool.close()
        return None

    @property
    def size_bytes(self) -> int:
        """What its segments take on disk."""
        return sum(segment.size for segment in list(self._segments))

    @property
    def held_bytes(self) -> int:
        """What waits in memory, because the disk did not take it."""
        with self._mutex:
            return sum(len(record.payload) for record in self._held)

    # --- writing --------------------------------------------------------------------------------------------------

    def append(self, records: Sequence[Record] = ()) -> None:
        """Writes records behind the others, all or none.

        Raises:
            OSError: the disk did not take them, or ``SpoolFull``. They are kept in memory and read in their turn; the
                next call tries again.
        """
        with self._mutex:
            self._held.extend(records)
            if not self._held:
                return
            end = self._held[-1].end
            try:
                data = b"".join(map(framed, self._held))
                if self.size_bytes + len(data) > self._most_bytes:
                    raise SpoolFull(self._most_bytes)
                segment = self._writable()
                self._write(segment, data)
                segment.end = end
                segment.size += len(data)
                self._held.clear()
            finally:
                self.end = end

    def _write(self, segment: _Segment, data: bytes) -> None:
        assert self._tail is not None
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._tail.write(rest) :]
        except OSError:
            try:
                self._tail.seek(segment.size)
                self._tail.truncate()
            except OSError:
                self._close_tail()  # a new segment begins; nobody reads beyond the size of this one
            raise

    def _writable(self) -> _Segment:
        """The segment to write to, open as the tail."""
        if self._tail is not None and self._segments[-1].size < self._segment_bytes:
            return self._segments[-1]
        self._create()
        self._close_tail()
        if self._segments and not self._segments[-1].size:
            self._tail = FileIO(self._segments[-1].path, "w")
            return self._segments[-1]
        first = self._held[0].first
        segment = _Segment(self.folder / f"{first:020}{SEGMENT}", first)
        self._tail = FileIO(segment.path, "w")
        self._segments.append(segment)
        self._unread.append(segment)
        self._folder_synced = False
        return segment

    def _create(self) -> None:
        """The folder with all but segments, if it is not there."""
        if self._lock is not None:
            return
        self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        about = {"version": 1, "tracking_uri": self.tracking_uri, "pid": os.getpid(), "created_s": int(time.time())}
        (self.folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")
        if not self._take_lock("ab"):
            raise BlockingIOError(EAGAIN, f"another process has the spool {self.folder}")
        self._note(self.settled)  # as long as there is room for it

    def _take_lock(self, mode: str) -> bool:
        file: IO[bytes] = (self.folder / LOCK).open(mode)
        if not locked(file):
            file.close()
            return False
        self._lock = file
        return True

    def fsync(self) -> None:
        """Flushes to the disk what was appended and settled.

        Raises:
            OSError: the disk did not take it.
        """
        for segment in list(self._segments):
            if segment.synced < (size := segment.size):
                with suppress(FileNotFoundError), segment.path.open("rb+", buffering=0) as file:
                    os.fsync(file.fileno())
                segment.synced = size
        if self._settled_file is not None and not self._settled_file.closed:
            os.fsync(self._settled_file.fileno())
        if not self._folder_synced:
            self._folder_synced = True
            _sync_folder(self.folder)
            _sync_folder(self.folder.parent)

    # --- reading --------------------------------------------------------------------------------------------------

    def read(self, most_items: int) -> list[Record]:
        """The next records, of about so many items; empty if everything was read.

        Raises:
            OSError: the disk does not give them.
        """
        found: list[Record] = []
        count = 0
        while count < most_items and (record := self._next()) is not None:
            if record.end > self.settled:  # a spool that was recovered may begin with some that are
                found.append(record)
                count += record.items
        return found

    def _next(self) -> Record | None:
        while self._unread:
            segment = self._unread[0]
            if self._head is None:
                self._head = FileIO(segment.path, "r")
            if self._head.tell() < segment.size:
                at = self._head.tell()
                if (record := read_record(self._head, segment.size)) is not None:
                    return record
                self._set_aside(segment, at)
            elif len(self._unread) > 1:
                self._head.close()
                self._head = None
                self._unread.popleft()
            else:
                break
        with self._mutex:
            if self._unread and self._head is not None and self._head.tell() < self._unread[-1].size:
                return None  # written this moment; the next call reads it
            return self._held.popleft() if self._held and len(self._unread) < 2 else None

    def _set_aside(self, segment: _Segment, at: int) -> None:
        """Keeps what stands from there on in a file of its own: it cannot be read, but it is the user's."""
        assert self._head is not None
        self._head.seek(at)
        path = segment.path.with_suffix(DAMAGED)
        path.write_bytes(self._head.read(segment.size - at))
        self.damaged.append(path)
        self._head.seek(segment.size)

    # --- settling -------------------------------------------------------------------------------------------------

    def settle(self, number: int) -> None:
        """Notes that every item below a number is confirmed or refused, and removes segments that are.

        Raises:
            OSError: the disk did not take the note; those items may be sent once more after a crash.
        """
        self.settled = number
        if self._lock is None:
            return  # nothing was ever on disk
        try:
            self._note(number)
        finally:
            while len(self._segments) > 1 and self._segments[0].end <= number:
                self._remove(self._segments.popleft())
            with self._mutex:
                # Where there is no room, a segment makes some before it is full.
                if self._held and self._segments and self._segments[0].end <= number:
                    self._close_tail()
                    self._remove(self._segments.popleft())

    def _note(self, number: int) -> None:
        if self._settled_file is None:
            path = self.folder / SETTLED
            self._settled_file = FileIO(path, "r+" if path.exists() else "w")
        self._settled_file.seek(0)
        self._settled_file.write(_with_sum(number))

    def _remove(self, segment: _Segment) -> None:
        if self._unread and self._unread[0] is segment:
            self._unread.popleft()
            if self._head is not None:
                self._head.close()
                self._head = None
        segment.path.unlink(missing_ok=True)

    def refuse(self, line: bytes) -> None:
        """Keeps a line about what was refused.

        Raises:
            OSError: the disk did not take it.
        """
        self._create()
        with (self.folder / REFUSED).open("ab") as file:
            file.write(line.rstrip(b"\n") + b"\n")
            file.flush()
            os.fsync(file.fileno())

    # --- the end --------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Lets go of the folder; what is in it stays. After a fork, the parent's is not touched by it."""
        self._close_files()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Removes the folder, all of which is settled, but for what was refused or damaged."""
        if self._lock is None:
            return
        self._close_files()
        for segment in self._segments:
            segment.path.unlink(missing_ok=True)
        self.close()
        (self.folder / SETTLED).unlink(missing_ok=True)
        if not any(self.folder.glob(f"*{DAMAGED}")) and not (self.folder / REFUSED).exists():
            shutil.rmtree(self.folder, ignore_errors=True)

    def _close_files(self) -> None:
        self._close_tail()
        for file in (self._head, self._settled_file):
            if file is not None:
                file.close()
        self._head = self._settled_file = None

    def _close_tail(self) -> None:
        if self._tail is not None:
            self._tail.close()
            self._tail = None

    def _find(self) -> None:
        """The segments of a folder, and where they end."""
        paths = sorted(self.folder.glob(f"*{SEGMENT}"))
        for path, following in zip(paths, [*paths[1:], None], strict=True):
            end = int((following or path).stem)
            self._segments.append(_Segment(path, end, path.stat().st_size))
        if self._segments:
            last = self._segments[-1]
            last.size, last.end = _whole(last)
            self._unread.extend(self._segments)
            self.settled = _read_settled(self.folder / SETTLED)
            self.end = max(last.end, self.settled)


def spools(root: Path) -> list[Path]:
    """The folders of spools below a folder, the oldest first."""
    found = [about.parent for about in root.glob(f"*/{ABOUT}")]
    return sorted(found, key=lambda folder: folder.name)


def _whole(segment: _Segment) -> tuple[int, int]:
    """Where the last whole record of a segment ends, in bytes and as a number."""
    at, end = 0, segment.end
    with FileIO(segment.path, "r") as file:
        while (record := read_record(file, segment.size)) is not None:
            at, end = file.tell(), record.end
    return at, end


def _with_sum(number: int) -> bytes:
    packed = number.to_bytes(8, "little")
    return packed + zlib.crc32(packed).to_bytes(4, "little")


def _read_settled(path: Path) -> int:
    try:
        found = path.read_bytes()
    except OSError:
        return 0
    number = int.from_bytes(found[:8], "little")
    return number if found == _with_sum(number) else 0


def _sync_folder(path: Path) -> None:
    with Folder.at(str(path), by_handle=HAS_FOLDER_HANDLES) as folder:
        folder.sync()
