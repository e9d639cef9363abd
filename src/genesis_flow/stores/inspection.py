"""What an operator wants to know of a database: its version, its indexes, and how it finds what is asked most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class IndexState:
    """An index, and whether the database has it."""

    name: str
    purpose: str
    exists: bool


@dataclass(frozen=True)
class Plan:
    """How the database answers a query.

    Attributes:
        query: what is asked, in a few words.
        steps: what it does, the last step first.
        scans: whether it looks at everything there is.
    """

    query: str
    steps: str
    scans: bool


@dataclass(frozen=True)
class Inspection:
    """What was found.

    Attributes:
        version: of the schema; 0 if the database is empty.
        pending: the steps that would bring it to the version of this program, each in a few words.
        indexes: all that there should be.
        plans: of the commonest queries; none, if nothing is stored yet.
    """

    version: int
    pending: Sequence[str]
    indexes: Sequence[IndexState] = field(default=())
    plans: Sequence[Plan] = field(default=())

    @property
    def is_well(self) -> bool:
        """Whether nothing is missing and nothing is scanned."""
        return not self.pending and all(one.exists for one in self.indexes) and not any(p.scans for p in self.plans)
