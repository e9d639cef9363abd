"""Every example runs by itself, on a server and on a database without one, and leaves runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import genesis_flow
from genesis_flow import MlflowClient
from genesis_flow.client.connection import close_connections
from tests.serving import serving

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
SOURCES = Path(genesis_flow.__file__).parents[1]
TIMEOUT_S = 120


def run(example: Path, folder: Path, tracking_uri: str) -> str:
    """What an example prints."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("MLFLOW_", "PYTHON"))}
    variables = {"MLFLOW_TRACKING_URI": tracking_uri, "PYTHONPATH": str(SOURCES), "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        cwd=folder,
        env=kept | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr[-5_000:]
    assert "Traceback" not in done.stderr, done.stderr[-5_000:]  # of a thread, as the program ends
    return done.stdout


def runs_at(tracking_uri: str) -> int:
    client = MlflowClient(tracking_uri)
    found = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    close_connections()
    assert {run.info.status for run in found} == {"FINISHED"}
    return len(found)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_on_a_server(example: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        assert run(example, tmp_path, server.uri)
        assert runs_at(server.uri) > 0


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_without_a_server(example: Path, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    assert run(example, tmp_path, uri)
    assert runs_at(uri) > 0


def test_every_example_is_listed() -> None:
    page = (EXAMPLES[0].parent / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES if f"[{path.name}]({path.name})" not in page] == []
