"""Logging offline: a folder instead of a server, on any number of machines, whatever happens to the programs."""

from __future__ import annotations

import multiprocessing
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import genesis_flow as mlflow
from genesis_flow.client.client import MlflowClient
from genesis_flow.client.connection import close_connections, connection_to
from genesis_flow.errors import NeedsServer, UnsupportedLocation
from genesis_flow.exceptions import MlflowException
from tests.client.offline import log_more, logged, missing


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "runs"
    close_connections()


@pytest.fixture
def client(folder: Path) -> MlflowClient:
    return MlflowClient(f"offline:{folder}")


def again(folder: Path) -> MlflowClient:
    """A client of a process that begins, which knows only the folder."""
    close_connections()
    return MlflowClient(f"offline:{folder}")


def test_what_was_logged_is_read_by_another_process(folder: Path, client: MlflowClient) -> None:
    experiment = client.create_experiment("here", tags={"a": "b"})
    run = client.create_run(experiment, start_time=7, tags={"t": "1"}, run_name="first")
    for step in range(3):
        client.log_metric(run.info.run_id, "loss", 3.0 - step, timestamp=step, step=step)
    client.log_metric(run.info.run_id, "odd", float("nan"))
    client.log_param(run.info.run_id, "p", 1)
    client.delete_tag(run.info.run_id, "t")
    model = client.create_logged_model(experiment, "net", run.info.run_id, params={"d": 3})
    client.finalize_logged_model(model.model_id, "READY")
    client.set_terminated(run.info.run_id, end_time=9)
    before = client.get_run(run.info.run_id)
    other = again(folder)
    after = other.get_run(run.info.run_id)
    assert dict(after.info) == dict(before.info)
    assert after.data.params == {"p": "1"}
    assert after.data.metrics["loss"] == 1.0
    assert "t" not in after.data.tags
    assert [point.value for point in other.get_metric_history(run.info.run_id, "loss")] == [3.0, 2.0, 1.0]
    assert len(other.get_metric_history(run.info.run_id, "odd")) == 1
    assert other.get_experiment_by_name("here").tags == {"a": "b"}  # type: ignore[union-attr]
    assert other.get_logged_model(model.model_id).params == {"d": "3"}
    found = other.search_runs([experiment], "metrics.loss.max = 3 AND params.p = '1'")
    assert [one.info.run_id for one in found] == [run.info.run_id]


