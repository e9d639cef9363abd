"""Small files under one folder: read whole, replaced whole, or appended to by whole lines, and never through a link.

What a function here has written is on disk when it returns, but for the name of a new file: that is so as soon as its
folder is synced, once for all files in it. Locks are files beside what they lock, so that every program on every
machine that can see the folder can see them; a program that ends gives its locks back.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

from genesis_flow.errors import InvalidParameter, InvalidPath, MalformedFile, StorageFull
from genesis_flow.folders import HAS_FOLDER_HANDLES, Folder, is_folder
from genesis_flow.rules.paths import MAX_SEGMENT_BYTES, SafeRelPath

Place = tuple[str, ...]
"""Where something is below the root, name by name."""

LOCK = ".genesis-flow.lock"
_SCRATCH = ".genesis-flow-"
_SILLY = ".nfs"  # what NFS calls a file that was replaced while somebody had it open
_LARGEST = 32 * 2**20
_DEEPEST = 128  # a key has 250 characters, so it cannot be deeper
_TAIL_BYTES = 2**16


class TooLarge(ValueError):
    """A file that is too large to be read; says how large it may be."""


def key_names(field: str, key: str) -> Place:
    """The names of the folders and the file that a key of a metric, param or tag stands for.

    Raises:
        InvalidParameter: a file cannot have this name.
    """
    try:
        path = SafeRelPath.parse(key)
    except InvalidPath:
        raise InvalidParameter(field, key, _FILE_RULE) from None
    if not key or (os.name == "nt" and not path.is_safe_on_windows):
        raise InvalidParameter(field, key, _FILE_RULE)
    return path.segments


def one_name(field: str, name: str) -> str:
    """The name of a registered model or an alias, if a folder or file can have it.

    Raises:
        InvalidParameter
    """
    is_plain = name not in ("", ".", "..") and not set(name) & set("/\0")
    if not is_plain or len(name.encode()) > MAX_SEGMENT_BYTES or (os.name == "nt" and set(name) & set('\\<>:"|?*')):
        raise InvalidParameter(field, name, _FILE_RULE)
    return name


_FILE_RULE = f"one that a file of this store can have: at most {MAX_SEGMENT_BYTES} bytes between slashes, and no '#'"


class Disk:
    """The folder of a store, which is made if it is not there."""

    def __init__(self, root: str) -> None:
        self.root = os.path.abspath(root)
        os.makedirs(self.root, exist_ok=True)

    def folder(self, place: Iterable[str] = (), *, make: bool = False) -> Folder:
        """A folder; ``FileNotFoundError`` or ``NotADirectoryError`` if there is none."""
        return Folder.at(self.root, by_handle=HAS_FOLDER_HANDLES).walk(place, make=make)

    def has(self, place: Place) -> bool:
        """Whether there is such a file or folder, which is no link."""
        with suppress(FileNotFoundError, NotADirectoryError), self.folder(place[:-1]) as folder:
            status = folder.stat(place[-1])
            return is_folder(status) or stat.S_ISREG(status.st_mode)
        return False

    def folders(self, place: Place = ()) -> list[str]:
        """The names of the folders in one, none if that is not there."""
        with suppress(FileNotFoundError, NotADirectoryError), self.folder(place) as folder:
            return [name for name, status in folder.scan() if is_folder(status) and _is_text(name)]
        return []

    @contextmanager
    def locked(self, place: Place, *, shared: bool = False) -> Iterator[None]:
        """Alone with what is in a folder, or among those who share it; does nothing if there is no such folder."""
        try:
            folder = self.folder(place)
        except (FileNotFoundError, NotADirectoryError):
            yield
            return
        with folder, _locked(folder, shared=shared):
            yield


def files_below(folder: Folder, prefix: str = "", depth: int = 0) -> Iterator[tuple[Folder, str, os.stat_result]]:
    """Every file below a folder: the folder that it is in, its path with slashes, and what it is; no links.

    The folder stays open until the next file is asked for.
    """
    if depth > _DEEPEST:
        raise MalformedFile(prefix, "its folders are nested too deep")
    for name, status in folder.scan():
        if is_folder(status):
            with suppress(FileNotFoundError, NotADirectoryError), folder.enter(name) as inner:
                yield from files_below(inner, f"{prefix}{name}/", depth + 1)
        elif stat.S_ISREG(status.st_mode) and _is_text(name) and not name.startswith(_SILLY):
            yield folder, prefix + name, status


def _is_text(name: str) -> bool:
    """Whether a name is UTF-8."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def read(folder: Folder, name: str, start: int = 0, *, most: int = _LARGEST) -> bytes | None:
    """What is in a file from an offset on; None if there is no such file, or something else has its name.

    Raises:
        TooLarge: it has more than ``most`` bytes.
    """
    try:
        file = folder.open_file(name)
    except (FileNotFoundError, IsADirectoryError):
        return None
    with file:
        size = os.fstat(file.fileno()).st_size - start
        if size > most:
            raise TooLarge(f"it has more than {most:,} bytes")
        file.seek(start)
        return file.read(max(size, 0) + 1)


def write(folder: Folder, name: str, data: bytes, scratch: Folder | None = None) -> None:
    """Puts a file in the place of what was there, in one step.

    Args:
        folder: where; to be synced by the caller.
        name: of the file.
        data: what is in it.
        scratch: where it is until it is whole, because MLflow takes every file in some folders for one of its own.
    """
    scratch, fresh = scratch or folder, _SCRATCH + secrets.token_hex(8)
    try:
        with scratch.create_file(fresh) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.move(fresh, folder, name)
    except OSError:
        with suppress(OSError):
            scratch.unlink(fresh)
        raise


def append(folder: Folder, name: str, lines: Iterable[bytes], is_line: Callable[[bytes], bool]) -> None:
    """Writes lines to the end of a file, in one step, leaving out those that stand near its end already.

    What a crash left of a line is cut off; a last line that only lacks its break gets it.

    Args:
        folder: where; to be synced by the caller.
        name: of the file.
        lines: without their breaks.
        is_line: whether something is a whole line.
    """
    with folder.append_to(name) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _TAIL_BYTES))
        known = (file.read() or b"").split(b"\n")
        torn, start = known[-1], b""
        if torn and is_line(torn):
            start = b"\n"
        elif torn:
            size -= len(torn)
            file.truncate(size)
        fresh = [line for line in dict.fromkeys(lines) if line not in set(known)]
        if start or fresh:
            _write_whole(file, start + b"".join(line + b"\n" for line in fresh), size)
            os.fsync(file.fileno())


def _write_whole(file: io.FileIO, data: bytes, size: int) -> None:
    """Writes all at once; the file is as it was if there is no room for that."""
    try:
        written = file.write(data)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        written = 0
    if written != len(data):
        file.truncate(size)
        raise StorageFull


@contextmanager
def _locked(folder: Folder, *, shared: bool) -> Iterator[None]:
    with folder.append_to(LOCK) as file:
        _lock(file.fileno(), shared)
        yield  # closing the file gives the lock back


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int, shared: bool) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        while True:  # it gives up after ten seconds
            with suppress(OSError):
                return msvcrt.locking(handle, msvcrt.LK_LOCK, 1)

else:
    import fcntl

    def _lock(handle: int, shared: bool) -> None:
        # A lock of an open file, not of a process: threads and stores in one process exclude each other, too.
        try:
            fcntl.flock(handle, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise


_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)
"""What a file system says that knows no locks: there, who writes to one run at the same time may lose something."""
