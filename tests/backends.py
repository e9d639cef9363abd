"""The databases that our server is tested on, by the name of what it keeps things in."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import mongod

BACKENDS = ("sqlite", "mongodb", "postgresql")


@contextmanager
def new_store(backend: str, request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URI of an empty store that nothing else has; None is a file beside the server.

    Its database is started when the first test asks for it.
    """
    if backend == "sqlite":
        yield None
        return
    server: str = request.getfixturevalue(f"{backend}_server")
    if backend == "postgresql":
        yield importlib.import_module("tests.postgres").database(server)
        return
    uri = mongod.database(server)
    yield uri
    mongod.drop(uri)


def has_postgresql() -> bool:
    """Whether there is anything to start one with."""
    return importlib.util.find_spec("tests.postgres") is not None
