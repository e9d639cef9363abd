"""Artifacts in a bucket: S3 and what speaks like it, Azure Blob Storage, Google Cloud Storage.

A bucket has no directories, only names with slashes in them; a directory is there as long as something is in it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING, Any

from obstore.exceptions import PreconditionError

from genesis_flow.artifact_stores.buckets import Bucket, Client
from genesis_flow.artifact_stores.direct import direct_to
from genesis_flow.artifact_stores.object_errors import translated
from genesis_flow.artifact_stores.protocol import BLOCK_BYTES, Capability, Direct, FileInfo, Page, Usage, Written
from genesis_flow.errors import ArtifactIsDirectory, ArtifactNotFound, DigestMismatch, InvalidPath
from genesis_flow.rules.paths import SafeRelPath

if TYPE_CHECKING:
    from obstore import Attributes, GetOptions, GetResult, ObjectMeta

PART_BYTES = 7 * 1024 * 1024
"""A larger file goes in parts of this size. One part is filled while one is sent: 14 MiB a transfer; and as S3 takes
10,000 parts, 68 GiB a file."""

SHA256 = "sha256"
"""The name of the digest in an object's metadata."""

_KEYS_AT_ONCE = 1000
_BEHIND_ALL = "\U0010ffff"


class ObjectArtifactStore:
    """An ``ArtifactStore`` in a bucket.

    Several servers may share it. What a file's digest is stays with the object as metadata, where it was known before
    the last byte: for files of one part, and for larger ones whose sender announced it.
    """

    supports: frozenset[Capability] = frozenset()

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.direct: Direct | None = direct_to(bucket)
        self._client = bucket.client

    async def list(self, path: SafeRelPath) -> Sequence[FileInfo]:
        """See ``ArtifactStore.list``."""
        folder = self.bucket.key(path)
        with translated():
            found = await self._client.list_with_delimiter_async(folder or None)
        entries = [self._directory(path, name) for name in found["common_prefixes"]]
        entries += [self._file(path, meta) for meta in found["objects"] if meta["path"] != folder]
        return sorted((entry for entry in entries if entry), key=lambda entry: entry.path.name)

    async def list_page(self, path: SafeRelPath, limit: int, position: str = "") -> Page:
        """See ``ArtifactStore.list_page``; the position is the last name, with a slash if it is a directory's."""
        entries: list[FileInfo] = []
        with translated():
            async with aclosing(self._names(self.bucket.key(path), position)) as names:
                async for name, size in names:
                    if len(entries) == limit:
                        return Page(entries, position)
                    position = name
                    if found := _child(path, name.removesuffix("/")):
                        entries.append(FileInfo(found, is_dir=name.endswith("/"), file_size=size))
        return Page(entries, None)

    async def open(self, path: SafeRelPath) -> ObjectReader:
        """See ``ArtifactStore.open``."""
        if path == SafeRelPath.ROOT:
            raise ArtifactIsDirectory("")
        key = self.bucket.key(path)
        with translated():
            try:
                return ObjectReader(self._client, key, await self._client.get_async(key, options={"head": True}))
            except FileNotFoundError:
                if await self._holds_something(path):
                    raise ArtifactIsDirectory(str(path)) from None
                raise ArtifactNotFound(str(path)) from None

    async def write(self, path: SafeRelPath, chunks: AsyncIterator[bytes], *, sha256: str | None = None) -> Written:
        """See ``ArtifactStore.write``."""
        key = self._target(path)
        upload = _Upload(sha256)
        with translated():
            async with aclosing(_parts(chunks)) as parts:
                first = await anext(parts, b"")
                upload.count(first)
                if len(first) < PART_BYTES:
                    upload.check()
                    digest: Attributes = {SHA256: upload.written.sha256}
                    await self._client.put_async(key, first, use_multipart=False, attributes=digest)
                else:
                    await self._write_parts(key, upload, first, parts)
        return upload.written

    async def usage(self, path: SafeRelPath) -> Usage:
        """See ``ArtifactStore.usage``."""
        key, total = self.bucket.key(path), Usage()
        with translated():
            if path != SafeRelPath.ROOT and (file := await self._head(key)):
                total += _usage([file])
            async for batch in self._client.list(key or None, chunk_size=_KEYS_AT_ONCE):
                total += _usage(batch)
        return total

    async def delete(self, path: SafeRelPath) -> Usage:
        """See ``ArtifactStore.delete``."""
        key, total = self._target(path), Usage()
        with translated():
            if file := await self._head(key):
                await self._delete([key])
                total += _usage([file])
            async for batch in self._client.list(key, chunk_size=_KEYS_AT_ONCE):
                await self._delete([meta["path"] for meta in batch])
                total += _usage(batch)
        return total

    async def exists(self, path: SafeRelPath) -> bool:
        """See ``ArtifactStore.exists``."""
        with translated():
            is_file = path != SafeRelPath.ROOT and await self._is_file(self.bucket.key(path))
            return is_file or await self._holds_something(path)

    async def close(self) -> None:
        """See ``ArtifactStore.close``."""

    def _target(self, path: SafeRelPath) -> str:
        if path == SafeRelPath.ROOT:
            raise InvalidPath("it must name a file or a directory")
        return self.bucket.key(path)

    async def _is_file(self, key: str) -> bool:
        return await self._head(key) is not None

    async def _head(self, key: str) -> ObjectMeta | None:
        try:
            return await self._client.head_async(key)
        except FileNotFoundError:
            return None

    async def _holds_something(self, path: SafeRelPath) -> bool:
        async for batch in self._client.list(self.bucket.key(path) or None, chunk_size=1):
            return bool(batch)
        return False

    async def _names(self, folder: str, after: str) -> AsyncGenerator[tuple[str, int | None], None]:
        """The names in a folder behind ``after`` with sizes, in the order of keys; a directory's ends with a slash.

        A request gives 1,000 keys, however deep they lie; a directory of more is jumped over.
        """
        prefix = f"{folder}/" if folder else ""
        jumping = True
        while jumping:
            jumping = False
            offset = f"{prefix}{after}{_BEHIND_ALL if after.endswith('/') else ''}"
            async for batch in self._client.list(folder or None, offset=offset or None, chunk_size=_KEYS_AT_ONCE):
                for meta in batch:
                    name, slash, _ = meta["path"][len(prefix) :].partition("/")
                    name += slash
                    # Azure and Google do not keep to what is behind the offset, and a folder may have a marker.
                    if meta["path"] != folder and name > after:
                        after = name
                        yield name, None if slash else meta["size"]
                if self.bucket.cloud != "azure" and len(batch) == _KEYS_AT_ONCE and _is_all_in(batch, prefix + after):
                    jumping = True
                    break

    async def _delete(self, keys: Sequence[str]) -> None:
        """Deletes these objects; one that somebody else deleted meanwhile makes some clouds refuse the rest."""
        try:
            await self._client.delete_async(keys)
        except FileNotFoundError:
            for key in keys:
                if await self._is_file(key):
                    await self._client.delete_async(key)

    async def _write_parts(self, key: str, upload: _Upload, first: bytes, parts: AsyncIterator[bytes]) -> None:
        """Sends a large file, and ends, even when it is cancelled, only after the bucket has all of it or none."""
        stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        sending = asyncio.ensure_future(
            self._client.put_async(
                key,
                _until_stopped(upload.passing(first, parts), stopped),
                use_multipart=True,
                chunk_size=PART_BYTES,
                max_concurrency=1,
                attributes={SHA256: upload.announced} if upload.announced else None,
            )
        )
        try:
            await asyncio.shield(sending)
        except asyncio.CancelledError:
            if not stopped.done():
                stopped.set_result(None)
            await asyncio.wait([sending])
            sending.exception()  # looked at, so that the loop does not report it as forgotten
            raise

    def _directory(self, folder: SafeRelPath, key: str) -> FileInfo | None:
        path = _child(folder, key)
        return FileInfo(path, is_dir=True) if path else None

    def _file(self, folder: SafeRelPath, meta: ObjectMeta) -> FileInfo | None:
        path = _child(folder, meta["path"])
        return FileInfo(path, is_dir=False, file_size=meta["size"]) if path else None


