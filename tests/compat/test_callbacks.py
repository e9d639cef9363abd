"""Callbacks of other libraries train with our client, without MLflow installed: on our server and on MLflow's own."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.blackbox.clients import Client
from tests.compat.held import differences, held
from tests.compat.programs import fresh_name, run
from tests.differential.normalise import Comparable
from tests.differential.server import Server, mlflow, ours

pytestmark = pytest.mark.compat

LIBRARIES = Client(
    "callbacks",
    (
        # The build for processors only: the plain name takes gigabytes. The others are the newest with which it was seen.
        "torch==2.13.0",
        "transformers==5.24.0",
        "accelerate==1.15.0",
        "lightning==2.6.6",
        "optuna==5.0.0",
        "optuna-integration==5.0.0",
        "msgspec",
        "urllib3",
        "click",
    ),
    ("src", "compat/mlflow"),
)
TRAININGS = {
    "optuna_study": ("loss", "progress"),
    "lightning_fit": ("loss", "validation_loss", "epoch"),
    "transformers_trainer": ("loss", "eval_loss", "learning_rate"),
}
"""The trainings, and some of the metrics that each of them must have left."""
BY_CLOCK = re.compile(r"runtime|_per_second|^datetime_")
"""Metrics and tags of the time that it took: no two trainings have the same."""


@pytest.fixture(scope="module")
def servers(mlflow_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Server]]:
    folder = tmp_path_factory.mktemp("callbacks")
    with mlflow(mlflow_python, folder / "mlflow") as theirs, ours(folder / "ours") as own:
        yield {"mlflow": theirs, "ours": own}


@pytest.mark.parametrize("training", TRAININGS)
def test_a_training_leaves_the_same_on_both_servers(training: str, servers: dict[str, Server], tmp_path: Path) -> None:
    left = {}
    for side, server in servers.items():
        name = fresh_name(training)
        folder = tmp_path / "same"  # checkpoints hold their path
        folder.mkdir()
        run(LIBRARIES, f"trainings.{training}", f"http://127.0.0.1:{server.port}", name, folder)
        left[side] = [without_clock(answer) for answer in held(server, name)]
        shutil.rmtree(folder)
    assert set(TRAININGS[training]) <= metrics_of(left["ours"])
    found = differences(left["mlflow"], left["ours"])
    assert not found, "\n".join(found)


def metrics_of(answers: list[Comparable]) -> set[str]:
    (runs,) = (answer["json"]["runs"] for answer in answers if "runs" in answer.get("json", {}))
    return {metric["key"] for run in runs for metric in run["data"].get("metrics", [])}


def without_clock(value: Any) -> Any:
    """An answer without what differs from one training to the next on any server."""
    match value:
        case {"key": str(key), "value": _} if BY_CLOCK.search(key):
            return {**value, "value": "<by the clock>"}
        case dict():
            return {name: without_clock(item) for name, item in value.items()}
        case list():
            # The same value twice at one step is one point or two: the millisecond decides, on any server.
            kept: list[Any] = []
            for item in map(without_clock, value):
                if item not in kept or not (isinstance(item, dict) and "step" in item):
                    kept.append(item)
            return kept
        case _:
            return value
