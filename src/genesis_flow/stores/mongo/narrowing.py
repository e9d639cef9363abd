"""Which runs can be on a page whose order begins with a metric, a param or a tag.

No index has the total order of such a search, but the lookup has its first key. A walk along it finds the value that as
many runs come up to as the page has room for; what lies further cannot be on the page. So the keys of that many runs
are made, and not those of all that the filter leaves. Runs that share the last value all take part.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from typing import Any

from genesis_flow.search.ast import Kind, Order
from genesis_flow.stores.mongo import lookup
from genesis_flow.stores.mongo.database import Database
from genesis_flow.stores.mongo.paging import VALUE, Position
from genesis_flow.stores.mongo.search import Condition, any_of


@dataclass(frozen=True)
class _Key:
    """The first key of an order in one experiment's part of the lookup.

    Attributes:
        path: where its entries stand.
        position: the value that the page before ended with, if this is not the first one.
    """

    path: str
    is_number: bool
    ascending: bool
    position: Any

    @property
    def further(self) -> Condition:
        """The entries that come after all of the position's value."""
        if self.position is None:
            return {"$gte": self._least, "$lte": self._most}
        if self.ascending:
            return {"$gt": self._above(self.position), "$lte": self._most}
        return {"$gte": self._least, "$lt": self._below(self.position)}

    def until(self, entry: Any) -> Condition:
        """The entries from the position's value to that of this entry, both with all that are equal."""
        last = lookup.read_number(entry[:8]) if self.is_number else entry
        if self.ascending:
            low = self._least if self.position is None else self._below(self.position)
            return {"$gte": low, "$lte": self._above(last)}
        high = self._most if self.position is None else self._above(self.position)
        return {"$gte": self._below(last), "$lte": high}

    @property
    def _least(self) -> Any:
        return lookup.below(-math.inf) if self.is_number else ""

    @property
    def _most(self) -> Any:
        # Of numbers this leaves NaN out, which comes behind all of them in both directions.
        return lookup.above(math.inf) if self.is_number else lookup.MOST_TEXT

    def _below(self, value: Any) -> Any:
        return lookup.below(value) if self.is_number else lookup.text(value)

    def _above(self, value: Any) -> Any:
        return lookup.above(value) if self.is_number else lookup.text(value)


def is_possible(order: Order, position: Position | None) -> bool:
    """Whether the lookup has the first key of an order, from where a page begins."""
    is_looked_up = order.field.kind in (Kind.METRIC, Kind.PARAM, Kind.TAG) and order.field.aggregate is None
    return is_looked_up and (position is None or position[0][0] == VALUE)


async def narrowed(
    database: Database, conditions: dict[int, Condition], first: Order, position: Position | None, most: int
) -> Condition:
    """The condition that holds for those runs of each experiment that can be among the first ``most``.

    Args:
        conditions: what is searched for in each experiment.
        first: the first term of the order, which :func:`is_possible`.
    """
    value = None if position is None else position[0][1]

    async def of(experiment: int, condition: Condition) -> Condition:
        path = lookup.path(experiment, first.field.kind, first.field.key)
        key = _Key(path, first.field.kind is Kind.METRIC, first.ascending, value)
        direction = 1 if key.ascending else -1
        walked: Condition = {"$and": [condition, {path: key.further}]}
        found = await database.find("runs", walked, {path: True}, sort=[(path, direction)], limit=most)
        if len(found) < most:
            return condition  # runs without a value come next
        return {"$and": [condition, {path: key.until(found[-1]["lookup"][path.partition(".")[2]])}]}

    each = await asyncio.gather(*(of(experiment, condition) for experiment, condition in conditions.items()))
    return any_of(each)
