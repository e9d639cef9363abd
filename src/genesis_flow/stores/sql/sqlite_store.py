"""Opening the store on SQLite: whose file it is, its tables, and the work of quiet moments."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from pathlib import Path

from genesis_flow.errors import ForeignDatabase, StoreFailed
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.stores.sql import documents, migrations, schema
from genesis_flow.stores.sql.sqlite import DIALECT, MADE, SqliteConnection, SqliteDatabase, Transaction, translated
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
    made = _made(path)
    log = path.with_name(path.name + "-wal")
    if not made.tables and log.exists():
        # Whoever made it, ours too, was killed before its tables reached the file. They are read in a copy, because
        # a look at the original would finish what its program left.
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, "copy")
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name("copy-wal"))
            made = _made(copy, immutable=False)
    made.refuse_foreign()


def _made(path: Path, *, immutable: bool = True) -> schema.Made:
    """What is in a file; immutable, not even a lock is made beside it, and its log is not read."""
    look = sqlite3.connect(f"{path.absolute().as_uri()}?{'mode=ro&immutable=1' if immutable else ''}", uri=True)
    try:
        return schema.Made.of(look.execute(MADE))
    except sqlite3.DatabaseError as error:
        raise ForeignDatabase("a program that is not SQLite") from error
    finally:
        look.close()


def _make_tables(path: Path, artifact_root: str, now: int) -> bytes:
    """Makes the tables what this version works on; the secret that signs page tokens."""
    connection = SqliteConnection(path, writable=True)
    try:
        with Transaction(connection):
            migrations.upgrade(connection, DIALECT)
            return prepare(connection, artifact_root=artifact_root, now=now)
    finally:
        connection.close()
