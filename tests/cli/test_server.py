"""The command that starts the server."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest


def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "genesis_flow", *arguments], cwd=folder, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_database_of_mlflow_is_refused_in_one_sentence(tmp_path: Path, workers: str) -> None:
    database = sqlite3.connect(tmp_path / "mlflow.db")
    database.execute("CREATE TABLE alembic_version (version_num TEXT)")
    database.execute("CREATE TABLE experiments (experiment_id INTEGER)")
    database.commit()
    database.close()
    before = (tmp_path / "mlflow.db").read_bytes()
    ended = command("server", "--backend-store-uri", "sqlite:///mlflow.db", "--workers", workers, folder=tmp_path)
    assert ended.returncode == 1
    assert "made by MLflow" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "mlflow.db").read_bytes() == before


@pytest.mark.parametrize("prefix", ["mlflow", "/mlflow/"])
def test_a_prefix_that_is_none_is_refused_with_what_it_must_be(tmp_path: Path, prefix: str) -> None:
    ended = command("server", "--static-prefix", prefix, folder=tmp_path)
    assert ended.returncode == 2
    assert "must start with '/'" in ended.stderr


def test_a_store_of_an_unknown_kind_is_refused_without_its_credentials(tmp_path: Path) -> None:
    ended = command("server", "--backend-store-uri", "mysql://ann:secret@host/db", folder=tmp_path)
    assert ended.returncode == 1
    assert "mysql" in ended.stderr
    assert "secret" not in ended.stderr


def test_help_names_every_option_with_its_variable(tmp_path: Path) -> None:
    shown = command("server", "--help", folder=tmp_path)
    assert shown.returncode == 0
    for option in (
        "--backend-store-uri",
        "--artifacts-destination",
        "--host",
        "--port",
        "--workers",
        "--allowed-hosts",
    ):
        assert option in shown.stdout
