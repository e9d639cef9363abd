"""The search for runs."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from bson import Binary

from genesis_flow.rules.stages import STAGES
from genesis_flow.search.ast import Expression, Kind, Order
from genesis_flow.search.fields import RUNS
from genesis_flow.stores import asking
from genesis_flow.stores.mongo import documents, lookup, narrowing, paging
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.paging import NAN, NOTHING, VALUE, Position
from genesis_flow.stores.mongo.search import Condition, Source, any_of, condition, fields_of
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages import runs as messages

MOST_LOOKUPS = 16
"""Of more experiments than this, values are found in the documents and not in the index."""

SOURCE = Source(
    attributes={
        "run_id": "_id",
        "run_name": "name",
        "user_id": "user",
        "status": "status",
        "artifact_uri": "uri",
        "start_time": "start",
        "end_time": "end",
    },
    arrays={Kind.METRIC: "metrics", Kind.PARAM: "params", Kind.TAG: "tags"},
    nullable=frozenset({"end_time"}),
    datasets="inputs",
)
JSON = {"json": True}


class Found(NamedTuple):
    """A run on a page.

    Attributes:
        json: as it is answered, if its document has it and it was asked for.
    """

    run_id: str
    position: Position
    json: bytes | None


@dataclass(frozen=True)
class Query:
    """What is searched for."""

    experiments: Sequence[int]
    stages: Sequence[str]
    expression: Expression | None
    order: Sequence[Order]

    @property
    def condition(self) -> Condition:
        """The runs that are searched for."""
        only_attributes = all(field.kind is Kind.ATTRIBUTE for field in fields_of(self.expression))
        if only_attributes or len(self.experiments) > MOST_LOOKUPS:
            return {"$and": [self.within, self._stage, self._filter(SOURCE)]}
        return any_of(list(self.of_each.values()))

    @property
    def of_each(self) -> dict[int, Condition]:
        """The runs that are searched for in each experiment, found by its part of the lookup."""
        return {
            key: {"$and": [{"experiment": key}, self._stage, self._filter(replace(SOURCE, experiment=key))]}
            for key in self.experiments
        }

    @property
    def _stage(self) -> Condition:
        return {"stage": self.stages[0] if len(self.stages) == 1 else {"$in": list(self.stages)}}

    @property
    def within(self) -> Condition:
        """The runs of its experiments."""
        return {"experiment": self.experiments[0] if len(self.experiments) == 1 else {"$in": list(self.experiments)}}

    def _filter(self, source: Source) -> Condition:
        return {} if self.expression is None else condition(self.expression, source)


async def search(
    database: Database, message: messages.SearchRuns, *, secret: bytes
) -> Encoded[messages.SearchRunsResponse]:
    """A page of runs."""
    asked = asking.of_runs(message, secret)
    if not asked.experiments:
        return asking.runs_page([], None)
    query = Query(asked.experiments, STAGES[message.run_view_type], asked.expression, asked.order)
    found = await page(database, query, asked.position, message.max_results + 1)
    shown, token = asked.cut(found, message.max_results, lambda one: list(one.position))
    jsons = await documents.of_runs(database, [(one.run_id, one.json) for one in shown], query.within)
    return asking.runs_page(jsons, token)


async def page(
    database: Database,
    query: Query,
    position: Position | None,
    most: int,
    *,
    offset: int = 0,
    fields: Mapping[str, bool] = JSON,
) -> list[Found]:
    """At most ``most`` runs behind a position, in order.

    Args:
        offset: how many runs are left out, if there is no position.
        fields: what is read of their documents: their JSON, or nothing.
    """
    paths = paging.plain_paths(query.order, SOURCE)
    if paths is not None:
        rows = await paging.by_attributes(
            database, "runs", query.condition, paths, position, most, fields, offset=offset
        )
        return [Found(one["_id"], at, one.get("json")) for one, at in rows]
    if _is_walk(query):
        return await _walks(database, query, position, most, offset, fields)
    condition = query.condition
    if len(query.experiments) <= MOST_LOOKUPS and narrowing.is_possible(query.order[0], position):
        condition = await narrowing.narrowed(database, query.of_each, query.order[0], position, offset + most)
    rows_ = await paging.by_keys(database, "runs", condition, query.order, SOURCE, position, most, offset=offset)
    if not fields:
        return [Found(run_id, at, None) for run_id, at in rows_]
    of_page = {**query.within, "_id": {"$in": [run_id for run_id, _ in rows_]}}
    json_of = {one["_id"]: one.get("json") for one in await database.find("runs", of_page, fields)}
    return [Found(run_id, at, json_of[run_id]) for run_id, at in rows_ if run_id in json_of]


def _is_walk(query: Query) -> bool:
    """Whether the order is that of a metric, which the index has for each experiment."""
    first, *rest = query.order
    is_metric = first.field.kind is Kind.METRIC and first.field.aggregate is None
    return is_metric and tuple(rest) == RUNS.ties and len(query.experiments) <= MOST_LOOKUPS


def _place(position: Position, order: Sequence[Order]) -> tuple[int, float, int, str]:
    (rank, value), (_, start), (_, run_id) = position
    signed = 0.0 if value is None else value if order[0].ascending else -value
    return rank, signed, -start, run_id


# --- the order of a metric ------------------------------------------------------------------------------------


async def _walks(
    database: Database, query: Query, position: Position | None, most: int, offset: int, fields: Mapping[str, bool]
) -> list[Found]:
    """A page by a metric, walked in each experiment."""
    if len(query.experiments) == 1:
        return await _walk(_Walk(database, query, fields), position, most, offset)
    each = [_Walk(database, replace(query, experiments=[key]), fields) for key in query.experiments]
    walked = await asyncio.gather(*(_walk(walk, position, offset + most, 0) for walk in each))
    found = [one for walk in walked for one in walk]
    return sorted(found, key=lambda one: _place(one.position, query.order))[offset : offset + most]


async def _walk(walk: _Walk, position: Position | None, most: int, offset: int) -> list[Found]:
    """A page of one experiment's runs by a metric: those with a value, then NaN, then those without."""
    rank = VALUE if position is None else position[0][0]
    found: list[Found] = []
    if rank == VALUE:
        found = await walk.by_value(None if position is None else _entry(position), most, offset)
        offset = 0 if found or not offset else offset - await walk.count(walk.numbers)
        position = None
    if rank <= NAN and len(found) < most:
        more = await walk.not_numbers(None if position is None else _entry(position), most - len(found), offset)
        offset = 0 if more or not offset else offset - await walk.count(walk.no_numbers)
        found += more
        position = None
    if len(found) < most:
        found += await walk.without(position, most - len(found), offset)
    return found


