"""What a git repository says of the code in it, read from its files.

No program is started: git would run whatever commands the configuration of a repository names (``core.fsmonitor``), and
take a hundred times as long. Nothing but regular files of a limited size is read, and nothing of them is believed that
does not look like what it should be.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

_COMMIT = re.compile(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})")
_REFERENCE = re.compile(rb"ref:[ \t]*(refs/[^\0\r\n]+?)[ \t]*")
_SECTION = re.compile(r'\[\s*remote\s+"((?:[^"\\]|\\.)*)"\s*\]', re.IGNORECASE)
_URL = re.compile(r"url\s*=\s*(.*)", re.IGNORECASE)
_BRANCHES = "refs/heads/"

MOST_BYTES = 2**16
MOST_PACKED_BYTES = 2**27
MOST_HOPS = 5
"""So many references may name each other, as in git."""


class Code(NamedTuple):
    """Where code comes from.

    Attributes:
        commit: the hexadecimal name of what is checked out.
        branch: what it is called; None if a commit alone is checked out.
        url: of the first remote that the repository knows, without user and password.
    """

    commit: str
    branch: str | None
    url: str | None


def code_at(path: str | Path) -> Code | None:
    """What the repository around a file or folder has checked out; None without one, or before its first commit."""
    found = _repository(os.path.abspath(path))
    if found is None:
        return None
    own, common = found
    head = _read(own / "HEAD").strip()
    commit = _commit(head, own, common)
    if commit is None:
        return None
    reference = _reference(head)
    branch = reference.removeprefix(_BRANCHES) if reference and reference.startswith(_BRANCHES) else None
    return Code(commit, branch, _first_remote(common))


def _repository(path: str) -> tuple[Path, Path] | None:
    """The folder with the HEAD of what is checked out around a path, and the one that all its worktrees share."""
    if not os.path.exists(path):
        return None
    here = path if os.path.isdir(path) else os.path.dirname(path)
    while True:
        own = _repository_at(here)
        if own is not None:
            shared = _read(own / "commondir").strip()
            return own, own / os.fsdecode(shared) if shared else own
        parent = os.path.dirname(here)
        if parent == here:
            return None
        here = parent


def _repository_at(folder: str) -> Path | None:
    dot_git = Path(folder, ".git")
    if os.path.isdir(dot_git):
        return dot_git if os.path.isfile(dot_git / "HEAD") else None
    named = _read(dot_git).strip()  # a worktree or a submodule: its repository is elsewhere
    return Path(folder, os.fsdecode(named[len(b"gitdir:") :].strip())) if named.startswith(b"gitdir:") else None


def _reference(text: bytes) -> str | None:
    """The name of what a text refers to, if it stays below ``refs``."""
    match = _REFERENCE.fullmatch(text)
    name = os.fsdecode(match[1]) if match else None
    return None if name is None or {"..", ".", ""} & set(name.split("/")) else name


def _commit(text: bytes, own: Path, common: Path) -> str | None:
    """The commit that the text of a reference leads to."""
    for _ in range(MOST_HOPS):
        if _COMMIT.fullmatch(text):
            return text.decode("ascii")
        name = _reference(text)
        if name is None:
            return None
        text = _read(own / name).strip() or _read(common / name).strip() or _packed(common, name)
    return None


def _packed(common: Path, name: str) -> bytes:
    packed = b"\n" + _read(common / "packed-refs", MOST_PACKED_BYTES)
    end = packed.find(b" " + os.fsencode(name) + b"\n")
    return packed[packed.rfind(b"\n", 0, end) + 1 : end] if end > 0 else b""


def _first_remote(common: Path) -> str | None:
    """COMPAT: mlflow 3.17 tells the remote that comes first in the configuration, whatever it is called."""
    remote, url = None, None
    for line in _read(common / "config").decode("utf-8", "replace").splitlines():
        line = line.strip()
        if line.startswith("["):
            section = _SECTION.match(line)
            if remote is not None and (section is None or section[1] != remote):
                break
            remote = section[1] if section else None
        elif remote is not None and (match := _URL.fullmatch(line)):
            url = match[1].strip().strip('"')
    return None if url is None else without_user(url)


def without_user(url: str) -> str:
    """A URL without the user and the password in it; what is no URL stays as it is."""
    if "://" not in url:
        return url
    try:
        parts = urlsplit(url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if "@" in parts.netloc else url
    except ValueError:  # no URL after all, so that nobody can say where a password in it would end
        return ""


def _read(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """The beginning of a regular file; empty if there is none that can be read."""
    try:
        # A pipe in a repository would be waited for, without an end.
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError):
        return b""
    with open(file, "rb") as opened:
        try:
            return opened.read(most_bytes) if stat.S_ISREG(os.fstat(file).st_mode) else b""
        except OSError:
            return b""
