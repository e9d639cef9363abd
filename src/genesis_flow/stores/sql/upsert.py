"""Inserts that meet an existing row, in the words that SQLite and PostgreSQL share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import ClauseElement


def upsert(table: sa.Table, *keys: str, update: Sequence[str] = ()) -> Callable[[Dialect], ClauseElement]:
    """``INSERT … ON CONFLICT``; every column is bound to a value of its own name.

    Args:
        table: the table.
        keys: the columns whose uniqueness may be violated.
        update: the columns to overwrite then; none: the existing row stays.
    """

    def written_for(dialect: Dialect) -> ClauseElement:
        statement = _insert(dialect)(table).values({c.name: sa.bindparam(c.name) for c in table.columns})
        if not update:
            return statement.on_conflict_do_nothing(index_elements=list(keys))
        new = statement.excluded
        return statement.on_conflict_do_update(index_elements=list(keys), set_={c: new[c] for c in update})

    return written_for


def _insert(dialect: Dialect) -> Callable[[sa.Table], Insert]:
    if dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert  # type: ignore[return-value]  # it has the same two methods
    return sqlite_insert
