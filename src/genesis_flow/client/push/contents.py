"""What stands in a folder of offline runs. Nobody in it is trusted: no link is followed, nothing is waited for."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from genesis_flow.client.repositories.arriving import PARTIAL
from genesis_flow.errors import InvalidPath, NoOfflineRuns
from genesis_flow.folders import HAS_FOLDER_HANDLES, Folder, is_folder
from genesis_flow.journals.layout import (
    FILE_NAME,
    JOURNAL,
    JOURNALS,
    MODEL_ID,
    artifacts_of,
)
from genesis_flow.journals.lines import (
    ABOUT,
    FILE,
    OF_EXPERIMENTS,
    OF_MODELS,
    DamagedJournal,
    Line,
    Mark,
    open_journal,
    read_line,
    read_lines,
)
from genesis_flow.rules.ids import DEFAULT_EXPERIMENT_ID, EXPERIMENT_ID
from genesis_flow.rules.paths import SafeRelPath

MOST_DEPTH = 100


@dataclass(frozen=True)
class Problem:
    """Something in the folder that cannot be sent.

    Attributes:
        file: which, from the folder.
        reason: why, as a part of a sentence.
    """

    file: str
    reason: str


@dataclass(frozen=True)
class Logged:
    """A line, and where it stands."""

    line: Line
    file: str
    number: int


@dataclass
class Subject:
    """What was logged to an experiment, a run or a model.

    Attributes:
        id: its own, in the folder.
        lines: all but points, in the order in which they were logged.
        points: the places of records with points, by file: their numbers and their first bytes.
    """

    id: str
    lines: list[Logged] = field(default_factory=list)
    points: dict[str, tuple[array[int], array[int]]] = field(default_factory=dict)


@dataclass(frozen=True)
class LocalFile:
    """A file of a run or a model."""

    path: SafeRelPath
    size_bytes: int
    changed_ns: int


class Contents:
    """What stands in the folder, read once; points stay where they are.

    Args:
        root: the folder.

    Raises:
        NoOfflineRuns: it is no folder of offline runs.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.experiments: dict[str, Subject] = {DEFAULT_EXPERIMENT_ID: Subject(DEFAULT_EXPERIMENT_ID)}
        self.runs: dict[str, Subject] = {}
        self.models: dict[str, Subject] = {}
        self.problems: list[Problem] = []
        try:
            folder = self.open((JOURNALS,))
        except (FileNotFoundError, NotADirectoryError):
            raise NoOfflineRuns(str(root)) from None
        with folder:
            for name, status in sorted(folder.scan()):
                self._read(folder, name, status.st_mode)
        for subject in (*self.experiments.values(), *self.runs.values(), *self.models.values()):
            subject.lines.sort(key=lambda one: one.line.at_ms)

    def open(self, path: tuple[str, ...]) -> Folder:
        """A folder below the root.

        Raises:
            FileNotFoundError, NotADirectoryError: there is none, or a link is in its place.
        """
        return Folder.at(str(self.root), by_handle=HAS_FOLDER_HANDLES).walk(path)

    def _read(self, folder: Folder, name: str, mode: int) -> None:
        if not FILE_NAME.fullmatch(name) or not stat.S_ISREG(mode):
            self.problem((JOURNALS, name), "is no journal" if stat.S_ISREG(mode) else "is no file, and is not opened")
            return
        try:
            with open_journal(folder, name) as file:
                for mark, line, _ in read_lines(file):
                    self._take(line, name, mark)
        except DamagedJournal as error:
            self.problem((JOURNALS, name), f"cannot be read to its end: {error}")
        except OSError as error:
            self.problem((JOURNALS, name), f"cannot be read: {error.strerror}")

    def _take(self, line: Line, name: str, mark: Mark) -> None:
        if line.operation == ABOUT:
            return
        if line.operation in OF_EXPERIMENTS:
            kind = self.experiments
        elif line.operation in OF_MODELS or (line.operation == FILE and MODEL_ID.fullmatch(line.subject)):
            kind = self.models
        else:
            kind = self.runs
        subject = kind.get(line.subject)
        if subject is None:
            subject = kind[line.subject] = Subject(line.subject)
        if name.endswith(JOURNAL):
            subject.lines.append(Logged(line, name, mark.number))
        elif line.operation == "log_batch":
            numbers, places = subject.points.setdefault(name, (array("q"), array("q")))
            numbers.append(mark.number)
            places.append(mark.at)
        else:
            raise DamagedJournal(mark.at, "something else than points is among points")

    def problem(self, path: tuple[str, ...], reason: str) -> None:
        """Notes that something cannot be sent."""
        self.problems.append(Problem("/".join(path), reason))

    def points(self, subject: Subject, name: str, settled: int) -> Iterator[tuple[int, Line]]:
        """The records with points of one file whose numbers are not below ``settled``."""
        numbers, places = subject.points[name]
        try:
            with self.open((JOURNALS,)) as folder, open_journal(folder, name) as file:
                size = os.fstat(file.fileno()).st_size
                for number, at in zip(numbers, places, strict=True):
                    if number < settled:
                        continue
                    if file.tell() != at:
                        file.seek(at)
                    found = read_line(file, size, Mark(at, number))
                    if found is None:
                        raise DamagedJournal(at, "the file is shorter than it was")
                    yield number, found[0]
        except OSError as error:
            raise DamagedJournal(0, f"the file cannot be read any more: {error.strerror}") from None

    # --- files ----------------------------------------------------------------------------------------------------

    def files(self, experiment_id: str, owner: str) -> list[LocalFile]:
        """The files of a run or a model, by name; what is none is noted as a problem."""
        if not EXPERIMENT_ID.fullmatch(experiment_id):
            return []
        root = artifacts_of(experiment_id, owner)
        found: list[LocalFile] = []
        waiting = [SafeRelPath.ROOT]
        while waiting:
            path = waiting.pop()
            with suppress(FileNotFoundError):
                try:
                    folder = self.open((*root, *path))
                except NotADirectoryError:
                    self.problem((*root, *path), "is no folder, and is not followed")
                    continue
                with folder:
                    self._list(folder, root, path, found, waiting)
        return sorted(found, key=lambda one: one.path)

    def _list(
        self,
        folder: Folder,
        root: tuple[str, ...],
        path: SafeRelPath,
        found: list[LocalFile],
        waiting: list[SafeRelPath],
    ) -> None:
        for name, status in folder.scan():
            if name.endswith(PARTIAL):
                continue
            try:
                below = path / SafeRelPath((name,))
            except InvalidPath as error:
                self.problem((*root, *path, repr(name)), f"has a name that is not sent: {error}")
                continue
            if is_folder(status) and len(below.segments) < MOST_DEPTH:
                waiting.append(below)
            elif stat.S_ISREG(status.st_mode):
                found.append(LocalFile(below, status.st_size, status.st_mtime_ns))
            else:
                self.problem((*root, *below), "is a link, a device or nested too deep, and is not sent")
