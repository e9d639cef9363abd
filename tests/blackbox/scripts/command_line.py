"""The command line that comes with the client."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner
from mlflow import MlflowClient
from mlflow.cli import cli as mlflow_cli

from tests.blackbox.script import check, finish, fresh_experiment, fresh_name

client = MlflowClient()


def cli(*arguments: str) -> str:
    """Run a command of the client's own ``mlflow`` in this process, and return what it prints."""
    done = CliRunner().invoke(mlflow_cli, arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    return str(done.output)


@check
def the_command_finds_the_server_by_the_environment() -> None:
    done = subprocess.run([sys.executable, "-m", "mlflow", "experiments", "search"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Default" in done.stdout


@check
def experiments_are_created_and_searched() -> None:
    name = fresh_name("cli")
    assert "Created experiment" in cli("experiments", "create", "--experiment-name", name)
    experiment_id = client.get_experiment_by_name(name).experiment_id
    listed = cli("experiments", "search")
    assert name in listed
    assert experiment_id in listed
    cli("experiments", "rename", "--experiment-id", experiment_id, "--new-name", f"{name}-new")
    assert client.get_experiment(experiment_id).name == f"{name}-new"
    cli("experiments", "delete", "--experiment-id", experiment_id)
    assert f"{name}-new" in cli("experiments", "search", "--view", "deleted_only")
    cli("experiments", "restore", "--experiment-id", experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"


@check
def runs_are_listed_described_and_written_to_a_table() -> None:
    experiment_id = fresh_experiment("cli-runs")
    run_id = client.create_run(experiment_id, run_name="listed").info.run_id
    client.log_metric(run_id, "loss", 0.5)
    client.log_param(run_id, "depth", 3)
    listed = cli("runs", "list", "--experiment-id", experiment_id)
    assert run_id in listed
    assert "listed" in listed
    described = json.loads(cli("runs", "describe", "--run-id", run_id))
    assert described["info"]["run_id"] == run_id
    assert described["data"]["params"] == {"depth": "3"}
    cli("experiments", "csv", "--experiment-id", experiment_id, "--filename", "runs.csv")
    (row,) = csv.DictReader(Path("runs.csv").read_text().splitlines())
    assert (row["run_id"], row["metrics.loss"], row["params.depth"]) == (run_id, "0.5", "3")
    cli("runs", "delete", "--run-id", run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    cli("runs", "restore", "--run-id", run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "active"


@check
def artifacts_are_logged_listed_and_downloaded() -> None:
    run_id = client.create_run(fresh_experiment("cli-artifacts")).info.run_id
    Path("local.txt").write_text("from the command line")
    cli(
        "artifacts",
        "log-artifact",
        "--local-file",
        "local.txt",
        "--run-id",
        run_id,
        "--artifact-path",
        "texts",
    )
    assert [each["path"] for each in json.loads(cli("artifacts", "list", "--run-id", run_id))] == ["texts"]
    cli(
        "artifacts",
        "download",
        "--run-id",
        run_id,
        "--artifact-path",
        "texts/local.txt",
        "--dst-path",
        "down",
    )
    assert next(Path("down").rglob("local.txt")).read_text() == "from the command line"


finish()
