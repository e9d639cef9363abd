"""Folders of this machine, walked down step by step without ever following a symbolic link."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import IO

HAS_FOLDER_HANDLES = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
"""Whether the platform can name a file by a folder's handle and a name in it. Windows cannot."""

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_OPEN_FOLDER = os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_DIRECTORY", 0)
# O_NONBLOCK: a pipe that somebody put there must not make us wait for its writer.
_OPEN_FILE = os.O_RDONLY | _NO_FOLLOW | _BINARY | getattr(os, "O_NONBLOCK", 0)
_APPEND_FILE = os.O_RDWR | os.O_APPEND | os.O_CREAT | _NO_FOLLOW | _BINARY
_CREATE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY


class Folder:
    """A folder at or below the root, reached without following a link. One step, one name, at a time."""

    def __init__(self, path: str, handle: int | None) -> None:
        self._path = path
        self._handle = handle

    @classmethod
    def at(cls, root: str, *, by_handle: bool) -> Folder:
        if by_handle:
            return cls("", os.open(root, _OPEN_FOLDER & ~_NO_FOLLOW))
        os.stat(root)
        return cls(os.path.realpath(root), None)

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives the handle back."""
        if self._handle is not None:
            os.close(self._handle)

    def walk(self, path: Iterable[str], *, make: bool = False, mode: int = 0o777) -> Folder:
        """The folder at ``path`` below this one, which is closed."""
        folder = self
        for name in path:
            with folder:
                if make:
                    folder.make(name, mode)
                folder = folder.enter(name)
        return folder

    def enter(self, name: str) -> Folder:
        """Raises ``NotADirectoryError`` for a link, wherever it points, and for what is no name in this folder."""
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise NotADirectoryError(errno.ENOTDIR, "not a directory")
        if self._handle is None:
            path = self._at(name)
            if not is_folder(os.lstat(path)) or not _same_path(os.path.realpath(path), path):
                raise NotADirectoryError(errno.ENOTDIR, "not a directory")
            return Folder(path, None)
        try:
            return Folder("", os.open(name, _OPEN_FOLDER, dir_fd=self._handle))
        except OSError as error:
            if error.errno == errno.ELOOP:  # what some systems say of a link
                raise NotADirectoryError(errno.ENOTDIR, "not a directory") from None
            raise

    def again(self) -> Folder:
        """The same folder, to be closed by itself."""
        return Folder(self._path, None if self._handle is None else os.dup(self._handle))

    def make(self, name: str, mode: int = 0o777, *, sync: bool = True) -> None:
        """Makes a folder, durably if asked to, unless something has this name."""
        with suppress(FileExistsError):
            os.mkdir(self._at(name), mode, dir_fd=self._handle)
            if sync:
                self.sync()

    def scan(self) -> Sequence[tuple[str, os.stat_result]]:
        """Names and what they are, links for themselves, in no order."""
        found = []
        with os.scandir(self._path if self._handle is None else self._handle) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
        return found

    def names(self) -> Sequence[str]:
        """All names, in no order."""
        return os.listdir(self._path if self._handle is None else self._handle)

    def stat_or_none(self, name: str) -> os.stat_result | None:
        """What has this name, a link for itself; None if it is gone."""
        with suppress(FileNotFoundError):
            return self.stat(name)
        return None

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

    def append_to(self, name: str) -> io.FileIO:
        """A file that is made if it is not there; whatever is written to it goes to its end.

        Raises ``IsADirectoryError`` for a directory, ``FileNotFoundError`` for a link, pipe or device.
        """
        with suppress(FileNotFoundError):
            _refuse_irregular(self.stat(name))
        try:
            handle = os.open(self._at(name), _APPEND_FILE, 0o666, dir_fd=self._handle)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise FileNotFoundError(errno.ENOENT, "not a file") from None
            raise
        return io.FileIO(handle, "rb+")

    def move(self, name: str, folder: Folder, new_name: str) -> None:
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


def locked(file: IO[bytes]) -> bool:
    """Whether the file could be locked for this process until it is closed; where a file system has no locks, not."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_folder(status: os.stat_result) -> bool:
    """Whether this is a folder, and nothing that leads to one."""
    reparse_point = getattr(status, "st_file_attributes", 0) & 0x400  # a junction, on Windows
    return stat.S_ISDIR(status.st_mode) and not reparse_point


def _refuse_irregular(status: os.stat_result) -> None:
    if is_folder(status):
        raise IsADirectoryError(errno.EISDIR, "a directory")
    if not stat.S_ISREG(status.st_mode):
        raise FileNotFoundError(errno.ENOENT, "not a file")


def _same_path(one: str, other: str) -> bool:
    return os.path.normcase(one) == os.path.normcase(other)
