"""Folders of files, moved by a few threads; and downloads that trust no listing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from genesis_flow.artifact_stores.protocol import FileInfo
from genesis_flow.client.repositories.arriving import arriving, folder_below
from genesis_flow.client.repositories.place import Place
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.errors import LocalFileMissing, TooManyArtifacts, Unavailable, UnsafeListing
from genesis_flow.rules.paths import SafeRelPath

T = TypeVar("T")

WORKERS = 8
TRIES = 4
"""How often a file whose download was cut is asked for."""
BACKOFF_S = 0.2
MOST_ENTRIES = 1_000_000
MOST_DEPTH = 100


def upload_file(place: Place, source: Path, path: SafeRelPath) -> None:
    """Stores a local file under this path."""
    with Progress("Uploading", 1, source.stat().st_size) as progress:
        place.upload(source, path, progress)


def upload_folder(place: Place, folder: Path, path: SafeRelPath) -> None:
    """Stores all files of a local folder below this path; every name is looked at before the first is sent.

    Links to files are followed, links to folders are not.
    """
    found = [(source, path / SafeRelPath(source.relative_to(folder).parts)) for source in sorted(_files(folder))]
    with Progress("Uploading", len(found), sum(source.stat().st_size for source, _ in found)) as progress:

        def upload(one: tuple[Path, SafeRelPath]) -> None:
            place.upload(*one, progress)
            progress.add_file()

        in_parallel(upload, found)


def download(place: Place, path: SafeRelPath, target: Path) -> Path:
    """Fetches a file or a folder with all that is in it, and answers where it is: ``target / path``.

    A listing is read to its end, and every name of it looked at, before the first file is fetched.

    Raises:
        ArtifactNotFound: nothing is stored there.
        UnsafeListing: the other side names files that do not lie below ``path``.
        TooManyArtifacts: there are more than anybody keeps in one folder.
    """
    entries = list(walk(place, path))
    files: Sequence[FileInfo] = [entry for entry in entries if not entry.is_dir]
    if not entries and path != SafeRelPath.ROOT:
        files = [FileInfo(path, is_dir=False)]
    for folder in [path] if entries and not files else (entry.path for entry in entries if entry.is_dir):
        folder_below(target, folder).__exit__()
    with Progress("Downloading", len(files), sum(file.file_size or 0 for file in files)) as progress:

        def fetch(file: FileInfo) -> None:
            _fetch(place, file, target, progress, is_listed=bool(entries))
            progress.add_file()

        in_parallel(fetch, files)
    target.mkdir(parents=True, exist_ok=True)
    return target.joinpath(*path)


def walk(place: Place, path: SafeRelPath) -> Iterator[FileInfo]:
    """All that lies below a folder: its entries, then those of the folders in it."""
    waiting, found = [path], 0
    while waiting:
        folder = waiting.pop()
        if len(folder.segments) - len(path.segments) > MOST_DEPTH:
            raise TooManyArtifacts(str(path), f"folders are nested more than {MOST_DEPTH} deep")
        for entry in checked(place.entries(folder), folder):
            found += 1
            if found > MOST_ENTRIES:
                raise TooManyArtifacts(str(path), f"there are more than {MOST_ENTRIES:,} files and folders")
            if entry.is_dir:
                waiting.append(entry.path)
            yield entry


def checked(entries: Iterable[FileInfo], folder: SafeRelPath) -> Iterator[FileInfo]:
    """The entries of a folder, which must be in it, and each of them once."""
    names: set[str] = set()
    for entry in entries:
        if entry.path.parent != folder or entry.path == folder or entry.path.name in names:
            raise UnsafeListing(str(entry.path))
        names.add(entry.path.name)
        yield entry


def _fetch(place: Place, file: FileInfo, target: Path, progress: Progress, *, is_listed: bool) -> None:
    """A file, asked for again if it was cut on its way; what was refused before its first byte is not."""
    listed_bytes = (file.file_size or 0) if is_listed else None
    for attempt in range(TRIES):
        try:
            with arriving(target, file.path, listed_bytes, progress) as came:
                return place.fetch(file.path, came)
        except Unavailable:
            if attempt + 1 == TRIES or not came.has_begun:
                raise
            time.sleep(BACKOFF_S * 2**attempt)
    return None


def in_parallel(work: Callable[[T], None], items: Sequence[T], workers: int = WORKERS) -> None:
    """Does some work for each item in a few threads; the first failure ends the rest, and is raised."""
    if len(items) < 2:
        for item in items:
            work(item)
        return
    waiting, lock, failures = iter(items), threading.Lock(), list[BaseException]()

    def take() -> None:
        for item in _one_by_one(waiting, lock):
            if failures:
                return
            try:
                work(item)
            except BaseException as error:
                failures.append(error)

    threads = [threading.Thread(target=take, daemon=True) for _ in range(min(workers, len(items)))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException as error:  # Ctrl-C
        failures.append(error)
        raise
    if failures:
        raise failures[0]


def _one_by_one(items: Iterator[T], lock: threading.Lock) -> Iterator[T]:
    """What is left of an iterator that threads share."""
    nothing = object()
    while True:
        with lock:
            item = next(items, nothing)
        if item is nothing:
            return
        yield item  # type: ignore[misc]


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise LocalFileMissing(folder)
    for parent, _, names in os.walk(folder):
        for name in names:
            source = Path(parent, name)
            if source.is_file():  # and no pipe, which would never end
                yield source
