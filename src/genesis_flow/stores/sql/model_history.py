"""The history of registered models in SQL, aliases at a time, and promotions."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import ModelVersionNotFound, RegisteredModelNotFound
from genesis_flow.rules.history import Change
from genesis_flow.rules.times import parse_time_ms
from genesis_flow.stores import asking, registered
from genesis_flow.stores.sql import model_versions, registered_models, schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement
from genesis_flow.stores.sql.model_notes import Author, alias_at
from genesis_flow.stores.sql.model_versions import BY_NUMBER
from genesis_flow.wire.messages import model_history as messages

T = schema.model_history

COLUMNS = tuple(T.c[c] for c in ("at_ms", "id", "user_id", "name", "kind", "version", "key", "before", "after"))
DELETED = Statement(
    sa.select(T.c.model)
    .where(T.c.name == value("name"), T.c.kind == "deleted", T.c.version.is_(None))
    .order_by(T.c.id.desc())
    .limit(1)
)


def promote(
    connection: Connection, message: messages.PromoteModelVersions, *, by: Author
) -> messages.PromoteModelVersionsResponse:
    """Moves aliases, all or none."""
    model = model_versions.require(connection, message.name, to_change=True)
    before = registered_models.aliases_of(connection, model.key)
    after = registered.promoted(message, before)
    for one in message.set:
        if connection.row(BY_NUMBER, name=model.name, number=after[one.alias]) is None:
            raise ModelVersionNotFound(message.name, one.version)
    registered_models.move_aliases(connection, model, before, after, by)
    return messages.PromoteModelVersionsResponse(aliases=registered.alias_entities(after))


def resolve(connection: Connection, message: messages.ResolveModelAlias) -> messages.ResolveModelAliasResponse:
    """The version that an alias stood for at a time."""
    model = _model(connection, message.name)
    as_of_ms = None if message.as_of is None else parse_time_ms("as_of", message.as_of)
    number, since = alias_at(connection, model, message.name, message.alias, as_of_ms)
    row = connection.row(BY_NUMBER, name=message.name, number=number)  # a model that is gone has none
    version = None if row is None else model_versions.with_aliases(connection, model_versions.Version(*row))
    return messages.ResolveModelAliasResponse(version=str(number), since=since, model_version=version)


def timeline(
    connection: Connection, message: messages.GetModelTimeline, *, secret: bytes
) -> messages.GetModelTimelineResponse:
    """A page of the history of a model, the newest change first."""
    model, asked = _model(connection, message.name), asking.of_timeline(message, secret)
    conditions: list[sa.ColumnElement[bool]] = [T.c.model == model]
    if message.kind:
        conditions.append(T.c.kind == message.kind)
    if message.since:
        conditions.append(T.c.at_ms >= parse_time_ms("since", message.since))
    if message.until:
        conditions.append(T.c.at_ms < parse_time_ms("until", message.until))
    if asked.position is not None:
        at_ms, number = asked.position
        behind = sa.or_(T.c.at_ms < at_ms, sa.and_(T.c.at_ms == at_ms, T.c.id < number))
        conditions += [T.c.at_ms <= at_ms, behind]
    newest = sa.select(*COLUMNS).where(*conditions).order_by(T.c.at_ms.desc(), T.c.id.desc())
    found = connection.query(newest.limit(message.max_results + 1))
    shown, token = asked.cut(found, message.max_results, lambda row: row[:2])
    return messages.GetModelTimelineResponse(changes=tuple(map(_change, shown)), next_page_token=token)


def _model(connection: Connection, name: str) -> int:
    """The key of the model of that name, or of the one that was deleted last under it; ``RegisteredModelNotFound``."""
    try:
        return model_versions.require(connection, name).key
    except RegisteredModelNotFound:
        row = connection.row(DELETED, name=name)
        if row is None:
            raise
        key: int = row[0]
        return key


def _change(row: Row) -> messages.ModelChange:
    at_ms, _, user_id, name, kind, version, key, before, after = row
    return registered.change_entity(Change(kind, version, key, before, after), name, at_ms, user_id)
