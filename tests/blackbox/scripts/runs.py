"""Runs: their life cycle, names, tags and parents, by MlflowClient."""

from __future__ import annotations

from collections.abc import Callable

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

from tests.blackbox.script import check, finish, fresh_experiment, fresh_name, refused

client = MlflowClient()
experiment_id = fresh_experiment("runs")
MISSING = "0" * 32


@check
def a_created_run_is_read_back() -> None:
    created = client.create_run(
        experiment_id,
        start_time=1_600_000_000_123,
        tags={"purpose": "test", "ключ": "значение"},
        run_name="first",
    )
    read = client.get_run(created.info.run_id)
    for run in (created, read):
        assert run.info.experiment_id == experiment_id
        assert run.info.run_name == run.data.tags["mlflow.runName"] == "first"
        assert run.info.start_time == 1_600_000_000_123
        assert run.info.end_time is None
        assert (run.info.status, run.info.lifecycle_stage) == ("RUNNING", "active")
        assert run.data.tags["purpose"] == "test"
        assert run.data.tags["ключ"] == "значение"
        assert run.data.metrics == {}
        assert run.data.params == {}
        assert run.info.artifact_uri.endswith(f"/{experiment_id}/{run.info.run_id}/artifacts")
    assert len(created.info.run_id) == 32


@check
def a_run_without_a_name_is_given_one() -> None:
    run = client.create_run(experiment_id)
    assert run.info.run_name
    assert run.data.tags["mlflow.runName"] == run.info.run_name
    assert run.info.start_time > 0


@check
def a_terminated_run_has_a_status_and_an_end() -> None:
    finished, failed, killed = (client.create_run(experiment_id).info.run_id for _ in range(3))
    client.set_terminated(finished)
    client.set_terminated(failed, status="FAILED", end_time=1_700_000_000_000)
    client.set_terminated(killed, status="KILLED", end_time=1_700_000_000_001)
    assert client.get_run(finished).info.status == "FINISHED"
    assert client.get_run(finished).info.end_time >= client.get_run(finished).info.start_time
    info = client.get_run(failed).info
    assert (info.status, info.end_time) == ("FAILED", 1_700_000_000_000)
    assert client.get_run(killed).info.status == "KILLED"


@check
def a_run_is_updated_in_status_and_name_apart() -> None:
    run_id = client.create_run(experiment_id, run_name="before").info.run_id
    client.update_run(run_id, name="after")
    run = client.get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("after", "RUNNING")
    assert run.data.tags["mlflow.runName"] == "after"
    client.update_run(run_id, status="SCHEDULED")
    run = client.get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("after", "SCHEDULED")
    client.set_tag(run_id, "mlflow.runName", "by tag")
    assert client.get_run(run_id).info.run_name == "by tag"


@check
def a_deleted_run_is_hidden_and_restored() -> None:
    own_experiment_id = fresh_experiment("deleted-runs")
    run_id = client.create_run(own_experiment_id).info.run_id
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"

    def found(view_type: int) -> list[str]:
        return [run.info.run_id for run in client.search_runs([own_experiment_id], run_view_type=view_type)]

    assert found(ViewType.ACTIVE_ONLY) == []
    assert found(ViewType.DELETED_ONLY) == found(ViewType.ALL) == [run_id]
    client.restore_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "active"
    assert found(ViewType.ACTIVE_ONLY) == [run_id]


@check
def a_deleted_run_takes_no_values() -> None:
    run_id = client.create_run(experiment_id).info.run_id
    client.delete_run(run_id)
    with refused("INVALID_PARAMETER_VALUE", run_id):
        client.log_metric(run_id, "m", 1.0)
    with refused("INVALID_PARAMETER_VALUE", run_id):
        client.log_param(run_id, "p", "1")
    with refused("INVALID_PARAMETER_VALUE", run_id):
        client.set_tag(run_id, "t", "1")


@check
def a_missing_run_is_not_found_by_any_call() -> None:
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: client.get_run(MISSING),
        "log metric": lambda: client.log_metric(MISSING, "m", 1.0),
        "log param": lambda: client.log_param(MISSING, "p", "1"),
        "set tag": lambda: client.set_tag(MISSING, "t", "1"),
        "delete tag": lambda: client.delete_tag(MISSING, "t"),
        "log batch": lambda: client.log_batch(MISSING, tags=[mlflow.entities.RunTag("t", "1")]),
        "delete": lambda: client.delete_run(MISSING),
        "restore": lambda: client.restore_run(MISSING),
        "terminate": lambda: client.set_terminated(MISSING),
        "list artifacts": lambda: client.list_artifacts(MISSING),
    }
    for call in calls.values():
        with refused("RESOURCE_DOES_NOT_EXIST", MISSING):
            call()


@check
def tags_are_set_overwritten_and_deleted() -> None:
    run_id = client.create_run(experiment_id, tags={"gone": "1"}).info.run_id
    client.set_tag(run_id, "stage", "draft")
    client.set_tag(run_id, "stage", "final")
    client.set_tag(run_id, "number", 7)
    client.set_tag(run_id, "long", "x" * 5_000)
    client.set_tag(run_id, "a key/with .-_ and spaces", "line\nbreak\ttab 'quote' \"double\" ✓")
    client.delete_tag(run_id, "gone")
    tags = client.get_run(run_id).data.tags
    assert (tags["stage"], tags["number"]) == ("final", "7")
    assert tags["long"] == "x" * 5_000
    assert tags["a key/with .-_ and spaces"] == "line\nbreak\ttab 'quote' \"double\" ✓"
    assert "gone" not in tags
    with refused("RESOURCE_DOES_NOT_EXIST", "gone"):
        client.delete_tag(run_id, "gone")


@check
def a_child_run_knows_its_parent() -> None:
    parent_id = client.create_run(experiment_id).info.run_id
    child_id = client.create_run(experiment_id, tags={"mlflow.parentRunId": parent_id}).info.run_id
    assert client.get_parent_run(child_id).info.run_id == parent_id
    assert client.get_parent_run(parent_id) is None
    children = client.search_runs([experiment_id], f"tags.mlflow.parentRunId = '{parent_id}'")
    assert [run.info.run_id for run in children] == [child_id]


@check
def a_run_in_a_missing_experiment_is_refused() -> None:
    with refused("RESOURCE_DOES_NOT_EXIST", "999999999"):
        client.create_run("999999999")


@check
def two_experiments_keep_their_runs_apart() -> None:
    one, two = fresh_experiment("one"), fresh_experiment("two")
    of_one, of_two = (client.create_run(each, run_name=fresh_name("run")).info.run_id for each in (one, two))
    assert [run.info.run_id for run in client.search_runs([one])] == [of_one]
    assert [run.info.run_id for run in client.search_runs([two])] == [of_two]
    assert {run.info.run_id for run in client.search_runs([one, two])} == {of_one, of_two}


finish()
