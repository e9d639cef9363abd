"""What is due goes with its files, and nothing else does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from genesis_flow.artifact_stores.open import open_artifacts
from genesis_flow.artifact_stores.protocol import Usage
from genesis_flow.errors import ArtifactsUnreachable, LoggedModelNotFound, RunNotFound
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.service.collection import Collector, Wanted
from genesis_flow.stores.memory import MemoryStore
from genesis_flow.stores.protocol import Store
from genesis_flow.stores.sql.sqlite_store import open_sqlite
from genesis_flow.testing.calls import info_of, model_of, new_experiment, run_of
from genesis_flow.testing.collection import delete_experiment, delete_model, delete_run, gone, restore_run
from genesis_flow.wire.messages import experiments, registry
from tests import buckets
from tests.buckets import Cloud
from tests.collection.filling import ROOT, Filling, outcomes, usage


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with buckets.s3(tmp_path_factory.mktemp("s3")) as cloud:
        yield cloud


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    is_sqlite = request.param == "sqlite"
    store = open_sqlite(tmp_path / "store.db", artifact_root=ROOT) if is_sqlite else MemoryStore(artifact_root=ROOT)
    yield store
    await store.close()


@pytest.fixture(params=["folder", "s3"])
async def filling(
    request: pytest.FixtureRequest, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Filling]:
    uri = str(tmp_path / "artifacts")
    if request.param == "s3":
        cloud: Cloud = request.getfixturevalue("s3")
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        uri = f"s3://{cloud.new_bucket()}/some/where"
    files = open_artifacts(uri)
    yield Filling(store, files)
    await files.close()


async def test_a_deleted_run_goes_with_its_files_and_the_others_keep_theirs(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    lost, kept = [await filling.run(experiment, "model/MLmodel", "model/a/b", "plot.png") for _ in range(2)]
    await delete_run(filling.store, lost)
    found = await filling.collect()
    assert outcomes(found) == {lost: "removed"}
    assert usage(found) == Usage(3, 3)
    assert await filling.left() == [
        f"{experiment}/{kept}/artifacts/{name}" for name in ("model/MLmodel", "model/a/b", "plot.png")
    ]
    with pytest.raises(RunNotFound):
        await run_of(filling.store, lost)
    assert await filling.collect() == []


async def test_names_that_are_patterns_elsewhere_are_names(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    names = ["%", "_", "*", "a b", "ü😀", "a%20b", "$where", "'", "[0-9]", "x" * 200]
    lost, kept = [await filling.run(experiment, *names) for _ in range(2)]
    await delete_run(filling.store, lost)
    assert usage(await filling.collect()).objects == len(names)
    assert len(await filling.left()) == len(names)
    assert all(kept in path for path in await filling.left())


async def test_a_folder_whose_name_begins_like_that_of_a_run_is_another_one(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    lost = await filling.run(experiment, "f")
    await filling.write(f"{experiment}/{lost}0/artifacts/f")
    await filling.write(f"{experiment}/{lost}.txt")
    await delete_run(filling.store, lost)
    await filling.collect()
    assert await filling.left() == [f"{experiment}/{lost}.txt", f"{experiment}/{lost}0/artifacts/f"]


async def test_a_run_without_files_goes_too(filling: Filling) -> None:
    lost = await delete_run(filling.store, await filling.run(await new_experiment(filling.store)))
    found = await filling.collect()
    assert outcomes(found) == {lost: "removed"}
    assert usage(found) == Usage()


async def test_what_is_not_due_yet_stays(filling: Filling) -> None:
    lost = await delete_run(filling.store, await filling.run(await new_experiment(filling.store), "f"))
    assert await filling.collect(Wanted(1)) == []
    assert len(await filling.left()) == 1
    await restore_run(filling.store, lost)


async def test_a_deleted_model_goes_with_its_files(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    lost, kept = [await filling.model(experiment, "MLmodel") for _ in range(2)]
    await delete_model(filling.store, lost)
    assert outcomes(await filling.collect()) == {lost: "removed"}
    assert await filling.left() == [f"{experiment}/models/{kept}/artifacts/MLmodel"]
    await model_of(filling.store, kept)


async def test_an_experiment_goes_with_its_runs_and_models(filling: Filling) -> None:
    lost, kept = [await new_experiment(filling.store) for _ in range(2)]
    for experiment in (lost, kept):
        for _ in range(3):
            await filling.run(experiment, "f")
        await filling.model(experiment, "f")
    await delete_experiment(filling.store, lost)
    for dry_run in (True, False):
        found = await filling.collect(dry_run=dry_run)
        assert set(outcomes(found).values()) == {"removed"}
        assert sorted(one.deleted.kind for one in found) == ["experiment", "model", "run", "run", "run"]
        assert usage(found) == Usage(4, 4)
    assert len(await filling.left(kept)) == len(await filling.left()) == 4
    assert await gone(filling.collector()._store, "experiment", lost)


async def test_a_dry_run_changes_nothing(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    lost = await delete_run(filling.store, await filling.run(experiment, "f", "g/h"))
    assert usage(await filling.collect(dry_run=True)) == Usage(2, 2)
    assert len(await filling.left()) == 2
    await restore_run(filling.store, lost)
    assert await filling.collect(dry_run=True) == []


async def test_only_those_go_that_are_asked_for(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    lost, kept = [await delete_run(filling.store, await filling.run(experiment, "f")) for _ in range(2)]
    assert outcomes(await filling.collect(Wanted(2**62, {"run": [lost]}))) == {lost: "removed"}
    await restore_run(filling.store, kept)
    assert outcomes(await filling.collect(Wanted(2**62, {"run": [kept]}))) == {}
    assert info_of(await run_of(filling.store, kept)).lifecycle_stage == "active"


# --- what registered models need ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "mlflow-artifacts:/{experiment}/{run}/artifacts/model",
        "mlflow-artifacts://host:5000/{experiment}/{run}/artifacts/model/",
        "mlflow-artifacts:/{experiment}/{run}/artifacts/%6dodel",
        "s3://bucket/some/where/{experiment}/{run}/artifacts/model",
        "file:///some/where/{experiment}/{run}//artifacts/./model",
        "/some/where/{experiment}/{run}/artifacts/model",
    ],
)
async def test_a_version_keeps_its_part_of_a_run(filling: Filling, source: str) -> None:
    experiment = await new_experiment(filling.store)
    run_id = await filling.run(experiment, "model/MLmodel", "model/data/weights", "model.txt", "plot.png", "mode")
    name = await filling.version(source.format(experiment=experiment, run=run_id))
    await delete_run(filling.store, run_id)
    for dry_run in (True, False):
        found = await filling.collect(dry_run=dry_run)
        assert outcomes(found) == {run_id: "kept in part"}
        assert usage(found) == Usage(3, 3)
        assert "artifacts/model" in found[0].reason
    needed = [f"{experiment}/{run_id}/artifacts/model/{file}" for file in ("MLmodel", "data/weights")]
    assert await filling.left() == needed
    with pytest.raises(RunNotFound):
        await run_of(filling.store, run_id)
    assert outcomes(await filling.collect()) == {run_id: "kept in part"}
    assert await filling.left() == needed
    await filling.store.delete_registered_model(registry.DeleteRegisteredModel(name=name))
    found = await filling.collect()
    assert outcomes(found) == {run_id: "removed"}
    assert usage(found) == Usage(2, 2)
    assert await filling.left() == []


async def test_a_version_of_a_logged_model_keeps_its_files(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    model_id = await filling.model(experiment, "MLmodel", "data/weights")
    name = await filling.version(f"models:/{model_id}")
    await delete_experiment(filling.store, experiment)
    found = await filling.collect()
    assert outcomes(found) == {model_id: "kept in part", experiment: "kept in part"}
    assert len(await filling.left()) == 2
    with pytest.raises(LoggedModelNotFound):
        await model_of(filling.store, model_id)
    await filling.store.delete_model_version(registry.DeleteModelVersion(name=name, version="1"))
    assert set(outcomes(await filling.collect()).values()) == {"removed"}
    assert await filling.left() == []
    assert await gone(filling.collector()._store, "experiment", experiment)


async def test_a_run_that_a_version_names_by_its_id_stays_as_it_is(filling: Filling) -> None:
    run_id = await filling.run(await new_experiment(filling.store), "model/MLmodel", "plot.png")
    await filling.version(f"runs:/{run_id}/model")
    await delete_run(filling.store, run_id)
    assert outcomes(await filling.collect()) == {run_id: "kept"}
    assert len(await filling.left()) == 2
    await restore_run(filling.store, run_id)


# --- what goes wrong ----------------------------------------------------------------------------------------------


async def test_a_run_whose_files_are_elsewhere_is_left(filling: Filling, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    message = experiments.CreateExperiment(name="elsewhere", artifact_location=f"{tmp_path}/elsewhere")
    reply = await filling.store.create_experiment(message)
    assert isinstance(reply, experiments.CreateExperimentResponse)
    run_id = await delete_run(filling.store, await filling.run(reply.experiment_id or ""))
    (found,) = await filling.collect()
    assert (found.deleted.id, found.outcome) == (run_id, "left")
    await restore_run(filling.store, run_id)
    await delete_experiment(filling.store, reply.experiment_id or "")
    assert set(outcomes(await filling.collect()).values()) == {"left"}
    assert (tmp_path / "elsewhere").is_dir()


async def test_files_that_could_not_be_deleted_are_found_again(
    filling: Filling, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = await new_experiment(filling.store)
    lost = [await delete_run(filling.store, await filling.run(experiment, "f")) for _ in range(3)]
    delete = filling.files.delete

    async def failing(path: SafeRelPath) -> Usage:
        if path.name == lost[1]:
            raise ArtifactsUnreachable
        return await delete(path)

    monkeypatch.setattr(filling.files, "delete", failing)
    assert sorted(outcomes(await filling.collect()).values()) == ["failed", "removed", "removed"]
    with pytest.raises(RunNotFound):
        await restore_run(filling.store, lost[1])
    monkeypatch.undo()
    assert outcomes(await filling.collect(Wanted(1))) == {lost[1]: "removed"}
    assert await filling.left() == []


async def test_a_run_that_is_restored_between_list_and_removal_keeps_its_files(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    lost = await delete_run(filling.store, await filling.run(experiment, "f"))
    collector = filling.collector()
    store = collector._store
    listed = await store.list_deleted("run", 2**62, 10)
    await restore_run(filling.store, lost)
    assert await Collector(store, filling.roots)._batch(listed) == []
    assert len(await filling.left()) == 1


@pytest.mark.parametrize("renamed", [False, True])
async def test_a_store_opens_again_after_its_default_experiment_is_gone(tmp_path: Path, renamed: bool) -> None:
    path = tmp_path / "store.db"
    store = open_sqlite(path, artifact_root=ROOT)
    (tmp_path / "artifacts").mkdir()
    filling = Filling(store, open_artifacts(str(tmp_path / "artifacts")))
    await delete_experiment(store, "0")
    await filling.collect()
    if renamed:
        await new_experiment(store, "Default")
    await store.close()
    await filling.files.close()
    again = open_sqlite(path, artifact_root=ROOT)
    await again.check()
    found = await again.get_experiment_by_name(experiments.GetExperimentByName(experiment_name="Default"))
    assert isinstance(found, experiments.GetExperimentByNameResponse)
    await again.close()
