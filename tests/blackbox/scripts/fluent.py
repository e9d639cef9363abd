"""Fluent logging: the active run, nested runs, and what is logged to them."""

from __future__ import annotations

import math
import threading

import mlflow
from mlflow import MlflowClient
from mlflow.entities import RunStatus

from tests.blackbox.script import check, check_if, finish, fresh_experiment, fresh_name, refused

client = MlflowClient()
experiment_id = mlflow.set_experiment(fresh_name("fluent")).experiment_id


@check
def a_run_in_a_with_block_is_active_and_then_finished() -> None:
    assert mlflow.active_run() is None
    with mlflow.start_run(run_name="block", tags={"a": "1"}, description="what it is") as run:
        assert mlflow.active_run().info.run_id == run.info.run_id
        assert mlflow.get_run(run.info.run_id).info.status == "RUNNING"
        assert mlflow.get_artifact_uri().endswith(f"/{run.info.run_id}/artifacts")
        assert mlflow.get_artifact_uri("sub/file.txt").endswith("/artifacts/sub/file.txt")
    assert mlflow.active_run() is None
    ended = mlflow.get_run(run.info.run_id)
    assert (ended.info.status, ended.info.run_name, ended.info.experiment_id) == (
        "FINISHED",
        "block",
        experiment_id,
    )
    assert ended.info.end_time >= ended.info.start_time
    assert ended.data.tags["a"] == "1"
    assert ended.data.tags["mlflow.note.content"] == "what it is"
    assert ended.data.tags["mlflow.source.type"] == "LOCAL"
    assert ended.data.tags["mlflow.user"]
    assert mlflow.last_active_run().info.run_id == run.info.run_id


@check
def an_exception_ends_the_run_as_failed() -> None:
    run = None
    try:
        with mlflow.start_run() as run:
            raise KeyError("on purpose")
    except KeyError:
        pass
    assert run is not None
    assert mlflow.get_run(run.info.run_id).info.status == "FAILED"


@check
def a_run_is_ended_with_a_status_and_resumed() -> None:
    run_id = mlflow.start_run().info.run_id
    mlflow.log_metric("m", 1)
    mlflow.end_run(RunStatus.to_string(RunStatus.KILLED))
    assert mlflow.get_run(run_id).info.status == "KILLED"
    with mlflow.start_run(run_id=run_id) as resumed:
        assert mlflow.get_run(run_id).info.status == "RUNNING"
        mlflow.log_metric("m", 2, step=1)
    assert resumed.info.run_id == run_id
    assert mlflow.get_run(run_id).info.status == "FINISHED"
    assert [point.value for point in client.get_metric_history(run_id, "m")] == [1, 2]


@check
def a_deleted_run_is_not_resumed() -> None:
    run_id = mlflow.start_run().info.run_id
    mlflow.end_run()
    mlflow.delete_run(run_id)
    with refused("INTERNAL_ERROR", run_id, "deleted"):
        mlflow.start_run(run_id=run_id)
    client.restore_run(run_id)
    with mlflow.start_run(run_id=run_id):
        pass


@check
def nested_runs_know_their_parents() -> None:
    with mlflow.start_run(run_name="parent") as parent:
        for number in range(3):
            with mlflow.start_run(run_name=f"child {number}", nested=True) as child:
                mlflow.log_metric("score", number)
                with mlflow.start_run(nested=True) as grandchild:
                    assert mlflow.get_parent_run(grandchild.info.run_id).info.run_id == child.info.run_id
        assert mlflow.active_run().info.run_id == parent.info.run_id
    assert mlflow.get_parent_run(parent.info.run_id) is None
    children = mlflow.search_runs(
        [experiment_id],
        f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.score DESC"],
        output_format="list",
    )
    assert [run.info.run_name for run in children] == ["child 2", "child 1", "child 0"]


@check
def a_parent_is_named_by_its_id() -> None:
    with mlflow.start_run() as parent:
        pass
    with mlflow.start_run(parent_run_id=parent.info.run_id, nested=True) as child:
        pass
    assert mlflow.get_parent_run(child.info.run_id).info.run_id == parent.info.run_id


@check
def a_run_starts_in_another_experiment() -> None:
    other_id = fresh_experiment("other")
    with mlflow.start_run(experiment_id=other_id) as run:
        mlflow.log_param("p", 1)
    assert mlflow.get_run(run.info.run_id).info.experiment_id == other_id


