"""What a server has confirmed of a folder, noted in the folder itself; only one push at a time writes there."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from genesis_flow.errors import PushGoesOn
from genesis_flow.folders import HAS_FOLDER_HANDLES, Folder, locked
from genesis_flow.journals.layout import PUSHED
from genesis_flow.rules.locations import without_credentials
from genesis_flow.wire.decoders import decoder

LOCK, ABOUT, REFUSED = "lock", "about.json", "refused.jsonl"
MOST_BYTES = 64 * 2**20


class SentFile(msgspec.Struct, array_like=True):
    """A file that the server has, as it was when it was sent."""

    size_bytes: int
    changed_ns: int
    sha256: str


class Note(msgspec.Struct):
    """What the server has of one experiment, run or model.

    Attributes:
        target_id: its id there; empty if it has none yet.
        settled: by file, the number below which all records about it are confirmed or refused.
        is_sending: a batch may have arrived whose confirmation did not.
        files: those that are there.
    """

    target_id: str = ""
    settled: dict[str, int] = {}
    is_sending: bool = False
    files: dict[str, SentFile] = {}


class Notes:
    """The notes about one server.

    Args:
        root: the folder of offline runs.
        tracking_uri: the server.
    """

    def __init__(self, root: Path, tracking_uri: str) -> None:
        self._root = root
        self._uri = without_credentials(tracking_uri).rstrip("/")
        self._path = (PUSHED, hashlib.sha256(self._uri.encode()).hexdigest()[:16])
        self._lock: IO[bytes] | None = None
        self._mutex = threading.Lock()

    @property
    def path(self) -> str:
        """Where they are."""
        return str(self._root.joinpath(*self._path))

    def open(self) -> None:
        """Takes the notes for this process, until ``close``.

        Raises:
            PushGoesOn: another one has them.
            OSError: the folder cannot be written to.
        """
        with self._folder(make=True) as folder:
            lock = folder.append_to(LOCK)
            if not locked(lock):
                lock.close()
                raise PushGoesOn(str(self._root), self._uri)
            self._lock = lock
            if folder.stat_or_none(ABOUT) is None:
                self._write(folder, ABOUT, json.dumps({"tracking_uri": self._uri}).encode())

    def close(self) -> None:
        """Lets go of the notes."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def read(self, subject: str) -> Note:
        """What is noted; an empty note if there is none that can be read."""
        try:
            with self._folder() as folder, folder.open_file(f"{subject}.json") as file:
                return decoder(Note).decode(file.read(MOST_BYTES))
        except (OSError, msgspec.MsgspecError, RecursionError):
            return Note()

    def write(self, subject: str, note: Note) -> None:
        """Notes it.

        Raises:
            OSError: the disk did not take it.
        """
        with self._mutex, self._folder(make=True) as folder:
            self._write(folder, f"{subject}.json", msgspec.json.encode(note))

    def refuse(self, line: bytes) -> None:
        """Keeps a line about what the server refused.

        Raises:
            OSError: the disk did not take it.
        """
        with self._mutex, self._folder(make=True) as folder, folder.append_to(REFUSED) as file:
            file.write(line + b"\n")

    def _folder(self, *, make: bool = False) -> Folder:
        return Folder.at(str(self._root), by_handle=HAS_FOLDER_HANDLES).walk(self._path, make=make)

    def _write(self, folder: Folder, name: str, content: bytes) -> None:
        partial = f".{name}.part"
        with suppress(FileNotFoundError):
            folder.unlink(partial)
        with folder.create_file(partial) as file:
            file.write(content)
        folder.move(partial, folder, name)
