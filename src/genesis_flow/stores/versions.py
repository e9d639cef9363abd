"""Versions of a schema, and the steps from one to the next: what is the same for every kind of database.

A database says which version it has and the oldest version whose code may still work on it (``oldest_writer``). A step
that only adds leaves the latter as it is, so that servers of two neighbouring versions run on one database while one is
replaced by the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from genesis_flow.errors import NewerDatabase

Run = TypeVar("Run")


@dataclass(frozen=True)
class Step(Generic[Run]):
    """A step to a version.

    Attributes:
        version: of the schema, when the step is done.
        purpose: what it does, in a few words.
        oldest_writer: the oldest version that may work on the database afterwards.
        run: does it.
    """

    version: int
    purpose: str
    oldest_writer: int
    run: Run


def missing(steps: Sequence[Step[Run]], version: int, oldest_writer: int) -> list[Step[Run]]:
    """The steps that a database lacks.

    Raises:
        NewerDatabase: it does not let a version as old as this one work on it.
    """
    if oldest_writer > steps[-1].version:
        raise NewerDatabase
    return [step for step in steps if step.version > version]
