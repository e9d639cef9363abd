"""Artifacts in a directory of this machine."""

from __future__ import annotations

import asyncio
import errno
import hashlib
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

from genesis_flow.artifacts.protocol import BLOCK_BYTES, Capability, Direct, FileInfo, Page, Usage, Written
from genesis_flow.errors import (
    ArtifactIsDirectory,
    ArtifactNotFound,
    DigestMismatch,
    InvalidPath,
    StorageFull,
    TooManyOpenFiles,
)
from genesis_flow.rules.paths import SafeRelPath

STAGING_NAME = ".genesis-flow-staging"
"""Below every root: uploads that are not finished and trees that are being deleted. Nobody can ask for it."""

STALE_S = 24 * 60 * 60
"""What lies in the staging folder for longer than this was left there by a process that died."""

DOOMED = ".doomed"
"""The ending of a tree that is being deleted there, which anybody may go on with."""

HAS_FOLDER_HANDLES = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
"""Whether the platform can name a file by a folder's handle and a name in it. Windows cannot."""

_STAGING = SafeRelPath((STAGING_NAME,))
_THREADS = 8
_COMMIT_ATTEMPTS = 100  # against somebody who deletes the directories as fast as they are made

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_OPEN_FOLDER = os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_DIRECTORY", 0)
# O_NONBLOCK: a pipe that somebody put there must not make us wait for its writer.
_OPEN_FILE = os.O_RDONLY | _NO_FOLLOW | _BINARY | getattr(os, "O_NONBLOCK", 0)
_CREATE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY

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
        behind = [info for info in await self.list(path) if info.path.name > position]
        return Page(behind[:limit], behind[limit - 1].path.name if len(behind) > limit else None)

    async def open(self, path: SafeRelPath) -> LocalReader:
        """See ``ArtifactStore.open``."""
        return LocalReader(await self._threads.run(self._open, _checked(path)), self._threads)

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

    def _open_root(self, *, make: bool = False) -> _Folder:
        if make:
            os.makedirs(self.root, exist_ok=True)
        return _Folder.at(self.root, by_handle=self._by_handle)

    def _list(self, path: SafeRelPath) -> Sequence[FileInfo]:
        try:
            with self._open_root().walk(path) as folder:
                entries = [_file_info(path, name, status) for name, status in folder.scan()]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted((entry for entry in entries if entry), key=lambda entry: entry.path.name)

    def _open(self, path: SafeRelPath) -> io.FileIO:
        if path == SafeRelPath.ROOT:
            raise ArtifactIsDirectory("")
        with _translated(path):
            try:
                with self._open_root().walk(path.parent) as folder:
                    return folder.open_file(path.name)
            except (FileNotFoundError, NotADirectoryError):
                raise ArtifactNotFound(str(path)) from None

    def _exists(self, path: SafeRelPath) -> bool:
        with suppress(FileNotFoundError, NotADirectoryError), self._open_root().walk(path.parent) as folder:
            status = folder.stat(path.name or ".")
            return _is_folder(status) or stat.S_ISREG(status.st_mode)
        return False

    def _usage(self, path: SafeRelPath) -> Usage:
        with suppress(FileNotFoundError, NotADirectoryError), self._open_root().walk(path.parent) as folder:
            status = folder.stat(path.name or ".")
            if not _is_folder(status):
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
        missing = suppress(FileNotFoundError, NotADirectoryError)
        with _translated(path), missing, self._open_root().walk(path.parent) as folder:
            status = folder.stat(path.name)
            if not _is_folder(status):
                folder.unlink(path.name)
                folder.sync()
                return _usage_of(status)
            with self._open_root().walk(_STAGING, make=True) as staging:
                # One step makes the whole tree vanish; clearing it away may take its time, or crash.
                name = _fresh_name() + DOOMED
                folder.move(path.name, staging, name)
                folder.sync()
                return _clear_away(staging, name)
        return Usage()


class LocalReader:
    """An ``ArtifactReader`` of an open file."""

    def __init__(self, file: io.FileIO, threads: _Threads) -> None:
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
        facts = f"{self._status.st_mtime_ns} {self._status.st_size} {self._status.st_ino}"
        return hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()

    @property
    def sha256(self) -> str | None:
        """See ``ArtifactReader.sha256``."""
        return None

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

    def __init__(self, open_root: Callable[..., _Folder], path: SafeRelPath) -> None:
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
            with self._open_root(make=True).walk(_STAGING, make=True) as staging:
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
            self._file.close()
            self._publish()

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


