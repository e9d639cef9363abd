"""What every kind of location can do."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from genesis_flow.artifact_stores.protocol import FileInfo
from genesis_flow.rules.paths import SafeRelPath

if TYPE_CHECKING:
    from genesis_flow.client.repositories.arriving import Arriving
    from genesis_flow.client.repositories.progress import Progress


class Place(Protocol):
    """Files below one location; may be shared by threads. What the other side says is not trusted."""

    def upload(self, source: Path, path: SafeRelPath, progress: Progress) -> None:
        """Stores a file under this path, whole or not at all; one that is there is replaced."""

    def entries(self, path: SafeRelPath) -> Iterable[FileInfo]:
        """What is in a folder, with paths from the location; nothing for a file and for what is not there."""

    def fetch(self, path: SafeRelPath, arriving: Arriving) -> None:
        """Hands over the bytes of a file, after what is known of them.

        Raises:
            ArtifactNotFound: nothing is stored there.
            Unavailable: they ended early, or did not come.
        """

    def delete(self, path: SafeRelPath) -> None:
        """Deletes a file, or a folder with all that is in it; nothing for what is not there."""

    def local_path(self, path: SafeRelPath) -> Path | None:
        """Where a file or a folder is on this machine, if it is."""

    def sha256(self, path: SafeRelPath) -> str | None:
        """The digest of a file, in hexadecimal; None if there is none, or nobody knows it without reading all of it."""
