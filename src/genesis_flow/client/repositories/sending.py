"""A local file, or a part of it, on its way out."""

from __future__ import annotations

import os
from pathlib import Path

from genesis_flow.client.repositories.progress import Progress
from genesis_flow.errors import FileChanged

BLOCK_BYTES = 256 * 1024


class Sending:
    """The bytes of a file as the body of a request: exactly as many as were announced, and again if need be.

    Args:
        source: the file.
        progress: what counts them.
        start: the first byte.
        size_bytes: how many; None is up to the end that the file has now.
    """

    def __init__(self, source: Path, progress: Progress, start: int = 0, size_bytes: int | None = None) -> None:
        self._file = source.open("rb", buffering=0)
        self._name, self._progress, self._start = source.name, progress, start
        end = os.fstat(self._file.fileno()).st_size if size_bytes is None else start + size_bytes
        self.size_bytes = end - start
        self._at = 0
        self._file.seek(start)

    def read(self, size: int = -1) -> bytes:
        """The next block, whatever size the transport would take: large ones cost less.

        Raises:
            FileChanged: the file ends before what was announced.
        """
        block = self._file.read(min(BLOCK_BYTES, self.size_bytes - self._at))
        if not block and self._at < self.size_bytes:
            raise FileChanged(self._name)
        self._at += len(block)
        self._progress.add(len(block))
        return block

    def tell(self) -> int:
        """Where it is, from its own start."""
        return self._at

    def seek(self, at: int, whence: int = os.SEEK_SET) -> int:
        """Goes back, to be sent again."""
        self._progress.add(at - self._at)
        self._file.seek(self._start + at)
        self._at = at
        return at

    def __enter__(self) -> Sending:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
