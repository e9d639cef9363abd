"""Opening the store on PostgreSQL: whose database it is, and its tables."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from genesis_flow.errors import ForeignDatabase
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.stores.sql import documents, migrations, schema
from genesis_flow.stores.sql.postgresql import DIALECT, PostgresqlConnection, PostgresqlDatabase
from genesis_flow.stores.sql.store import SqlStore, prepare

LOCK = 0x67656E65736973
"""The advisory lock under which one server at a time prepares a database."""


def open_postgresql(uri: str, *, artifact_root: str, clock: Clock = now_ms) -> SqlStore:
    """Opens a store in a PostgreSQL database, which need not answer yet: the first use prepares it.

    Args:
        uri: ``postgresql://user@host/database`` with everything that libpq takes; the scheme may name the driver.
    """

    def make(connection: PostgresqlConnection) -> bytes:
        return _make_tables(connection, artifact_root, clock())

    database = PostgresqlDatabase(libpq_uri(uri), prepare=make, on_idle=documents.settle)
    return SqlStore(database, artifact_root=artifact_root, clock=clock)


def libpq_uri(uri: str) -> str:
    """The URI without the name of a driver in its scheme."""
    return urlunsplit(urlsplit(uri)._replace(scheme="postgresql"))


def _make_tables(connection: PostgresqlConnection, artifact_root: str, now: int) -> bytes:
    """Makes the tables what this version works on; the secret that signs page tokens.

    Raises:
        ForeignDatabase: the database has tables that are not ours; it is not touched.
    """
    connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})")
    found = connection.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
    tables = {name for (name,) in found}
    if tables and schema.properties.name not in tables:
        raise ForeignDatabase("MLflow" if {"alembic_version", "experiments"} <= tables else "another program")
    migrations.upgrade(connection, DIALECT, is_new=not tables)
    return prepare(connection, artifact_root=artifact_root, now=now)
