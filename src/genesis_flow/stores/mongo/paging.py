"""A page of documents in a total order: by an index where one has it, else by keys that a pipeline makes.

Like everywhere, values come first, then NaN, then what has no value, in both directions; a page starts behind rank and
value of each term of the order, as the page before ended.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from genesis_flow.search.ast import Field, Kind, Order
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.indexes import sort_of
from genesis_flow.stores.mongo.search import SINGLE, Condition, Source

VALUE, NAN, NOTHING = 0, 1, 2
MOST_SORT_KEYS = 32
"""A sort of MongoDB takes no more; rank and value of a term are two of them."""

Position = Sequence[tuple[int, Any]]
"""Rank and value of each term of an order: where a page ended."""


def plain_paths(order: Sequence[Order], source: Source) -> list[tuple[str, int]] | None:
    """The order as the driver takes it, if every term is an attribute that every document has."""
    paths = []
    for term in order:
        if term.field.kind is not Kind.ATTRIBUTE or term.field.key in source.nullable:
            return None
        paths.append((source.attributes[term.field.key], 1 if term.ascending else -1))
    return paths


async def by_attributes(
    database: Database,
    collection: str,
    found: Condition,
    paths: Sequence[tuple[str, int]],
    position: Position | None,
    most: int,
    fields: Mapping[str, Any],
    *,
    offset: int = 0,
) -> list[tuple[Document, Position]]:
    """A page in the order of attributes, and where each document stands in it.

    Args:
        offset: how many documents behind the position are left out.
    """
    conditions = [found]
    if position is not None:
        path, direction = paths[0]
        # Said once more for the first term alone, because an index can start there.
        conditions.append({path: {"$gte" if direction > 0 else "$lte": position[0][1]}})
        conditions.append(_behind_paths(paths, position))
    wanted = dict(fields) | {path: True for path, _ in paths}
    fixed = _fixed(found)
    # What all have the same value of tells none apart, and an index may leave it out.
    telling = [(path, direction) for path, direction in paths if path not in fixed] or paths
    sort: Sequence[tuple[str, int]] | None = telling
    if not database.profile.sorts_any:
        sort = sort_of(collection, telling, fixed) or sort_of(collection, paths, fixed)
    if sort is not None:
        documents = await database.find(collection, {"$and": conditions}, wanted, sort=sort, skip=offset, limit=most)
    else:
        documents = await _sorted_here(database, collection, conditions, paths, slice(offset, offset + most), wanted)
    return [(one, [(VALUE, _plain(one[path])) for path, _ in paths]) for one in documents]


def _fixed(found: Condition) -> set[str]:
    """The fields of which all documents that are found have the same value."""
    here = {path for path, value in found.items() if path[0] != "$" and _is_one(value)}
    return here.union(*map(_fixed, found.get("$and", ())))


def _is_one(condition: Any) -> bool:
    """Whether only one value meets the condition of a field."""
    return not isinstance(condition, Mapping) or condition.keys() == {"$eq"}


async def _sorted_here(
    database: Database,
    collection: str,
    conditions: Sequence[Condition],
    paths: Sequence[tuple[str, int]],
    part: slice,
    wanted: Mapping[str, Any],
) -> list[Document]:
    """A page in an order that the database does not sort by: the keys of everything are read, then the page."""
    keys = await database.find(collection, {"$and": conditions}, {path: True for path, _ in paths})
    for path, direction in reversed(paths):
        keys.sort(key=lambda one: one[path], reverse=direction < 0)
    ids = [one["_id"] for one in keys[part]]
    page = await database.find(collection, {"$and": [*conditions, {"_id": {"$in": ids}}]}, wanted)
    by_id = {one["_id"]: one for one in page}
    return [by_id[one] for one in ids if one in by_id]


def _behind_paths(paths: Sequence[tuple[str, int]], position: Position) -> Condition:
    cases: list[Condition] = []
    equal: list[Condition] = []
    for (path, direction), (_, value) in zip(paths, position, strict=True):
        cases.append({"$and": [*equal, {path: {"$gt" if direction > 0 else "$lt": value}}]})
        equal.append({path: {"$eq": value}})
    return {"$or": cases}


async def by_keys(
    database: Database,
    collection: str,
    found: Condition,
    order: Sequence[Order],
    source: Source,
    position: Position | None,
    most: int,
    *,
    offset: int = 0,
) -> list[tuple[str, Position]]:
    """Id and position of a page in any order; every document that is found is looked at.

    Args:
        offset: how many documents behind the position are left out.
    """
    keys: Document = {}
    sort: dict[str, int] = {}
    for number, term in enumerate(order):
        keys[f"v{number}"] = value_of(term.field, source)
        sort |= {f"r{number}": 1, f"v{number}": 1 if term.ascending else -1}
    ranks = {f"r{number}": _rank(f"$v{number}") for number in range(len(order))}
    pipeline: list[Document] = [{"$match": found}, {"$project": keys}, {"$addFields": ranks}]
    if position is not None:
        pipeline.append({"$match": _behind_keys(order, position)})
    if len(sort) <= MOST_SORT_KEYS:
        pipeline += [{"$sort": sort}, *([{"$skip": offset}] if offset else []), {"$limit": most}]
    documents = await database.aggregate(collection, pipeline)
    if len(sort) > MOST_SORT_KEYS:
        _sort(documents, order)
        documents = documents[offset:]
    return [
        (one["_id"], [(int(one[f"r{n}"]), _plain(one.get(f"v{n}"))) for n in range(len(order))])
        for one in documents[:most]
    ]


def _sort(documents: list[Document], order: Sequence[Order]) -> None:
    """What the database's sort does, for more keys than it takes."""
    for number, term in reversed(list(enumerate(order))):
        rank, value = f"r{number}", f"v{number}"
        has_value = [one for one in documents if one[rank] == VALUE]
        has_value.sort(key=lambda one: one[value], reverse=not term.ascending)
        others = sorted((one for one in documents if one[rank] != VALUE), key=lambda one: one[rank])
        documents[:] = has_value + others


