"""Files in a folder of this machine, or of a disk that several share."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from genesis_flow.artifact_stores.protocol import FileInfo
from genesis_flow.client.repositories.arriving import PARTIAL, Arriving, arriving
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.repositories.reading import blocks
from genesis_flow.errors import ArtifactIsDirectory, ArtifactNotFound, InvalidPath
from genesis_flow.folders import HAS_FOLDER_HANDLES, Folder, is_folder
from genesis_flow.rules.paths import SafeRelPath


class FolderPlace:
    """A ``Place`` in a folder, in which links are neither followed nor listed.

    Args:
        root: the folder, which is made when something is stored.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    def upload(self, source: Path, path: SafeRelPath, progress: Progress) -> None:
        """See ``Place.upload``."""
        with source.open("rb", buffering=0) as file, arriving(self._root, path, None, progress) as kept:
            kept.expect(source.stat().st_size)
            kept.take(blocks(file))

    def entries(self, path: SafeRelPath) -> Iterable[FileInfo]:
        """See ``Place.entries``."""
        found = []
        with suppress(FileNotFoundError, NotADirectoryError), self._open(path) as folder:
            for name, status in folder.scan():
                if not (is_folder(status) or stat.S_ISREG(status.st_mode)) or name.endswith(PARTIAL):
                    continue
                with suppress(InvalidPath):  # names that nobody can ask for
                    size = None if is_folder(status) else status.st_size
                    found.append(FileInfo(path / SafeRelPath((name,)), is_folder(status), size))
        return found

    def fetch(self, path: SafeRelPath, arriving: Arriving) -> None:
        """See ``Place.fetch``."""
        try:
            with self._open(path.parent) as folder, folder.open_file(path.name) as file:
                arriving.expect(folder.stat(path.name).st_size)
                arriving.take(blocks(file))
        except (FileNotFoundError, NotADirectoryError):
            raise ArtifactNotFound(str(path)) from None
        except IsADirectoryError:
            raise ArtifactIsDirectory(str(path)) from None

    def delete(self, path: SafeRelPath) -> None:
        """See ``Place.delete``."""
        with suppress(FileNotFoundError, NotADirectoryError), self._open(path.parent) as folder:
            names = [path.name] if path.segments else folder.names()
            for name in names:
                if is_folder(folder.stat(name)):
                    shutil.rmtree(self._root.joinpath(*path.parent, name))  # it follows no link
                else:
                    folder.unlink(name)

    def local_path(self, path: SafeRelPath) -> Path | None:
        """See ``Place.local_path``."""
        return self._root.joinpath(*path)

    def sha256(self, path: SafeRelPath) -> str | None:
        """See ``Place.sha256``."""
        return None

    def _open(self, path: SafeRelPath) -> Folder:
        return Folder.at(str(self._root), by_handle=HAS_FOLDER_HANDLES).walk(path)
