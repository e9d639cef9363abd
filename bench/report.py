"""The table: what was measured, next to what the project asks of itself."""

from __future__ import annotations

import os
import platform
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from rich.table import Table

from bench import findings
from bench.findings import Finding
from bench.rows import GROWTH, Asked, Row
from bench.sitting import Cell, Figure

Cells = Mapping[tuple[str, str], Cell]
ROOT = Path(__file__).resolve().parent.parent
HEAD = ("work", "FastTrackML", "MLflow", "Genesis-Flow", "÷ FastTrackML", "÷ MLflow", "asked", "met")


def lines(rows: Sequence[Row], cells: Cells) -> list[tuple[str, ...]]:
    """The table's cells as text, one line a row, and the growth line where both ends were measured."""
    found = [_line(row, cells) for row in rows]
    growth = {system: _growth(cells, system) for system in ("fasttrackml", "mlflow", "ours")}
    if any(growth.values()):
        texts = [f"{value:.1f} ×" if value else "–" for value in growth.values()]
        ours, asked = growth["ours"], GROWTH[2]
        found.append(("filter: from 2,000 to 10,000 runs", *texts, "–", "–", "≤ 3 ×", _met(asked, ours)))
    return found


def failures(cells: Cells) -> list[str]:
    """One line for each row and system that gave no figure."""
    return [f"{row} on {system}: {cell}" for (row, system), cell in cells.items() if isinstance(cell, str)]


def console_table(found: Sequence[tuple[str, ...]]) -> Table:
    """For a terminal."""
    table = Table(*HEAD, title="p50 of all samples (smallest–largest p50 of a round)")
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for line in found:
        style = "red" if line[-1] == "no" else "green" if line[-1] == "yes" else ""
        table.add_row(*line[:-1], f"[{style}]{line[-1]}[/]" if style else line[-1])
    return table


def markdown(found: Sequence[tuple[str, ...]], notes: Sequence[str], facts: Mapping[str, str]) -> str:
    """For a file: facts of the sitting, the table, what failed."""
    head = [f"| {' | '.join(HEAD)} |", f"|---|{'---:|' * (len(HEAD) - 1)}"]
    body = [f"| {' | '.join(line)} |" for line in found]
    about = [f"- {name}: {value}" for name, value in facts.items()]
    failed = ["", "Without a figure:", "", *(f"- {note}" for note in notes)] if notes else []
    legend = "p50 of all samples (smallest–largest p50 of a round); see `bench/README.md`."
    return "\n".join(["# Benchmark", "", *about, "", *head, *body, "", legend, *failed, ""])


def markdown_of(found: Sequence[Finding], facts: Mapping[str, str]) -> str:
    """For a file: facts of the sitting, and figures without a peer."""
    about = [f"- {name}: {value}" for name, value in facts.items()]
    return "\n".join(["# Benchmark", "", *about, "", *findings.lines(found), "", "See `bench/README.md`.", ""])


def facts(folder: Path, generator_per_s: float) -> dict[str, str]:
    """Where, when and how the sitting took place."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="minutes"),
        "commit": _commit(),
        "command": shlex.join(["python", "-m", "bench", *sys.argv[1:]]),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB, {platform.platform()}",
        "load average at the start": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "fsync of the data folder, p50": f"{_fsync_ms(folder):.2f} ms",
        "limit of the load generator, 16 connections": f"{generator_per_s:,.0f} /s",
    }


def load_at_end() -> dict[str, str]:
    """The load average after the sitting, its own load included."""
    return {"load average at the end": f"{os.getloadavg()[0]:.1f}"}


def _line(row: Row, cells: Cells) -> tuple[str, ...]:
    peer, mlflow, ours = (cells.get((row.key, system)) for system in ("fasttrackml", "mlflow", "ours"))
    to_peer, to_mlflow = _ratio(ours, peer), _ratio(ours, mlflow)
    shown = [_cell(row, cell) for cell in (peer, mlflow, ours)]
    ratios = [f"{value:.3g} ×" if value else "–" for value in (to_peer, to_mlflow)]
    if row.asked is None:
        return (row.title, *shown, *ratios, "–", "–")
    value = (
        (to_mlflow if peer is None else to_peer)
        if row.asked.of_peer
        else ours.p50
        if isinstance(ours, Figure)
        else None
    )
    asked = f"{row.asked.sign} {row.asked.limit:.3g} {'×' if row.asked.of_peer else row.unit}"
    return (row.title, *shown, *ratios, asked, _met(row.asked, value))


def _ratio(ours: Cell | None, peer: Cell | None) -> float | None:
    return ours.p50 / peer.p50 if isinstance(ours, Figure) and isinstance(peer, Figure) else None


def _growth(cells: Cells, system: str) -> float | None:
    before, after, _ = GROWTH
    return _ratio(cells.get((after, system)), cells.get((before, system)))


def _met(asked: Asked, value: float | None) -> str:
    return "–" if value is None else "yes" if asked.met(value) else "no"


def _cell(row: Row, cell: Cell | None) -> str:
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return "failed" if cell.startswith("failed") else cell
    spread = f" ({_number(cell.low)}–{_number(cell.high)})" if len(cell.rounds) > 1 else ""
    return f"{_number(cell.p50)} {row.unit}{spread}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _commit() -> str:
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    try:
        commit = git("rev-parse", "--short", "HEAD")
        return f"{commit or 'none'}{' with changes' if git('status', '--porcelain') else ''}"
    except FileNotFoundError:
        return "unknown"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _fsync_ms(folder: Path) -> float:
    """What one durable write of 4 KB costs on this disk: the floor under every single commit."""
    samples = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(50):
            begin = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            samples.append(1000 * (time.perf_counter() - begin))
    return statistics.median(samples)
