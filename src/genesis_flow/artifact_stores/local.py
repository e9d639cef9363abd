"""Artifacts in a directory of this machine."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import heapq
import io
import os
import secrets
import stat
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, contextmanager, suppress
from typing import ParamSpec, TypeVar

from genesis_flow.artifact_stores.digests import DIGESTS, DIGESTS_NAME, note, noted
from genesis_flow.artifact_stores.protocol import BLOCK_BYTES, Capability, Direct, FileInfo, Page, Usage, Written
from genesis_flow.errors import (
    ArtifactIsDirectory,
    ArtifactNotFound,
    DigestMismatch,
    InvalidPath,
    StorageFull,
    TooManyOpenFiles,
)
from genesis_flow.folders import HAS_FOLDER_HANDLES, Folder, is_folder
from genesis_flow.rules.paths import SafeRelPath

STAGING_NAME = ".genesis-flow-staging"
"""Below every root: uploads that are not finished and trees that are being deleted. Nobody can ask for it."""

STALE_S = 24 * 60 * 60
"""What lies in the staging folder for longer than this was left there by a process that died."""

DOOMED = ".doomed"
"""The ending of a tree that is being deleted there, which anybody may go on with."""

_STAGING = SafeRelPath((STAGING_NAME,))
_RESERVED = frozenset({STAGING_NAME, DIGESTS_NAME})
_THREADS = 8
_COMMIT_ATTEMPTS = 100  # against somebody who deletes the directories as fast as they are made

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class LocalArtifactStore:
    """An ``ArtifactStore`` below one directory, of which it never follows a symbolic link.

    The root itself may be a link; it is made at the first write. Several processes may share it.

    Args:
        root: the directory.
        by_handle: walk down by handles, so that no folder can be swapped for a link half-way. Where the
            platform has none, each step is checked before it is taken, which leaves a moment between the two.
    """

    supports: frozenset[Capability] = frozenset({"folders", "snapshots"})
    direct: Direct | None = None

    def __init__(self, root: str, *, by_handle: bool = HAS_FOLDER_HANDLES) -> None:
        self.root = os.path.abspath(root)
        self._by_handle = by_handle
        self._threads = _Threads()

    async def list(self, path: SafeRelPath) -> Sequence[FileInfo]:
        """See ``ArtifactStore.list``."""
        return await self._threads.run(self._list, _checked(path))

    async def list_page(self, path: SafeRelPath, limit: int, position: str = "") -> Page:
        """See ``ArtifactStore.list_page``; the position is the last name of the page before."""
        return await self._threads.run(self._list_page, _checked(path), limit, position)

    async def open(self, path: SafeRelPath) -> LocalReader:
        """See ``ArtifactStore.open``."""
        file, sha256 = await self._threads.run(self._open, _checked(path))
        return LocalReader(file, self._threads, sha256)

    async def write(self, path: SafeRelPath, chunks: AsyncIterator[bytes], *, sha256: str | None = None) -> Written:
        """See ``ArtifactStore.write``."""
        upload = _Upload(self._open_root, _checked_target(path))
        try:
            await self._threads.run(upload.begin)
            async with aclosing(_blocks(chunks)) as blocks:
                async for block in blocks:
                    await self._threads.run(upload.append, block)
            if sha256 not in (None, upload.digest.hexdigest()):
                raise DigestMismatch(upload.digest.hexdigest())
            await self._threads.run(upload.commit)
        except (Exception, asyncio.CancelledError):
            await self._threads.run(upload.discard)
            raise
        return Written(upload.size_bytes, upload.digest.hexdigest())

    async def usage(self, path: SafeRelPath) -> Usage:
        """See ``ArtifactStore.usage``."""
        return await self._threads.run(self._usage, _checked(path))

    async def delete(self, path: SafeRelPath) -> Usage:
        """See ``ArtifactStore.delete``."""
        return await self._threads.run(self._delete, _checked_target(path))

    async def exists(self, path: SafeRelPath) -> bool:
        """See ``ArtifactStore.exists``."""
        return await self._threads.run(self._exists, _checked(path))

    async def close(self) -> None:
        """See ``ArtifactStore.close``."""
        await self._threads.close()

    def sweep(self, *, now_s: float | None = None) -> None:
        """Deletes what processes that died left half-done: trees at once, uploads ``STALE_S`` before ``now_s``."""
        horizon = (time.time() if now_s is None else now_s) - STALE_S
        with suppress(OSError), self._open_root().walk(_STAGING) as staging:
            for name, status in staging.scan():
                if name.endswith(DOOMED) or max(status.st_mtime, status.st_ctime) < horizon:
                    _clear_away(staging, name)

    def sweep_soon(self) -> None:
        """``sweep`` in the background."""
        self._threads.submit(self.sweep)

    def _open_root(self, *, make: bool = False) -> Folder:
        if make:
            os.makedirs(self.root, exist_ok=True)
        return Folder.at(self.root, by_handle=self._by_handle)

    def _list(self, path: SafeRelPath) -> Sequence[FileInfo]:
        try:
            with self._open_root().walk(path) as folder:
                entries = [_file_info(path, name, status) for name, status in folder.scan()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted((entry for entry in entries if entry), key=lambda entry: entry.path.name)

    def _list_page(self, path: SafeRelPath, limit: int, position: str) -> Page:
        try:
            with self._open_root().walk(path) as folder:
                # All names are read, and only those of the page looked at.
                behind = (name for name in folder.names() if name > position and name.casefold() not in _RESERVED)
                names = heapq.nsmallest(limit + 1, behind)
                found = [(name, folder.stat_or_none(name)) for name in names[:limit]]
        except (FileNotFoundError, NotADirectoryError):
            return Page([], None)
        entries = [_file_info(path, name, status) for name, status in found if status]
        return Page([entry for entry in entries if entry], names[limit - 1] if len(names) > limit else None)

    def _open(self, path: SafeRelPath) -> tuple[io.FileIO, str | None]:
        if path == SafeRelPath.ROOT:
            raise ArtifactIsDirectory("")
        with _translated(path):
            try:
                with self._open_root().walk(path.parent) as folder:
                    file = folder.open_file(path.name)
            except (FileNotFoundError, NotADirectoryError):
                raise ArtifactNotFound(str(path)) from None
        return file, noted(self._open_root, path, version_of(os.fstat(file.fileno())))

    def _exists(self, path: SafeRelPath) -> bool:
        with suppress(FileNotFoundError, NotADirectoryError), self._open_root().walk(path.parent) as folder:
            status = folder.stat(path.name or ".")
            return is_folder(status) or stat.S_ISREG(status.st_mode)
        return False

    def _usage(self, path: SafeRelPath) -> Usage:
        with suppress(FileNotFoundError, NotADirectoryError), self._open_root().walk(path.parent) as folder:
            status = folder.stat(path.name or ".")
            if not is_folder(status):
                return _usage_of(status)
        total, folders = Usage(), [path]
        while folders:
            for info in self._list(folders.pop()):
                if info.is_dir:
                    folders.append(info.path)
                else:
                    total += Usage(1, info.file_size or 0)
        return total

    def _delete(self, path: SafeRelPath) -> Usage:
        removed = self._remove(path)
        # A digest without its file does no harm, so it goes last; and none may be longer than a path.
        with suppress(InvalidPath):
            self._remove(DIGESTS / path)
        return removed

    def _remove(self, path: SafeRelPath) -> Usage:
        missing = suppress(FileNotFoundError, NotADirectoryError)
        with _translated(path), missing, self._open_root().walk(path.parent) as folder:
            status = folder.stat(path.name)
            if not is_folder(status):
                folder.unlink(path.name)
                folder.sync()
                return _usage_of(status)
            with self._open_root().walk(_STAGING, make=True, mode=0o700) as staging:
                # One step makes the whole tree vanish; clearing it away may take its time, or crash.
                name = _fresh_name() + DOOMED
                folder.move(path.name, staging, name)
                folder.sync()
                return _clear_away(staging, name)
        return Usage()


class LocalReader:
    """An ``ArtifactReader`` of an open file."""

    def __init__(self, file: io.FileIO, threads: _Threads, sha256: str | None) -> None:
        self.sha256 = sha256
        self._file = file
        self._threads = threads
        self._status = os.fstat(file.fileno())

    @property
    def size_bytes(self) -> int:
        """See ``ArtifactReader.size_bytes``."""
        return self._status.st_size

    @property
    def modified_ms(self) -> int:
        """See ``ArtifactReader.modified_ms``."""
        return self._status.st_mtime_ns // 1_000_000

    @property
    def etag(self) -> str:
        """See ``ArtifactReader.etag``."""
        return version_of(self._status)

    async def chunks(self, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """See ``ArtifactReader.chunks``."""
        stop = self.size_bytes if end is None else end
        try:
            if not 0 <= start <= stop <= self.size_bytes:
                raise ValueError(f"no bytes {start} to {stop} in a file of {self.size_bytes}")
            while start < stop:
                block = await self._threads.run(self._read, start, min(BLOCK_BYTES, stop - start))
                if not block:
                    raise EOFError("the file got shorter while it was read")
                start += len(block)
                yield block
        finally:
            self._file.close()

    async def close(self) -> None:
        """See ``ArtifactReader.close``."""
        self._file.close()

    def _read(self, start: int, size: int) -> bytes:
        self._file.seek(start)
        return self._file.read(size)


class _Upload:
    """A file on its way into the store: first in the staging folder, then, in one step, in its place."""

    def __init__(self, open_root: Callable[..., Folder], path: SafeRelPath) -> None:
        self.size_bytes = 0
        self.digest = hashlib.sha256()
        self._open_root = open_root
        self._path = path
        self._name = _fresh_name()
        self._file: io.BufferedWriter | None = None

    def begin(self) -> None:
        """Refuses a place that cannot be written before the first byte of a large body has come."""
        with _translated(self._path):
            with suppress(FileNotFoundError), self._open_root().walk(self._path.parent) as folder:
                _refuse_to_replace(folder, self._path.name)
            with self._open_root(make=True).walk(_STAGING, make=True, mode=0o700) as staging:
                self._file = staging.create_file(self._name)

    def append(self, block: bytes | bytearray) -> None:
        assert self._file
        with _translated(self._path):
            self._file.write(block)
        self.digest.update(block)
        self.size_bytes += len(block)

    def commit(self) -> None:
        assert self._file
        with _translated(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())
            version = version_of(os.fstat(self._file.fileno()))
            self._file.close()
            self._publish()
        note(self._open_root, self._path, version, self.digest.hexdigest())

    def discard(self) -> None:
        with suppress(OSError):
            if self._file:
                self._file.close()
        with suppress(OSError), self._open_root().walk(_STAGING) as staging:
            staging.unlink(self._name)

    def _publish(self) -> None:
        for attempt in range(1, _COMMIT_ATTEMPTS + 1):
            try:
                with (
                    self._open_root().walk(_STAGING) as staging,
                    self._open_root().walk(self._path.parent, make=True) as folder,
                ):
                    _refuse_to_replace(folder, self._path.name)
                    staging.move(self._name, folder, self._path.name)
                    folder.sync()
                return
            except FileNotFoundError:
                # Somebody deleted the directory after it was made and before the file was in it.
                if attempt == _COMMIT_ATTEMPTS:
                    raise


class _Threads:
    """A few threads that wait for the disk."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="artifacts")

    async def run(
        self, work: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Result:
        """Does ``work`` in a thread; ends, even when it is cancelled, only after the thread is done with it.

        So no file is closed, and its number given to another, while a thread still reads or writes it.
        """
        job = asyncio.wrap_future(self._pool.submit(work, *args, **kwargs))
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            while not job.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([job])
            job.exception()  # looked at, so that the loop does not report it as forgotten
            raise

    def submit(self, work: Callable[[], None]) -> None:
        self._pool.submit(work)

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.shutdown)


