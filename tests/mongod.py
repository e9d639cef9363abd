"""A real MongoDB for tests: processes of their own on free ports of this machine.

The server comes in a wheel, for Linux on x86-64. Elsewhere ``GENESIS_TEST_MONGODB_URI`` names one that runs.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.serving import free_port

ELSEWHERE = "GENESIS_TEST_MONGODB_URI"
START_TIMEOUT_MS = 60_000
# The smallest that it takes. What it measures about itself twice a second is nobody's business here.
SMALL = ("--wiredTigerCacheSizeGB", "0.25", "--setParameter", "diagnosticDataCollectionEnabled=false")
TEST_COMMANDS = ("--setParameter", "enableTestCommands=1")
"""Options for a server that can be told to be slow or to fail."""
# An election takes seconds and not tens of them.
SETTINGS = {"electionTimeoutMillis": 2_000, "heartbeatIntervalMillis": 500, "catchUpTimeoutMillis": 2_000}

Client = MongoClient[dict[str, Any]]


@cache
def binary() -> Path | None:
    """The server of the wheel, where there is one that runs."""
    found = importlib.util.find_spec("fiftyone")
    for folder in (found.submodule_search_locations or ()) if found else ():
        server = Path(folder, "db", "bin", "mongod")
        with suppress(OSError):
            if subprocess.run([server, "--version"], capture_output=True).returncode == 0:
                return server
    return None


def needed() -> Path:
    """The server of the wheel; without one the test is skipped, though not where continuous integration has it."""
    if server := binary():
        return server
    if os.environ.get("CI") and sys.platform == "linux" and platform.machine() == "x86_64":
        pytest.fail("the wheel with MongoDB is not installed or does not run")
    pytest.skip("the wheel with MongoDB does not run here")


@dataclass
class Member:
    """A member of a replica set, which may be killed and started again.

    Attributes:
        folder: where it keeps everything.
        port: where it listens, on the loopback address.
        options: further ones of its command.
        process: the running one.
    """

    folder: Path
    port: int
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it wrote to its log."""
        return self.folder.with_suffix(".log").read_text(errors="replace")

    @property
    def runs(self) -> bool:
        """Whether its process is there, at work or paused."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Starts it, on what its folder has."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [str(needed()), "--dbpath", str(self.folder), "--port", str(self.port), "--bind_ip", "127.0.0.1"]
        command += ["--replSet", "tests", "--nounixsocket", *SMALL, *self.options]
        # Beside its folder, which may be a disk that gets full. In the process group of the tests: Ctrl-C ends it, too.
        with self.folder.with_suffix(".log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.folder.parent, stdout=log, stderr=log, preexec_fn=_end_with_the_tests
            )

    def kill(self) -> None:
        """Ends it as a power failure would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def pause(self) -> None:
        """Stops it where it stands: its connections stay open and nobody answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)


def _end_with_the_tests() -> None:
    """Has Linux end this process with the one that started it, also when that is killed."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


class ReplicaSet:
    """Members that were made one replica set, named ``tests``."""

    def __init__(self, members: list[Member]) -> None:
        self.members = members

    @property
    def uri(self) -> str:
        """Its URI, without a database."""
        return f"mongodb://{','.join(member.address for member in self.members)}/?replicaSet=tests"

    def primary(self) -> Member:
        """The member that takes writes, once there is one that a majority follows."""
        with self._client() as client:
            client.admin.command("ping")
            found = client.primary
        return next(member for member in self.members if found == ("127.0.0.1", member.port))

    def secondary(self) -> Member:
        """One of the others."""
        primary = self.primary()
        return next(member for member in self.members if member is not primary)

    def initiate(self) -> None:
        """Makes the members a replica set and waits until all of them follow the primary."""
        members = [{"_id": number, "host": member.address} for number, member in enumerate(self.members)]
        # The last one is asked to begin when all of them listen.
        for member in self.members:
            with Client(
                "127.0.0.1", member.port, directConnection=True, serverSelectionTimeoutMS=START_TIMEOUT_MS
            ) as client:
                client.admin.command("ping")
                if member is self.members[-1]:
                    together = {"_id": "tests", "members": members, "settings": SETTINGS}
                    client.admin.command("replSetInitiate", together)
        self.wait()

    def wait(self) -> None:
        """Waits until every member has what was written before."""
        with self._client() as client:
            everywhere = {"w": len(self.members), "wtimeout": START_TIMEOUT_MS}
            client.admin.command("appendOplogNote", data={"all": "here"}, writeConcern=everywhere)

    def _client(self) -> Client:
        return Client(self.uri, serverSelectionTimeoutMS=START_TIMEOUT_MS)


@contextmanager
def replica_set(folder: Path, members: int = 3, *options: str) -> Iterator[ReplicaSet]:
    """A replica set with a primary, which ends with the block.

    Args:
        folder: what its members keep is below it.
        members: how many there are.
        options: further ones of the command of each.
    """
    made: list[Member] = []
    with ExitStack() as stack:
        for number in range(members):
            made.append(Member(folder / f"member-{number}", free_port(), options))
            made[-1].start()
            # Nothing of it is wanted any longer: a clean end would take seconds.
            stack.callback(made[-1].kill)
        together = ReplicaSet(made)
        together.initiate()
        yield together


@contextmanager
def mongod(folder: Path, *options: str) -> Iterator[str]:
    """A replica set of one; its URI, without a database."""
    with replica_set(folder, 1, *options) as alone:
        yield alone.uri


@contextmanager
def any_mongod() -> Iterator[str]:
    """The URI of a MongoDB without a database, wherever it comes from; without one the test is skipped."""
    if given := os.environ.get(ELSEWHERE):
        yield given
        return
    needed()
    folder = tempfile.mkdtemp(prefix="genesis-mongod-")
    try:
        with mongod(Path(folder)) as uri:
            yield uri
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def database(uri: str, name: str = "") -> str:
    """The URI with a database, by default one that nothing else has."""
    server, _, options = uri.partition("?")
    return f"{server.rstrip('/')}/{name or f'tests_{secrets.token_hex(6)}'}{'?' if options else ''}{options}"


def drop(uri: str) -> None:
    """Removes the database of a URI."""
    # An error says that it is gone with its server.
    with suppress(PyMongoError), Client(uri, serverSelectionTimeoutMS=5_000) as client:
        client.drop_database(client.get_default_database().name)
