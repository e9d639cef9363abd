"""One folder, two programs: what MLflow wrote is read here as MLflow reads it, and the other way round."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis_flow.rules.tags import DATASET_CONTEXT
from genesis_flow.stores.file.store import FileStore
from genesis_flow.testing.calls import HOSTILE, NUMBERS, batch, dataset, new_experiment, new_model, new_run, point
from genesis_flow.testing.registry_calls import new_registered, new_version, set_alias, timeline, to_stage, told
from genesis_flow.values.logged_models import ModelInput, ModelOutput
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import experiments, logged_models, registry, runs
from tests.serving import serving

pytestmark = pytest.mark.compat

SCRIPT = Path(__file__).with_name("folder_script.py")
TIMEOUT_S = 300


def mlflow(python: str, what: str, where: str) -> Any:
    """Has MLflow do something; what it found, if it was to read."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "PYTHON"))}
    settings = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    # Its registry asks the store of this variable for logged models, whatever store the client was given.
    settings["MLFLOW_TRACKING_URI"] = where
    done = subprocess.run(
        [python, str(SCRIPT), what, where],
        env=environment | settings,
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout) if what == "read" else None


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "ml runs"


@pytest.fixture
def server(root: Path, tmp_path: Path) -> Iterator[str]:
    """Our server on the folder; MLflow's client reads from it what it reads from the folder itself."""
    root.mkdir()
    with serving(tmp_path / "server", store=root.as_uri()) as running:
        yield running.uri


def test_what_mlflow_wrote_is_read_as_mlflow_reads_it(mlflow_python: str, server: str, root: Path) -> None:
    mlflow(mlflow_python, "write", root.as_uri())
    theirs = mlflow(mlflow_python, "read", root.as_uri())
    assert [len(theirs[noun]) for noun in ("experiments", "runs", "models", "registered", "versions")] == [
        3,
        3,
        1,
        2,
        4,
    ]
    assert mlflow(mlflow_python, "read", server) == theirs


async def test_what_was_written_here_is_read_alike_by_mlflow(mlflow_python: str, server: str, root: Path) -> None:
    store = FileStore(str(root), artifact_root=root.as_uri())
    await write(store)
    ours = mlflow(mlflow_python, "read", server)
    assert [len(ours[noun]) for noun in ("experiments", "runs", "models", "registered", "versions")] == [3, 3, 1, 2, 4]
    assert mlflow(mlflow_python, "read", root.as_uri()) == ours
    await store.close()


async def test_both_write_in_turn_and_each_sees_what_the_other_has_written(
    mlflow_python: str, server: str, root: Path
) -> None:
    store = FileStore(str(root), artifact_root=root.as_uri())
    mlflow(mlflow_python, "write", root.as_uri())
    await write(store)
    for where in (root.as_uri(), server):
        mlflow(mlflow_python, "more", where)
        found = mlflow(mlflow_python, "read", server)
        assert "more" in str(found)
        assert mlflow(mlflow_python, "read", root.as_uri()) == found
    moves = [told(change)[2:] for change in reversed(await timeline(store, "a b.c", kind="alias"))]
    # What MLflow did is known as it was found.
    assert [move for move in moves if move[0] == "champion"] == [("champion", None, "5"), ("champion", "5", "6")]
    await store.close()


async def write(store: FileStore) -> None:
    """Everything that a folder can hold."""
    experiment = await new_experiment(store, "ours: it's é😀\t\x85 " + "lo ng " * 20, k="v", mark="it's: #1")
    await store.update_experiment(
        experiments.UpdateExperiment(experiment_id=experiment, new_name="ours 'renamed' \x07")
    )
    texts = {f"p/{number}": text for number, text in enumerate(HOSTILE)}
    run = await new_run(store, experiment, "näme: 'x'\n2")
    model = await new_model(store, experiment, "model", {"p": "1\n"}, {"tag": "it's: #1", "a/b": "2"})
    points = [point("m/loss", number, step * 2**40, step) for step, number in enumerate(NUMBERS)]
    measured = [
        Metric(key="score", value=0.5, step=0, timestamp=7, model_id=model, dataset_name="iris", dataset_digest="d1"),
        Metric(key="score", value=0.5, step=3, timestamp=9, model_id=model),
    ]
    await store.log_batch(batch(run, *points, *measured, params=texts, tags=texts))
    given = (
        dataset("iris", "d1", "train"),
        dataset("it's: wine", "d2", None, **{DATASET_CONTEXT: "x", "k" * 200: "'"}),
    )
    await store.log_inputs(runs.LogInputs(run_id=run, datasets=given, models=(ModelInput(model_id=model),)))
    await store.log_outputs(runs.LogOutputs(run_id=run, models=(ModelOutput(model_id=model, step=3),)))
    await store.update_run(runs.UpdateRun(run_id=run, status="KILLED", end_time=77))
    await store.finalize_logged_model(
        logged_models.FinalizeLoggedModel(model_id=model, status="LOGGED_MODEL_UPLOAD_FAILED")
    )
    gone = await new_model(store, experiment)
    await store.delete_logged_model(logged_models.DeleteLoggedModel(model_id=gone))
    await store.delete_run(runs.DeleteRun(run_id=await new_run(store, experiment)))
    dropped = await new_experiment(store, "ours, dropped")
    await new_run(store, dropped)
    await store.delete_experiment(experiments.DeleteExperiment(experiment_id=dropped))
    await write_registry(store, run, model)


async def write_registry(store: FileStore, run: str, model: str) -> None:
    """Registered models."""
    name = await new_registered(store, "ours: é \\ x".replace(":", ""), k="it's: #1")
    await new_version(store, name, f"models:/{model}", {"t": "1\n"}, run, model)
    for _ in range(3):
        await new_version(store, name)
    await store.delete_model_version(registry.DeleteModelVersion(name=name, version="4"))
    await to_stage(store, name, "2", "Production")
    await set_alias(store, name, "champion", "2")
    await store.update_registered_model(registry.UpdateRegisteredModel(name=name, description="it's\n: # x"))
    old = await new_registered(store, "ours, old", versions=1)
    await store.rename_registered_model(registry.RenameRegisteredModel(name=old, new_name="ours, new"))
    gone = await new_registered(store, "ours, gone", versions=1)
    await store.delete_registered_model(registry.DeleteRegisteredModel(name=gone))
