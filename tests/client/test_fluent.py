"""What a training script does, against a real server and in process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from uuid import uuid4

import pandas
import pytest

import genesis_flow as mlflow
from genesis_flow.entities import Metric, Param, Run, RunTag

pytestmark = pytest.mark.usefixtures("tracking_uri")


@pytest.fixture
def experiment_id(tracking_uri: str) -> str:
    """An experiment that is the active one."""
    return mlflow.set_experiment(f"of {uuid4().hex}").experiment_id


def test_what_is_logged_is_there(experiment_id: str) -> None:
    with mlflow.start_run(run_name="first", tags={"team": 7}, description="a try") as run:
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"accuracy": 0.5, "recall": 1}, step=4, timestamp=1_700_000_000_000)
        assert mlflow.log_param("rate", 0.1) == 0.1
        mlflow.log_params({"depth": 3, "kind": "tree"})
        mlflow.set_tag("stage", "draft")
        mlflow.set_tags({"a": 1, "b": "two"})
    found = mlflow.get_run(run.info.run_id)
    assert (found.info.status, found.info.run_name, found.info.experiment_id) == ("FINISHED", "first", experiment_id)
    assert found.data.metrics == {"loss": 0.2, "accuracy": 0.5, "recall": 1.0}
    assert found.data.params == {"rate": "0.1", "depth": "3", "kind": "tree"}
    expected = {"team": "7", "mlflow.note.content": "a try", "stage": "draft", "a": "1", "b": "two"}
    assert expected.items() <= found.data.tags.items()
    assert {"mlflow.user", "mlflow.source.name", "mlflow.source.type", "mlflow.runName"} <= found.data.tags.keys()
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(step, 1 / (step + 1)) for step in range(5)]


@pytest.mark.usefixtures("experiment_id")
def test_a_block_that_fails_leaves_a_failed_run() -> None:
    with pytest.raises(KeyError), mlflow.start_run() as run:
        raise KeyError("training")
    assert mlflow.active_run() is None
    last = mlflow.last_active_run()
    assert last is not None
    assert (last.info.run_id, last.info.status) == (run.info.run_id, "FAILED")


@pytest.mark.usefixtures("experiment_id")
def test_runs_nest() -> None:
    with mlflow.start_run() as outer:
        with pytest.raises(mlflow.MlflowException, match="is active already"):
            mlflow.start_run()
        with mlflow.start_run(nested=True) as inner:
            current = mlflow.active_run()
            assert current is not None
            assert current.info.run_id == inner.info.run_id
        parent = mlflow.get_parent_run(inner.info.run_id)
        assert parent is not None
        assert parent.info.run_id == outer.info.run_id
        assert mlflow.get_parent_run(outer.info.run_id) is None


@pytest.mark.usefixtures("experiment_id")
def test_a_run_that_was_forgotten_inside_a_block_ends_with_it() -> None:
    with mlflow.start_run() as outer:
        inner = mlflow.start_run(nested=True)
    assert mlflow.active_run() is None
    assert [mlflow.get_run(run.info.run_id).info.status for run in (outer, inner)] == ["FINISHED", "FINISHED"]


@pytest.mark.usefixtures("experiment_id")
def test_a_run_goes_on() -> None:
    with mlflow.start_run() as run:
        mlflow.log_metric("m", 1)
    with mlflow.start_run(run_id=run.info.run_id, tags={"again": "yes"}):
        assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"
        mlflow.log_metric("m", 2, step=1)
    found = mlflow.get_run(run.info.run_id)
    assert (found.data.metrics, found.data.tags["again"], found.info.status) == ({"m": 2.0}, "yes", "FINISHED")
    mlflow.delete_run(run.info.run_id)
    with pytest.raises(mlflow.MlflowException, match="is deleted"):
        mlflow.start_run(run_id=run.info.run_id)
    mlflow.restore_run(run.info.run_id)
    assert mlflow.get_run(run.info.run_id).info.lifecycle_stage == "active"


@pytest.mark.usefixtures("experiment_id")
def test_the_environment_names_the_run_of_a_child_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with mlflow.start_run() as run:
        pass
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    with mlflow.start_run() as resumed:
        assert resumed.info.run_id == run.info.run_id
    with mlflow.start_run() as other:
        assert other.info.run_id != run.info.run_id


@pytest.mark.usefixtures("experiment_id")
def test_logging_without_a_run_starts_one() -> None:
    mlflow.log_metric("m", 1)
    run = mlflow.active_run()
    assert run is not None
    mlflow.end_run("KILLED")
    found = mlflow.get_run(run.info.run_id)
    assert (found.info.status, found.data.metrics) == ("KILLED", {"m": 1.0})


@pytest.mark.usefixtures("experiment_id")
def test_each_thread_has_its_own_run() -> None:
    seen: list[object] = []

    def elsewhere() -> None:
        seen.append(mlflow.active_run())
        with mlflow.start_run() as run:
            mlflow.log_metric("thread", 1)
            seen.append(run.info.run_id)

    with mlflow.start_run() as here:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert seen[0] is None
    assert seen[1] != here.info.run_id
    assert mlflow.get_run(str(seen[1])).info.status == "FINISHED"
    assert mlflow.get_run(here.info.run_id).data.metrics == {}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_has_no_run_of_its_parent_and_can_log(experiment_id: str) -> None:
    with mlflow.start_run() as run:
        child = os.fork()
        if child == 0:
            fine = mlflow.active_run() is None
            mlflow.log_metric("from the child", 1, run_id=run.info.run_id)
            os._exit(0 if fine else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert mlflow.get_run(run.info.run_id).data.metrics == {"from the child": 1.0}


class _Number:
    """What holds one number, as arrays and tensors do."""

    def item(self) -> float:
        return 2.5


@pytest.mark.usefixtures("experiment_id")
@pytest.mark.parametrize("value", ["high", None, [1, 2], object()])
def test_a_value_that_is_no_number_is_refused_before_anything_is_sent(value: object) -> None:
    with mlflow.start_run() as run:
        mlflow.log_metric("tensor", _Number())
        with pytest.raises(mlflow.MlflowException, match="must be a number") as caught:
            mlflow.log_metric("m", value)
        assert isinstance(caught.value, TypeError)
        assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
        with pytest.raises(mlflow.MlflowException):
            mlflow.log_metrics({"fine": 1, "m": value})
    assert mlflow.get_run(run.info.run_id).data.metrics == {"tensor": 2.5}


@pytest.mark.usefixtures("experiment_id")
def test_a_param_is_written_once() -> None:
    with mlflow.start_run():
        mlflow.log_param("p", 1)
        mlflow.log_param("p", 1)
        with pytest.raises(mlflow.MlflowException) as caught:
            mlflow.log_param("p", 2)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"


@pytest.mark.usefixtures("experiment_id")
def test_more_than_a_batch_takes_goes_in_several() -> None:
    client, now = mlflow.MlflowClient(), int(time.time() * 1000)
    with mlflow.start_run() as run:
        points = [Metric(f"m{i % 7}", i, now, i) for i in range(2_500)]
        client.log_batch(run.info.run_id, points, [Param(f"p{i}", str(i)) for i in range(250)], [RunTag("t", "v")])
    found = mlflow.get_run(run.info.run_id)
    assert (len(found.data.params), found.data.tags["t"]) == (250, "v")
    assert sum(len(client.get_metric_history(run.info.run_id, f"m{i}")) for i in range(7)) == 2_500


def test_a_search_answers_pages_lists_and_tables(experiment_id: str) -> None:
    for number in range(5):
        with mlflow.start_run(run_name=f"run {number}"):
            mlflow.log_metric("m", number)
            if number % 2:
                mlflow.log_param("odd", number)
    page = mlflow.MlflowClient().search_runs([experiment_id], "metrics.m > 0", max_results=2, order_by=["metrics.m"])
    assert [run.data.metrics["m"] for run in page] == [1.0, 2.0]
    following = mlflow.MlflowClient().search_runs(
        [experiment_id], "metrics.m > 0", max_results=2, order_by=["metrics.m"], page_token=page.token
    )
    assert [run.data.metrics["m"] for run in following] == [3.0, 4.0]
    listed = mlflow.search_runs(output_format="list", order_by=["metrics.m DESC"], max_results=3)
    assert isinstance(listed, list)
    assert [run.data.metrics["m"] for run in listed if isinstance(run, Run)] == [4.0, 3.0, 2.0]
    frame = mlflow.search_runs([experiment_id], order_by=["metrics.m"])
    assert not isinstance(frame, list)
    assert list(frame["metrics.m"]) == [0, 1, 2, 3, 4]
    assert list(frame["tags.mlflow.runName"]) == [f"run {number}" for number in range(5)]
    assert [None if pandas.isna(one) else one for one in frame["params.odd"]] == [None, "1", None, "3", None]
    assert str(frame["start_time"].dtype).startswith("datetime64")
    assert str(frame["start_time"].dtype).endswith("UTC]")
    assert len(mlflow.search_runs([experiment_id], "metrics.m > 99")) == 0


def test_experiments_are_made_found_and_brought_back() -> None:
    name = f"e {uuid4().hex}"
    experiment_id = mlflow.create_experiment(name, tags={"a": 1})
    found = mlflow.get_experiment_by_name(name)
    assert found is not None
    assert (found.experiment_id, found.tags, found.lifecycle_stage) == (experiment_id, {"a": "1"}, "active")
    assert mlflow.set_experiment(name).experiment_id == experiment_id
    assert mlflow.set_experiment(experiment_id=experiment_id).name == name
    mlflow.set_experiment_tags({"b": 2})
    mlflow.delete_experiment_tag("a")
    assert mlflow.get_experiment(experiment_id).tags == {"b": "2"}
    assert [one.name for one in mlflow.search_experiments(filter_string=f"name = '{name}'")] == [name]
    mlflow.delete_experiment(experiment_id)
    with pytest.raises(mlflow.MlflowException, match="is deleted"):
        mlflow.set_experiment(name)
    mlflow.restore_experiment(experiment_id)
    assert mlflow.get_experiment_by_name(f"not {name}") is None
    for wrong in ({}, {"experiment_name": name, "experiment_id": experiment_id}):
        with pytest.raises(mlflow.MlflowException, match="and not both"):
            mlflow.set_experiment(**wrong)


def test_the_experiment_of_a_program_is_that_of_the_processes_it_starts(experiment_id: str) -> None:
    assert os.environ["MLFLOW_EXPERIMENT_ID"] == experiment_id


@pytest.mark.usefixtures("experiment_id")
def test_metrics_of_the_active_model_make_it_an_input_of_the_run() -> None:
    model = mlflow.create_external_model(name="boosted", params={"trees": 10})
    assert (model.status, model.params) == ("READY", {"trees": "10"})
    with mlflow.set_active_model(model_id=model.model_id):
        assert mlflow.get_active_model_id() == model.model_id
        with mlflow.start_run() as run:
            mlflow.log_metric("auc", 0.9)
    assert mlflow.get_active_model_id() is None
    assert [one.model_id for one in mlflow.get_run(run.info.run_id).inputs.model_inputs] == [model.model_id]
    assert [(m.key, m.value) for m in mlflow.get_logged_model(model.model_id).metrics] == [("auc", 0.9)]


@pytest.mark.usefixtures("experiment_id")
def test_a_model_is_registered_from_a_run_and_from_a_logged_model(tracking_uri: str) -> None:
    if tracking_uri.startswith("offline:"):
        pytest.skip("the registry needs a server")
    name = f"model {uuid4().hex}"
    with mlflow.start_run() as run:
        logged = mlflow.initialize_logged_model("net")
    assert logged.source_run_id == run.info.run_id
    first = mlflow.register_model(f"runs:/{run.info.run_id}/model", name, tags={"a": "b"})
    second = mlflow.register_model(logged.model_uri, name)
    assert (first.version, first.run_id, first.tags) == ("1", run.info.run_id, {"a": "b"})
    assert (second.version, second.source) == ("2", logged.model_uri)
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(name, "champion", "1")
    assert client.version_of_uri(f"models:/{name}@champion").version == "1"
    assert client.version_of_uri(f"models:/{name}/latest").version == "2"
    copy = client.copy_model_version(f"models:/{name}@champion", f"{name} copy")
    assert (copy.source, copy.tags) == (f"models:/{name}/1", {"a": "b"})
    assert [one.version for one in mlflow.search_model_versions(filter_string=f"name = '{name}'")] == ["2", "1"]


def test_what_is_not_there_yet_says_so() -> None:
    with pytest.raises(mlflow.MlflowException, match=r"docs/compatibility\.md") as caught:
        mlflow.start_span  # noqa: B018
    assert caught.value.error_code == "NOT_IMPLEMENTED"
    assert not hasattr(mlflow, "genai")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        mlflow.nonsense  # noqa: B018
    with pytest.raises(mlflow.MlflowException, match="start_trace"):
        getattr(mlflow.MlflowClient(), "start_trace")  # noqa: B009


def test_what_is_logged_in_the_background_arrives(experiment_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_LOGGING", "true")
    with mlflow.start_run() as run:
        for step in range(3_000):
            mlflow.log_metric("loss", step, step=step)
        pending = mlflow.log_params({"a": 1})
        assert pending is not None
        assert pending.wait(60)
        mlflow.set_tag("t", "v", synchronous=True)
        mlflow.flush_async_logging()
    found = mlflow.get_run(run.info.run_id)
    assert (found.data.metrics, found.data.params, found.data.tags["t"]) == ({"loss": 2999.0}, {"a": "1"}, "v")
    points = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [point.step for point in points] == list(range(3_000))


LEFT_GOING_ON = """
import genesis_flow as mlflow, sys
run = mlflow.start_run()
for step in range(5_000):
    mlflow.log_metric("m", step, step=step, synchronous=False)
print(run.info.run_id)
"""


def test_a_program_that_ends_leaves_nothing_undone(tracking_uri: str) -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", LEFT_GOING_ON], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    run_id = done.stdout.split()[0]
    assert mlflow.get_run(run_id).info.status == "FINISHED"
    assert len(mlflow.MlflowClient().get_metric_history(run_id, "m")) == 5_000