class ObjectReader:
    """An ``ArtifactReader`` of one version of an object."""

    def __init__(self, client: Client, key: str, head: GetResult) -> None:
        self._client = client
        self._key = key
        self._meta = head.meta
        self.sha256 = head.attributes.get(SHA256)

    @property
    def size_bytes(self) -> int:
        """See ``ArtifactReader.size_bytes``."""
        return self._meta["size"]

    @property
    def modified_ms(self) -> int:
        """See ``ArtifactReader.modified_ms``."""
        return int(self._meta["last_modified"].timestamp() * 1000)

    @property
    def etag(self) -> str:
        """See ``ArtifactReader.etag``."""
        return (self._meta["e_tag"] or "").removeprefix("W/").strip('"')

    async def chunks(self, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """See ``ArtifactReader.chunks``."""
        stop = self.size_bytes if end is None else end
        if not 0 <= start <= stop <= self.size_bytes:
            raise ValueError(f"no bytes {start} to {stop} in a file of {self.size_bytes}")
        if start == stop:
            return
        options: GetOptions = {"range": (start, stop), "if_match": self._meta["e_tag"]}
        with translated(), _of_one_version():
            found = await self._client.get_async(self._key, options=options)
            async for piece in found.stream(min_chunk_size=BLOCK_BYTES):
                for block in _blocks(memoryview(piece)):
                    yield block

    async def close(self) -> None:
        """See ``ArtifactReader.close``."""


class _Upload:
    """What is known of a file while it goes by.

    Args:
        announced: the digest that its bytes must have, if its sender gave one.
    """

    def __init__(self, announced: str | None) -> None:
        self.announced = announced
        self._size_bytes = 0
        self._digest = hashlib.sha256()

    @property
    def written(self) -> Written:
        return Written(self._size_bytes, self._digest.hexdigest())

    def count(self, part: bytes) -> None:
        self._size_bytes += len(part)
        self._digest.update(part)

    def check(self) -> None:
        """Refuses bytes that are not those that were announced, when all are here."""
        if self.announced not in (None, self._digest.hexdigest()):
            raise DigestMismatch(self._digest.hexdigest())

    async def passing(self, first: bytes, parts: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """All parts, counted; the first was counted before. Fails at its end if they are not what was announced."""
        yield first
        del first
        async for part in parts:
            self.count(part)
            yield part
        self.check()


class _Stopped(Exception):
    """An upload ends because nobody waits for it."""


async def _until_stopped(
    parts: AsyncGenerator[bytes, None], stopped: asyncio.Future[None]
) -> AsyncGenerator[bytes, None]:
    """The parts; fails as soon as it is told to stop, also while the next one is on its way."""
    while not stopped.done():
        coming: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(parts, None))
        waited: tuple[asyncio.Future[Any], ...] = (coming, stopped)
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            coming.cancel()
            await asyncio.wait([coming])
            break
        part = coming.result()
        if part is None:
            return
        yield part
    raise _Stopped


async def _parts(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The chunks as parts of exactly ``PART_BYTES``, and the rest."""
    part = bytearray()
    async for chunk in chunks:
        rest = memoryview(chunk)
        while len(part) + len(rest) >= PART_BYTES:
            taken = PART_BYTES - len(part)
            part += rest[:taken]
            rest = rest[taken:]
            yield bytes(part)
            part = bytearray()
        part += rest
    if part:
        yield bytes(part)


def _blocks(piece: memoryview) -> Iterator[bytes]:
    """A piece of any size in blocks of at most two ``BLOCK_BYTES``."""
    size = 2 * BLOCK_BYTES
    return (bytes(piece[start : start + size]) for start in range(0, len(piece), size))


def _is_all_in(batch: Sequence[ObjectMeta], folder: str) -> bool:
    return folder.endswith("/") and batch[0]["path"].startswith(folder) and batch[-1]["path"].startswith(folder)


def _usage(batch: Sequence[ObjectMeta]) -> Usage:
    return Usage(len(batch), sum(meta["size"] for meta in batch))


def _child(folder: SafeRelPath, key: str) -> SafeRelPath | None:
    """The path of an entry of a folder, or None if no request may ask for it."""
    try:
        return folder / SafeRelPath((key.rpartition("/")[2],))
    except InvalidPath:
        return None


@contextmanager
def _of_one_version() -> Iterator[None]:
    try:
        yield
    except (PreconditionError, FileNotFoundError):
        raise EOFError("the file was replaced or deleted before it was read") from None
