"""Runs beside each other, asked of a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis_flow.entities import Dataset, DatasetInput, Metric, Param, RunTag
from genesis_flow.tracking import MlflowClient
from tests.serving import Answer, Server, serving

COMPARE = "/api/genesis/v1/runs/compare"
MISSING = "0" * 32


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("compare")) as running:
        yield running


@pytest.fixture(scope="module")
def runs(server: Server) -> list[str]:
    """Three runs of two experiments."""
    client = MlflowClient(server.uri)
    one, two = client.create_experiment("one"), client.create_experiment("two")
    made = []
    for i, experiment in enumerate((one, one, two)):
        run = client.create_run(experiment, start_time=1_000 + i, run_name=f"run {i}").info.run_id
        loss = (0.5, float("nan"), float("inf"))[i]
        metrics = [Metric("loss", 9.0, 1, 0), Metric("loss", loss, 2, 1), Metric("seen", 1.0, 1, 0)]
        params = [Param("lr", f"0.{i + 1}"), Param("optimizer", "adam")] + ([Param("only", "here")] if i == 1 else [])
        client.log_batch(run, metrics, params, [RunTag("mlflow.note.content", "note"), RunTag("mlflow.user", f"u{i}")])
        client.log_inputs(run, [DatasetInput(Dataset("churn", f"d{i // 2}", "local", "{}"), [])])
        made.append(run)
    client.set_terminated(made[0], end_time=5_000)
    client.delete_run(made[2])
    return made


def compare(server: Server, *run_ids: str) -> Answer:
    return server.post(COMPARE, {"run_ids": run_ids})


def group(answer: Answer, name: str) -> list[Any]:
    (found,) = [each["rows"] for each in answer.json["groups"] if each["name"] == name]
    return [[row["key"], row["values"], row["same"]] for row in found]


def test_what_runs_have_stands_side_by_side_in_the_order_asked_for(server: Server, runs: list[str]) -> None:
    answer = compare(server, runs[1], runs[0], runs[2])
    assert answer.status == 200, answer.body
    heads = answer.json["runs"]
    assert [(each["run_id"], each["run_name"]) for each in heads] == [
        (runs[1], "run 1"),
        (runs[0], "run 0"),
        (runs[2], "run 2"),
    ]
    assert [each["status"] for each in heads] == ["RUNNING", "FINISHED", "RUNNING"]
    assert (heads[1]["start_time"], heads[1]["end_time"], "end_time" in heads[0]) == (1_000, 5_000, False)
    assert [each["lifecycle_stage"] for each in heads] == ["active", "active", "deleted"]
    assert heads[0]["experiment_id"] != heads[2]["experiment_id"]
    assert group(answer, "params") == [
        ["lr", ["0.2", "0.1", "0.3"], False],
        ["only", ["here", None, None], False],
        ["optimizer", ["adam"] * 3, True],
    ]
    assert group(answer, "metrics") == [["loss", ["NaN", 0.5, "Infinity"], False], ["seen", [1, 1, 1], True]]
    assert group(answer, "tags") == [["mlflow.note.content", ["note"] * 3, True]]
    assert group(answer, "source") == [["mlflow.user", ["u1", "u0", "u2"], False]]
    assert group(answer, "datasets") == [["churn", ["d0", "d0", "d1"], False]]


def test_the_runs_that_are_missing_are_named_the_first_of_them(server: Server, runs: list[str]) -> None:
    answer = compare(server, runs[0], MISSING, "f" * 32)
    assert (answer.status, answer.error_code) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert MISSING in answer.message
    assert "f" * 32 not in answer.message


@pytest.mark.parametrize("count", [0, 1, 51])
def test_two_to_fifty_runs_are_compared(server: Server, count: int) -> None:
    answer = compare(server, *(f"{i:032x}" for i in range(count)))
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")
    assert "run_ids" in answer.message


def test_a_run_stands_once_and_has_an_id(server: Server, runs: list[str]) -> None:
    for given in ((runs[0], runs[0]), (runs[0], "")):
        answer = compare(server, *given)
        assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE"), answer.body


def test_a_server_in_front_of_another_compares_the_same(server: Server, runs: list[str], tmp_path: Path) -> None:
    with serving(tmp_path, store=server.uri) as front:
        assert compare(front, *runs).json == compare(server, *runs).json
        answer = compare(front, runs[0], MISSING)
        assert (answer.status, MISSING in answer.message) == (404, True)


def test_fifty_runs_are_compared_at_once(server: Server) -> None:
    client = MlflowClient(server.uri)
    experiment = client.create_experiment("fifty")
    made = [client.create_run(experiment).info.run_id for _ in range(50)]
    client.log_param(made[49], "last", "1")
    assert group(compare(server, *made), "params") == [["last", [None] * 49 + ["1"], False]]
