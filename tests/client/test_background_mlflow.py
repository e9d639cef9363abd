"""Logging in the background to MLflow's own server: the same promises."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from genesis_flow.client.background import Background
from genesis_flow.client.pipeline import Limits
from genesis_flow.entities import Metric, Param, RunTag
from genesis_flow.wire.transport import HttpTransport, Retrying
from tests.client.between import LOST, between
from tests.differential.server import mlflow

pytestmark = pytest.mark.compat
API = "/api/2.0/mlflow/"

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    python = os.environ.get("GENESIS_MLFLOW_PYTHON")
    if not python:
        pytest.skip("GENESIS_MLFLOW_PYTHON does not name an environment with MLflow")
    with mlflow(python, tmp_path_factory.mktemp("mlflow") / "server") as server:
        yield server.port


@pytest.fixture
def ask(port: int) -> Ask:
    transport = HttpTransport(f"http://127.0.0.1:{port}")

    def asked(method: str, verb: str, **message: object) -> Any:
        body = json.dumps(message).encode() if message else None
        return json.loads(transport.request(method, API + verb, body))

    return asked


def create_run(ask: Ask) -> str:
    run_id = ask("POST", "runs/create", experiment_id="0", start_time=1)["run"]["info"]["run_id"]
    assert isinstance(run_id, str)
    return run_id


def test_everything_arrives_once_and_what_is_refused_stands_aside(port: int, ask: Ask, tmp_path: Path) -> None:
    run_id, deleted = create_run(ask), create_run(ask)
    ask("POST", "runs/delete", run_id=deleted)
    with between(port) as way:
        way.plan = [LOST, LOST]
        background = Background(
            lambda: HttpTransport(way.uri, retrying=Retrying(0)), tmp_path, limits=Limits(gather_s=0.3)
        )
        background.log(run_id, params=[Param("p", "1")])
        for step in range(3_000):
            background.log_metric(run_id, "m", step / 2, 1, step)
            background.log_metric(deleted, "m", step, 1, step)
        tags = [RunTag("t", "1"), RunTag("t", "2")]
        background.log(run_id, [Metric("m", 1.0, -5, 1)], [Param("p", "2"), Param("q", "1")], tags)
        confirmed = background.flush(120)
        background.close()
        assert len(way.asked) < 100
    assert (confirmed.points, confirmed.params, confirmed.tags, confirmed.refused) == (3_000, 2, 2, 3_002)
    points = ask("GET", f"metrics/get-history?run_id={run_id}&metric_key=m")["metrics"]
    assert [(point["step"], point["value"]) for point in points] == [(step, step / 2) for step in range(3_000)]
    found = ask("GET", f"runs/get?run_id={run_id}")["run"]["data"]
    assert {one["key"]: one["value"] for one in found["params"]} == {"p": "1", "q": "1"}
    assert {one["key"]: one["value"] for one in found["tags"]}["t"] == "2"
