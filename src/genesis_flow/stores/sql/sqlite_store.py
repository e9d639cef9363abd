"""Opening the store on SQLite: whose file it is, its tables, and the work of quiet moments."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path

from genesis_flow.errors import ForeignDatabase, StoreFailed
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.stores.sql import documents, migrations, schema
from genesis_flow.stores.sql.sqlite import DIALECT, SqliteConnection, SqliteDatabase, Transaction, translated
from genesis_flow.stores.sql.store import SqlStore, prepare


def open_sqlite(path: Path, *, artifact_root: str, clock: Clock = now_ms) -> SqlStore:
    """Opens a store in a SQLite file, making file and tables if they do not exist.

    Raises:
        ForeignDatabase: the file has tables that are not ours; it is not touched.
        StoreFailed: the file cannot be opened or made, or is no database.
    """
    refuse_foreign(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        secret = _make_tables(path, artifact_root, clock())
        return SqlStore(
            SqliteDatabase(path, on_idle=documents.settle),
            secret=lambda: secret,
            artifact_root=artifact_root,
            clock=clock,
        )
    except (OSError, sqlite3.Error) as error:
        raise (translated(error) if isinstance(error, sqlite3.Error) else StoreFailed()) from error


def refuse_foreign(path: Path) -> None:
    """Raises ``ForeignDatabase`` if the file holds tables of another program, without writing to it."""
    if not path.exists() or path.stat().st_size == 0:
        return
    tables = _tables(path)
    log = path.with_name(path.name + "-wal")
    if not tables and log.exists():
        # Whoever made it, ours too, was killed before its tables reached the file. They are read in a copy, because
        # a look at the original would finish what its program left.
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "copy")
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name("copy-wal"))
            tables = _tables(copy, immutable=False)
    if not tables or schema.properties.name in tables:
        return
    raise ForeignDatabase("MLflow" if {"alembic_version", "experiments"} <= tables else "another program")


def _tables(path: Path, *, immutable: bool = True) -> set[str]:
    """The names of the tables in a file; immutable, not even a lock is made beside it, and its log is not read."""
    look = sqlite3.connect(f"{path.absolute().as_uri()}?{'mode=ro&immutable=1' if immutable else ''}", uri=True)
    try:
        return {name for (name,) in look.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise ForeignDatabase("a program that is not SQLite") from error
    finally:
        look.close()


def _make_tables(path: Path, artifact_root: str, now: int) -> bytes:
    """Makes the tables what this version works on; the secret that signs page tokens."""
    connection = SqliteConnection(path, writable=True)
    try:
        with Transaction(connection):
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            migrations.upgrade(connection, DIALECT, is_new=schema.properties.name not in tables)
            return prepare(connection, artifact_root=artifact_root, now=now)
    finally:
        connection.close()
