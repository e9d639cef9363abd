"""The folder under the store of files: who shares it, what a crash leaves in it, and what somebody else put there."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from genesis_flow.errors import GenesisFlowError, InvalidParameter, MalformedFile, UnsupportedLocation
from genesis_flow.stores.file.store import FileStore
from genesis_flow.stores.open import open_store
from genesis_flow.stores.protocol import Store
from genesis_flow.stores.rest import RestStore
from genesis_flow.testing.calls import (
    INVALID,
    NOT_FOUND,
    answer,
    batch,
    history,
    info_of,
    metrics_of,
    new_experiment,
    new_model,
    new_run,
    params_of,
    point,
    refused,
    run_of,
    tags_of,
)
from genesis_flow.testing.datasets import DatasetSuite
from genesis_flow.testing.experiments import ExperimentSuite
from genesis_flow.testing.metrics import MetricSuite
from genesis_flow.testing.registry_calls import aliases, new_registered, new_version, set_alias
from genesis_flow.values.logged_models import ModelOutput
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import logged_models, registry, runs
from tests.serving import serving
from tests.stores.writer import WRITER, acknowledged_before_kill

SECRET = "what is none of anybody's business"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[FileStore]:
    store = FileStore(str(tmp_path / "mlruns"), artifact_root="artifacts")
    yield store
    await store.close()


@pytest.fixture
async def run(store: FileStore) -> str:
    return await new_run(store, "0", "one")


@pytest.fixture
def folder(tmp_path: Path, run: str) -> Path:
    """The folder of the run."""
    return tmp_path / "mlruns" / "0" / run


async def found(store: Store, filter_: str = "") -> list[str | None]:
    message = runs.SearchRuns(experiment_ids=("0",), filter=filter_)
    return [info_of(run).run_name for run in (await answer(store.search_runs(message))).runs]


def files_of(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# --- which folder it is -------------------------------------------------------------------------------------------


async def test_a_folder_is_named_in_many_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "ml runs"
    for uri in (place.as_uri(), f"file:{place}", f"file://localhost{place.as_posix()}", str(place), "./ml runs"):
        store = open_store(uri, artifact_root="artifacts")
        await new_run(store, "0", uri)
        await store.close()
    assert len(list((place / "0").glob("*/meta.yaml"))) == 5
    for uri in ("file:", "file://elsewhere/ml", "file://"):
        with pytest.raises(UnsupportedLocation):
            open_store(uri, artifact_root="artifacts")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("served")
    with serving(place, store=(place / "mlruns").as_uri()) as running:
        yield running.uri


class TestServedFolder(ExperimentSuite, MetricSuite, DatasetSuite):
    """RestStore → HTTP → server → folder."""

    @pytest.fixture
    async def store(self, server: str) -> AsyncIterator[Store]:
        store = RestStore(server)
        yield store
        await store.close()


def test_a_folder_of_runs_is_not_served_as_one_of_artifacts(tmp_path: Path) -> None:
    for uri in ((tmp_path / "artifacts").as_uri(), str(tmp_path), (tmp_path / "artifacts" / "mlruns").as_uri()):
        with (
            pytest.raises(RuntimeError, match="Invalid value of --artifacts-destination"),
            serving(tmp_path, store=uri),
        ):
            pass


# --- who shares it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("acknowledged_before", [1, 60])
def test_what_was_acknowledged_survives_a_kill_and_is_there_once(tmp_path: Path, acknowledged_before: int) -> None:
    uri = (tmp_path / "mlruns").as_uri()
    id_ = asyncio.run(_prepared(uri))
    acknowledged = acknowledged_before_kill(uri, id_, acknowledged_before)
    asyncio.run(_check_what_survived(uri, id_, acknowledged))


async def _prepared(uri: str) -> str:
    store = open_store(uri, artifact_root="artifacts")
    id_ = await new_run(store)
    await store.close()
    return id_


async def _check_what_survived(uri: str, id_: str, acknowledged: set[int]) -> None:
    store = open_store(uri, artifact_root="artifacts")
    run, steps = await run_of(store, id_), [step for step, _, _ in await history(store, id_, "m")]
    assert len(acknowledged) > 0
    assert acknowledged <= set(steps)
    assert len(set(steps)) == len(steps)
    # The points of a batch are written last.
    assert {f"p{step}" for step in steps} <= params_of(run).keys()
    assert {f"t{step}" for step in steps} <= tags_of(run).keys()
    await store.close()


async def test_processes_that_share_a_folder_lose_nothing(store: FileStore, run: str, tmp_path: Path) -> None:
    uri = (tmp_path / "mlruns").as_uri()
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable, str(WRITER), uri, run, str(first), "40", stdout=subprocess.PIPE
        )
        for first in (0, 40)
    ]
    ours = [store.log_batch(batch(run, point("m", 0.5, step))) for step in range(80, 120)]
    await asyncio.gather(asyncio.gather(*ours), *(writer.communicate() for writer in writers))
    assert [writer.returncode for writer in writers] == [0, 0]
    assert sorted(step or 0 for step, _, _ in await history(store, run, "m")) == list(range(120))
    assert len(params_of(await run_of(store, run))) == 80


# --- what another program changes ---------------------------------------------------------------------------------


async def test_what_is_written_over_in_its_place_is_seen_at_once(store: FileStore, run: str, folder: Path) -> None:
    await store.log_batch(batch(run, point("m", 1.0), tags={"t": "a"}))
    for text in "bcbcbc":
        (folder / "tags" / "t").write_text(text)  # of the same size, perhaps at the same tick of the clock
        assert await found(store, f"tags.t = '{text}'") == ["one"]
    past = 10**18
    for step in range(1, 5):
        with (folder / "metrics" / "m").open("a") as file:
            file.write(f"{step} {step}.5 {step}\n")
        os.utime(folder / "metrics" / "m", ns=(past + step, past + step))
        assert await found(store, f"metrics.m = {step}.5") == ["one"]
    (folder / "metrics" / "m").write_text("1 0.25 1\n" * 20)
    assert metrics_of(await run_of(store, run)) == {"m": 0.25}
    assert await history(store, run, "m") == [(1, 1, 0.25)]
    (folder / "metrics" / "m").unlink()
    assert metrics_of(await run_of(store, run)) == {}


async def test_a_torn_line_is_no_point_and_the_next_one_is_whole(store: FileStore, run: str, folder: Path) -> None:
    await store.log_batch(batch(run, point("m", 1.0)))
    file = folder / "metrics" / "m"
    with file.open("a") as torn:
        torn.write("2 0.")
    assert await history(store, run, "m") == [(0, 1, 1.0)]
    await store.log_batch(batch(run, point("m", 3.0, 3, 3)))
    assert file.read_text() == "1 1.0 0\n3 3.0 3\n"


async def test_a_last_line_without_a_break_counts_when_nobody_is_writing_it(
    store: FileStore, run: str, folder: Path
) -> None:
    file = folder / "metrics" / "m"
    file.write_text("1 1.0 0\n2 2.0 2")
    os.utime(file, ns=(10**18, 10**18))
    assert metrics_of(await run_of(store, run)) == {"m": 2.0}
    await store.log_batch(batch(run, point("m", 3.0, 3, 3)))
    assert file.read_text() == "1 1.0 0\n2 2.0 2\n3 3.0 3\n"


async def test_a_point_that_comes_again_is_not_written_again(store: FileStore, run: str, folder: Path) -> None:
    for _ in range(3):
        await store.log_batch(batch(run, point("m", 1.0), point("m", 2.0, 1)))
    assert (folder / "metrics" / "m").read_text() == "1 1.0 0\n1 2.0 1\n"


async def test_nothing_is_left_over_and_what_mlflow_wrote_besides_stays(
    store: FileStore, run: str, folder: Path
) -> None:
    meta = folder / "meta.yaml"
    meta.write_text(meta.read_text() + "something: of MLflow's\n")
    await store.log_batch(batch(run, params={"a/b": "1"}, tags={"c": "1"}))
    await store.update_run(runs.UpdateRun(run_id=run, status="FINISHED"))
    await store.delete_tag(runs.DeleteTag(run_id=run, key="c"))
    assert 'something: "of MLflow\'s"\n' in meta.read_text()
    assert files_of(folder) == {"meta.yaml", ".genesis-flow.lock", "params/a/b", "tags/mlflow.runName"}


# --- keys and ids are paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/x", "a//b", ".", "a/.", "é" * 200, "%2e%2e/x", "a\\..\\b", ""])
async def test_a_key_that_is_no_path_is_refused_before_anything_is_written(
    store: FileStore, run: str, folder: Path, key: str
) -> None:
    before = files_of(folder)
    for message in (
        batch(run, point("good", 1.0), point(key, 1.0)),
        batch(run, point("good", 1.0), params={"good": "1", key: "1"}),
        batch(run, point("good", 1.0), tags={"good": "1", key: "1"}),
    ):
        with pytest.raises(InvalidParameter):
            await store.log_batch(message)
    assert files_of(folder) - {".genesis-flow.lock"} == before


async def test_a_key_cannot_be_a_file_and_a_folder(store: FileStore, run: str) -> None:
    await store.log_batch(batch(run, point("a", 1.0), params={"b/c": "1"}, tags={"d": "1"}))
    for message in (
        batch(run, point("a/b", 1.0), tags={"good": "1"}),
        batch(run, params={"b": "1", "good": "1"}),
        batch(run, tags={"good": "1", "d/e/f": "1"}),
        batch(run, tags={"x": "1", "x/y": "1"}),
    ):
        with refused(INVALID):
            await store.log_batch(message)
    assert tags_of(await run_of(store, run)) == {"d": "1"}
    await store.delete_tag(runs.DeleteTag(run_id=run, key="d"))
    await store.log_batch(batch(run, tags={"d/e": "1"}))
    await store.delete_tag(runs.DeleteTag(run_id=run, key="d/e"))
    await store.log_batch(batch(run, tags={"d": "2"}))
    assert tags_of(await run_of(store, run)) == {"d": "2"}


@pytest.mark.parametrize("id_", ["..", "../0", ".", "/etc", "a/b", "a\0b", "x" * 300, "tags", "models"])
async def test_an_id_that_is_no_name_of_a_run_is_not_found(store: FileStore, id_: str) -> None:
    with refused(NOT_FOUND):
        await run_of(store, id_)
    outputs = runs.LogOutputs(run_id=await new_run(store, "0"), models=(ModelOutput(model_id=f"../{id_}", step=0),))
    with refused(INVALID):
        await store.log_outputs(outputs)


@pytest.mark.parametrize("name", ["..", ".", "a/b", "x" * 256, "a\0b", "100%"])
async def test_a_name_that_no_folder_of_a_model_can_have_is_refused(store: FileStore, name: str) -> None:
    with refused(INVALID):
        await new_registered(store, name)
    with refused(NOT_FOUND):
        await store.get_registered_model(registry.GetRegisteredModel(name=name))


async def test_a_point_of_a_model_on_a_dataset_with_blanks_is_refused(store: FileStore, run: str) -> None:
    model = await new_model(store, "0")
    for name, digest in (("a b", "d"), ("a", "d\n")):
        one = Metric(key="m", value=1.0, timestamp=1, step=1, model_id=model, dataset_name=name, dataset_digest=digest)
        with refused(INVALID):
            await store.log_batch(batch(run, one))
    assert metrics_of(await run_of(store, run)) == {}


# --- what somebody else put there ---------------------------------------------------------------------------------

HOSTILE_METAS = {
    "code": b"run_id: !!python/object/apply:os.system ['touch /tmp/never']\n",
    "aliases": b"a: &a x\nb: *a\n",
    "deep": b"a:\n b:\n  c:\n   d: e\n",
    "large": b"a: " + b"x" * (33 * 2**20),
    "no text": b"\xff\xfe",
    "empty": b"",
    "no number": b"status: 3\nstart_time: 99999999999999999999\n",
    "no status": b"status: 77\nstart_time: 1\n",
    "a map": b"status: 3\nrun_name: {}\n",
}


@pytest.mark.parametrize("meta", HOSTILE_METAS)
async def test_a_run_with_a_broken_file_breaks_nothing_else(
    store: FileStore, run: str, folder: Path, meta: str, caplog: pytest.LogCaptureFixture
) -> None:
    await new_run(store, "0", "other")
    (folder / "meta.yaml").write_bytes(HOSTILE_METAS[meta])
    with pytest.raises(MalformedFile, match=r"meta\.yaml"):
        await run_of(store, run)
    assert await found(store) == ["other"]
    assert run in caplog.text


@pytest.mark.parametrize("line", ["x", "1", "1 x 1", "1.5 1 1", "99999999999999999999 1 1", "1 1 1\n\n2 2 2"])
async def test_a_metric_with_a_broken_line_is_told(store: FileStore, run: str, folder: Path, line: str) -> None:
    (folder / "metrics" / "m").write_text(f"{line}\n")
    with pytest.raises(MalformedFile, match="metrics/m"):
        await run_of(store, run)
    with pytest.raises(MalformedFile, match="metrics/m"):
        await history(store, run, "m")


async def test_an_experiment_with_a_broken_file_breaks_nothing_else(store: FileStore, tmp_path: Path) -> None:
    await new_run(store, "0", "one")
    broken = await new_experiment(store)
    (tmp_path / "mlruns" / broken / "meta.yaml").write_text("a: [")
    assert await found(store) == ["one"]
    await new_experiment(store)
    with pytest.raises(MalformedFile):
        await new_run(store, broken)


@pytest.mark.skipif(os.name == "nt", reason="links need rights of their own on Windows")
async def test_no_link_is_followed(store: FileStore, run: str, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text(SECRET)
    (outside / "meta.yaml").write_text((folder / "meta.yaml").read_text())
    for part in ("params", "tags", "metrics"):
        (folder / part / "link").symlink_to(outside / "file")
        (folder / part / "folder").symlink_to(outside)
    (folder.parent / ("f" * 32)).symlink_to(outside)
    (tmp_path / "mlruns" / "77").symlink_to(outside)
    os.mkfifo(folder / "params" / "pipe")
    shown = await run_of(store, run)
    assert (params_of(shown), tags_of(shown), metrics_of(shown)) == ({}, {}, {})
    assert await found(store) == ["one"]
    with refused(NOT_FOUND):
        await run_of(store, "f" * 32)
    before = sorted((path.name, path.read_bytes()) for path in outside.iterdir())
    for message in (
        batch(run, params={"link": "1"}, tags={"link": "1"}),
        batch(run, point("link", 1.0)),
        batch(run, params={"folder/new": "1"}),
        batch(run, tags={"folder/file": "1"}),
        batch(run, point("folder/file", 1.0)),
    ):
        with suppress(GenesisFlowError):  # a link is replaced, and none is gone through
            await store.log_batch(message)
    assert sorted((path.name, path.read_bytes()) for path in outside.iterdir()) == before


async def test_a_dataset_outside_of_its_experiment_is_not_read(
    store: FileStore, run: str, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "meta.yaml").write_text(f"name: {SECRET}\ndigest: d\nsource: s\nsource_type: local\n")
    (folder / "inputs" / "x").mkdir(parents=True)
    (folder / "inputs" / "x" / "meta.yaml").write_text("source_type: DATASET\nsource_id: ../../..\n")
    assert SECRET not in str(await run_of(store, run))


async def test_folders_that_are_nested_without_end_are_told(store: FileStore, run: str, folder: Path) -> None:
    deep = folder / "tags" / "/".join("d" * 200)
    deep.mkdir(parents=True)
    with pytest.raises(MalformedFile, match="nested"):
        await run_of(store, run)


async def test_a_file_beside_the_models_is_none_and_an_alias_of_no_version_is_none(
    store: FileStore, tmp_path: Path
) -> None:
    name = await new_registered(store)
    await new_version(store, name)
    await set_alias(store, name, "good", "1")
    for alias, text in (("none", "7"), ("odd", "x"), ("far", "9" * 30)):
        (tmp_path / "mlruns" / "models" / name / "aliases" / alias).write_text(text)
    (tmp_path / "mlruns" / "models" / "file").write_text("x")
    assert await aliases(store, name) == {"good": "1"}
    models = (await answer(store.search_registered_models(registry.SearchRegisteredModels()))).registered_models
    assert [model.name for model in models] == [name]


async def test_a_point_of_a_model_that_is_not_there_is_kept_by_its_run_as_mlflow_keeps_it_in_a_folder(
    store: FileStore, run: str, folder: Path
) -> None:
    strange = Metric(key="m", value=1.0, timestamp=1, step=0, model_id="m-unknown")
    await store.log_batch(batch(run, strange, point("n", 2.0), params={"p": "1"}))
    assert metrics_of(await run_of(store, run)) == {"m": 1.0, "n": 2.0}
    assert await history(store, run, "m") == [(0, 1, 1.0)]
    assert not (folder.parent / "models" / "m-unknown").exists()
    with refused(NOT_FOUND):
        await store.get_logged_model(logged_models.GetLoggedModel(model_id="m-unknown"))