def _entry(position: Position) -> Binary:
    (_, value), (_, start), (_, run_id) = position
    return lookup.place(math.nan if value is None else value, lookup.place_of_run(start, run_id))


class _Walk:
    """The walk along a metric's part of the index.

    Attributes:
        numbers: the entries of numbers.
        no_numbers: those of NaN.
    """

    numbers: Condition = {"$lte": lookup.above(math.inf)}  # noqa: RUF012 (never changed)
    no_numbers: Condition = {"$gt": lookup.above(math.inf)}  # noqa: RUF012

    def __init__(self, database: Database, query: Query, fields: Mapping[str, bool]) -> None:
        (experiment,) = query.experiments
        self._database = database
        self._condition = query.condition
        self._path = lookup.path(experiment, Kind.METRIC, query.order[0].field.key)
        self._ascending = query.order[0].ascending
        self._fields = fields

    async def count(self, bounds: Condition) -> int:
        """How many runs have an entry within these bounds."""
        return await self._database.count("runs", self._within(bounds))

    async def by_value(self, behind: Binary | None, most: int, offset: int) -> list[Found]:
        """Those with a number, in the direction of the order, or from behind an entry."""
        if self._ascending:
            return await self._upwards(behind, most, offset)
        return await (self._downwards(behind, most) if behind is not None else self._block_downwards(most, offset))

    async def _upwards(self, behind: Binary | None, most: int, offset: int) -> list[Found]:
        return await self._between(self.numbers | ({} if behind is None else {"$gt": behind}), 1, most, offset)

    async def _downwards(self, behind: Binary, most: int) -> list[Found]:
        """Behind an entry: the rest of those that are equal to it, then the lower ones."""
        group = lookup.read_number(behind[:8])
        found = await self._between({"$gt": behind, "$lte": lookup.above(group)}, 1, most)
        if len(found) == most:
            return found
        return found + await self._block_downwards(most - len(found), 0, {"$lt": lookup.below(group)})

    async def _block_downwards(self, most: int, offset: int, bounds: Condition | None = None) -> list[Found]:
        """From the highest value on. The index has equal ones the wrong way round.

        So a group of equals that the block cuts, at either end, has others in it than the walk downwards met.
        """
        bounds = bounds or self.numbers
        groups = [list(group) for _, group in groupby(await self._between(bounds, -1, most, offset), key=_value)]
        whole = [group[::-1] for group in groups]
        if not groups:
            return []
        if sum(map(len, groups)) == most:
            whole[-1] = await self._of_equals(groups[-1], 0)
        if offset:
            value = _value(groups[0][0])
            above = await self.count(bounds | {"$gt": lookup.above(value)})
            whole[0] = await self._of_equals(groups[0], offset - above)
        return [one for group in whole for one in group]

    async def _of_equals(self, group: Sequence[Found], start: int) -> list[Found]:
        """As many as in a group, of all that have its value, from a place among them on."""
        value = _value(group[0])
        bounds = {"$gte": lookup.below(value), "$lte": lookup.above(value)}
        return await self._between(bounds, 1, len(group), start)

    async def not_numbers(self, behind: Binary | None, most: int, offset: int) -> list[Found]:
        """Those whose value is NaN."""
        bounds = self.no_numbers if behind is None else {"$gt": behind}
        return await self._between(bounds, 1, most, offset, rank=NAN)

    async def without(self, position: Position | None, most: int, offset: int) -> list[Found]:
        """Those without the metric, in the default order."""
        condition = {"$and": [self._condition, {self._path: {"$exists": False}}]}
        rest = None if position is None else position[1:]
        paths = [("start", -1), ("_id", 1)]
        fields = {"start": True, **self._fields}
        rows = await paging.by_attributes(self._database, "runs", condition, paths, rest, most, fields, offset=offset)
        return [Found(one["_id"], [(NOTHING, None), *at], one.get("json")) for one, at in rows]

    def _within(self, bounds: Condition) -> Condition:
        return {"$and": [self._condition, {self._path: bounds}]}

    async def _between(
        self, bounds: Condition, direction: int, most: int, offset: int = 0, rank: int = VALUE
    ) -> list[Found]:
        rows = await self._database.find(
            "runs",
            self._within(bounds),
            {self._path: True, **self._fields},
            sort=[(self._path, direction)],
            skip=offset,
            limit=most,
        )
        return [self._found(one, rank) for one in rows]

    def _found(self, one: Document, rank: int) -> Found:
        value, start, run_id = lookup.read_place(one["lookup"][self._path.partition(".")[2]])
        return Found(
            run_id, [(rank, value if rank == VALUE else None), (VALUE, start), (VALUE, run_id)], one.get("json")
        )


def _value(found: Found) -> float:
    value: float = found.position[0][1]
    return value
