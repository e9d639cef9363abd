"""A real MongoDB for tests: a process of its own on a free port of this machine.

The server comes in a wheel, for Linux on x86-64. Elsewhere ``GENESIS_TEST_MONGODB_URI`` names one that runs.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.serving import free_port, stopped

ELSEWHERE = "GENESIS_TEST_MONGODB_URI"
START_TIMEOUT_MS = 60_000
CACHE_GB = "0.5"


def binary() -> Path | None:
    """The server of the wheel, where there is one."""
    found = importlib.util.find_spec("fiftyone")
    for folder in (found.submodule_search_locations or ()) if found else ():
        server = Path(folder, "db", "bin", "mongod")
        if server.exists() and sys.platform == "linux":
            return server
    return None


def start(folder: Path, port: int, *options: str) -> subprocess.Popen[bytes]:
    """Starts a member of the replica set ``tests`` that keeps everything in ``folder``."""
    server = binary()
    assert server is not None
    folder.mkdir(parents=True, exist_ok=True)
    command = [str(server), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1"]
    command += ["--replSet", "tests", "--wiredTigerCacheSizeGB", CACHE_GB, "--nounixsocket", *options]
    with (folder / "mongod.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


def initiate(ports: list[int]) -> str:
    """Makes the members a replica set; its URI, once it has a primary."""
    members = [{"_id": number, "host": f"127.0.0.1:{port}"} for number, port in enumerate(ports)]
    settings = {"electionTimeoutMillis": 2_000, "heartbeatIntervalMillis": 500}
    with MongoClient[dict[str, object]](
        "127.0.0.1", ports[0], directConnection=True, serverSelectionTimeoutMS=START_TIMEOUT_MS
    ) as client:
        client.admin.command("replSetInitiate", {"_id": "tests", "members": members, "settings": settings})
    uri = f"mongodb://{','.join(f'127.0.0.1:{port}' for port in ports)}/?replicaSet=tests"
    with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=START_TIMEOUT_MS) as client:
        client.admin.command("ping")
    return uri


@contextmanager
def mongod(folder: Path, *options: str) -> Iterator[str]:
    """A replica set of one; its URI, without a database."""
    port = free_port()
    with stopped(start(folder, port, *options)):
        yield initiate([port])


@contextmanager
def any_mongod() -> Iterator[str]:
    """A MongoDB, wherever it comes from; without one the test is skipped, though not in continuous integration."""
    if given := os.environ.get(ELSEWHERE):
        yield given
        return
    if binary() is None:
        if os.environ.get("CI") and sys.platform == "linux":
            pytest.fail("there is no MongoDB to test with")
        pytest.skip(f"no MongoDB: {ELSEWHERE} does not name one, and its wheel does not run here")
    with tempfile.TemporaryDirectory(prefix="genesis-mongod-") as folder, mongod(Path(folder)) as uri:
        yield uri


def database(uri: str) -> str:
    """The URI with a database that nothing else has."""
    server, _, options = uri.partition("?")
    return f"{server.rstrip('/')}/tests_{secrets.token_hex(6)}?{options}"


def drop(uri: str) -> None:
    """Removes the database of a URI."""
    try:
        with MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=5_000) as client:
            client.drop_database(client.get_default_database().name)
    except PyMongoError:
        pass  # it is gone with its server
