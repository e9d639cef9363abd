"""What is noted of registered models in SQL: written with each change, read for an alias at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import AliasNotFound
from genesis_flow.rules.history import Change
from genesis_flow.stores.sql import schema
from genesis_flow.stores.sql.connection import Connection, Statement, first

T = schema.model_history
ALWAYS = 2**63 - 1

LAST_TIME = Statement(sa.select(sa.func.max(T.c.at_ms)).where(T.c.model == value("of_model")))
INSERT = Statement(sa.insert(T).values({c.name: value(f"new_{c.name}") for c in T.columns if c.name != "id"}))
ALIAS_AT = Statement(
    sa.select(T.c.after, T.c.at_ms)
    .where(T.c.model == value("of_model"), T.c.kind == "alias", T.c.key == value("alias"), T.c.at_ms <= value("until"))
    .order_by(T.c.at_ms.desc(), T.c.id.desc())
    .limit(1)
)


class Author(NamedTuple):
    """Who changes something, and when."""

    at_ms: int
    user: str


def note(connection: Connection, model: int, name: str, changes: Iterable[Change], by: Author) -> None:
    """Adds changes to the history of a model, whose time never goes back, whatever the clocks of servers say."""
    listed = list(changes)
    if not listed:
        return
    last = connection.row(LAST_TIME, of_model=model)
    at_ms = max(by.at_ms, first(last) or 0)
    for change in listed:
        connection.run(
            INSERT,
            new_model=model,
            new_at_ms=at_ms,
            new_user_id=by.user,
            new_name=name,
            new_kind=change.kind,
            new_version=change.version,
            new_key=change.key,
            new_before=change.before,
            new_after=change.after,
        )


def alias_at(connection: Connection, model: int, name: str, alias: str, as_of_ms: int | None) -> tuple[int, int]:
    """The version that had an alias at a time, and since when; ``AliasNotFound``."""
    until = ALWAYS if as_of_ms is None else as_of_ms
    row = connection.row(ALIAS_AT, of_model=model, alias=alias, until=until)
    if row is None or row[0] is None:
        raise AliasNotFound(name, alias)
    return int(row[0]), row[1]
