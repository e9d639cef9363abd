"""What the files of a run, a model or an experiment say, remembered as long as they are the same files.

A file is the same if time, size and number (inode) are; one that was written a moment before it was read is read again,
because it may be written once more within the same tick of the clock. So a second search of many runs looks at every
file and reads none.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import msgspec

from genesis_flow.errors import MalformedFile
from genesis_flow.folders import Folder
from genesis_flow.rules.points import Triple
from genesis_flow.stores.file import meta, points
from genesis_flow.stores.file.disk import Disk, Place, TooLarge, files_below, read

Said = dict[str, Any]
"""By path: a ``Meta`` of a ``meta.yaml``, a text, or of a run's metric its latest point, if it has any."""

_Mark = tuple[int, int, int]
# What is known of a file: its mark, what it says, and of a metric how far it was read and a check of the end of that.
_Known = tuple[_Mark, Any, int, int]

META = "meta.yaml"
_CACHE_BYTES = 256 * 2**20
_CHECKED_BYTES = 256


class Snapshots:
    """Reads what files say.

    Args:
        size: how many bytes to remember.
    """

    def __init__(self, size: int = _CACHE_BYTES) -> None:
        self._size = size
        self._known: OrderedDict[Place, bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._used = 0
        self._decoder = msgspec.msgpack.Decoder(dict[str, tuple[tuple[int, int, int], Any, int, int]])

    def at(self, disk: Disk, place: Place, parts: Iterable[str], *, whole: bool = False) -> Said | None:
        """As ``of``; None also if there is no such folder."""
        try:
            folder = disk.folder(place)
        except (FileNotFoundError, NotADirectoryError):
            return None
        with folder:
            return self.of(folder, place, parts, whole=whole)

    def of(self, folder: Folder, place: Place, parts: Iterable[str], *, whole: bool = False) -> Said | None:
        """What ``meta.yaml`` and the files below some folders say; None, if there is no ``meta.yaml``.

        Args:
            folder: the folder.
            place: where it is.
            parts: the folders in it.
            whole: whether metrics are told as texts, not as their latest points.

        Raises:
            MalformedFile
        """
        packed = self._known.get(place)
        known: dict[str, _Known] = self._decoder.decode(packed) if packed else {}
        found: dict[str, _Known] = {}
        status = folder.stat_or_none(META)
        if status is None:
            return None
        look = _Look(known, found, place, whole)
        look.at(folder, META, status)
        for part in parts:
            try:
                inner = folder.enter(part)
            except (FileNotFoundError, NotADirectoryError):
                continue
            with inner:
                for where, path, status in files_below(inner, f"{part}/"):
                    look.at(where, path, status)
        if look.read or len(found) != len(known):
            self._remember(place, msgspec.msgpack.encode(found))
        return {path: said for path, (_, said, _, _) in found.items()}

    def _remember(self, place: Place, packed: bytes) -> None:
        with self._lock:
            self._used += len(packed) - len(self._known.pop(place, b""))
            self._known[place] = packed
            while self._used > self._size:
                self._used -= len(self._known.popitem(last=False)[1])


class _Look:
    """A look at the files of one folder."""

    def __init__(self, known: dict[str, _Known], found: dict[str, _Known], place: Place, whole: bool) -> None:
        self.read = False
        self._known, self._found, self._place, self._whole = known, found, place, whole
        self._trusted_ns = points.trusted_ns()

    def at(self, folder: Folder, path: str, status: os.stat_result) -> None:
        """Finds out what a file says, reading it only if that is not known."""
        mark = status.st_mtime_ns, status.st_size, status.st_ino
        before = self._known.get(path)
        if before and before[0] == mark:
            self._found[path] = before
            return
        self.read = True
        name = path.rpartition("/")[2]
        try:
            said = self._said(folder, path, name, status, before)
        except (meta.MetaError, TooLarge) as error:
            raise MalformedFile(self._named(path), str(error)) from None
        except UnicodeDecodeError:
            raise MalformedFile(self._named(path), "it is not UTF-8") from None
        if said is None:
            return  # it is gone
        kept = mark if status.st_mtime_ns < self._trusted_ns else (0, 0, 0)
        self._found[path] = kept, *said

    def _named(self, path: str) -> str:
        return "/".join((*self._place, path))

    def _said(
        self, folder: Folder, path: str, name: str, status: os.stat_result, before: _Known | None
    ) -> tuple[Any, int, int] | None:
        part = path.partition("/")[0]
        if part == "metrics" and not self._whole:
            return self._latest(folder, path, name, status, before)
        data = read(folder, name)
        if data is None:
            return None
        if part == "metrics":
            data = points.settled(data, status)
        return (data.decode() if _is_text(path) else meta.parse(data)), 0, 0

    def _latest(
        self, folder: Folder, path: str, name: str, status: os.stat_result, before: _Known | None
    ) -> tuple[Triple | None, int, int] | None:
        """The latest point; of a file that has only grown, only what is new is read."""
        start, latest, overlap = 0, None, 0
        data: bytes | None = None
        if before and 0 < before[2] <= status.st_size:
            overlap = min(before[2], _CHECKED_BYTES)
            data = read(folder, name, before[2] - overlap, most=points.METRIC_BYTES)
            if data and zlib.crc32(data[:overlap]) == before[3]:
                start, latest = before[2] - overlap, before[1] and tuple(before[1])
            else:
                data, overlap = None, 0
        if data is None:
            data = read(folder, name, most=points.METRIC_BYTES)
        if data is None:
            return None
        fresh = points.parse(points.settled(data[overlap:], status), self._named(path))
        end = data.rfind(b"\n") + 1
        return points.latest(fresh, latest), start + end, zlib.crc32(data[max(0, end - _CHECKED_BYTES) : end])


def _is_text(path: str) -> bool:
    """Whether a file is a text of its own, rather than a ``meta.yaml``."""
    return path.startswith(("params/", "tags/", "aliases/", "metrics/")) or "/tags/" in path
