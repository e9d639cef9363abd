"""Figures that stand for themselves, without a peer beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

HEAD = ("work", "Genesis-Flow", "asked", "met")


@dataclass(frozen=True)
class Finding:
    """A line of the growth, or of two servers against one."""

    work: str
    figure: str
    asked: str = "–"
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """As text, in the order of ``HEAD``."""
        return self.work, self.figure, self.asked, {True: "yes", False: "no", None: "–"}[self.met]


def console_table(findings: Sequence[Finding]) -> Table:
    """For a terminal."""
    table = Table(*HEAD)
    for finding in findings:
        style = {True: "green", False: "red", None: None}[finding.met]
        table.add_row(*finding.cells, style=style)
    return table


def lines(findings: Sequence[Finding]) -> list[str]:
    """For a report in Markdown."""
    head = [f"| {' | '.join(HEAD)} |", "|---|---:|---:|---:|"]
    return [*head, *(f"| {' | '.join(finding.cells)} |" for finding in findings)]