async def _blocks(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytearray, None]:
    """``chunks`` in blocks worth a trip to another thread, however small they come."""
    block = bytearray()
    async for chunk in chunks:
        block += chunk
        if len(block) >= BLOCK_BYTES:
            yield block
            block = bytearray()
    if block:
        yield block


def _clear_away(staging: Folder, name: str) -> Usage:
    """Deletes ``name`` of the staging folder, with everything below it if it is a tree; what that was.

    Subfolders are moved up and wait their turn, so no depth is too much for a stack or a table of handles.
    """
    total, doomed = Usage(), deque([name])
    while doomed:
        name = doomed.popleft()
        with suppress(FileNotFoundError):  # another process is at it too
            status = staging.stat(name)
            if not is_folder(status):
                staging.unlink(name)
                total += _usage_of(status)
                continue
            with staging.enter(name) as folder:
                moved, usage = _empty(folder, staging)
            doomed.extend(moved)
            total += usage
            try:
                staging.rmdir(name)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                doomed.append(name)  # a writer was in the folder when it was moved here
    return total


def _empty(folder: Folder, staging: Folder) -> tuple[list[str], Usage]:
    """Deletes the files of ``folder`` and moves its subfolders into ``staging``: under which names, and how much."""
    total, moved = Usage(), []
    for name, status in folder.scan():
        with suppress(FileNotFoundError):
            if is_folder(status):
                fresh = _fresh_name() + DOOMED
                folder.move(name, staging, fresh)
                moved.append(fresh)
            else:
                folder.unlink(name)
                total += _usage_of(status)
    return moved, total


