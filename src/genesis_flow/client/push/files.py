"""Files of offline runs to where the server keeps those of its runs."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from io import FileIO
from pathlib import Path

from genesis_flow.client.push.contents import Contents, LocalFile
from genesis_flow.client.push.notes import Note, SentFile
from genesis_flow.client.repositories.open import Stores, open_repository
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.repositories.reading import blocks
from genesis_flow.client.repositories.repository import ArtifactRepository, Repository
from genesis_flow.client.repositories.transfers import in_parallel
from genesis_flow.client.sender import PASSING
from genesis_flow.exceptions import MlflowException

WORKERS = 4
NOTE_S = 1.0
"""How often is noted which files are there; after a crash those that are not noted are compared, or sent again."""

_DESCRIPTORS = "/proc/self/fd"


def new_files(files: Sequence[LocalFile], note: Note) -> list[LocalFile]:
    """Those that the server does not have as they are."""

    def is_there(file: LocalFile) -> bool:
        sent = note.files.get(str(file.path))
        return sent is not None and (sent.size_bytes, sent.changed_ns) == (file.size_bytes, file.changed_ns)

    return [file for file in files if not is_there(file)]


class Files:
    """The files of one run or model.

    Args:
        contents: the folder.
        root: where the files are in it.
        location: where they go.
        tracking_uri: the server.
        digests: those that were noted when the files were stored.
        is_resumed: whether some of them may be there already.
        progress: what counts bytes.
    """

    def __init__(
        self,
        contents: Contents,
        root: tuple[str, ...],
        location: str,
        tracking_uri: str,
        digests: Mapping[str, set[str]],
        progress: Progress,
        *,
        is_resumed: bool,
    ) -> None:
        self._contents, self._root, self._digests, self._progress = contents, root, digests, progress
        self._there: ArtifactRepository = open_repository(location, Stores(tracking_uri, tracking_uri))
        self._is_resumed = is_resumed
        self.failed = 0

    def send(self, files: Sequence[LocalFile], note: Note, keep: Callable[[], None]) -> None:
        """Sends files, several at a time.

        Args:
            files: which.
            note: where it is noted which are there.
            keep: writes the note.

        Raises:
            MlflowException: the server does not take files now.
        """
        lock, noted_s = threading.Lock(), time.monotonic()

        def send(file: LocalFile) -> None:
            nonlocal noted_s
            digest = self._send(file)
            with lock:
                if digest is None:
                    self.failed += 1
                    return
                note.files[str(file.path)] = SentFile(file.size_bytes, file.changed_ns, digest)
                if time.monotonic() - noted_s >= NOTE_S:
                    noted_s = time.monotonic()
                    keep()

        in_parallel(send, files, WORKERS)

    def _send(self, file: LocalFile) -> str | None:
        """Sends a file; its digest, or None if it is not what it was, or the server refuses it."""
        path = (*self._root, *file.path)
        try:
            with self._contents.open(path[:-1]) as folder, folder.open_file(file.path.name) as opened:
                digest = _sha256(opened)
                known = self._digests.get(str(file.path))
                if known and digest not in known:
                    self._contents.problem(path, f"has other bytes than were stored: their SHA-256 is {digest}")
                    return None
                if not self._is_there(file, digest):
                    self._upload(file, _source(opened, self._contents.root.joinpath(*path)))
        except OSError as error:
            self._contents.problem(path, f"cannot be read: {error.strerror or error}")
            return None
        except MlflowException as error:
            if not 400 <= error.get_http_status_code() < 500 or error.get_http_status_code() in PASSING:
                raise
            self._contents.problem(path, f"is not taken: {error}")
            return None
        return digest

    def _is_there(self, file: LocalFile, digest: str) -> bool:
        return self._is_resumed and isinstance(self._there, Repository) and self._there.sha256(file.path) == digest

    def _upload(self, file: LocalFile, source: Path) -> None:
        if isinstance(self._there, Repository):
            self._there.upload(source, file.path, self._progress)
        else:  # a plugin's; it takes the name from the file
            named = self._contents.root.joinpath(*self._root, *file.path)
            self._there.log_artifact(named, str(file.path.parent) or None)


def _sha256(file: FileIO) -> str:
    digest = hashlib.sha256()
    for block in blocks(file):
        digest.update(block)
    return digest.hexdigest()


def _source(opened: FileIO, path: Path) -> Path:
    """The very file that is open, even if somebody puts a link in its place meanwhile; where the system can name it."""
    named = Path(_DESCRIPTORS, str(opened.fileno()))
    return named if os.path.isdir(_DESCRIPTORS) else path
