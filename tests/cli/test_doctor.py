"""`genesis-flow doctor`: what it says, against real servers, and what it never says."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import genesis_flow
from genesis_flow.cli.main import main
from genesis_flow.client import uris
from genesis_flow.diagnosis import public
from tests.peer import listening
from tests.serving import serving


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder and an environment in which nobody said where runs are kept."""
    monkeypatch.chdir(tmp_path)
    for name in ("TRACKING_URI", "REGISTRY_URI", "TRACKING_TOKEN"):
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)


@pytest.fixture(scope="module")
def server_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("doctor")) as server:
        yield server.uri


def examined(*words: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(main, ["doctor", "--output", "json", *words])
    return done.exit_code, json.loads(done.output)


def test_a_server_that_answers_is_well(server_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server_uri)
    code, found = examined()
    assert (code, found["advice"], found["tracking_uri"]) == (0, [], server_uri)
    assert "3.17.2" in found["server"]
    assert found["genesis_flow"] == genesis_flow.__version__
    assert set(found["extras"].values()) == {"installed"}


def test_a_server_that_is_away_is_told_of_without_waiting_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as peer:
        pass
    monkeypatch.setenv("MLFLOW_TRACKING_URI", peer.uri)
    code, found = examined()
    assert code == 1
    assert "did not answer" in found["server"]
    assert found["advice"]


def test_a_server_that_refuses_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as peer:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", peer.uri)
        peer.answers = [(200, b"3.17.2"), (401, b'{"error_code": "UNAUTHENTICATED", "message": "Who are you?"}')]
        code, found = examined()
    assert code == 1
    assert "401" in found["server"]
    assert "Who are you?" in found["server"]


def test_a_database_is_not_made_by_looking(tmp_path: Path) -> None:
    code, found = examined()
    assert code == 0
    assert found["tracking_uri"] == uris.get_tracking_uri()
    assert found["tracking_uri"].startswith("sqlite:///")
    assert list(tmp_path.iterdir()) == []


def test_no_secret_is_printed(server_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = server_uri.replace("//", "//ada:p@ss/w?rd@")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server_uri.replace("//", "//ada:hunter2@"))
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", "postgresql://bob:hunter3@db/runs?sslpassword=hunter4")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "hunter5")
    done = CliRunner().invoke(main, ["doctor"])
    assert "hunter" not in done.output
    assert "@db/runs" in done.output
    assert public(hidden) == server_uri.replace("//", "//***@")


def test_values_of_the_environment_are_hidden_if_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "of the board")
    assert examined()[1]["environment"]["MLFLOW_EXPERIMENT_NAME"] == "of the board"
    assert examined("--mask-envs")[1]["environment"]["MLFLOW_EXPERIMENT_NAME"] == "***"


def test_mlflow_in_the_same_environment_is_something_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mlflow_skinny-3.17.2.dist-info").mkdir()
    (tmp_path / "mlflow_skinny-3.17.2.dist-info" / "METADATA").write_text("Name: mlflow-skinny\nVersion: 3.17.2\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    code, found = examined()
    assert code == 1
    assert found["mlflow"] == {"mlflow-skinny": "3.17.2"}
    assert found["import_mlflow"] == "Genesis-Flow's"
    assert "pip uninstall mlflow-skinny" in found["advice"][0]


def test_the_function_prints_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    genesis_flow.doctor()
    assert capsys.readouterr().out == CliRunner().invoke(main, ["doctor"]).output
