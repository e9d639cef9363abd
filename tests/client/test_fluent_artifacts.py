"""Files that a training script logs, by the fluent functions and the command."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner

import genesis_flow as mlflow
from genesis_flow.cli.main import main

pytestmark = pytest.mark.usefixtures("tracking_uri")


def test_what_is_logged_as_files_is_read_back(tmp_path: Path) -> None:
    mlflow.set_experiment(f"of {uuid4().hex}")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one.txt").write_text("1")
    with mlflow.start_run() as run:
        mlflow.log_artifact(str(tmp_path / "folder" / "one.txt"), "here")
        mlflow.log_artifacts(str(tmp_path / "folder"), "all")
        mlflow.log_text("words", "notes/words.txt")
        mlflow.log_dict({"a": [1, 2]}, "settings.json")
        mlflow.log_stream(io.BytesIO(b"bytes"), "raw.bin")
        mlflow.log_table({"question": ["x"], "answer": [1]}, "table.json")
    base = f"runs:/{run.info.run_id}"
    assert mlflow.artifacts.load_text(f"{base}/notes/words.txt") == "words"
    assert mlflow.artifacts.load_dict(f"{base}/settings.json") == {"a": [1, 2]}
    fetched = Path(mlflow.artifacts.download_artifacts(f"{base}/all"))
    assert (fetched / "one.txt").read_text() == "1"
    found = {file.path for file in mlflow.artifacts.list_artifacts(run_id=run.info.run_id)}
    assert found == {"here", "all", "notes", "settings.json", "raw.bin", "table.json"}
    assert list(mlflow.load_table("table.json", extra_columns=["run_id"])["run_id"]) == [run.info.run_id]


def test_files_are_sent_listed_and_fetched_by_the_command(tmp_path: Path) -> None:
    mlflow.set_experiment(f"of {uuid4().hex}")
    with mlflow.start_run() as run:
        run_id = run.info.run_id
    (tmp_path / "a.txt").write_text("a")
    runner = CliRunner()
    sent = runner.invoke(main, ["artifacts", "log-artifact", "-l", str(tmp_path / "a.txt"), "-r", run_id, "-a", "x"])
    assert sent.exit_code == 0, sent.output
    assert "x/a.txt" in runner.invoke(main, ["artifacts", "list", "-r", run_id, "-a", "x"]).output
    got = runner.invoke(main, ["artifacts", "download", "-u", f"runs:/{run_id}/x/a.txt", "-d", str(tmp_path / "to")])
    assert Path(got.output.strip()).read_text() == "a"
    assert runner.invoke(main, ["artifacts", "download", "-u", f"runs:/{run_id}/none.txt"]).exit_code == 1
