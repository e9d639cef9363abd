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
    match backend:
        case "sqlite":
            yield None
        case "mongodb":
            uri = mongod.database(request.getfixturevalue("mongodb_server"))
            yield uri
            mongod.drop(uri)
        case "postgresql":
            if importlib.util.find_spec("tests.postgres") is None:
                pytest.skip("tests.postgres, which starts a PostgreSQL, is not there yet")
            yield importlib.import_module("tests.postgres").database(request.getfixturevalue("postgresql_server"))
        case _:
            raise ValueError(backend)
