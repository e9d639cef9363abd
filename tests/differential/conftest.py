"""Starts MLflow and ours once a session, and plays on both every noun that is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache

import pytest

from tests.differential.calls import NOUNS
from tests.differential.normalise import Comparable, Normaliser
from tests.differential.play import Played, play, steps_of
from tests.differential.server import Server, mlflow, ours

MLFLOW_PYTHON = "GENESIS_MLFLOW_PYTHON"
# Compares MLflow with a second MLflow: whatever differs then is a fault of the test.
AGAINST_ITSELF = bool(os.environ.get("GENESIS_DIFFERENTIAL_AGAINST_ITSELF"))


@dataclass(frozen=True)
class Side:
    """What one server answered to a step, and the part of it that is compared."""

    played: Played
    comparable: Comparable


@dataclass(frozen=True)
class Pair:
    """Both sides of a step."""

    mlflow: Side
    ours: Side


Outcomes = Callable[[str], dict[str, Pair]]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """MLflow's server and ours, both empty at the start."""
    python = os.environ.get(MLFLOW_PYTHON)
    if not python:
        pytest.skip(f"{MLFLOW_PYTHON} does not name the Python of an environment with MLflow")
    folder = tmp_path_factory.mktemp("differential")
    with ExitStack() as stack:
        theirs = stack.enter_context(mlflow(python, folder / "mlflow"))
        other = mlflow(python, folder / "itself") if AGAINST_ITSELF else ours(folder / "ours")
        yield theirs, stack.enter_context(other)


@pytest.fixture(scope="session")
def outcomes(servers: tuple[Server, Server]) -> Outcomes:
    """By noun, and then by step id, what the two servers answered."""

    @cache
    def of_noun(noun: str) -> dict[str, Pair]:
        def side(server: Server) -> list[Side]:
            normaliser = Normaliser()
            steps = play(steps_of(noun, NOUNS[noun]), server)
            return [Side(played, normaliser.comparable(played.answer)) for played in steps]

        with ThreadPoolExecutor(len(servers)) as threads:
            pairs = zip(*threads.map(side, servers), strict=True)
        return {theirs.played.step.id: Pair(theirs, own) for theirs, own in pairs}

    return of_noun
