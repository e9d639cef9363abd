"""Registered models in SQL, with their tags and aliases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import RegisteredModelExists, RegisteredModelNotFound
from genesis_flow.rules.history import Change, aliases_moved, tag_changed, tags_set
from genesis_flow.rules.registry import is_prompt
from genesis_flow.stores import registered
from genesis_flow.stores.sql import model_versions, schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement, among, first, grouped
from genesis_flow.stores.sql.model_notes import Author, note
from genesis_flow.stores.sql.model_versions import Model, require
from genesis_flow.stores.sql.upsert import upsert
from genesis_flow.values.registry import RegisteredModel
from genesis_flow.wire.messages import registry as messages

T = schema.registered_models
TAGS, ALIASES = schema.registered_model_tags, schema.registered_model_aliases
VERSIONS, VERSION_TAGS = schema.model_versions, schema.model_version_tags

COLUMNS = tuple(T.c[c] for c in ("id", "name", "created_ms", "updated_ms", "description"))
BY_KEYS = Statement(lambda dialect: sa.select(*COLUMNS).where(among(dialect, T.c.id, "models")))
INSERT = Statement(sa.insert(T).values({c.name: value(c.name) for c in T.columns if c.name != "id"}))
RENAME = Statement(sa.update(T).where(T.c.id == value("row")).values(name=value("new"), updated_ms=value("now")))
RENAME_VERSIONS = Statement(
    sa.update(VERSIONS).where(VERSIONS.c.model == value("row")).values(name=value("new"), updated_ms=value("now"))
)
DESCRIBE = Statement(
    sa.update(T).where(T.c.id == value("row")).values(description=value("text"), updated_ms=value("now"))
)
DELETE = Statement(sa.delete(T).where(T.c.id == value("row")))
DELETE_TAGS = Statement(sa.delete(TAGS).where(TAGS.c.model == value("row")))
DELETE_ALIASES = Statement(sa.delete(ALIASES).where(ALIASES.c.model == value("row")))
DELETE_VERSIONS = Statement(sa.delete(VERSIONS).where(VERSIONS.c.model == value("row")))
_OF_MODEL = sa.select(VERSIONS.c.id).where(VERSIONS.c.model == value("row"))
DELETE_VERSION_TAGS = Statement(sa.delete(VERSION_TAGS).where(VERSION_TAGS.c.version.in_(_OF_MODEL)))
TAG = Statement(sa.select(TAGS.c.value).where(TAGS.c.model == value("row"), TAGS.c.key == value("name")))
PUT_TAG = Statement(upsert(TAGS, "model", "key", update=("value",)))
DELETE_TAG = Statement(sa.delete(TAGS).where(TAGS.c.model == value("row"), TAGS.c.key == value("name")))
PUT_ALIAS = Statement(upsert(ALIASES, "model", "alias", update=("version",)))
DELETE_ALIAS = Statement(sa.delete(ALIASES).where(ALIASES.c.model == value("row"), ALIASES.c.alias == value("name")))


def _of_models(table: sa.Table, *columns: str) -> Statement:
    selected = sa.select(table.c.model, *(table.c[c] for c in columns))
    return Statement(lambda dialect: selected.where(among(dialect, table.c.model, "models")))


TAGS_OF = _of_models(TAGS, "key", "value")
ALIASES_OF = _of_models(ALIASES, "alias", "version")


def create(
    connection: Connection, message: messages.CreateRegisteredModel, *, by: Author
) -> messages.CreateRegisteredModelResponse:
    """Inserts a model without versions."""
    require_free(connection, message.name)
    model = connection.insert(
        INSERT,
        name=message.name,
        description=message.description,
        created_ms=by.at_ms,
        updated_ms=by.at_ms,
        last_version=0,
    )
    tags = registered.tags_given(message.tags)
    connection.many(PUT_TAG, [{"model": model, "key": key, "value": text} for key, text in tags.items()])
    changes = [Change("created", None, "", None, message.name), *tags_set(None, tags)]
    note(connection, model, message.name, changes, by)
    return messages.CreateRegisteredModelResponse(registered_model=_one(connection, model))


def require_free(connection: Connection, name: str) -> None:
    """Raises ``RegisteredModelExists`` if a model has this name."""
    try:
        taken = require(connection, name)
    except RegisteredModelNotFound:
        return
    raise RegisteredModelExists(name, is_prompt(dict(tags_of(connection, taken.key))))


def get(connection: Connection, message: messages.GetRegisteredModel) -> messages.GetRegisteredModelResponse:
    """Reads a model."""
    model = require(connection, message.name)
    return messages.GetRegisteredModelResponse(registered_model=_one(connection, model.key))


def rename(
    connection: Connection, message: messages.RenameRegisteredModel, *, by: Author
) -> messages.RenameRegisteredModelResponse:
    """Renames a model and its versions."""
    model, name = require(connection, message.name, to_change=True), message.new_name or ""
    if name != model.name:
        require_free(connection, name)
        note(connection, model.key, name, [Change("renamed", None, "", model.name, name)], by)
    connection.run(RENAME, row=model.key, new=name, now=by.at_ms)
    connection.run(RENAME_VERSIONS, row=model.key, new=name, now=by.at_ms)
    return messages.RenameRegisteredModelResponse(registered_model=_one(connection, model.key))


def update(
    connection: Connection, message: messages.UpdateRegisteredModel, *, by: Author
) -> messages.UpdateRegisteredModelResponse:
    """Writes the description."""
    model = require(connection, message.name, to_change=True)
    connection.run(DESCRIBE, row=model.key, text=message.description, now=by.at_ms)
    return messages.UpdateRegisteredModelResponse(registered_model=_one(connection, model.key))


def delete(
    connection: Connection, message: messages.DeleteRegisteredModel, *, by: Author
) -> messages.DeleteRegisteredModelResponse:
    """Removes a model and everything of it but its history."""
    model = require(connection, message.name, to_change=True)
    moved = aliases_moved(aliases_of(connection, model.key), {})
    note(connection, model.key, model.name, [*moved, Change("deleted", None, "", model.name, None)], by)
    for statement in (DELETE_VERSION_TAGS, DELETE_VERSIONS, DELETE_ALIASES, DELETE_TAGS, DELETE):
        connection.run(statement, row=model.key)
    return messages.DeleteRegisteredModelResponse()


def set_tag(
    connection: Connection, message: messages.SetRegisteredModelTag, *, by: Author
) -> messages.SetRegisteredModelTagResponse:
    """Writes or replaces a tag."""
    model = require(connection, message.name, to_change=True)
    before = connection.row(TAG, row=model.key, name=message.key)
    note(connection, model.key, model.name, tag_changed(None, message.key, first(before), message.value), by)
    connection.many(PUT_TAG, [{"model": model.key, "key": message.key, "value": message.value}])
    return messages.SetRegisteredModelTagResponse()


def delete_tag(
    connection: Connection, message: messages.DeleteRegisteredModelTag, *, by: Author
) -> messages.DeleteRegisteredModelTagResponse:
    """Removes a tag, if it is there."""
    model = require(connection, message.name, to_change=True)
    before = connection.row(TAG, row=model.key, name=message.key)
    note(connection, model.key, model.name, tag_changed(None, message.key, first(before), None), by)
    connection.run(DELETE_TAG, row=model.key, name=message.key)
    return messages.DeleteRegisteredModelTagResponse()


def set_alias(
    connection: Connection, message: messages.SetRegisteredModelAlias, *, by: Author
) -> messages.SetRegisteredModelAliasResponse:
    """Gives a version an alias."""
    model, version = model_versions.require_to_change(connection, message.name, message.version)
    before = aliases_of(connection, model.key)
    move_aliases(connection, model, before, {**before, message.alias: version.number}, by)
    return messages.SetRegisteredModelAliasResponse()


def delete_alias(
    connection: Connection, message: messages.DeleteRegisteredModelAlias, *, by: Author
) -> messages.DeleteRegisteredModelAliasResponse:
    """Removes an alias, if it is there."""
    model = require(connection, message.name, to_change=True)
    before = aliases_of(connection, model.key)
    after = {alias: number for alias, number in before.items() if alias != message.alias}
    move_aliases(connection, model, before, after, by)
    return messages.DeleteRegisteredModelAliasResponse()


def move_aliases(
    connection: Connection, model: Model, before: Mapping[str, int], after: Mapping[str, int], by: Author
) -> None:
    """Makes the aliases of a model those, and notes it."""
    changes = aliases_moved(before, after)
    note(connection, model.key, model.name, changes, by)
    for change in changes:
        if change.after is None:
            connection.run(DELETE_ALIAS, row=model.key, name=change.key)
    moved = [change.key for change in changes if change.after is not None]
    connection.many(PUT_ALIAS, [{"model": model.key, "alias": alias, "version": after[alias]} for alias in moved])


def aliases_of(connection: Connection, model: int) -> dict[str, int]:
    """The aliases of a model."""
    return {alias: number for _, alias, number in connection.rows(ALIASES_OF, models=connection.array([model]))}


def tags_of(connection: Connection, model: int) -> list[Row]:
    """The tags of a model."""
    return [(key, text) for _, key, text in connection.rows(TAGS_OF, models=connection.array([model]))]


def _one(connection: Connection, model: int) -> RegisteredModel:
    return load(connection, [model])[0]


def load(connection: Connection, models: Sequence[int]) -> list[RegisteredModel]:
    """The models with these keys, in this order."""
    keys = connection.array(models)
    tags = grouped(connection.rows(TAGS_OF, models=keys))
    aliases = grouped(connection.rows(ALIASES_OF, models=keys))
    latest = model_versions.latest_of(connection, models)
    found = {
        key: registered.model_entity(
            name=name,
            created_ms=created_ms,
            updated_ms=updated_ms,
            description=description,
            tags=dict(tags[key]),
            aliases=dict(aliases[key]),
            latest=latest[key],
        )
        for key, name, created_ms, updated_ms, description in connection.rows(BY_KEYS, models=keys)
    }
    return [found[model] for model in models if model in found]