@check
def params_metrics_and_tags_are_logged_one_by_one_and_together() -> None:
    with mlflow.start_run() as run:
        assert mlflow.log_param("one", 1) == 1
        mlflow.log_params({"two": 2.5, "three": "drei", "four": [1], "five": None})
        mlflow.log_metric("a", 0.5)
        mlflow.log_metric("a", 0.25, step=3, timestamp=1_234_567)
        mlflow.log_metrics({"b": 1, "c": math.nan}, step=7, timestamp=7_654_321)
        mlflow.set_tag("tag", "value")
        mlflow.set_tags({"number": 3, "boolean": True, "gone": "x"})
        mlflow.delete_tag("gone")
    data = mlflow.get_run(run.info.run_id).data
    assert data.params == {"one": "1", "two": "2.5", "three": "drei", "four": "[1]", "five": "None"}
    assert (data.metrics["a"], data.metrics["b"]) == (0.25, 1.0)
    assert math.isnan(data.metrics["c"])
    assert [data.tags.get(key) for key in ("tag", "number", "boolean", "gone")] == [
        "value",
        "3",
        "True",
        None,
    ]
    (point,) = client.get_metric_history(run.info.run_id, "b")
    assert (point.step, point.timestamp) == (7, 7_654_321)
    history = client.get_metric_history(run.info.run_id, "a")
    assert sorted((point.step, point.value) for point in history) == [(0, 0.5), (3, 0.25)]


@check
def more_params_than_a_batch_holds_arrive_in_full() -> None:
    many = {f"key {number:03}": number for number in range(250)}
    with mlflow.start_run() as run:
        mlflow.log_params(many)
        mlflow.set_tags(many)
    data = mlflow.get_run(run.info.run_id).data
    assert data.params == {key: str(value) for key, value in many.items()}
    assert {key: data.tags[key] for key in many} == data.params


@check
def values_go_to_a_run_that_is_not_active() -> None:
    run_id = client.create_run(experiment_id).info.run_id
    mlflow.log_metrics({"m": 1.0}, run_id=run_id)
    mlflow.log_params({"p": "1"}, run_id=run_id)
    mlflow.log_text("text", "file.txt", run_id=run_id)
    run = mlflow.get_run(run_id)
    assert (run.data.metrics, run.data.params) == ({"m": 1.0}, {"p": "1"})
    assert [file.path for file in client.list_artifacts(run_id)] == ["file.txt"]
    assert mlflow.active_run() is None


@check
def logging_without_a_run_starts_one() -> None:
    mlflow.log_metric("m", 1.0)
    run = mlflow.active_run()
    assert run is not None
    mlflow.end_run()
    assert mlflow.get_run(run.info.run_id).data.metrics == {"m": 1.0}


@check
def asynchronous_logging_arrives_after_a_flush() -> None:
    with mlflow.start_run() as run:
        for step in range(200):
            mlflow.log_metric("curve", step / 2, step=step, synchronous=False)
        mlflow.log_param("p", "1", synchronous=False)
        mlflow.log_params({"q": "2"}, synchronous=False)
        mlflow.log_metrics({"m": 3.0}, synchronous=False)
        mlflow.set_tag("t", "4", synchronous=False)
        mlflow.set_tags({"u": "5"}, synchronous=False).wait()
        mlflow.flush_async_logging()
    data = mlflow.get_run(run.info.run_id).data
    assert data.params == {"p": "1", "q": "2"}
    assert (data.metrics["curve"], data.metrics["m"]) == (99.5, 3.0)
    assert (data.tags["t"], data.tags["u"]) == ("4", "5")
    history = client.get_metric_history(run.info.run_id, "curve")
    assert [(point.step, point.value) for point in history] == [(step, step / 2) for step in range(200)]


@check
def threads_log_to_runs_of_their_own_at_once() -> None:
    run_ids: list[str] = []

    def train(worker: int) -> None:
        run_id = client.create_run(experiment_id, tags={"worker": str(worker)}).info.run_id
        for step in range(20):
            client.log_metric(run_id, "loss", worker + step / 100, step=step)
        client.log_param(run_id, "worker", worker)
        client.set_terminated(run_id)
        run_ids.append(run_id)

    workers = [threading.Thread(target=train, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(set(run_ids)) == 8
    for run_id in run_ids:
        run = client.get_run(run_id)
        number = int(run.data.tags["worker"])
        assert run.info.status == "FINISHED"
        assert run.data.params == {"worker": str(number)}
        assert run.data.metrics == {"loss": number + 0.19}
        assert len(client.get_metric_history(run_id, "loss")) == 20


@check
def threads_log_to_one_run_at_once() -> None:
    # The tag is there before, because MLflow's own server fails when two requests add the same one at once.
    run_id = client.create_run(experiment_id, tags={"last": "none"}).info.run_id

    def log(worker: int) -> None:
        for step in range(10):
            client.log_metric(run_id, f"m{worker}", step, step=step)
            client.log_param(run_id, f"p{worker}/{step}", step)
            client.set_tag(run_id, "last", str(worker))

    workers = [threading.Thread(target=log, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    data = client.get_run(run_id).data
    assert data.metrics == {f"m{worker}": 9.0 for worker in range(8)}
    assert data.params == {f"p{worker}/{step}": str(step) for worker in range(8) for step in range(10)}
    assert data.tags["last"] in {str(worker) for worker in range(8)}


@check_if(hasattr(mlflow, "restore_run"))
def a_deleted_run_is_restored() -> None:
    with mlflow.start_run() as run:
        pass
    mlflow.delete_run(run.info.run_id)
    mlflow.restore_run(run.info.run_id)
    assert mlflow.get_run(run.info.run_id).info.lifecycle_stage == "active"


finish()
