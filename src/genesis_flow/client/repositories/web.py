"""Files at addresses of the web, which can be downloaded and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from genesis_flow.artifact_stores.protocol import FileInfo
from genesis_flow.client.repositories.arriving import Arriving
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.repositories.reading import asking, pieces, told_sha256, told_size
from genesis_flow.errors import DownloadOnly
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.wire.transport import HttpTransport


class WebPlace:
    """A ``Place`` of files at addresses of the web.

    Args:
        server: the host, which is told nothing of who we are; redirects are not followed.
        folder: the path at it that stands before that of each file.
        query: what stands behind it.
    """

    def __init__(self, server: HttpTransport, folder: str, query: str = "") -> None:
        self._server, self._folder, self._query = server, folder, f"?{query}" if query else ""

    def upload(self, source: Path, path: SafeRelPath, progress: Progress) -> None:
        """See ``Place.upload``."""
        raise DownloadOnly

    def entries(self, path: SafeRelPath) -> Iterable[FileInfo]:
        """See ``Place.entries``."""
        return ()

    def fetch(self, path: SafeRelPath, arriving: Arriving) -> None:
        """See ``Place.fetch``."""
        target = f"{self._folder}/{quote(str(path), safe='/')}{self._query}"
        with asking(path), self._server.open("GET", target, again=True) as answer:
            arriving.expect(told_size(answer), told_sha256(answer))
            arriving.take(pieces(answer))

    def delete(self, path: SafeRelPath) -> None:
        """See ``Place.delete``."""
        raise DownloadOnly

    def local_path(self, path: SafeRelPath) -> Path | None:
        """See ``Place.local_path``."""
        return None

    def sha256(self, path: SafeRelPath) -> str | None:
        """See ``Place.sha256``."""
        return None