def value_of(field: Field, source: Source) -> Any:
    """An expression that makes the value of a field, null if there is none."""
    if field.kind is Kind.ATTRIBUTE:
        return f"${source.attributes[field.key]}"
    array = source.arrays[field.kind]
    literal = _in_array(array, field.key, "$$element.v")
    if field.aggregate is None:
        return literal
    name = field.aggregate.name
    single: Any = (
        {"$cond": [{"$ifNull": ["$$element.k", False]}, 1, None]} if name == "count" else f"$$element.{SINGLE[name]}"
    )
    several = single if name == "last" else {"$ifNull": [f"$$element.a.{name}", single]}
    return {"$ifNull": [literal, _in_array(array, field.aggregate.key, several)]}


def _in_array(array: str, key: str, part: Any) -> Any:
    """An expression that makes something of the element with this key."""
    elements = {"$filter": {"input": f"${array}", "as": "one", "cond": {"$eq": ["$$one.k", {"$literal": key}]}}}
    return {"$arrayElemAt": [{"$map": {"input": elements, "as": "element", "in": part}}, 0]}


def _rank(path: str) -> Any:
    missing = {"$eq": [{"$ifNull": [path, None]}, None]}
    return {"$cond": [missing, NOTHING, {"$cond": [{"$eq": [path, math.nan]}, NAN, VALUE]}]}


def _behind_keys(order: Sequence[Order], position: Position) -> Condition:
    cases: list[Condition] = []
    equal: list[Condition] = []
    for number, (term, (rank, value)) in enumerate(zip(order, position, strict=True)):
        cases.append({"$and": [*equal, {f"r{number}": {"$gt": rank}}]})
        equal.append({f"r{number}": rank})
        if rank == VALUE:
            further = "$gt" if term.ascending else "$lt"
            cases.append({"$and": [*equal, {f"v{number}": {further: value}}]})
            equal.append({f"v{number}": {"$eq": value}})
    return {"$or": cases}


def _plain(value: Any) -> Any:
    """A value as a page token can hold it."""
    if isinstance(value, float) and math.isnan(value):
        return None
    return int(value) if isinstance(value, int) else value
