"""One sitting: every row on every system, round by round in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import TypeAlias

from rich.progress import Progress, TaskID

from bench.load import BadAnswer
from bench.rows import Row, Scale, Subject
from bench.systems import DidNotStart, Server, System

Cell: TypeAlias = "Figure | str"
"""A figure, or why there is none."""


@dataclass(frozen=True)
class Figure:
    """What was measured of one row on one system."""

    rounds: tuple[tuple[float, ...], ...]

    @property
    def p50(self) -> float:
        """Median of all samples of all rounds."""
        return statistics.median([sample for one in self.rounds for sample in one])

    @property
    def low(self) -> float:
        return min(map(statistics.median, self.rounds))

    @property
    def high(self) -> float:
        return max(map(statistics.median, self.rounds))


@dataclass
class _Course:
    """A row on its way on one system."""

    subject: Subject
    rounds: list[tuple[float, ...]] = field(default_factory=list)
    spent_s: float = 0.0
    failure: str = ""

    @property
    def open(self) -> bool:
        return not self.failure and self.spent_s < self.subject.scale.budget_s

    @property
    def cell(self) -> Cell:
        return self.failure or (Figure(tuple(self.rounds)) if self.rounds else "not measured")


class Sitting:
    """Measures rows on systems that stay up side by side.

    Rounds alternate between the systems (A B C A B C), so that a noisy minute of the machine falls on
    all of them; while one is measured the others are idle.
    """

    def __init__(
        self,
        systems: Sequence[System],
        rows: Sequence[Row],
        scale: Scale,
        folder: Path,
        cells: dict[tuple[str, str], Cell],
    ) -> None:
        self.rows = rows
        self.scale = scale
        self.cells = cells
        self.subjects = [Subject(Server(system, folder / system.key), scale) for system in systems]

    def measure(self, progress: Progress, deadline: float, skip: frozenset[tuple[str, str]]) -> None:
        """Fills `cells`, which it was given, by row and system; every server it started has ended when it returns.

        Args:
            progress: shows what is being measured.
            deadline: `time.monotonic()` after which no round begins.
            skip: rows and systems to leave out.
        """
        with ExitStack() as stack:
            for subject in self.subjects:
                stack.callback(subject.server.stop)
            task = progress.add_task("", total=len(self.rows))
            for row in self.rows:
                subjects = [one for one in self.subjects if (row.key, one.server.system.key) not in skip]
                courses = [_Course(subject) for subject in subjects]
                self._course(row, courses, progress, task, deadline)
                for course in courses:
                    self.cells[row.key, course.subject.server.system.key] = course.cell
                progress.advance(task)
                if not progress.console.is_terminal:
                    progress.console.print(f"{row.key} {_summary(row, courses)}", highlight=False)

    def _course(self, row: Row, courses: list[_Course], progress: Progress, task: TaskID, deadline: float) -> None:
        rounds = row.rounds or self.scale.rounds
        for number in range(rounds):
            for course in courses:
                if not course.open:
                    continue
                if time.monotonic() > deadline:
                    course.failure = "" if course.rounds else "out of time"
                    continue
                what = f"{row.title} · {course.subject.title} · round {number + 1} of {rounds}"
                progress.update(task, description=what)
                _round(row, course)


def _summary(row: Row, courses: list[_Course]) -> str:
    """A line for a log, where no bar is drawn."""
    shown = [(course.subject.title, course.cell) for course in courses]
    return " · ".join(
        f"{title}: {cell if isinstance(cell, str) else f'{cell.p50:.4g} {row.unit}'}" for title, cell in shown
    )


def _round(row: Row, course: _Course) -> None:
    try:
        if row.key != "ready" and not course.subject.server.running:
            course.subject.server.start()
        course.subject.fill(row.runs)
        begin = time.monotonic()
        course.rounds.append(tuple(row.measure(course.subject)))
        course.spent_s += time.monotonic() - begin
    except (BadAnswer, DidNotStart, OSError, HTTPException, ValueError, KeyError) as error:
        # A system that answers wrongly loses this row, not the sitting.
        course.failure = f"failed: {type(error).__name__}: {error}"[:300]
