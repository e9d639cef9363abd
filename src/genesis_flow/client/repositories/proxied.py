"""Files that a server keeps for its clients: ``mlflow-artifacts:``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote

import msgspec

from genesis_flow import environment_variables as variables
from genesis_flow.artifact_stores.protocol import FileInfo
from genesis_flow.client.repositories.arriving import Arriving
from genesis_flow.client.repositories.direct import Direct
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.repositories.reading import asking, pieces, told_sha256, told_size, whole
from genesis_flow.client.repositories.sending import Sending
from genesis_flow.errors import ArtifactNotFound, InvalidPath, MalformedRequest, UnsafeListing
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.values.artifacts import ArtifactsFileInfo
from genesis_flow.wire.decoders import decoder
from genesis_flow.wire.messages.artifacts import ArtifactsListArtifactsResponse
from genesis_flow.wire.transport import HttpTransport

FILES = "/api/2.0/mlflow-artifacts/artifacts"
MOST_LISTING_BYTES = 256 * 2**20
MOST_ANSWER_BYTES = 2**20
# PERF: a digest costs a second per 340 MB on two cores without instructions for it. For a small file that is nothing
# beside the request; a large one is sent without, and the server tells the digest of what came.
ANNOUNCED_BYTES = 8 * 2**20


class ProxiedPlace:
    """A ``Place`` behind a server.

    Args:
        server: the server; it never sends what it is told to another one.
        root: where in its files.
    """

    def __init__(self, server: HttpTransport, root: SafeRelPath) -> None:
        self._server, self._root = server, root
        self._direct = Direct(server)

    def upload(self, source: Path, path: SafeRelPath, progress: Progress) -> None:
        """See ``Place.upload``."""
        at = self._root / path
        if _is_large(source) and self._direct.upload(source, at, progress):
            return
        with asking(), Sending(source, progress) as body:
            headers = {"Content-Length": str(body.size_bytes), **_announced(source, body.size_bytes)}
            sent = cast("IO[bytes]", body)
            with self._server.open("PUT", _address(at), body=sent, headers=headers, again=True) as answer:
                whole(answer, f"the answer to {path}", MOST_ANSWER_BYTES)  # so that its connection can be used again

    def entries(self, path: SafeRelPath) -> Iterable[FileInfo]:
        """See ``Place.entries``."""
        at = self._root / path
        query = f"?path={quote(str(at), safe='')}" if at.segments else ""
        with asking(), self._server.open("GET", FILES + query, again=True) as answer:
            content = whole(answer, f"the listing of {path}", MOST_LISTING_BYTES)
        try:
            listing = decoder(ArtifactsListArtifactsResponse).decode(content)
        except msgspec.MsgspecError:
            raise MalformedRequest("the server's answer is no listing of artifacts") from None
        return _entries(path, listing.files)

    def fetch(self, path: SafeRelPath, arriving: Arriving) -> None:
        """See ``Place.fetch``."""
        if variables.MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD.get() and self._direct.fetch(self._root / path, arriving):
            return
        with asking(path), self._server.open("GET", _address(self._root / path), again=True) as answer:
            size = told_size(answer)
            if size is None and arriving.listed_bytes is None:
                size = self._listed_bytes(path)
            arriving.expect(size, told_sha256(answer))
            arriving.take(pieces(answer))

    def delete(self, path: SafeRelPath) -> None:
        """See ``Place.delete``."""
        with asking(path):
            self._server.request("DELETE", _address(self._root / path))

    def local_path(self, path: SafeRelPath) -> Path | None:
        """See ``Place.local_path``."""
        return None

    def sha256(self, path: SafeRelPath) -> str | None:
        """See ``Place.sha256``."""
        try:
            with asking(path), self._server.open("GET", _address(self._root / path), again=True) as answer:
                return told_sha256(answer)
        except ArtifactNotFound:
            return None

    def _listed_bytes(self, path: SafeRelPath) -> int | None:
        """The size of a file by the listing of its folder, for servers that send one without saying how long it is."""
        return next((entry.file_size or 0 for entry in self.entries(path.parent) if entry.path == path), None)


def _address(path: SafeRelPath) -> str:
    return f"{FILES}/{quote(str(path), safe='/')}"


def _is_large(source: Path) -> bool:
    """Whether a file is to go to the bucket in parts, if there is a bucket."""
    if not variables.MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD.get():
        return False
    return source.stat().st_size >= variables.MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE.get()


def _announced(source: Path, size_bytes: int) -> Mapping[str, str]:
    if size_bytes > ANNOUNCED_BYTES:
        return {}
    return {"X-Genesis-SHA256": hashlib.sha256(source.read_bytes()).hexdigest()}


def _entries(folder: SafeRelPath, files: Iterable[ArtifactsFileInfo]) -> Iterator[FileInfo]:
    for file in files:
        try:
            path = folder / SafeRelPath.parse(file.path or "")
        except InvalidPath:
            raise UnsafeListing(file.path or "") from None
        yield FileInfo(path, bool(file.is_dir), None if file.is_dir else file.file_size)
