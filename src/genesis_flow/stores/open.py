"""From the URI of a store to the store."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from urllib.parse import unquote

from genesis_flow.errors import MissingExtra, UnsupportedLocation
from genesis_flow.stores.inspection import Inspection
from genesis_flow.stores.protocol import Store


def open_store(uri: str, *, artifact_root: str) -> Store:
    """Opens the store that a URI names and makes what it needs to exist.

    Args:
        uri: ``sqlite:///relative/path.db``, ``sqlite:////absolute/path.db``,
            ``mongodb://host/database``, ``mongodb+srv://host/database``,
            ``postgresql://host/database``, ``memory:``, ``http(s)://…``, or a folder in MLflow's directory form:
            ``file:///absolute/folder``, ``/absolute/folder`` or ``./relative/folder``.
        artifact_root: below which new experiments get their artifact locations.

    Raises:
        UnsupportedLocation: no store has this scheme.
        ForeignDatabase: the database belongs to another program; it is not touched.
        StoreFailed: the database cannot be opened.
        MissingExtra: the driver of the database is not installed.
    """
    scheme, _, rest = uri.partition(":")
    match scheme:
        case "sqlite":
            from genesis_flow.stores.sql.sqlite_store import open_sqlite

            return open_sqlite(sqlite_path(rest), artifact_root=artifact_root)
        case "memory":
            from genesis_flow.stores.memory import MemoryStore

            return MemoryStore(artifact_root=artifact_root)
        case "mongodb" | "mongodb+srv":
            _require("pymongo", "A store on MongoDB", "mongo")
            from genesis_flow.stores.mongo.store import MongoStore

            return MongoStore(uri, artifact_root=artifact_root)
        case "postgresql" | "postgres" | "postgresql+psycopg" | "postgresql+psycopg2":
            _require("psycopg", "A store on PostgreSQL", "postgresql")
            from genesis_flow.stores.sql.postgresql_store import open_postgresql

            return open_postgresql(uri, artifact_root=artifact_root)
        case "http" | "https":
            from genesis_flow.stores.rest import RestStore

            return RestStore(uri)
        case "file":
            return _open_folder(folder_path(rest), artifact_root)
        case _ if _is_folder(uri):
            return _open_folder(os.path.expanduser(uri), artifact_root)
        case _:
            raise UnsupportedLocation(
                scheme,
                "A store is sqlite:///path/to/file.db, postgresql://host/database, mongodb://host/database or a folder "
                "such as file:///path/to/mlruns or ./mlruns",
            )


def _open_folder(path: str, artifact_root: str) -> Store:
    from genesis_flow.stores.file.store import FileStore

    return FileStore(path, artifact_root=artifact_root)


async def inspect_store(uri: str) -> Inspection:
    """Looks at the database of a store without changing it.

    Raises:
        UnsupportedLocation: the store has no database that could be looked at.
        ForeignDatabase: it belongs to another program.
        Unavailable: it does not answer.
    """
    scheme, _, rest = uri.partition(":")
    match scheme:
        case "sqlite":
            from genesis_flow.stores.sql.inspection import inspect_sqlite

            return inspect_sqlite(sqlite_path(rest))
        case "mongodb" | "mongodb+srv":
            _require("pymongo", "A store on MongoDB", "mongo")
            from genesis_flow.stores.mongo.inspection import inspect

            return await inspect(uri)
        case "postgresql" | "postgres" | "postgresql+psycopg" | "postgresql+psycopg2":
            _require("psycopg", "A store on PostgreSQL", "postgresql")
            from genesis_flow.stores.sql.inspection import inspect_postgresql

            return inspect_postgresql(uri)
        case _:
            raise UnsupportedLocation(scheme, "It has no database that could be looked after")


def _require(package: str, what: str, extra: str) -> None:
    """Raises ``MissingExtra`` if the driver is not installed."""
    if importlib.util.find_spec(package) is None:
        raise MissingExtra(what, extra)


def store_folder(uri: str) -> Path | None:
    """The folder of a store in MLflow's directory form; None for another store."""
    scheme, _, rest = uri.partition(":")
    if scheme != "file" and not _is_folder(uri):
        return None
    return Path(folder_path(rest) if scheme == "file" else os.path.expanduser(uri)).resolve()


def _is_folder(uri: str) -> bool:
    return uri.startswith(("/", "./", "../", "~/")) or uri in (".", "..", "mlruns")


def folder_path(rest: str) -> str:
    """The folder in what stands behind ``file:``, with or without an (empty) host."""
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        if host not in ("", "localhost"):
            raise UnsupportedLocation("file", "A folder has no host: file:///path/to/mlruns")
        rest = slash + path
    if not rest:
        raise UnsupportedLocation("file", "Name a folder: file:///path/to/mlruns")
    return unquote(rest)


def sqlite_path(rest: str) -> Path:
    """The file in what stands behind ``sqlite:``; three slashes lead to a relative path, four to an absolute one."""
    if not rest.startswith("///") or len(rest) == 3:
        raise UnsupportedLocation("sqlite", "Name a file: sqlite:///genesis-flow.db or sqlite:////absolute/path.db")
    return Path(unquote(rest[3:].partition("?")[0]))