def test_an_experiment_has_one_id_for_all_who_make_it(folder: Path, tmp_path: Path) -> None:
    ids = {MlflowClient(f"offline:{tmp_path / name}").create_experiment("the same") for name in "abc"}
    assert len(ids) == 1
    client = MlflowClient(f"offline:{tmp_path / 'a'}")
    client.rename_experiment(ids.copy().pop(), "another")
    assert client.create_experiment("the same") not in ids
    with pytest.raises(MlflowException) as refused:
        client.create_experiment("another")
    assert refused.value.error_code == "RESOURCE_ALREADY_EXISTS"


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes_log_to_one_run_without_waiting(method: str, folder: Path, client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "loss", 0.5, timestamp=0)
    context = multiprocessing.get_context(method)
    process: Any = context.Process  # type: ignore[attr-defined]
    workers = [process(target=log_more, args=(f"offline:{folder}", run_id, value)) for value in (1.0, 2.0)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    client.log_metric(run_id, "loss", 9.5, timestamp=9, step=9)
    for reader in (client, again(folder)):
        assert [point.value for point in reader.get_metric_history(run_id, "loss")] == [0.5, 1.0, 2.0, 9.5]
        assert reader.get_run(run_id).data.metrics == {"loss": 9.5}
        assert len(reader.get_run(run_id).data.params) == 2
    assert len(list(folder.glob("journals/*.points"))) == 3


def test_a_program_that_is_killed_loses_nothing_that_was_acknowledged(folder: Path, tmp_path: Path) -> None:
    chance = random.Random(3)
    ledger = []
    for _ in range(10):
        ledger += logged(folder, "killed", chance.randrange(1, 40), kill=True)
    client = again(folder)
    runs = client.search_runs([client.get_experiment_by_name("killed").experiment_id])  # type: ignore[union-attr]
    assert missing(ledger, client, {run.info.run_id: run.info.run_id for run in runs}, tmp_path / "files") == []
    assert len(ledger) > 100


@pytest.mark.parametrize("suffix", ["journal", "points"])
def test_a_line_that_was_not_finished_is_left_out(suffix: str, folder: Path, client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "a", 1.0)
    client.log_metric(run_id, "b", 2.0)
    client.log_param(run_id, "p", "1")
    client.log_param(run_id, "q", "2")
    (path,) = folder.glob(f"journals/*.{suffix}")
    path.write_bytes(path.read_bytes()[:-3])
    found = again(folder).get_run(run_id).data
    if suffix == "points":
        assert (set(found.metrics), found.params) == ({"a"}, {"p": "1", "q": "2"})
    else:
        assert (set(found.metrics), found.params) == ({"a", "b"}, {"p": "1"})


def test_what_is_damaged_does_not_keep_a_program_from_logging(folder: Path, client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    (path,) = folder.glob("journals/*.journal")
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    (folder / "journals" / "zeros.journal").write_bytes(bytes(5000))
    (folder / "journals" / "a-link.journal").symlink_to("/etc/passwd")
    os.mkfifo(folder / "journals" / "a-pipe.journal")
    other = again(folder)
    with pytest.raises(MlflowException, match=run_id):
        other.get_run(run_id)
    assert other.get_run(other.create_run("0").info.run_id).info.status == "RUNNING"


def test_a_param_has_one_value_and_a_run_must_be_there(client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_param(run_id, "p", 1)
    with pytest.raises(MlflowException) as refused:
        client.log_param(run_id, "p", 2)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException) as refused:
        client.log_metric("f" * 32, "m", 1.0)
    assert refused.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    client.delete_run(run_id)
    with pytest.raises(MlflowException):
        client.log_metric(run_id, "m", 1.0)


def test_what_needs_a_server_says_so_and_names_push(folder: Path, client: MlflowClient) -> None:
    with pytest.raises(NeedsServer, match=f"genesis-flow push {folder}"):
        client.create_registered_model("m")
    with pytest.raises(NeedsServer, match="genesis-flow push"):
        client.search_model_versions("name = 'm'")


@pytest.mark.parametrize("uri", ["offline:", "offline://host/runs", "offline:a\0b"])
def test_a_uri_that_names_no_folder_is_refused(uri: str) -> None:
    with pytest.raises(UnsupportedLocation, match=r"offline:\./runs"):
        connection_to(uri)


def test_files_are_beside_the_journals_with_their_digests(folder: Path, client: MlflowClient, tmp_path: Path) -> None:
    run_id = client.create_run("0").info.run_id
    (tmp_path / "a.txt").write_text("abc")
    client.log_artifact(run_id, tmp_path / "a.txt", "dir")
    assert [file.path for file in client.list_artifacts(run_id, "dir")] == ["dir/a.txt"]
    lines = b"".join(path.read_bytes() for path in folder.glob("journals/*.journal"))
    assert b"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" in lines
    assert (folder / "artifacts" / "0" / run_id / "artifacts" / "dir" / "a.txt").read_text() == "abc"


def _log_params(client: MlflowClient, run_id: str) -> None:
    for number in range(100):
        client.log_param(run_id, f"p{number}", number)


def test_a_disk_that_is_full_refuses_and_what_is_there_stays(folder: Path) -> None:
    import resource

    client = MlflowClient(f"offline:{folder}")
    run_id = client.create_run("0").info.run_id
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = max(path.stat().st_size for path in folder.glob("journals/*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 300, limits[1]))
    try:
        with pytest.raises(MlflowException):
            _log_params(client, run_id)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    kept = client.get_run(run_id).data.params
    assert 0 < len(kept) < 100
    client.log_param(run_id, "after", 1)
    assert again(folder).get_run(run_id).data.params == {**kept, "after": "1"}


def test_the_fluent_interface_nests_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"offline:{folder}")
    try:
        mlflow.set_experiment("nested")
        with mlflow.start_run() as outer, mlflow.start_run(nested=True) as inner:
            mlflow.log_dict({"a": 1}, "a.json")
        assert mlflow.get_parent_run(inner.info.run_id).info.run_id == outer.info.run_id  # type: ignore[union-attr]
        assert {run.info.status for run in mlflow.search_runs(output_format="list")} == {"FINISHED"}
    finally:
        from genesis_flow.fluent import experiments

        experiments.forget_experiment()
