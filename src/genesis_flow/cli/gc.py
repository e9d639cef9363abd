"""The command that removes the deleted for good."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import click
import msgspec
from rich.console import Console
from rich.filesize import decimal
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from genesis_flow.artifact_stores.local import LocalArtifactStore
from genesis_flow.artifact_stores.open import Roots
from genesis_flow.artifact_stores.protocol import ArtifactStore, Usage
from genesis_flow.errors import (
    ExperimentNotFound,
    GenesisFlowError,
    InvalidParameter,
    LoggedModelNotFound,
    RunNotFound,
    Unsupported,
)
from genesis_flow.rules.clock import now_ms
from genesis_flow.rules.retention import RETENTION, parse_duration_ms
from genesis_flow.rules.stages import ACTIVE
from genesis_flow.service.collection import ALL_KINDS, Collected, Collector, Wanted
from genesis_flow.stores.collecting import CollectionStore, Kind
from genesis_flow.stores.open import open_store

LINES = 200
"""Rows of the table; of what comes after them only the sums are shown."""
_OPTIONS = {"run": "run-ids", "experiment": "experiment-ids", "model": "logged-model-ids"}
_NOT_FOUND = {"run": RunNotFound, "experiment": ExperimentNotFound, "model": LoggedModelNotFound}


@dataclass(frozen=True)
class Options:
    """What was asked for.

    Attributes:
        older_than: how long ago it must have been deleted; None: as long as the deleted are kept, or at once for what
            is named.
        ids: what is named, by kind.
    """

    backend_store_uri: str
    artifacts_destination: str
    default_artifact_root: str
    older_than: str | None
    retention: str
    ids: Mapping[Kind, Sequence[str]]
    dry_run: bool
    yes: bool
    json: bool

    def wanted(self) -> Wanted:
        """What is due.

        Raises:
            InvalidParameter
        """
        age = self.older_than or ("0" if self.ids else self.retention or RETENTION)
        return Wanted(now_ms() + 1 - parse_duration_ms("older-than", age), self.ids)


class Report:
    """What became of everything."""

    def __init__(self) -> None:
        self.lines: list[Collected] = []
        self.counts: Counter[str] = Counter()
        self.usage = Usage()

    def add(self, one: Collected) -> None:
        """Counts one, and keeps it if it is among the first."""
        self.counts[one.outcome] += 1
        self.usage += one.usage
        if len(self.lines) < LINES or one.outcome != "removed":
            self.lines.append(one)


def collect(options: Options) -> int:
    """Removes what is due, or tells what that is; the exit code."""
    console = Console()
    try:
        if not options.dry_run and not options.yes and not options.json and console.is_terminal:
            planned = asyncio.run(_run(options, console, dry_run=True))
            _show(planned, console, dry_run=True)
            if not sum(planned.counts.values()) or not click.confirm("Remove this for good?"):
                return 0
        report = asyncio.run(_run(options, console, dry_run=options.dry_run))
    except GenesisFlowError as error:
        click.echo(f"Error: {error}", err=True)
        return 1
    if not options.json:
        _show(report, console, dry_run=options.dry_run)
    return 1 if report.counts["failed"] else 0


async def _run(options: Options, console: Console, *, dry_run: bool) -> Report:
    report = Report()
    wanted = options.wanted()
    async with _opened(options) as (store, roots):
        await _check_ids(store, wanted)
        with _progress(console, options) as progress:
            task = progress.add_task("looking" if dry_run else "removing", total=None)
            async for one in Collector(store, roots, dry_run=dry_run).collect(wanted):
                report.add(one)
                if options.json:
                    click.echo(_line(one, dry_run=dry_run))
                size = decimal(report.usage.size_bytes)
                progress.update(task, description=f"{report.usage.objects} files, {size}, {one.deleted.id}")
    return report


@asynccontextmanager
async def _opened(options: Options) -> AsyncIterator[tuple[CollectionStore, Roots]]:
    """The store and the roots of files; closed at the end.

    Raises:
        GenesisFlowError
    """
    roots = Roots.open(destination=options.artifacts_destination, root=options.default_artifact_root)
    store = open_store(options.backend_store_uri, artifact_root=options.default_artifact_root)
    try:
        if "own-files" in store.supports:
            roots = replace(roots, destination=_if_there(roots.destination))
        _require_folders(roots)
        if not isinstance(store, CollectionStore):
            raise Unsupported("gc through another server")
        await store.check()
        yield store, roots
    finally:
        await store.close()
        for files in roots.stores:
            await files.close()


def _if_there(files: ArtifactStore | None) -> ArtifactStore | None:
    """A store, unless it is a folder that is not there: whose files lie in its store of runs may have none besides."""
    return None if isinstance(files, LocalArtifactStore) and not os.path.isdir(files.root) else files


def _require_folders(roots: Roots) -> None:
    """Refuses a folder that is not there: what is removed from the store would leave its files somewhere else."""
    for store in roots.stores:
        if isinstance(store, LocalArtifactStore) and not os.path.isdir(store.root):
            raise InvalidParameter("artifacts-destination", store.root, "the folder where the server keeps files")


async def _check_ids(store: CollectionStore, wanted: Wanted) -> None:
    """Refuses what is named and is not deleted, or was deleted too late.

    Raises:
        NotFound, InvalidParameter
    """
    for kind in ALL_KINDS:
        asked = wanted.ids.get(kind, ())
        found = {one.id: one for one in await store.find(kind, asked)}
        for id_ in asked:
            if id_ not in found:
                raise _NOT_FOUND[kind](id_)
            if found[id_].stage == ACTIVE:
                raise InvalidParameter(_OPTIONS[kind], id_, f"a {kind} that is deleted")
            if found[id_].at_ms >= wanted.before_ms:
                raise InvalidParameter(_OPTIONS[kind], id_, f"a {kind} that was deleted as long ago as older-than says")


def _progress(console: Console, options: Options) -> Progress:
    columns = SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False)
    return Progress(*columns, console=console, transient=True, disable=options.json or not console.is_terminal)


def _line(one: Collected, *, dry_run: bool) -> str:
    """One as a line of JSON."""
    return msgspec.json.encode(
        {
            "kind": one.deleted.kind,
            "id": one.deleted.id,
            "experiment_id": one.deleted.experiment_id,
            "outcome": one.outcome,
            "objects": one.usage.objects,
            "bytes": one.usage.size_bytes,
            "reason": one.reason,
            "dry_run": dry_run,
        }
    ).decode()


def _show(report: Report, console: Console, *, dry_run: bool) -> None:
    """Prints a table and a sum."""
    if not report.counts:
        console.print("Nothing is due.")
        return
    table = Table("what", "id", "becomes" if dry_run else "is", box=None, pad_edge=False)
    table.add_column("files", justify="right")
    table.add_column("bytes", justify="right")
    table.add_column("because")
    for one in report.lines:
        size = decimal(one.usage.size_bytes)
        table.add_row(one.deleted.kind, one.deleted.id, one.outcome, str(one.usage.objects), size, one.reason)
    console.print(table, markup=False, highlight=False)
    if (hidden := sum(report.counts.values()) - len(report.lines)) > 0:
        console.print(f"… and {hidden} more", highlight=False)
    sums = ", ".join(f"{count} {outcome}" for outcome, count in sorted(report.counts.items()))
    files = f"{report.usage.objects} files of {decimal(report.usage.size_bytes)}"
    console.print(f"{sums}; {files} {'would go' if dry_run else 'are gone'}.", highlight=False)
