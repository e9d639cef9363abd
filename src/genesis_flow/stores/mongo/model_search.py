"""The search for logged models.

A metric of a model has many values, and they stand in a collection of their own: what a filter says of one is asked
there first, and becomes the ids of the models it holds for. An ordering goes by the newest point of each model. Both
look only at points on the datasets that the request names, if it names any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from genesis_flow.rules.stages import ACTIVE
from genesis_flow.search.ast import And, Expression, Field, IsNull, Kind, Leaf, Not, Or, Order, Value
from genesis_flow.search.fields import LOGGED_MODELS
from genesis_flow.search.parse import parse_order_fields
from genesis_flow.stores import asking
from genesis_flow.stores.memory.search import in_order
from genesis_flow.stores.mongo import logged_models, paging
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.search import Condition, Source, condition, holds
from genesis_flow.values.logged_models import SearchLoggedModelsDataset
from genesis_flow.wire.messages import logged_models as messages

SOURCE = Source(
    attributes={
        "model_id": "_id",
        "name": "name",
        "model_type": "model_type",
        "status": "status",
        "status_message": "status_message",
        "lifecycle_stage": "stage",
        "source_run_id": "source_run_id",
        "artifact_location": "uri",
        "experiment_id": "experiment",
        "creation_timestamp": "created",
        "last_updated_timestamp": "updated",
    },
    arrays={Kind.PARAM: "params", Kind.TAG: "tags"},
    nullable=frozenset({"status_message"}),
)
NEWEST = ("timestamp", "step", "key", "dataset_name", "dataset_digest", "run", "text")


async def search(
    database: Database, message: messages.SearchLoggedModels, *, secret: bytes
) -> messages.SearchLoggedModelsResponse:
    """A page of models that are not deleted."""
    asked = asking.of_models(message, secret)
    keys, most = asked.experiments, message.max_results
    if not keys:
        return messages.SearchLoggedModelsResponse()
    matching = await _matching(database, keys, asked.expression, message.datasets)
    documents: Sequence[Document]
    if any(term.field.kind is Kind.METRIC for term in asked.order):
        newest = await _newest(database, keys, message)
        everything = await database.find("models", matching)
        documents, token = in_order(everything, asked, lambda one, field: _value(one, field, newest), most)
    else:
        found = await _page(database, keys, matching, asked.order, asked.position, most + 1)
        shown, token = asked.cut(found, most, lambda one: list(one[1]))
        documents = [one for one, _ in shown]
    models = await logged_models.with_points(database, documents)
    return messages.SearchLoggedModelsResponse(models=tuple(models), next_page_token=token)


async def _page(
    database: Database,
    keys: Sequence[int],
    matching: Condition,
    order: Sequence[Order],
    position: paging.Position | None,
    most: int,
) -> list[tuple[Document, paging.Position]]:
    paths = paging.plain_paths(order, SOURCE)
    if paths is not None:
        rows = await paging.by_attributes(database, "models", matching, paths, position, most, {"_id": True})
        found = [(one["_id"], at) for one, at in rows]
    else:
        found = await paging.by_keys(database, "models", matching, order, SOURCE, position, most)
    of_page = {"experiment": {"$in": list(keys)}, "_id": {"$in": [model_id for model_id, _ in found]}}
    documents = await database.find("models", of_page)
    by_id = {one["_id"]: one for one in documents}
    return [(by_id[model_id], at) for model_id, at in found if model_id in by_id]


async def _matching(
    database: Database,
    keys: Sequence[int],
    expression: Expression | None,
    datasets: Sequence[SearchLoggedModelsDataset],
) -> Condition:
    """The models that are searched for."""
    within: Condition = {"experiment": keys[0] if len(keys) == 1 else {"$in": list(keys)}}
    conditions: list[Condition] = [{**within, "stage": ACTIVE}]
    if datasets:
        conditions.append(await _with_point(database, keys, [on_datasets(datasets)]))
    if expression is not None:
        leaves = _metric_leaves(expression)
        found = await asyncio.gather(*(_leaf(database, keys, leaf, datasets) for leaf in leaves))
        known = replace(SOURCE, known=dict(zip(leaves, found, strict=True)))
        conditions.append(condition(expression, known))
    return {"$and": conditions}


def _metric_leaves(expression: Expression) -> list[Leaf]:
    match expression:
        case And(terms) | Or(terms):
            return list(dict.fromkeys(leaf for term in terms for leaf in _metric_leaves(term)))
        case Not(term):
            return _metric_leaves(term)
        case _:
            return [expression] if expression.field.kind is Kind.METRIC else []


async def _leaf(
    database: Database, keys: Sequence[int], leaf: Leaf, datasets: Sequence[SearchLoggedModelsDataset]
) -> Condition:
    of_point: list[Condition] = [{"key": {"$eq": leaf.field.key}}]
    if datasets:
        of_point.append(on_datasets(datasets))
    if isinstance(leaf, IsNull):
        found = await _with_point(database, keys, of_point)
        return found if leaf.negated else {"$nor": [found]}
    return await _with_point(database, keys, [*of_point, {"value": holds(leaf)}])


async def _with_point(database: Database, keys: Sequence[int], of_point: Sequence[Condition]) -> Condition:
    """The models with such a point."""
    pipeline: list[Mapping[str, Any]] = [
        {"$match": {"$and": [{"experiment": {"$in": list(keys)}}, *of_point]}},
        {"$group": {"_id": "$model"}},
    ]
    return {"_id": {"$in": [one["_id"] for one in await database.aggregate("model_points", pipeline)]}}


def on_datasets(datasets: Sequence[SearchLoggedModelsDataset]) -> Condition:
    """The points on one of these datasets; a dataset without a digest is that name with any."""
    return {
        "$or": [
            {"dataset_name": {"$eq": one.dataset_name}}
            | ({"dataset_digest": {"$eq": one.dataset_digest}} if one.dataset_digest else {})
            for one in datasets
        ]
    }


async def _newest(
    database: Database, keys: Sequence[int], message: messages.SearchLoggedModels
) -> dict[Field, dict[str, float]]:
    """By metric that the order names, of each model the newest value; of two terms for one metric the first counts."""
    newest: dict[Field, dict[str, float]] = {}
    for term in message.order_by:
        (first, *_) = parse_order_fields([(term.field_name, term.ascending)], LOGGED_MODELS)
        if first.field.kind is not Kind.METRIC or first.field in newest:
            continue
        of_point: list[Condition] = [{"experiment": {"$in": list(keys)}, "key": {"$eq": first.field.key}}]
        if term.dataset_name:
            named = SearchLoggedModelsDataset(dataset_name=term.dataset_name, dataset_digest=term.dataset_digest)
            of_point.append(on_datasets([named]))
        points = await database.find("model_points", {"$and": of_point})
        points.sort(key=lambda point: [point[name] for name in NEWEST])
        newest[first.field] = {point["model"]: point["value"] for point in points}
    return newest


def _value(one: Document, field: Field, newest: Mapping[Field, Mapping[str, float]]) -> Value | None:
    if field.kind is Kind.METRIC:
        return newest[field].get(one["_id"])
    value: Value | None = one[SOURCE.attributes[field.key]]
    return int(value) if isinstance(value, int) else value