def _usage_of(status: os.stat_result) -> Usage:
    """That of a file; a link, pipe or device is none."""
    return Usage(1, status.st_size) if stat.S_ISREG(status.st_mode) else Usage()


def version_of(status: os.stat_result) -> str:
    """What changes whenever the content of a file may have changed."""
    facts = f"{status.st_mtime_ns} {status.st_size} {status.st_ino}"
    return hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()


def _checked(path: SafeRelPath) -> SafeRelPath:
    """``path``, if this file system takes its segments for names and none of them for a folder of our own."""
    if any(name.casefold() in _RESERVED for name in path):
        raise InvalidPath("the names of the server's own folders are reserved")
    if os.name == "nt" and not path.is_safe_on_windows:
        raise InvalidPath("Windows cannot have a file of this name")
    return path


def _checked_target(path: SafeRelPath) -> SafeRelPath:
    if path == SafeRelPath.ROOT:
        raise InvalidPath("it must name a file or a directory")
    return _checked(path)


def _file_info(folder: SafeRelPath, name: str, status: os.stat_result) -> FileInfo | None:
    """The entry for ``name``, or None if no request may ask for it."""
    try:
        path = _checked(folder / SafeRelPath((name,)))
    except InvalidPath:
        return None
    if is_folder(status):
        return FileInfo(path, is_dir=True)
    return FileInfo(path, is_dir=False, file_size=status.st_size) if stat.S_ISREG(status.st_mode) else None


def _refuse_to_replace(folder: Folder, name: str) -> None:
    """A file may take the place of a file or of nothing, never of a directory, a link, a pipe or a device."""
    with suppress(FileNotFoundError):
        status = folder.stat(name)
        if is_folder(status):
            raise IsADirectoryError(errno.EISDIR, "a directory")
        if not stat.S_ISREG(status.st_mode):
            raise InvalidPath("something that is not a file is there")


def _fresh_name() -> str:
    return secrets.token_hex(16)


@contextmanager
def _translated(path: SafeRelPath) -> Iterator[None]:
    """Turns what the operating system says into our errors."""
    try:
        yield
    except IsADirectoryError:
        raise ArtifactIsDirectory(str(path)) from None
    except NotADirectoryError:
        raise InvalidPath("it leads through a file or a link") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull from error
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise TooManyOpenFiles from error
        if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ):
            raise InvalidPath("the file system cannot have a file of this name") from None
        raise
