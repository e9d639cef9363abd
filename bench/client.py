"""The rows of the client: what it weighs, alone with its server, and in the background, beside MLflow's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.progress import Progress

from bench.background import in_background
from bench.findings import Finding
from bench.pairs import compare, pairs_of
from bench.systems import MLFLOW, System, environment, installed
from bench.weight import weigh


def measure(ours: System, fasttrackml: System, cache: Path, folder: Path, progress: Progress) -> Iterator[Finding]:
    """All rows of the client.

    Args:
        ours: our server.
        fasttrackml: the server that MLflow's client is measured with.
        cache: where MLflow's client is installed, unless ``GENESIS_BENCH_SKINNY_PYTHON`` has it, and pandas.
        folder: where environments, servers and spool are.
        progress: shows what is being done.
    """
    given = os.environ.get("GENESIS_BENCH_SKINNY_PYTHON")
    skinny = given or str(installed(cache, f"mlflow-skinny=={MLFLOW}", "pandas") / "python")
    yield from weigh(folder / "clients", progress)
    one, other, more = pairs_of(ours, fasttrackml, environment(), sys.executable, skinny, folder)
    yield from compare(one, other, more, progress)
    yield from in_background(ours, skinny, folder, progress)
