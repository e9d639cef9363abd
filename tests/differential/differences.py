"""Where we differ from MLflow on purpose. Each line is also a line of `docs/compatibility.md`.

A difference that is listed here must occur: the test fails when it no longer does, so that the list stays true.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Difference:
    """Steps that we answer in another way than MLflow.

    Attributes:
        steps: a shell pattern over step ids (`noun/section/number METHOD path`; `*` crosses slashes).
        why: the reason, as a sentence.
        status: what we answer instead, for every step of the pattern; None when the status is MLflow's own.
    """

    steps: str
    why: str
    status: int | None = None

    def covers(self, step_id: str) -> bool:
        """Whether the pattern names this step."""
        return fnmatchcase(step_id, self.steps)


DIFFERENCES: tuple[Difference, ...] = ()


def difference_at(step_id: str) -> Difference | None:
    """The first difference listed for a step."""
    return next((difference for difference in DIFFERENCES if difference.covers(step_id)), None)
