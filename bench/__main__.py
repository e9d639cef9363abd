"""The command line: `python -m bench`."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench import client, files, findings, registry, report
from bench.backends import NAMES, Backend, running
from bench.collection import collect
from bench.findings import Finding
from bench.growth import grow
from bench.load import BadAnswer, generator_limit
from bench.rows import DEFAULT, QUICK, ROWS, Row, rows_of
from bench.sitting import Cell, Sitting
from bench.systems import DidNotStart, System, install
from bench.two import compare_servers

SYSTEMS = ("ours", "fasttrackml", "mlflow")
WORK = ("runs", "registry", "files", "client")
ROW_NAMES = [row.key for row in (*ROWS, *registry.ROWS, *files.ROWS)]


def _cache() -> Path:
    default = report.ROOT / ".cache" / "bench"
    return Path(os.environ.get("GENESIS_BENCH_CACHE", default)).resolve()


def _among(allowed: Sequence[str]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def parse(_: click.Context, __: click.Parameter, value: str) -> list[str]:
        names = [name.strip() for name in value.split(",") if name.strip()]
        if unknown := [name for name in names if name not in allowed]:
            raise click.BadParameter(f"{', '.join(unknown)}: choose among {', '.join(allowed)}")
        return names or list(allowed)

    return parse


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--quick", is_flag=True, help="2,000 runs only, fewer repeats: some eight minutes.")
@click.option("--full", is_flag=True, help="10,000 runs on MLflow too: some half hour more.")
@click.option("--peers", callback=_among(SYSTEMS), default="", metavar="NAMES", help=f"Systems: {','.join(SYSTEMS)}.")
@click.option("--work", type=click.Choice(WORK), default="runs", show_default=True, help="What the rows are about.")
@click.option("--rows", callback=_among(ROW_NAMES), default="", metavar="NAMES", help="Rows to measure.")
@click.option("--list", "list_rows", is_flag=True, help="Print the rows and stop.")
@click.option(
    "--backend", type=click.Choice(NAMES), default="sqlite", show_default=True, help="Database of all systems."
)
@click.option(
    "--growth",
    type=click.IntRange(1_000),
    metavar="RUNS",
    help="Instead: ours alone as it grows to so many runs (100000 is asked), and one run of 100 × as many points.",
)
@click.option("--two", is_flag=True, help="Instead: two of our servers against one, on one database.")
@click.option("--large", is_flag=True, help="Instead: a file of 2 GB through our server, and a copy beside it.")
@click.option("--gc", is_flag=True, help="Instead: how fast the deleted go for good, and what the API notices of it.")
@click.option("--limit-min", type=float, default=60.0, show_default=True, help="No round begins after this.")
def main(
    quick: bool,
    full: bool,
    peers: list[str],
    work: str,
    rows: list[str],
    list_rows: bool,
    backend: str,
    growth: int | None,
    two: bool,
    large: bool,
    gc: bool,
    limit_min: float,
) -> None:
    """Put the same load on Genesis-Flow, FastTrackML and MLflow and print a table of ratios.

    On SQLite all three take turns. On MongoDB (MLflow with the plugin mlflow-mongodb) and on PostgreSQL it is ours and
    MLflow, one after the other, each in a database of its own on one server that is started for it.

    The peers are installed from PyPI into .cache/bench (GENESIS_BENCH_CACHE: another folder) the first
    time. The table is also written to bench/results/.
    """
    if quick and full:
        raise click.UsageError("choose one of --quick and --full")
    if sum(map(bool, (growth, two, large, gc))) > 1:
        raise click.UsageError("choose one of --growth, --two, --large and --gc")
    if gc and backend != "sqlite":
        raise click.UsageError("--gc is measured on SQLite")
    if two and backend == "sqlite":
        raise click.UsageError("two servers need a database that both reach: --backend mongodb or postgresql")
    of_work = {"runs": rows_of(backend), "registry": registry.ROWS, "files": files.ROWS, "client": ()}[work]
    chosen = [row for row in of_work if row.key in rows and not (quick and _is_10k(row))]
    if list_rows:
        click.echo("\n".join(f"{row.key:16} {row.title}" for row in chosen))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console = Console(width=None if sys.stdout.isatty() else 170)
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True)
    scale = QUICK if quick else DEFAULT
    deadline = time.monotonic() + 60 * limit_min
    with tempfile.TemporaryDirectory(dir=cache, prefix="data-") as name, running(backend, Path(name)) as database:
        folder = Path(name)
        facts = report.facts(folder, generator_limit()) | {"database": database.described}
        if gc:
            _alone(partial(collect, folder), facts, console)
            return
        if growth or two or large or work == "client":
            system, *others = _install(SYSTEMS[:2] if work == "client" else ["ours"], cache, database, console)
            if growth:
                alone = partial(grow, system, growth, folder)
            elif work == "client":
                if not others:
                    raise click.ClickException("the rows of the client are measured beside FastTrackML")
                alone = partial(client.measure, system, others[0], cache, folder)
            elif large:
                alone = partial(files.large_file, system, folder)
            else:
                alone = partial(compare_servers, system, folder, database)
            _alone(alone, facts, console)
            return
        systems = _install(peers, cache, database, console)
        skip = {(row.key, "mlflow") for row in chosen if _is_10k(row) and not full}
        # On files all take turns; on one database server, even an idle peer would have its share of it.
        groups = [systems] if backend == "sqlite" else [[system] for system in systems]
        cells: dict[tuple[str, str], Cell] = {}
        # Interrupted by hand, it still reports the rows that are whole.
        with _progress(console) as progress, suppress(KeyboardInterrupt):
            for group in groups:
                sitting = Sitting(group, chosen, scale, folder, cells)
                sitting.measure(progress, deadline, frozenset(skip))
    _compared(chosen, cells, facts | report.load_at_end(), console)


def _is_10k(row: Row) -> bool:
    return row.key.endswith("-10k")


def _install(keys: Sequence[str], cache: Path, backend: Backend, console: Console) -> list[System]:
    systems = []
    for key in keys:
        try:
            with console.status(f"installing {key}"):
                systems.append(install(key, cache, backend))
        except DidNotStart as error:
            console.print(f"[yellow]without {key}: {error}[/]")
    if not systems:
        raise click.ClickException("nothing to measure")
    return systems


def _progress(console: Console) -> Progress:
    columns = SpinnerColumn(), BarColumn(bar_width=20), TimeElapsedColumn(), TextColumn("{task.description}")
    return Progress(*columns, console=console, transient=True)


def _alone(measure: Callable[[Progress], Iterator[Finding]], facts: dict[str, str], console: Console) -> None:
    """Prints each finding as it comes, and all of them at the end, even if that comes early."""
    found: list[Finding] = []
    try:
        with _progress(console) as progress, suppress(KeyboardInterrupt):
            for finding in measure(progress):
                found.append(finding)
                progress.console.print(f"{finding.work}: {finding.figure}", highlight=False, markup=False)
    except (BadAnswer, DidNotStart, OSError) as error:
        found.append(Finding("the next", f"failed: {type(error).__name__}: {error}"[:300]))
    console.print(findings.console_table(found))
    _write(report.markdown_of(found, facts | report.load_at_end()), console)


def _compared(rows: Sequence[Row], cells: report.Cells, facts: dict[str, str], console: Console) -> None:
    found = report.lines(rows, cells)
    failures = report.failures(cells)
    console.print(report.console_table(found))
    for failure in failures:
        console.print(f"[yellow]{failure}[/]", highlight=False)
    _write(report.markdown(found, failures, facts), console)


def _write(text: str, console: Console) -> None:
    results = report.ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    path = results / f"{datetime.now(timezone.utc):%Y-%m-%dT%H%M%S}.md"
    path.write_text(text, encoding="utf-8")
    console.print(f"written to {path.relative_to(report.ROOT)}")


if __name__ == "__main__":
    main()
