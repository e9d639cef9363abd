"""The searches for registered models and for their versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from genesis_flow.search.ast import Kind
from genesis_flow.stores import asking
from genesis_flow.stores.asking import Asked
from genesis_flow.stores.mongo import model_versions, paging, registered, registered_models
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.registered import MODELS, VERSIONS
from genesis_flow.stores.mongo.search import Condition, Source, condition
from genesis_flow.wire.messages import registry as messages

OF_MODELS = Source(
    attributes={
        "name": "name",
        "description": "described",
        "creation_timestamp": "created",
        "last_updated_timestamp": "updated",
    },
    arrays={Kind.TAG: "tags"},
    nullable=frozenset({"description"}),
)
OF_VERSIONS = Source(
    attributes={
        "name": "name",
        "version_number": "version",
        "run_id": "run_id",
        "source_path": "source",
        "current_stage": "stage",
        "model_id": "model_id",
        "description": "described",
        "creation_timestamp": "created",
        "last_updated_timestamp": "updated",
    },
    arrays={Kind.TAG: "tags"},
    nullable=frozenset({"description", "model_id"}),
)


async def models(
    database: Database, message: messages.SearchRegisteredModels, *, secret: bytes
) -> messages.SearchRegisteredModelsResponse:
    """A page of models."""
    asked = asking.of_registered_models(message, secret)
    found, token = await _page(database, MODELS, OF_MODELS, registered_models.FIELDS, asked, message.max_results)
    return messages.SearchRegisteredModelsResponse(
        registered_models=tuple(await registered_models.entities(database, found)), next_page_token=token
    )


async def versions(
    database: Database, message: messages.SearchModelVersions, *, secret: bytes
) -> messages.SearchModelVersionsResponse:
    """A page of versions."""
    asked = asking.of_model_versions(message, secret)
    found, token = await _page(database, VERSIONS, OF_VERSIONS, model_versions.FIELDS, asked, message.max_results)
    return messages.SearchModelVersionsResponse(
        model_versions=tuple(map(model_versions.entity, found)), next_page_token=token
    )


async def _page(
    database: Database, collection: str, source: Source, fields: Document, asked: Asked, most: int
) -> tuple[Sequence[Document], str | None]:
    """These fields of the documents of a page, and the token of the one behind it."""
    await registered.settle_all(database)
    matching: Condition = {"gone": False}
    if asked.expression is not None:
        matching = {"$and": [matching, condition(asked.expression, source)]}
    paths = paging.plain_paths(asked.order, source)
    if paths is not None:
        whole = await paging.by_attributes(database, collection, matching, paths, asked.position, most + 1, fields)
        page, token = asked.cut(whole, most, lambda one: list(one[1]))
        return [one for one, _ in page], token
    found = await paging.by_keys(database, collection, matching, asked.order, source, asked.position, most + 1)
    shown, token = asked.cut(found, most, lambda one: list(one[1]))
    documents = await database.find(collection, {"_id": {"$in": [key for key, _ in shown]}}, fields) if shown else []
    by_key: Mapping[object, Document] = {one["_id"]: one for one in documents}
    return [by_key[key] for key, _ in shown if key in by_key], token
