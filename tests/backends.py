"""The databases that our server is tested on, by the name of what it keeps things in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import mongod, postgres

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
            server = request.getfixturevalue("postgresql_server")
            uri = postgres.database(server)
            yield uri
            postgres.drop(server, uri)
        case _:
            raise ValueError(backend)
