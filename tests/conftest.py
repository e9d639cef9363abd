"""The databases that tests run on, each started once a session and ended with it; and where MLflow is."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests import mongod, postgres

MLFLOW_PYTHON = "GENESIS_MLFLOW_PYTHON"


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """What the client writes into the environment for the programs that it starts ends with the test."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def mlflow_python() -> str:
    """The Python of an environment with MLflow and what is tested beside it."""
    python = os.environ.get(MLFLOW_PYTHON)
    if not python:
        pytest.skip(f"{MLFLOW_PYTHON} does not name the Python of an environment with MLflow")
    return python


@pytest.fixture(scope="session")
def mongodb_server() -> Iterator[str]:
    """The URI of a MongoDB, without a database."""
    with mongod.any_mongod() as uri:
        yield uri


@pytest.fixture(scope="module")
def mongodb_uri(mongodb_server: str) -> Iterator[str]:
    """The URI of an empty database of a MongoDB, one for each module of tests."""
    uri = mongod.database(mongodb_server)
    yield uri
    mongod.drop(uri)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URI of a PostgreSQL, with a database that is not for tests."""
    with postgres.any_postgres() as uri:
        yield uri


@pytest.fixture(scope="module")
def postgresql_uri(postgresql_server: str) -> Iterator[str]:
    """The URI of an empty database of a PostgreSQL, one for each module of tests."""
    uri = postgres.database(postgresql_server)
    yield uri
    postgres.drop(postgresql_server, uri)
