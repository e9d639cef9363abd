"""Opening the store on PostgreSQL: how it is connected to, whose database it is, and its tables."""

from __future__ import annotations

from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict

from genesis_flow.errors import StoreUnreachable, UnsupportedLocation
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.stores.sql import documents, migrations, schema
from genesis_flow.stores.sql.postgresql import DIALECT, PostgresConnection, Transaction
from genesis_flow.stores.sql.postgresql_database import Connector, PostgresDatabase
from genesis_flow.stores.sql.store import SqlStore, prepare

OLDEST_VERSION = 14
PREPARING = 7_163_906_142
"""The advisory lock that a server holds while it prepares the database."""

DEFAULTS: dict[str, Any] = {
    "application_name": "genesis-flow",
    "connect_timeout": 5,
    # A connection whose other end vanished without a word is given up after some 20 s.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
    # Of several hosts the one that takes writes.
    "target_session_attrs": "read-write",
}


def open_postgresql(uri: str, *, artifact_root: str, clock: Clock = now_ms) -> SqlStore:
    """Opens a store in a PostgreSQL database, which is connected to and prepared when it is first used.

    Args:
        uri: as libpq takes it; a driver behind the scheme, as SQLAlchemy takes it, is left out.
        artifact_root: below which new experiments get their artifact locations.
        clock: the time.

    Raises:
        UnsupportedLocation: the URI cannot be understood.
    """
    database = PostgresDatabase(
        connector := Connector(parameters(uri), partial(_prepare, artifact_root=artifact_root, clock=clock)),
        on_idle=documents.settle,
    )
    return SqlStore(database, secret=lambda: connector.secret, artifact_root=artifact_root, clock=clock)


def parameters(uri: str) -> dict[str, Any]:
    """What the driver connects with.

    Raises:
        UnsupportedLocation: the URI cannot be understood.
    """
    scheme, _, rest = uri.partition(":")
    try:
        given = conninfo_to_dict(f"postgresql:{rest}")
    except psycopg.ProgrammingError:
        # What the driver says may repeat a part of the URI, which may hold a password.
        raise UnsupportedLocation(
            scheme, "It is written postgresql://user:password@host:5432/database, with options as libpq takes them"
        ) from None
    return DEFAULTS | given | {"client_encoding": "utf8"}


def _prepare(connection: PostgresConnection, *, artifact_root: str, clock: Clock) -> bytes:
    """Makes what is missing, while others wait; the secret that signs page tokens.

    Raises:
        ForeignDatabase, NewerDatabase, StoreUnreachable
    """
    _require_usable(connection)
    with Transaction(connection):
        connection.execute(f"SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({PREPARING})")
        migrations.upgrade(connection, DIALECT, tables=as_postgresql_has_them())
        return prepare(connection, artifact_root=artifact_root, now=clock())


def _require_usable(connection: PostgresConnection) -> None:
    if connection.version < OLDEST_VERSION:
        raise StoreUnreachable(
            f"it is PostgreSQL {connection.version}, and {OLDEST_VERSION} is the oldest that will do"
        )
    ((encoding, space),) = connection.execute("SELECT current_setting('server_encoding'), current_schema()::text")
    if encoding != "UTF8":
        raise StoreUnreachable(f"the database is encoded in {encoding}, and it must be UTF8")
    if space is None:
        raise StoreUnreachable("the search path of its user names no schema that exists")


def as_postgresql_has_them() -> sa.MetaData:
    """The tables: texts in the order of their code points, and no foreign keys.

    Each row is written under the lock of its run, and a run's row goes last (``collection.py``), so a foreign key would
    say nothing new; but PostgreSQL looks the parent up for each row.
    """
    tables = sa.MetaData()
    for table in schema.metadata.sorted_tables:
        copy = table.to_metadata(tables)
        for column in copy.columns:
            if isinstance(column.type, sa.Text):
                column.type = sa.Text(collation="C")
        for key in list(copy.foreign_key_constraints):
            copy.constraints.discard(key)
    return tables
