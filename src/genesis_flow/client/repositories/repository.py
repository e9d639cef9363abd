"""Where artifacts are, with the methods that MLflow's users and plugins know."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from genesis_flow.artifact_stores.protocol import FileInfo as Entry
from genesis_flow.client.repositories import transfers
from genesis_flow.client.repositories.arriving import Arriving
from genesis_flow.client.repositories.place import Place
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.repositories.reading import blocks
from genesis_flow.entities import FileInfo
from genesis_flow.errors import ArtifactNotFound, DownloadOnly, InvalidPath, LocalFileMissing, UnsafeListing
from genesis_flow.rules.paths import SafeRelPath

LocalPath = str | os.PathLike[str]


class ArtifactRepository:
    """Files below one location. Plugins inherit from it, and write ``_download_file`` and what is not written here.

    Args:
        artifact_uri: the location.
        tracking_uri: where its run is kept.
        registry_uri: where its model is registered.
    """

    def __init__(self, artifact_uri: str, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
        self.artifact_uri, self.tracking_uri, self.registry_uri = artifact_uri, tracking_uri, registry_uri

    def log_artifact(self, local_file: LocalPath, artifact_path: str | None = None) -> None:
        """Stores a local file under its own name.

        Args:
            local_file: the file.
            artifact_path: the folder, from the location; the location itself by default.
        """
        raise NotImplementedError

    def log_artifacts(self, local_dir: LocalPath, artifact_path: str | None = None) -> None:
        """Stores all that is in a local folder; the folder's own name is not kept."""
        raise NotImplementedError

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """What is in a folder, by name, with paths from the location; nothing for a file."""
        raise NotImplementedError

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Deletes a file, or a folder with all that is in it, for good; what is not there is passed over.

        Args:
            artifact_path: which; all of the location by default.
        """
        raise NotImplementedError

    def download_artifacts(self, artifact_path: str | None, dst_path: LocalPath | None = None) -> str:
        """Fetches a file or a folder; where it is then, as a path.

        Args:
            artifact_path: from the location; empty for all of it.
            dst_path: the folder below which it gets the same path; a new one by default.

        Raises:
            MlflowException: ``RESOURCE_DOES_NOT_EXIST``; or the transfer failed, and no file is there in part.
        """
        return _download(_PluginPlace(self), artifact_path, dst_path)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        """Fetches one file to this very path."""
        raise NotImplementedError


class Repository(ArtifactRepository):
    """A location that this client reads and writes itself.

    Args:
        artifact_uri: the location.
        place: what is there.
    """

    def __init__(self, artifact_uri: str, place: Place) -> None:
        super().__init__(artifact_uri)
        self._place = place

    def log_artifact(self, local_file: LocalPath, artifact_path: str | None = None) -> None:
        """See ``ArtifactRepository.log_artifact``; a folder is stored with its own name."""
        source = Path(local_file)
        folder = SafeRelPath.parse(str(artifact_path or ""))
        if not source.exists():
            raise LocalFileMissing(source)
        path = folder / SafeRelPath.parse(source.name or source.resolve().name)
        if source.is_dir():
            transfers.upload_folder(self._place, source, path)
        else:
            transfers.upload_file(self._place, source, path)

    def log_artifacts(self, local_dir: LocalPath, artifact_path: str | None = None) -> None:
        """See ``ArtifactRepository.log_artifacts``."""
        transfers.upload_folder(self._place, Path(local_dir), SafeRelPath.parse(str(artifact_path or "")))

    def list_artifacts(self, path: str | None = None) -> list[FileInfo]:
        """See ``ArtifactRepository.list_artifacts``."""
        folder = SafeRelPath.normalize(str(path or ""))
        entries = sorted(transfers.checked(self._place.entries(folder), folder), key=lambda entry: entry.path)
        return [FileInfo(str(entry.path), entry.is_dir, entry.file_size) for entry in entries]

    def upload(self, source: Path, path: SafeRelPath, progress: Progress) -> None:
        """See ``Place.upload``."""
        self._place.upload(source, path, progress)

    def sha256(self, path: SafeRelPath) -> str | None:
        """See ``Place.sha256``."""
        return self._place.sha256(path)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """See ``ArtifactRepository.delete_artifacts``."""
        self._place.delete(SafeRelPath.normalize(str(artifact_path or "")))

    def download_artifacts(self, artifact_path: str | None, dst_path: LocalPath | None = None) -> str:
        """See ``ArtifactRepository.download_artifacts``; what is on this machine is copied only if it is told where."""
        return _download(self._place, artifact_path, dst_path)


def _download(place: Place, artifact_path: str | None, dst_path: LocalPath | None) -> str:
    path = SafeRelPath.normalize(str(artifact_path or ""))
    if dst_path is None and (local := place.local_path(path)) is not None:
        if not local.exists():
            raise ArtifactNotFound(str(path) or str(local))
        return str(local)
    if dst_path is not None and Path(dst_path).exists() and not Path(dst_path).is_dir():
        raise InvalidPath("dst_path must be a folder; a file has this name")
    target = Path(tempfile.mkdtemp()) if dst_path is None else Path(dst_path)
    return str(transfers.download(place, path, target.absolute()))


class _PluginPlace:
    """A ``Place`` of a plugin that lists folders and fetches single files."""

    def __init__(self, repository: ArtifactRepository) -> None:
        self._repository = repository

    def upload(self, source: Path, path: SafeRelPath, progress: Progress) -> None:
        raise DownloadOnly  # a plugin's uploads are its own methods

    def entries(self, path: SafeRelPath) -> Iterable[Entry]:
        listed: Iterable[Any] = self._repository.list_artifacts(str(path) or None)
        for file in listed:
            try:
                yield Entry(SafeRelPath.parse(file.path), bool(file.is_dir), file.file_size)
            except InvalidPath:
                raise UnsafeListing(file.path) from None

    def fetch(self, path: SafeRelPath, arriving: Arriving) -> None:
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder, "file")
            self._repository._download_file(str(path), str(local))
            arriving.expect(local.stat().st_size)
            with local.open("rb", buffering=0) as file:
                arriving.take(blocks(file))

    def delete(self, path: SafeRelPath) -> None:
        raise DownloadOnly  # likewise

    def local_path(self, path: SafeRelPath) -> Path | None:
        return None

    def sha256(self, path: SafeRelPath) -> str | None:
        return None
