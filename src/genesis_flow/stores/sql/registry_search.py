"""The searches for registered models and for their versions."""

from __future__ import annotations

import sqlalchemy as sa

from genesis_flow.search.ast import Kind
from genesis_flow.stores import asking
from genesis_flow.stores.sql import registered_models, schema, version_documents
from genesis_flow.stores.sql.connection import Connection
from genesis_flow.stores.sql.paging import Query, keys_of, page, position_of
from genesis_flow.stores.sql.search import Source, Values
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages import registry as messages

MODELS, VERSIONS = schema.registered_models, schema.model_versions

OF_MODELS = Source(
    key=MODELS.c.id,
    attributes={
        "name": MODELS.c.name,
        "description": sa.func.nullif(MODELS.c.description, ""),
        "creation_timestamp": MODELS.c.created_ms,
        "last_updated_timestamp": MODELS.c.updated_ms,
    },
    values={Kind.TAG: Values(schema.registered_model_tags, "model")},
    nullable=frozenset({"description"}),
)
OF_VERSIONS = Source(
    key=VERSIONS.c.id,
    attributes={
        "name": VERSIONS.c.name,
        "version_number": VERSIONS.c.version,
        "run_id": VERSIONS.c.run_id,
        "source_path": VERSIONS.c.source,
        "current_stage": VERSIONS.c.stage,
        "model_id": VERSIONS.c.model_id,
        "description": sa.func.nullif(VERSIONS.c.description, ""),
        "creation_timestamp": VERSIONS.c.created_ms,
        "last_updated_timestamp": VERSIONS.c.updated_ms,
    },
    values={Kind.TAG: Values(schema.model_version_tags, "version")},
    nullable=frozenset({"description", "model_id"}),
    walked=frozenset({"name"}),
)


def models(
    connection: Connection, message: messages.SearchRegisteredModels, *, secret: bytes
) -> messages.SearchRegisteredModelsResponse:
    """A page of models."""
    asked = asking.of_registered_models(message, secret)
    keys, token = _page(connection, Query(OF_MODELS, MODELS, sa.true(), None, asked), message.max_results)
    found = registered_models.load(connection, keys)
    return messages.SearchRegisteredModelsResponse(registered_models=tuple(found), next_page_token=token)


def versions(
    connection: Connection, message: messages.SearchModelVersions, *, secret: bytes
) -> Encoded[messages.SearchModelVersionsResponse]:
    """A page of versions."""
    asked = asking.of_model_versions(message, secret)
    keys, token = _page(connection, Query(OF_VERSIONS, VERSIONS, sa.true(), None, asked), message.max_results)
    return asking.versions_page(version_documents.documents(connection, keys), token)


def _page(connection: Connection, query: Query, most: int) -> tuple[list[int], str | None]:
    """The keys of a page, and the token of the next one."""
    shown, token = query.asked.cut(page(connection, query, most + 1), most, position_of)
    return keys_of(shown), token
