"""What was deleted in a folder, by whichever program, goes with the files that lie in it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from genesis_flow.cli.main import main
from genesis_flow.stores.file.collection import NOTE
from genesis_flow.stores.file.store import FileStore
from genesis_flow.testing.calls import new_experiment, new_model, new_run, run_of
from genesis_flow.testing.collection import delete_experiment, delete_model, delete_run
from genesis_flow.testing.registry_calls import new_registered, new_version
from genesis_flow.wire.messages import runs

TIMEOUT_S = 300
DELETING = """
import json, sys
from mlflow import MlflowClient

client = MlflowClient(sys.argv[1])
kept, lost = client.create_experiment("kept"), client.create_experiment("lost")
ids = {"kept": kept, "lost": lost, "runs": [], "stays": client.create_run(kept).info.run_id}
for experiment in (kept, lost):
    run_id = client.create_run(experiment).info.run_id
    client.log_metric(run_id, "m", 1.0)
    client.log_text(run_id, "x", "a/b.txt")
    client.delete_run(run_id)
    ids["runs"].append(run_id)
model = client.create_logged_model(kept, name="m")
client.delete_logged_model(model.model_id)
client.delete_experiment(lost)
print(json.dumps({**ids, "model": model.model_id}))
"""
LOOKING = """
import json, sys
from mlflow import MlflowClient
from mlflow.entities import ViewType

client = MlflowClient(sys.argv[1])
experiments = client.search_experiments(view_type=ViewType.ALL)
found = client.search_runs([one.experiment_id for one in experiments], run_view_type=ViewType.ALL)
print(json.dumps([sorted(one.name for one in experiments), [run.info.run_id for run in found]]))
"""


def mlflow(python: str, script: str, uri: str) -> Any:
    """What a script that runs in MLflow's environment prints as JSON."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "PYTHON"))}
    settings = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    command = [python, "-c", script, uri]
    done = subprocess.run(
        command, env=environment | settings, capture_output=True, timeout=TIMEOUT_S, check=False, text=True
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])


def gc(root: Path, *arguments: str) -> Result:
    nowhere = str(root.parent / "no artifacts")
    options = ["--backend-store-uri", root.as_uri(), "--artifacts-destination", nowhere, "--json"]
    return CliRunner().invoke(main, ["gc", *options, *arguments])


def outcomes(result: Result) -> dict[str, str]:
    """By id."""
    assert result.exit_code == 0, result.output
    told = [json.loads(line) for line in result.output.splitlines()]
    return {one["id"]: one["outcome"] for one in told}


def notes(root: Path) -> Sequence[Path]:
    return list(root.rglob(NOTE))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "ml runs"


@pytest.mark.compat
def test_what_mlflow_deleted_goes_with_its_files(mlflow_python: str, root: Path) -> None:
    ids = mlflow(mlflow_python, DELETING, root.as_uri())
    assert gc(root).output == ""  # it can be restored for thirty days yet
    due = dict.fromkeys([*ids["runs"], ids["model"], ids["lost"]], "removed")
    assert outcomes(gc(root, "--older-than", "0", "--dry-run")) == due
    assert outcomes(gc(root, "--older-than", "0")) == due
    assert [path.name for path in root.rglob("*") if path.name in due] == []
    assert mlflow(mlflow_python, LOOKING, root.as_uri()) == [["Default", "kept"], [ids["stays"]]]


@pytest.mark.compat
def test_mlflow_finds_nothing_that_was_taken_and_a_killed_collection_is_ended_by_the_next(
    mlflow_python: str, root: Path
) -> None:
    ids = mlflow(mlflow_python, DELETING, root.as_uri())

    async def take() -> None:
        store = FileStore(str(root), artifact_root=root.as_uri())
        found = await store.find("experiment", [ids["lost"]])
        found = [*found, *await store.find("run", ids["runs"]), *await store.find("model", [ids["model"]])]
        assert len(await store.take(found)) == 4
        await store.close()

    asyncio.run(take())
    assert len(notes(root)) == 4
    assert mlflow(mlflow_python, LOOKING, root.as_uri()) == [["Default", "kept"], [ids["stays"]]]
    assert set(outcomes(gc(root))) == {*ids["runs"], ids["model"], ids["lost"]}
    assert notes(root) == []


def filled(root: Path) -> dict[str, str]:
    """Deleted things with files in the folder, of which a registered model needs some."""

    async def fill() -> dict[str, str]:
        store = FileStore(str(root), artifact_root=root.as_uri())
        home, other = await new_experiment(store), await new_experiment(store)
        needed, free = await new_run(store, home), await new_run(store, home)
        inside, model = await new_run(store, other), await new_model(store, home)
        for experiment, run_id in ((home, needed), (home, free), (other, inside)):
            folder = root / experiment / run_id / "artifacts" / "model"
            folder.mkdir(parents=True)
            (folder / "MLmodel").write_text("x")
        name = await new_registered(store)
        for experiment, run_id in ((home, needed), (other, inside)):
            await new_version(store, name, f"{root.as_uri()}/{experiment}/{run_id}/artifacts/model")
        for run_id in (needed, free):
            await delete_run(store, run_id)
        await delete_model(store, model)
        await delete_experiment(store, other)
        await store.close()
        return {"needed": needed, "free": free, "inside": inside, "model": model, "other": other, "home": home}

    return asyncio.run(fill())


def test_what_a_registered_model_needs_stays_as_it_is(root: Path) -> None:
    ids = filled(root)
    wanted = {"needed": "kept", "free": "removed", "inside": "kept", "model": "removed", "other": "kept"}
    assert outcomes(gc(root, "--older-than", "0")) == {ids[name]: outcome for name, outcome in wanted.items()}
    assert sorted(path.parent.parent.parent.name for path in root.rglob("MLmodel")) == sorted(
        [ids["needed"], ids["inside"]]
    )

    async def restore() -> None:
        store = FileStore(str(root), artifact_root=root.as_uri())
        await store.restore_run(runs.RestoreRun(run_id=ids["needed"]))
        await run_of(store, ids["needed"])
        await store.close()

    asyncio.run(restore())


def test_a_registered_model_that_cannot_be_read_ends_the_collection_before_anything_goes(root: Path) -> None:
    filled(root)
    (version,) = [path for path in (root / "models").rglob("meta.yaml") if path.parent.name == "version-1"]
    version.write_text("a: [")
    before = sorted(root.rglob("*"))
    ended = gc(root, "--older-than", "0")
    assert ended.exit_code == 1
    assert "meta.yaml" in ended.output
    assert sorted(root.rglob("*")) == before


def test_files_that_are_elsewhere_are_not_left_behind_unseen(root: Path, tmp_path: Path) -> None:
    async def fill() -> str:
        store = FileStore(str(root), artifact_root="mlflow-artifacts:/")
        run_id = await delete_run(store, await new_run(store))
        await store.close()
        return run_id

    run_id = asyncio.run(fill())
    assert outcomes(gc(root, "--older-than", "0")) == {run_id: "left"}
    (tmp_path / "no artifacts").mkdir()
    assert outcomes(gc(root, "--older-than", "0")) == {run_id: "removed"}


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_in_a_run_is_removed_and_not_followed(root: Path, tmp_path: Path) -> None:
    ids = filled(root)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("x")
    (root / ids["home"] / ids["free"] / "artifacts" / "link").symlink_to(outside)
    assert outcomes(gc(root, "--run-ids", ids["free"])) == {ids["free"]: "removed"}
    assert (outside / "file").read_text() == "x"
