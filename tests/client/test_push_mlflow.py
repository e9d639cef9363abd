"""Pushing what was logged offline to MLflow's own server: the same promises."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.connection import close_connections
from tests.client.offline import filled, logged, missing, pushed, pushing, runs_of
from tests.differential.server import mlflow

pytestmark = pytest.mark.compat


@pytest.fixture(scope="module")
def uri(mlflow_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlflow(mlflow_python, tmp_path_factory.mktemp("mlflow") / "server") as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "runs"
    close_connections()


def test_everything_arrives_once_with_and_without_notes(uri: str, folder: Path, tmp_path: Path) -> None:
    client, there = MlflowClient(f"offline:{folder}"), MlflowClient(uri)
    run_id = filled(client, "of all", tmp_path)
    for _ in range(2):
        pushed(folder, uri)
        shutil.rmtree(folder / "pushed")
    ours, run = client.get_run(run_id), runs_of(there, "of all")[run_id]
    assert (run.info.run_name, run.info.status, run.info.user_id) == ("of all", "FAILED", "ada")
    assert (run.info.start_time, run.info.end_time) == (1_000, 2_000)
    assert run.data.params == ours.data.params
    assert run.data.tags == {**ours.data.tags, "genesis.offline_run_id": run_id}
    for key in ("loss", "auc"):
        mine, theirs = client.get_metric_history(run_id, key), there.get_metric_history(run.info.run_id, key)
        assert [(p.value, p.timestamp, p.step) for p in theirs] == [(p.value, p.timestamp, p.step) for p in mine]
    assert [one.dataset.digest for one in run.inputs.dataset_inputs] == ["digest"]
    (model,) = there.search_logged_models([run.info.experiment_id])
    assert (model.name, model.params, str(model.status)) == ("net", {"layers": "3"}, "READY")
    assert [file.path for file in there.list_logged_model_artifacts(model.model_id)] == ["a.bin"]
    path = there.download_artifacts(run.info.run_id, "deep/er/a.bin", tmp_path / "down")
    assert Path(path).read_bytes() == (tmp_path / "a.bin").read_bytes()


def test_pushes_that_are_killed_double_nothing(uri: str, folder: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    ledger = [entry for _ in range(3) for entry in logged(folder, "killed", chance.randrange(20, 60), kill=True)]
    for _ in range(6):
        process = pushing(folder, uri)
        while process.poll() is None and not (folder / "pushed").exists():
            time.sleep(0.01)
        time.sleep(chance.uniform(0.0, 1.0))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    pushed(folder, uri)
    there, client = MlflowClient(uri), MlflowClient(f"offline:{folder}")
    found = runs_of(there, "killed")
    ids = {key: run.info.run_id for key, run in found.items()}
    assert missing(ledger, there, ids, tmp_path / "files") == []
    for key, run in found.items():
        assert len(there.get_metric_history(run.info.run_id, "loss")) == len(client.get_metric_history(key, "loss"))
