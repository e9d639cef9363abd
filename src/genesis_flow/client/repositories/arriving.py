"""A file on its way in: under another name beside its target until it is whole, checked, and never through a link."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from genesis_flow.client.repositories.progress import Progress
from genesis_flow.errors import AnswerTooLong, CorruptDownload, InvalidPath, LocalDiskFull, TransferCut, TransferTooSlow
from genesis_flow.folders import HAS_FOLDER_HANDLES, Folder
from genesis_flow.rules.paths import SafeRelPath

PARTIAL = ".genesis-flow-part"
"""How names of files end that are not whole yet."""
PATIENCE_S = 120
LEAST_BYTES = 64 * 1024
"""Who sends less than this in ``PATIENCE_S``, and something now and then, is given up."""


class Pace:
    """Gives up on a sender who keeps a transfer alive and never comes to its end."""

    def __init__(self) -> None:
        self._since_s, self._came_bytes = time.monotonic(), 0

    def count(self, size_bytes: int) -> None:
        """So much came.

        Raises:
            TransferTooSlow: too little came for too long.
        """
        self._came_bytes += size_bytes
        now_s = time.monotonic()
        if now_s - self._since_s < PATIENCE_S:
            return
        if self._came_bytes < LEAST_BYTES:
            raise TransferTooSlow(PATIENCE_S)
        self._since_s, self._came_bytes = now_s, 0


class Arriving:
    """What a place hands the bytes of a file to: first what is known of them, then them.

    Args:
        file: where they go.
        folder: where that is, as a path, to ask how much room there is.
        name: of the file, for messages.
        listed_bytes: the size that a listing told, if one did.
        progress: what counts them.
    """

    def __init__(self, file: IO[bytes], folder: Path, name: str, listed_bytes: int | None, progress: Progress) -> None:
        self.listed_bytes = listed_bytes
        self.has_begun = False
        self._file, self._folder, self._name, self._progress = file, folder, name, progress
        self._size_bytes: int | None = None
        self._sha256: str | None = None
        self._digest = hashlib.sha256()
        self._came_bytes = 0
        self._pace = Pace()

    def expect(self, size_bytes: int | None, sha256: str | None = None) -> None:
        """What is to come, before the first byte does.

        Args:
            size_bytes: how much; what a listing told, if None.
            sha256: the digest that it must have, in hexadecimal.

        Raises:
            LocalDiskFull: there is no room for it.
        """
        self.has_begun = True
        self._size_bytes = self.listed_bytes if size_bytes is None else size_bytes
        self._sha256 = sha256
        free = shutil.disk_usage(self._folder).free
        if (self._size_bytes or 0) > free:
            raise LocalDiskFull(self._name, self._size_bytes or 0, free)

    def write(self, block: bytes) -> None:
        """The next bytes.

        Raises:
            AnswerTooLong: more came than was told, or nobody told how much would come.
            TransferTooSlow: they come too slowly.
        """
        self._came_bytes += len(block)
        if self._size_bytes is None or self._came_bytes > self._size_bytes:
            raise AnswerTooLong(self._name, self._size_bytes)
        if self._sha256 is not None:
            self._digest.update(block)
        self._file.write(block)
        self._progress.add(len(block))
        self._pace.count(len(block))

    def take(self, blocks: Iterable[bytes]) -> None:
        """Writes one block after the other; raises as ``write``."""
        for block in blocks:
            self.write(block)

    def finish(self) -> None:
        """All of it came.

        Raises:
            TransferCut: it did not.
            CorruptDownload: it is something else.
        """
        if self._came_bytes != (self._size_bytes or 0):
            raise TransferCut(self._name, self._came_bytes, self._size_bytes or 0)
        if self._sha256 not in (None, self._digest.hexdigest()):
            raise CorruptDownload(self._name, str(self._sha256), self._digest.hexdigest())

    def take_back(self) -> None:
        """It came in vain."""
        self._progress.add(-self._came_bytes)


@contextmanager
def arriving(root: Path, path: SafeRelPath, listed_bytes: int | None, progress: Progress) -> Iterator[Arriving]:
    """A file below a folder that is there as soon as it is whole; if the block fails, nothing of it is left.

    Folders are made; links below the root are not followed, and one that has the file's name is replaced.
    """
    with folder_below(root, path.parent) as folder:
        partial = f".{secrets.token_hex(8)}{PARTIAL}"
        try:
            with folder.create_file(partial) as file:
                came = Arriving(file, root, path.name, listed_bytes, progress)
                try:
                    yield came
                    came.finish()
                except BaseException:
                    came.take_back()
                    raise
            folder.move(partial, folder, path.name)
        except BaseException as error:
            with suppress(OSError):
                folder.unlink(partial)
            if isinstance(error, IsADirectoryError):
                raise InvalidPath("a folder has the name of this file already") from None
            raise


def folder_below(root: Path, path: SafeRelPath) -> Folder:
    """A folder below another one, made if it is not there.

    Raises:
        InvalidPath: a link or a file is in the way, or this system cannot have such a name.
    """
    if os.name == "nt" and not path.is_safe_on_windows:
        raise InvalidPath("Windows cannot have files of this name")
    root.mkdir(parents=True, exist_ok=True)
    try:
        return Folder.at(str(root), by_handle=HAS_FOLDER_HANDLES).walk(path, make=True)
    except NotADirectoryError:
        raise InvalidPath("a file or a link is where a folder should be") from None
