"""Starts MLflow once a session and ours on every backend, and plays on them every noun that is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import pytest

from tests.backends import BACKENDS, new_store
from tests.differential.calls import NOUNS, NOUNS_IN_A_BUCKET
from tests.differential.normalise import Comparable, Normaliser
from tests.differential.play import Played, play, steps_of
from tests.differential.server import Server, mlflow, ours

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
Sides = Callable[[str], list[Side]]


@pytest.fixture(scope="session")
def theirs(mlflow_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    """What MLflow answers to a noun; each is played once, whatever it is compared with."""
    with mlflow(mlflow_python, tmp_path_factory.mktemp("differential") / "mlflow") as server:
        yield cache(lambda noun: played(noun, server))


@pytest.fixture(scope="session", params=["mlflow"] if AGAINST_ITSELF else BACKENDS)
def own(
    request: pytest.FixtureRequest, mlflow_python: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sides]:
    """What our server answers to a noun, on each backend."""
    folder = tmp_path_factory.mktemp("differential") / "ours"
    if AGAINST_ITSELF:
        with mlflow(mlflow_python, folder) as server:
            yield cache(lambda noun: played(noun, server))
        return
    with new_store(request.param, request) as store, ours(folder, store=store) as server:
        yield cache(lambda noun: played(noun, server))


@pytest.fixture(scope="session")
def outcomes(theirs: Sides, own: Sides) -> Outcomes:
    """By noun, and then by step id, what the two servers answered."""

    return cache(lambda noun: paired(noun, theirs, own))


def paired(noun: str, theirs: Sides, own: Sides) -> dict[str, Pair]:
    """What the two servers answered to a noun, by step id."""
    # At the same time, which saves some.
    with ThreadPoolExecutor(2) as threads:
        sides = list(threads.map(lambda side: side(noun), (theirs, own)))
    return {first.played.step.id: Pair(first, second) for first, second in zip(*sides, strict=True)}


def played(noun: str, server: Server) -> list[Side]:
    """What a server answers to a noun."""
    normaliser = Normaliser()
    steps = play(steps_of(noun, {**NOUNS, **NOUNS_IN_A_BUCKET}[noun]), server)
    return [Side(played, normaliser.comparable(played.answer)) for played in steps]
