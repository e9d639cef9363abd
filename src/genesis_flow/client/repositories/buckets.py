"""Files in a bucket that this client reads and writes with access of its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from genesis_flow.artifact_stores.buckets import Bucket, open_bucket
from genesis_flow.artifact_stores.object_errors import translated
from genesis_flow.artifact_stores.objects import PART_BYTES, SHA256
from genesis_flow.artifact_stores.protocol import FileInfo
from genesis_flow.client.repositories.arriving import Arriving
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.repositories.reading import PIECE_BYTES, blocks
from genesis_flow.client.repositories.sending import Sending
from genesis_flow.errors import (
    ArtifactNotFound,
    ArtifactsRefused,
    ArtifactsUnreachable,
    BucketRefused,
    InvalidPath,
    Unavailable,
)
from genesis_flow.rules.locations import require_no_credentials, split_bucket_uri
from genesis_flow.rules.paths import SafeRelPath

if TYPE_CHECKING:
    from obstore import Attributes

PARTS_AT_ONCE = 3
_CLOUDS = ("AWS_", "AZURE_", "GOOGLE_", "MLFLOW_S3_")


class BucketPlace:
    """A ``Place`` in a bucket.

    Args:
        uri: ``s3://bucket/path`` and its like.
        below: the path below it.

    Raises:
        LocationWithCredentials: there is a secret in the URI.
        InvalidPath: it names no bucket.
    """

    def __init__(self, uri: str, below: SafeRelPath = SafeRelPath.ROOT) -> None:
        require_no_credentials(uri)
        scheme, authority, root = split_bucket_uri(uri)
        self._root = root / below
        variables = tuple(sorted(pair for pair in os.environ.items() if pair[0].startswith(_CLOUDS)))
        self._bucket = _bucket(f"{scheme}://{authority}", variables)

    def upload(self, source: Path, path: SafeRelPath, progress: Progress) -> None:
        """See ``Place.upload``."""
        key = self._key(path)
        # A bucket wants the digest before the first byte, so that a file is read twice.
        attributes: Attributes = {SHA256: _sha256(source)}
        with _translated(), Sending(source, progress) as body:
            sent = iter(body.read, b"")
            if body.size_bytes < PART_BYTES:
                self._bucket.client.put(key, b"".join(sent), attributes=attributes, use_multipart=False)
            else:
                self._bucket.client.put(
                    key, sent, attributes=attributes, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
                )

    def entries(self, path: SafeRelPath) -> Iterable[FileInfo]:
        """See ``Place.entries``."""
        key = self._key(path)
        with _translated():
            found = self._bucket.client.list_with_delimiter(key or None)
        folders = (_entry(path, name, None) for name in found["common_prefixes"])
        files = (_entry(path, meta["path"], meta["size"]) for meta in found["objects"] if meta["path"] != key)
        return [entry for entry in (*folders, *files) if entry]

    def fetch(self, path: SafeRelPath, arriving: Arriving) -> None:
        """See ``Place.fetch``."""
        with _translated():
            try:
                found = self._bucket.client.get(self._key(path))
            except FileNotFoundError:
                raise ArtifactNotFound(str(path)) from None
            arriving.expect(found.meta["size"], found.attributes.get(SHA256))
            arriving.take(map(bytes, found.stream(min_chunk_size=PIECE_BYTES)))

    def delete(self, path: SafeRelPath) -> None:
        """See ``Place.delete``."""
        key = self._key(path)
        with _translated():
            below = [meta["path"] for page in self._bucket.client.list(key or None) for meta in page]
            self._bucket.client.delete(below)
            if key:
                with suppress(FileNotFoundError):  # a folder
                    self._bucket.client.delete(key)

    def local_path(self, path: SafeRelPath) -> Path | None:
        """See ``Place.local_path``."""
        return None

    def sha256(self, path: SafeRelPath) -> str | None:
        """See ``Place.sha256``."""
        with _translated():
            try:
                told: str | None = self._bucket.client.get(self._key(path)).attributes.get(SHA256)
            except FileNotFoundError:
                return None
        return told

    def _key(self, path: SafeRelPath) -> str:
        return self._bucket.key(self._root / path)


@lru_cache(maxsize=8)
def _bucket(uri: str, variables: tuple[tuple[str, str], ...]) -> Bucket:
    """The client of a bucket, kept as long as the variables that lead to it stay."""
    return open_bucket(uri)


def _entry(folder: SafeRelPath, key: str, size_bytes: int | None) -> FileInfo | None:
    """An entry of a folder; None for a name that nobody can ask for."""
    try:
        return FileInfo(folder / SafeRelPath((key.rpartition("/")[2],)), size_bytes is None, size_bytes)
    except InvalidPath:
        return None


def _sha256(source: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb", buffering=0) as file:
        for block in blocks(file):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _translated() -> Iterator[None]:
    """What the bucket's client says, as errors that speak of this client and not of a server."""
    try:
        with translated():
            yield
    except ArtifactsRefused as error:
        raise BucketRefused(error.reason) from None
    except ArtifactsUnreachable:
        raise Unavailable("The bucket of these artifacts cannot be reached at the moment. Try again.") from None
