"""The commands of the client, as a user types them, against a real server."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

import genesis_flow as mlflow
from genesis_flow.cli.main import main
from tests.serving import Server, serving


@pytest.fixture(scope="module", autouse=True)
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("commands")) as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", running.uri)
        yield running


def run(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def told(*words: str) -> str:
    done = run(*words)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def name() -> str:
    return f"of {uuid4().hex}"


@pytest.fixture
def experiment_id(name: str) -> str:
    return mlflow.MlflowClient().create_experiment(name)


def test_experiments_are_made_found_renamed_deleted_and_brought_back(name: str) -> None:
    told("experiments", "create", "-n", name)
    found = json.loads(told("experiments", "get", "-n", name, "--output", "json"))
    experiment_id = found["experiment_id"]
    assert name in told("experiments", "search", "--filter", f"name = '{name}'")
    told("experiments", "rename", "-x", experiment_id, "--new-name", f"new {name}")
    assert f"new {name}" in told("experiments", "get", "-x", experiment_id)
    told("experiments", "delete", "-x", experiment_id)
    deleted = json.loads(told("experiments", "search", "-v", "deleted_only", "--output", "json"))
    assert experiment_id in [one["experiment_id"] for one in deleted]
    told("experiments", "restore", "-x", experiment_id)
    assert mlflow.MlflowClient().get_experiment(experiment_id).lifecycle_stage == "active"


def test_runs_are_made_listed_described_deleted_and_brought_back(name: str, experiment_id: str) -> None:
    words = ("runs", "create", "--experiment-name", name, "--run-name", "first", "-t", "a=b", "--description", "x")
    made = json.loads(told(*words, "--status", "failed"))
    assert (made["experiment_id"], made["status"]) == (experiment_id, "FAILED")
    run_id = made["run_id"]
    described = json.loads(told("runs", "describe", "--run-id", run_id))
    assert described["info"]["status"] == "FAILED"
    assert {"a": "b", "mlflow.note.content": "x"}.items() <= described["data"]["tags"].items()
    child = json.loads(told("runs", "create", "--experiment-id", experiment_id, "--parent-run-id", run_id))["run_id"]
    assert mlflow.MlflowClient().get_run(child).data.tags["mlflow.parentRunId"] == run_id
    assert [line.split()[-1] for line in told("runs", "list", "--experiment-id", experiment_id).splitlines()[2:]] == [
        child,
        run_id,
    ]
    told("runs", "delete", "--run-id", run_id)
    assert run_id not in told("runs", "list", "--experiment-id", experiment_id)
    told("runs", "restore", "--run-id", run_id)
    assert run_id in told("runs", "list", "--experiment-id", experiment_id)


def test_runs_are_written_as_csv_that_no_spreadsheet_executes(experiment_id: str, tmp_path: Path) -> None:
    client = mlflow.MlflowClient()
    made = client.create_run(experiment_id, tags={"note": "=1+2"})
    client.log_metric(made.info.run_id, "loss", 0.5)
    client.log_param(made.info.run_id, "p", 'a,b\n"c"')
    told("experiments", "csv", "-x", experiment_id, "-o", str(tmp_path / "runs.csv"))
    with open(tmp_path / "runs.csv", encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["run_id"], row["metrics.loss"], row["params.p"]) == (made.info.run_id, "0.5", 'a,b\n"c"')
    assert row["tags.note"] == "'=1+2"


def test_models_are_found_and_their_aliases_moved(name: str) -> None:
    client = mlflow.MlflowClient()
    client.create_registered_model(name)
    client.create_model_version(name, "s3://bucket/model")
    told("models", "set-alias", name, "champion", "1")
    assert "champion=1" in told("models", "search", "--filter", f"name = '{name}'")
    (version,) = json.loads(told("models", "versions", "--filter", f"name = '{name}'", "--output", "json"))
    assert (version["version"], version["source"]) == ("1", "s3://bucket/model")
    assert json.loads(told("models", "resolve", f"models:/{name}@champion", "--output", "json"))["version"] == "1"
    told("models", "delete-alias", name, "champion")
    refused = run("models", "resolve", f"models:/{name}@champion")
    assert refused.exit_code == 1
    assert "Error: " in refused.output


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("runs", "describe", "--run-id", "nope"), 1),
        (("experiments", "get", "-n", "no such experiment"), 1),
        (("experiments", "get"), 2),
        (("runs", "create"), 2),
        (("runs", "create", "--experiment-id", "0", "-t", "without a value"), 2),
        (("runs", "list", "--experiment-id", "0", "--filter", "metrics.m >"), 1),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(words: tuple[str, ...], code: int) -> None:
    done = run(*words)
    assert done.exit_code == code
    assert "Error: " in done.output
    assert "Traceback" not in done.output


def test_a_name_cannot_write_on_the_terminal(experiment_id: str) -> None:
    mlflow.MlflowClient().set_experiment_tag(experiment_id, "t", "\x1b[31mred\x07")
    shown = told("experiments", "get", "-x", experiment_id)
    assert "red" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_no_server_is_an_error_and_not_a_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    done = run("experiments", "search")
    assert (done.exit_code, "Traceback" in done.output) == (1, False)
    assert "127.0.0.1:9" in done.output


LOGS_AND_DIES = """
import os, signal, sys, time
import genesis_flow as mlflow
from genesis_flow.client.background import background_of
run_id, folder = sys.argv[1:]
client = mlflow.MlflowClient("http://127.0.0.1:9")
for step in range(1_000):
    client.log_metric(run_id, "m", step, step=step, synchronous=False)
while background_of("http://127.0.0.1:9")._pipeline.spool.end < 1_000:
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_what_a_killed_program_logged_is_sent(
    experiment_id: str, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = mlflow.MlflowClient().create_run(experiment_id).info.run_id
    spools = tmp_path / "spools"
    environment = {**os.environ, "GENESIS_FLOW_SPOOL_DIR": str(spools)}
    died = subprocess.run([sys.executable, "-c", LOGS_AND_DIES, run_id, str(spools)], env=environment)
    assert died.returncode == -9
    monkeypatch.setenv("GENESIS_FLOW_SPOOL_DIR", str(spools))
    away = run("sync", "--patience", "0.2")
    assert (away.exit_code, "1,000 still wait" in away.output) == (1, True)
    for uri in spools.rglob("*"):  # the server is another one now, as if it had moved
        if uri.is_file() and b"http://127.0.0.1:9" in uri.read_bytes():
            uri.write_bytes(uri.read_bytes().replace(b"http://127.0.0.1:9", server.uri.encode()))
    (line,) = told("sync", "--json").splitlines()
    assert (json.loads(line)["points"], json.loads(line)["waiting"]) == (1_000, 0)
    assert "nothing to send" in told("sync")
    history = mlflow.MlflowClient().get_metric_history(run_id, "m")
    assert [point.step for point in history] == list(range(1_000))
