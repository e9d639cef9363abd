"""The databases that tests run on, each started once a session and ended with it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest

from tests import mongod
from tests.backends import has_postgresql, new_store


@pytest.fixture(scope="session")
def mongodb_server() -> Iterator[str]:
    """The URI of a MongoDB, without a database."""
    with mongod.any_mongod() as uri:
        yield uri


@pytest.fixture(scope="module")
def mongodb_uri(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URI of an empty database of a MongoDB, one for each module of tests."""
    with new_store("mongodb", request) as uri:
        assert uri is not None
        yield uri


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URI of a PostgreSQL."""
    if not has_postgresql():
        pytest.skip("tests.postgres, which starts a PostgreSQL, is not there yet")
    with importlib.import_module("tests.postgres").any_postgres() as uri:
        yield uri
