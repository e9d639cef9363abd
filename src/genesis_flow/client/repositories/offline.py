"""Files of offline runs, with their digests in a journal, so that ``push`` knows whether they are what they were."""

from __future__ import annotations

import hashlib
from pathlib import Path

from genesis_flow.client.repositories.arriving import arriving
from genesis_flow.client.repositories.folders import FolderPlace
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.repositories.reading import blocks
from genesis_flow.journals.journal import Journal
from genesis_flow.journals.layout import owner_of
from genesis_flow.journals.lines import FILE, StoredFile
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.wire.processes import OfThisProcess

_JOURNALS: OfThisProcess[dict[Path, Journal]] = OfThisProcess(dict)


class OfflinePlace(FolderPlace):
    """A ``Place`` below a folder of offline runs.

    Args:
        folder: of offline runs.
        root: the location, which is below it.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        super().__init__(root)
        self._folder = folder
        self._below = SafeRelPath(root.relative_to(folder).parts)

    def upload(self, source: Path, path: SafeRelPath, progress: Progress) -> None:
        """See ``Place.upload``."""
        digest, size_bytes = hashlib.sha256(), 0
        with source.open("rb", buffering=0) as file, arriving(self._root, path, None, progress) as kept:
            kept.expect(source.stat().st_size)
            for block in blocks(file):
                digest.update(block)
                size_bytes += len(block)
                kept.write(block)
            # Before the file has its name: who is killed in between leaves the old file, whose digest is known, too.
            self._note(path, size_bytes, digest.hexdigest())

    def delete(self, path: SafeRelPath) -> None:
        """See ``Place.delete``."""
        super().delete(path)
        self._note(path, 0, None)

    def _note(self, path: SafeRelPath, size_bytes: int, sha256: str | None) -> None:
        owner = owner_of((self._below / path).segments)
        if owner is not None:
            message = StoredFile(path=owner[1], size_bytes=size_bytes, sha256=sha256)
            _journal(self._folder).append(FILE, owner[0], message)


def _journal(folder: Path) -> Journal:
    """The journal of this process for files; the store has its own."""
    return _JOURNALS.get().setdefault(folder, Journal(folder))
