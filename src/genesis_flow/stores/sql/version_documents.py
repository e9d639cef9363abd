"""The JSON of versions of registered models, written by the database, so that a page needs no object for each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from genesis_flow.stores.registered import READY
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement, among, grouped

T, TAGS = schema.model_versions, schema.model_version_tags


def _json(dialect: Dialect, **fields: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """A JSON object as text; NULL would stand in it as ``null``."""
    parts = [part for name, column in fields.items() for part in (sa.literal_column(f"'{name}'"), column)]
    made = sa.func.json_build_object(*parts) if dialect.name == "postgresql" else sa.func.json_object(*parts)
    return sa.cast(made, sa.Text)


def _version(dialect: Dialect) -> sa.ColumnElement[str]:
    fields: dict[str, sa.ColumnElement[Any]] = {
        "name": T.c.name,
        "version": sa.cast(T.c.version, sa.Text),
        "creation_timestamp": T.c.created_ms,
        "last_updated_timestamp": T.c.updated_ms,
        "current_stage": T.c.stage,
        "source": T.c.source,
        "run_id": T.c.run_id,
        "status": sa.literal_column(f"'{READY}'"),
        "run_link": T.c.run_link,
    }
    described = _json(dialect, **fields, description=T.c.description)
    return sa.case((T.c.description.is_(None), _json(dialect, **fields)), else_=described)


VERSIONS = Statement(lambda dialect: sa.select(T.c.id, _version(dialect)).where(among(dialect, T.c.id, "versions")))
TAGS_OF = Statement(
    lambda dialect: (
        sa.select(TAGS.c.version, _json(dialect, key=TAGS.c.key, value=TAGS.c.value))
        .where(among(dialect, TAGS.c.version, "versions"))
        .order_by(TAGS.c.version, TAGS.c.key)
    )
)


def documents(connection: Connection, versions: Sequence[int]) -> list[bytes]:
    """The JSON of the versions with these keys, in this order; their aliases are not in it."""
    keys = connection.array(versions)
    tags = grouped(connection.rows(TAGS_OF, versions=keys))
    found = {key: _with_tags(text, tags.get(key, ())) for key, text in connection.rows(VERSIONS, versions=keys)}
    return [found[version] for version in versions if version in found]


def _with_tags(text: str, tags: Iterable[Row]) -> bytes:
    listed = ",".join(tag for (tag,) in tags)
    return (f'{text[:-1]},"tags":[{listed}]}}' if listed else text).encode()