class _Folder:
    """A folder at or below the root, reached without following a link. One step, one name, at a time."""

    def __init__(self, path: str, handle: int | None) -> None:
        self._path = path
        self._handle = handle

    @classmethod
    def at(cls, root: str, *, by_handle: bool) -> _Folder:
        if by_handle:
            return cls("", os.open(root, _OPEN_FOLDER & ~_NO_FOLLOW))
        os.stat(root)
        return cls(os.path.realpath(root), None)

    def __enter__(self) -> _Folder:
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            os.close(self._handle)

    def walk(self, path: SafeRelPath, *, make: bool = False) -> _Folder:
        """The folder at ``path`` below this one, which is closed."""
        folder = self
        for name in path:
            with folder:
                if make:
                    folder.make(name)
                folder = folder.enter(name)
        return folder

    def enter(self, name: str) -> _Folder:
        """Raises ``NotADirectoryError`` for a link, wherever it points."""
        if self._handle is None:
            path = self._at(name)
            if not _is_folder(os.lstat(path)) or not _same_path(os.path.realpath(path), path):
                raise NotADirectoryError(errno.ENOTDIR, "not a directory")
            return _Folder(path, None)
        try:
            return _Folder("", os.open(name, _OPEN_FOLDER, dir_fd=self._handle))
        except OSError as error:
            if error.errno == errno.ELOOP:  # what some systems say of a link
                raise NotADirectoryError(errno.ENOTDIR, "not a directory") from None
            raise

    def make(self, name: str) -> None:
        """Makes a folder, durably, unless something has this name."""
        with suppress(FileExistsError):
            os.mkdir(self._at(name), 0o700 if name == STAGING_NAME else 0o777, dir_fd=self._handle)
            self.sync()

    def scan(self) -> Sequence[tuple[str, os.stat_result]]:
        """Names and what they are, links for themselves, in no order."""
        found = []
        with os.scandir(self._path if self._handle is None else self._handle) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
        return found

    def stat(self, name: str) -> os.stat_result:
        return os.stat(self._at(name), dir_fd=self._handle, follow_symlinks=False)

    def open_file(self, name: str) -> io.FileIO:
        """Raises ``IsADirectoryError`` for a directory, ``FileNotFoundError`` for a link, pipe or device."""
        _refuse_irregular(self.stat(name))
        try:
            handle = os.open(self._at(name), _OPEN_FILE, dir_fd=self._handle)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise FileNotFoundError(errno.ENOENT, "not a file") from None
            raise
        file = io.FileIO(handle, "rb")
        try:
            _refuse_irregular(os.fstat(handle))
        except OSError:
            file.close()
            raise
        return file

    def create_file(self, name: str) -> io.BufferedWriter:
        return io.BufferedWriter(io.FileIO(os.open(self._at(name), _CREATE_FILE, 0o666, dir_fd=self._handle), "wb"))

    def move(self, name: str, folder: _Folder, new_name: str) -> None:
        os.replace(self._at(name), folder._at(new_name), src_dir_fd=self._handle, dst_dir_fd=folder._handle)

    def unlink(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self._handle)

    def rmdir(self, name: str) -> None:
        os.rmdir(self._at(name), dir_fd=self._handle)

    def sync(self) -> None:
        """Puts the names in this folder on disk, where the platform can."""
        if self._handle is not None:
            os.fsync(self._handle)

    def _at(self, name: str) -> str:
        return name if self._handle is not None else os.path.join(self._path, name)


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


def _clear_away(staging: _Folder, name: str) -> Usage:
    """Deletes ``name`` of the staging folder, with everything below it if it is a tree; what that was.

    Subfolders are moved up and wait their turn, so no depth is too much for a stack or a table of handles.
    """
    total, doomed = Usage(), deque([name])
    while doomed:
        name = doomed.popleft()
        with suppress(FileNotFoundError):  # another process is at it too
            status = staging.stat(name)
            if not _is_folder(status):
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


def _empty(folder: _Folder, staging: _Folder) -> tuple[list[str], Usage]:
    """Deletes the files of ``folder`` and moves its subfolders into ``staging``: under which names, and how much."""
    total, moved = Usage(), []
    for name, status in folder.scan():
        with suppress(FileNotFoundError):
            if _is_folder(status):
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


def _checked(path: SafeRelPath) -> SafeRelPath:
    """``path``, if this file system takes its segments for names and none of them for the staging folder."""
    if any(name.casefold() == STAGING_NAME for name in path):
        raise InvalidPath(f"'{STAGING_NAME}' is reserved")
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
    if _is_folder(status):
        return FileInfo(path, is_dir=True)
    return FileInfo(path, is_dir=False, file_size=status.st_size) if stat.S_ISREG(status.st_mode) else None


def _is_folder(status: os.stat_result) -> bool:
    reparse_point = getattr(status, "st_file_attributes", 0) & 0x400  # a junction, on Windows
    return stat.S_ISDIR(status.st_mode) and not reparse_point


def _refuse_irregular(status: os.stat_result) -> None:
    if _is_folder(status):
        raise IsADirectoryError(errno.EISDIR, "a directory")
    if not stat.S_ISREG(status.st_mode):
        raise FileNotFoundError(errno.ENOENT, "not a file")


def _refuse_to_replace(folder: _Folder, name: str) -> None:
    """A file may take the place of a file or of nothing, never of a directory, a link, a pipe or a device."""
    with suppress(FileNotFoundError):
        status = folder.stat(name)
        if _is_folder(status):
            raise IsADirectoryError(errno.EISDIR, "a directory")
        if not stat.S_ISREG(status.st_mode):
            raise InvalidPath("something that is not a file is there")


def _same_path(one: str, other: str) -> bool:
    return os.path.normcase(one) == os.path.normcase(other)


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
