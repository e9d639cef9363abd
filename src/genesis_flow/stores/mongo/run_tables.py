"""Tables of runs in MongoDB: the ids of a block first, then of their documents only the elements that are asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from typing import Any

from genesis_flow.rules.stages import STAGES
from genesis_flow.search.ast import Kind
from genesis_flow.stores import asking
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.run_search import SOURCE, Query, page
from genesis_flow.stores.mongo.search import SINGLE
from genesis_flow.stores.run_tables import Cell, Columns, fields_of, number, reply
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages.run_tables import GetRunsTable, GetRunsTableResponse


async def get(database: Database, message: GetRunsTable) -> Encoded[GetRunsTableResponse]:
    """A block of a table."""
    fields, asked = fields_of(message), asking.of_table(message)
    if not asked.experiments:
        return reply(message, fields, 0, [], [[] for _ in fields])
    query = Query(asked.experiments, STAGES[message.run_view_type], asked.expression, asked.order)
    total, found = await asyncio.gather(
        database.count("runs", query.condition),
        page(database, query, None, message.limit, offset=message.offset, fields={}),
    )
    run_ids = [one.run_id for one in found]
    documents = await _documents(database, query, run_ids, Columns(fields, 0))
    # What was removed since the ids were read is left out.
    run_ids = [run_id for run_id in run_ids if run_id in documents]
    columns = Columns(fields, len(run_ids))
    for place, run_id in enumerate(run_ids):
        _fill(columns, place, documents[run_id])
    return reply(message, fields, total, run_ids, columns.values())


async def _documents(
    database: Database, query: Query, run_ids: Collection[str], columns: Columns
) -> dict[str, Document]:
    """What the columns need of the documents of these runs, by id."""
    if not run_ids:
        return {}
    wanted: Document = {SOURCE.attributes[name]: True for name in columns.of(Kind.ATTRIBUTE)}
    for kind in (Kind.PARAM, Kind.TAG):
        if cells := columns.of(kind):
            wanted[SOURCE.arrays[kind]] = _elements(SOURCE.arrays[kind], cells)
    if columns.metrics:
        array = SOURCE.arrays[Kind.METRIC]
        wanted[array] = _elements(array, columns.metrics)
        if not columns.aggregates:
            wanted[array] = {"$map": {"input": wanted[array], "as": "one", "in": {"k": "$$one.k", "v": "$$one.v"}}}
    match = {**query.within, "_id": {"$in": list(run_ids)}}
    found = await database.aggregate("runs", [{"$match": match}, {"$project": {"_id": True, **wanted}}])
    return {one["_id"]: one for one in found}


def _elements(array: str, keys: Iterable[str]) -> Document:
    """An expression that makes the elements with these keys."""
    of_keys = {"$in": ["$$one.k", {"$literal": list(keys)}]}
    return {"$filter": {"input": f"${array}", "as": "one", "cond": of_keys}}


def _fill(columns: Columns, place: int, document: Document) -> None:
    for name, cells in columns.of(Kind.ATTRIBUTE).items():
        cells[place] = _plain(document[SOURCE.attributes[name]])
    for kind in (Kind.PARAM, Kind.TAG):
        of_kind = columns.of(kind)
        for one in document.get(SOURCE.arrays[kind], ()):
            of_kind[one["k"]][place] = one["v"]
    literal = columns.of(Kind.METRIC)
    for one in document.get(SOURCE.arrays[Kind.METRIC], ()):
        if one["k"] in literal:
            literal[one["k"]][place] = _plain(one["v"])
        for name, cells in columns.aggregates.get(one["k"], {}).items():
            cells[place] = _plain(_aggregate(one, name))


def _aggregate(element: Document, name: str) -> Any:
    if name != "last" and "a" in element:
        return element["a"][name]
    return 1 if name == "count" else element[SINGLE[name]]


def _plain(value: Any) -> Cell:
    """A value of the database as it stands in a cell; its integers are a kind of their own."""
    match value:
        case float():
            return number(value)
        case int():
            return int(value)
        case _:
            text: str | None = value
            return text
