"""Runs as CSV, without pandas."""

from __future__ import annotations

import csv
import sys
from typing import TextIO

from genesis_flow.client.client import MlflowClient
from genesis_flow.entities import Run
from genesis_flow.entities.paged_list import every_page

INFO = ("run_id", "experiment_id", "status", "start_time", "end_time", "artifact_uri")


def write_runs(experiment_id: str, filename: str | None) -> None:
    """Writes the runs of an experiment to a file, or to the screen.

    Args:
        experiment_id: whose runs.
        filename: None for the screen.
    """
    client = MlflowClient()
    runs = every_page(lambda most, token: client.search_runs([experiment_id], "", 1, most, None, token), 1000)
    kinds = {
        "metrics": sorted({key for run in runs for key in run.data.metrics}),
        "params": sorted({key for run in runs for key in run.data.params}),
        "tags": sorted({key for run in runs for key in run.data.tags}),
    }
    if filename is None:
        _write(sys.stdout, runs, kinds)
        return
    with open(filename, "w", encoding="utf-8", newline="") as file:
        _write(file, runs, kinds)


def _write(file: TextIO, runs: list[Run], kinds: dict[str, list[str]]) -> None:
    out = csv.writer(file)
    out.writerow([*INFO, *(f"{kind}.{key}" for kind, keys in kinds.items() for key in keys)])
    for run in runs:
        info = dict(run.info)
        logged = run.data.to_dictionary()
        cells = (logged[kind].get(key, "") for kind, keys in kinds.items() for key in keys)
        out.writerow([*(info[name] for name in INFO), *map(_harmless, cells)])


def _harmless(cell: object) -> object:
    """A text that a spreadsheet would take for a formula stays a text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
