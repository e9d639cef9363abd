"""Versions of registered models in SQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam as value

from genesis_flow.errors import AliasNotFound, ModelVersionNotFound, RegisteredModelNotFound
from genesis_flow.rules.history import Change, aliases_moved, tag_changed, tags_set
from genesis_flow.rules.model_uris import ModelUri, parse_model_uri
from genesis_flow.rules.registry import ARCHIVED, LATEST, NONE, stage_of, version_number
from genesis_flow.rules.sources import is_model_uri
from genesis_flow.stores import registered
from genesis_flow.stores.sql import logged_models, schema
from genesis_flow.stores.sql.connection import Connection, Row, Statement, among, first, grouped
from genesis_flow.stores.sql.model_notes import Author, alias_at, note
from genesis_flow.stores.sql.upsert import upsert
from genesis_flow.values.registry import ModelVersion
from genesis_flow.wire.messages import registry as messages

MODELS, T = schema.registered_models, schema.model_versions
TAGS, ALIASES, LOGGED = schema.model_version_tags, schema.registered_model_aliases, schema.logged_models
LOGGED_TAGS = schema.logged_model_tags

_MODEL = sa.select(MODELS.c.id, MODELS.c.name, MODELS.c.last_version).where(MODELS.c.name == value("name"))
MODEL = Statement(_MODEL)
# Locked, where rows can be: all that changes a model or one of its versions waits here, so that numbers, aliases and
# the history are those of one change after the other.
MODEL_TO_CHANGE = Statement(_MODEL.with_for_update(key_share=True))
COLUMNS = tuple(
    T.c[c]
    for c in (
        "id", "model", "name", "version", "stage", "description", "source", "location", "run_id", "run_link",
        "model_id", "created_ms", "updated_ms",
    )
)  # fmt: skip
BY_NUMBER = Statement(sa.select(*COLUMNS).where(T.c.name == value("name"), T.c.version == value("number")))
BY_ALIAS = Statement(
    sa.select(*COLUMNS)
    .join_from(MODELS, ALIASES, ALIASES.c.model == MODELS.c.id)
    .join(T, sa.and_(T.c.name == MODELS.c.name, T.c.version == ALIASES.c.version))
    .where(MODELS.c.name == value("name"), ALIASES.c.alias == value("alias"))
)
HIGHEST = Statement(sa.select(sa.func.max(T.c.version)).where(T.c.name == value("name")))
HIGHEST_IN_STAGE = Statement(
    sa.select(sa.func.max(T.c.version)).where(T.c.model == value("of_model"), T.c.stage == value("in_stage"))
)
IN_STAGE = Statement(
    sa.select(T.c.id, T.c.version).where(T.c.model == value("of_model"), T.c.stage == value("in_stage"))
)
ENDS = Statement(
    lambda dialect: (
        sa.select(T.c.model, T.c.stage, sa.func.min(T.c.version), sa.func.max(T.c.version))
        .where(among(dialect, T.c.model, "models"))
        .group_by(T.c.model, T.c.stage)
    )
)
BY_KEYS = Statement(lambda dialect: sa.select(*COLUMNS).where(among(dialect, T.c.id, "versions")))
TAGS_OF = Statement(
    lambda dialect: sa.select(TAGS.c.version, TAGS.c.key, TAGS.c.value).where(
        among(dialect, TAGS.c.version, "versions")
    )
)
ALIASES_OF = Statement(
    sa.select(ALIASES.c.alias).where(ALIASES.c.model == value("of_model"), ALIASES.c.version == value("number"))
)
INSERT = Statement(sa.insert(T).values({c.name: value(c.name) for c in T.columns if c.name != "id"}))
COUNT_UP = Statement(
    sa.update(MODELS).where(MODELS.c.id == value("row")).values(last_version=value("last"), updated_ms=value("now"))
)
TOUCH_MODEL = Statement(sa.update(MODELS).where(MODELS.c.id == value("row")).values(updated_ms=value("now")))
DESCRIBE = Statement(
    sa.update(T).where(T.c.id == value("row")).values(description=value("text"), updated_ms=value("now"))
)
SET_STAGE = Statement(sa.update(T).where(T.c.id == value("row")).values(stage=value("after"), updated_ms=value("now")))
DELETE = Statement(sa.delete(T).where(T.c.id == value("row")))
DELETE_TAGS = Statement(sa.delete(TAGS).where(TAGS.c.version == value("row")))
DELETE_ALIASES = Statement(
    sa.delete(ALIASES).where(ALIASES.c.model == value("of_model"), ALIASES.c.version == value("number"))
)
TAG = Statement(sa.select(TAGS.c.value).where(TAGS.c.version == value("row"), TAGS.c.key == value("name")))
PUT_TAG = Statement(upsert(TAGS, "version", "key", update=("value",)))
DELETE_TAG = Statement(sa.delete(TAGS).where(TAGS.c.version == value("row"), TAGS.c.key == value("name")))
LOCATION = Statement(sa.select(LOGGED.c.artifact_uri).where(LOGGED.c.id == value("row")))
RUN_OF_LOGGED = Statement(sa.select(LOGGED.c.source_run_id).where(LOGGED.c.id == value("row")))
TAG_OF_LOGGED = Statement(
    sa.select(LOGGED_TAGS.c.value).where(LOGGED_TAGS.c.model == value("row"), LOGGED_TAGS.c.key == value("name"))
)


class Model(NamedTuple):
    """A registered model: its key, its name, and the highest number that a version of it had."""

    key: int
    name: str
    last: int


class Version(NamedTuple):
    """A row of ``COLUMNS``."""

    key: int
    model: int
    name: str
    number: int
    stage: str
    description: str | None
    source: str
    location: str
    run_id: str
    run_link: str
    model_id: str | None
    created_ms: int
    updated_ms: int


def require(connection: Connection, name: str, *, to_change: bool = False) -> Model:
    """The model of that name; ``RegisteredModelNotFound``."""
    row = connection.row(MODEL_TO_CHANGE if to_change else MODEL, name=name)
    if row is None:
        raise RegisteredModelNotFound(name)
    return Model(*row)


def require_version(connection: Connection, name: str, version: str) -> Version:
    """The version of that number; ``ModelVersionNotFound``."""
    return _numbered(connection, name, version_number(version))


def require_to_change(connection: Connection, name: str, version: str) -> tuple[Model, Version]:
    """The version of that number and its model, which nobody else changes meanwhile; ``ModelVersionNotFound``."""
    number = version_number(version)
    row = connection.row(MODEL_TO_CHANGE, name=name)
    if row is None:
        raise ModelVersionNotFound(name, version)
    return Model(*row), _numbered(connection, name, number)


def _numbered(connection: Connection, name: str, number: int, asked: str = "") -> Version:
    row = connection.row(BY_NUMBER, name=name, number=number)
    if row is None:
        raise ModelVersionNotFound(name, asked or number)
    return Version(*row)


def create(
    connection: Connection, message: messages.CreateModelVersion, *, by: Author
) -> messages.CreateModelVersionResponse:
    """Inserts a version with the next number."""
    model = require(connection, message.name, to_change=True)
    origin = _origin(connection, message)
    logged = logged_models.require(connection, message.model_id, logged_models.KEY_TO_CHANGE) if message.model_id else 0
    made_by = first(connection.row(RUN_OF_LOGGED, row=logged)) if logged else ""
    number, tags = model.last + 1, registered.tags_given(message.tags)
    connection.run(COUNT_UP, row=model.key, last=number, now=by.at_ms)
    version = connection.insert(
        INSERT,
        model=model.key,
        name=model.name,
        version=number,
        stage=NONE,
        description=message.description or "",
        source=origin.source,
        location=origin.location,
        run_id=message.run_id or origin.run_id or made_by,
        run_link=message.run_link or "",
        model_id=message.model_id or None,
        created_ms=by.at_ms,
        updated_ms=by.at_ms,
    )
    connection.many(PUT_TAG, [{"version": version, "key": key, "value": text} for key, text in tags.items()])
    if logged:
        _tell_logged_model(connection, logged, model.name, number)
    changes = [Change("created", number, "", None, origin.source), *tags_set(number, tags)]
    note(connection, model.key, model.name, changes, by)
    return messages.CreateModelVersionResponse(model_version=load(connection, [version])[0])


def _tell_logged_model(connection: Connection, logged: int, name: str, number: int) -> None:
    tag = registered.VERSIONS_OF_MODEL
    before = connection.row(TAG_OF_LOGGED, row=logged, name=tag)
    text = registered.with_version(first(before), name, number)
    connection.many(logged_models.PUT_TAG, [{"model": logged, "key": tag, "value": text}])


def _origin(connection: Connection, message: messages.CreateModelVersion) -> registered.Origin:
    if not is_model_uri(message.source):
        return registered.Origin(message.source, message.source)
    uri = parse_model_uri("source", message.source)
    if uri.model_id:
        row = connection.row(LOCATION, row=logged_models.require(connection, uri.model_id))
        assert row is not None  # it is there
        return registered.Origin(message.source, row[0])
    found = _version_at(connection, uri)
    source = message.source if uri.version is not None else f"models:/{uri.name}/{found.number}"
    return registered.copied(message, source, found.location, found.run_id, found.model_id or "")


def _version_at(connection: Connection, uri: ModelUri) -> Version:
    """The version that a URI names."""
    model = require(connection, uri.name)
    if uri.version is not None:
        return _numbered(connection, uri.name, uri.version)
    if uri.alias:
        return _numbered(connection, uri.name, alias_at(connection, model.key, uri.name, uri.alias, uri.as_of_ms)[0])
    if uri.is_latest:
        return _highest(connection, uri.name)
    row = connection.row(HIGHEST_IN_STAGE, of_model=model.key, in_stage=uri.stage)
    return _numbered(connection, uri.name, first(row) or 0, uri.stage)


def _highest(connection: Connection, name: str) -> Version:
    row = connection.row(HIGHEST, name=name)
    return _numbered(connection, name, first(row) or 0, LATEST)


def get(connection: Connection, message: messages.GetModelVersion) -> messages.GetModelVersionResponse:
    """Reads a version."""
    version = require_version(connection, message.name, message.version)
    return messages.GetModelVersionResponse(model_version=with_aliases(connection, version))


def get_by_alias(
    connection: Connection, message: messages.GetModelVersionByAlias
) -> messages.GetModelVersionByAliasResponse:
    """Reads the version that has an alias."""
    row = connection.row(BY_ALIAS, name=message.name, alias=message.alias)
    if row is not None:
        version = Version(*row)
    else:
        require(connection, message.name)
        if message.alias.lower() != LATEST:
            raise AliasNotFound(message.name, message.alias)
        version = _highest(connection, message.name)
    return messages.GetModelVersionByAliasResponse(model_version=with_aliases(connection, version))


def download_uri(
    connection: Connection, message: messages.GetModelVersionDownloadUri
) -> messages.GetModelVersionDownloadUriResponse:
    """Where the artifacts of a version are."""
    version = require_version(connection, message.name, message.version)
    return messages.GetModelVersionDownloadUriResponse(artifact_uri=version.location)


def update(
    connection: Connection, message: messages.UpdateModelVersion, *, by: Author
) -> messages.UpdateModelVersionResponse:
    """Writes the description."""
    _, version = require_to_change(connection, message.name, message.version)
    connection.run(DESCRIBE, row=version.key, text=message.description, now=by.at_ms)
    return messages.UpdateModelVersionResponse(model_version=load(connection, [version.key])[0])


def transition(
    connection: Connection, message: messages.TransitionModelVersionStage, *, by: Author
) -> messages.TransitionModelVersionStageResponse:
    """Moves a version to a stage, and if asked for the others in it out of it."""
    stage = stage_of(message.stage)
    model, version = require_to_change(connection, message.name, message.version)
    moved = [(version.key, version.number, version.stage, stage)]
    if message.archive_existing_versions:
        others = connection.rows(IN_STAGE, of_model=model.key, in_stage=stage)
        moved += [(key, number, stage, ARCHIVED) for key, number in others if key != version.key]
    connection.run(TOUCH_MODEL, row=model.key, now=by.at_ms)
    for key, _, _, after in moved:
        connection.run(SET_STAGE, row=key, after=after, now=by.at_ms)
    in_order = sorted(moved, key=lambda one: one[1])
    changes = [Change("stage", number, "", old, new) for _, number, old, new in in_order if old != new]
    note(connection, model.key, model.name, changes, by)
    return messages.TransitionModelVersionStageResponse(model_version=load(connection, [version.key])[0])


def delete(
    connection: Connection, message: messages.DeleteModelVersion, *, by: Author
) -> messages.DeleteModelVersionResponse:
    """Removes a version and its aliases."""
    model, version = require_to_change(connection, message.name, message.version)
    aliases = dict.fromkeys(_aliases_of(connection, version), version.number)
    connection.run(DELETE_ALIASES, of_model=model.key, number=version.number)
    connection.run(DELETE_TAGS, row=version.key)
    connection.run(DELETE, row=version.key)
    connection.run(TOUCH_MODEL, row=model.key, now=by.at_ms)
    changes = [*aliases_moved(aliases, {}), Change("deleted", version.number, "", version.source, None)]
    note(connection, model.key, model.name, changes, by)
    return messages.DeleteModelVersionResponse()


def set_tag(
    connection: Connection, message: messages.SetModelVersionTag, *, by: Author
) -> messages.SetModelVersionTagResponse:
    """Writes or replaces a tag."""
    model, version = require_to_change(connection, message.name, message.version)
    _note_tag(connection, model, version, message.key, message.value, by)
    connection.many(PUT_TAG, [{"version": version.key, "key": message.key, "value": message.value}])
    return messages.SetModelVersionTagResponse()


def delete_tag(
    connection: Connection, message: messages.DeleteModelVersionTag, *, by: Author
) -> messages.DeleteModelVersionTagResponse:
    """Removes a tag, if it is there."""
    model, version = require_to_change(connection, message.name, message.version)
    _note_tag(connection, model, version, message.key, None, by)
    connection.run(DELETE_TAG, row=version.key, name=message.key)
    return messages.DeleteModelVersionTagResponse()


def _note_tag(connection: Connection, model: Model, version: Version, key: str, text: str | None, by: Author) -> None:
    before = connection.row(TAG, row=version.key, name=key)
    note(connection, model.key, model.name, tag_changed(version.number, key, first(before), text), by)


def latest(connection: Connection, message: messages.GetLatestVersions) -> messages.GetLatestVersionsResponse:
    """The latest version of each stage."""
    model = require(connection, message.name)
    return messages.GetLatestVersionsResponse(
        model_versions=latest_of(connection, [model.key], message.stages)[model.key]
    )


def latest_of(
    connection: Connection, models: Sequence[int], stages: Sequence[str] = ()
) -> dict[int, tuple[ModelVersion, ...]]:
    """The latest version of each stage of each of these models."""
    ends = grouped(connection.rows(ENDS, models=connection.array(models)))
    wanted = {model: registered.latest_of_stages(ends[model], stages) for model in models}
    places = [
        (model, stage, highest) for model in models for stage, _, highest in ends[model] if highest in wanted[model]
    ]
    found = _placed(connection, places)
    return {model: tuple(found[model, number] for number in numbers) for model, numbers in wanted.items()}


def _placed(connection: Connection, places: Sequence[tuple[int, str, int]]) -> dict[tuple[int, int], ModelVersion]:
    """The versions at these places of the index over model, stage and number, by model and number."""
    if not places:
        return {}
    each = [sa.and_(T.c.model == model, T.c.stage == stage, T.c.version == number) for model, stage, number in places]
    rows = connection.query(sa.select(*COLUMNS).where(sa.or_(*each)))
    return {(row[1], row[3]): version for row, version in zip(rows, _entities(connection, rows), strict=True)}


def load(connection: Connection, versions: Sequence[int]) -> list[ModelVersion]:
    """The versions with these keys, in this order."""
    rows = connection.rows(BY_KEYS, versions=connection.array(versions))
    found = {row[0]: version for row, version in zip(rows, _entities(connection, rows), strict=True)}
    return [found[version] for version in versions if version in found]


def with_aliases(connection: Connection, version: Version) -> ModelVersion:
    """A version as it is answered where it is asked for alone."""
    tags = connection.rows(TAGS_OF, versions=connection.array([version.key]))
    return _entity(version, {key: text for _, key, text in tags}, _aliases_of(connection, version))


def _aliases_of(connection: Connection, version: Version) -> list[str]:
    return [row[0] for row in connection.rows(ALIASES_OF, of_model=version.model, number=version.number)]


def _entities(connection: Connection, rows: Iterable[Row]) -> list[ModelVersion]:
    versions = [Version(*row) for row in rows]
    tags = grouped(connection.rows(TAGS_OF, versions=connection.array(one.key for one in versions)))
    return [_entity(one, dict(tags[one.key])) for one in versions]


def _entity(version: Version, tags: Mapping[str, str], aliases: Collection[str] = ()) -> ModelVersion:
    return registered.version_entity(
        name=version.name,
        number=version.number,
        created_ms=version.created_ms,
        updated_ms=version.updated_ms,
        stage=version.stage,
        description=version.description,
        source=version.source,
        run_id=version.run_id,
        run_link=version.run_link,
        tags=tags,
        aliases=aliases,
    )
