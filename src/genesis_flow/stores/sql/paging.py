"""A page of things: which index to walk, where to start, when to stop.

Two ways lead to a page fast. If the filter says what a param, tag or metric of every match must be, the index over
their values names the candidates. Otherwise the index of the order is walked and left as soon as the page is full.
Things that lack the value they are ordered by come last, so they are asked for only when the others did not fill the
page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from genesis_flow.search.ast import Aggregation, And, Comparison, Expression, Kind
from genesis_flow.stores.asking import Asked
from genesis_flow.stores.sql import schema, search
from genesis_flow.stores.sql.connection import Connection, Row

MOST_LISTS = 8
"""More conditions than this are checked on the runs that the first ones leave."""

Position = list[tuple[int, Any]]
"""Rank and value of each term of an order: where a page ended."""


@dataclass(frozen=True)
class Query:
    """What is searched for.

    Attributes:
        source: where it stands.
        start: the table of the things.
        scope: what holds for every thing in question, such as its life cycle.
        within: the column of a thing's experiment; None for experiments themselves.
        asked: filter, order, experiments and position.
    """

    source: search.Source
    start: sa.FromClause
    scope: search.Condition
    within: sa.ColumnElement[int] | None
    asked: Asked


def position_of(found: Row) -> Position:
    """The position of a thing on a page."""
    return list(zip(found[1::2], found[2::2], strict=True))


def keys_of(found: Iterable[Row]) -> list[int]:
    """The keys of things on a page."""
    return [row[0] for row in found]


def page(connection: Connection, query: Query, most: int, offset: int = 0) -> list[Row]:
    """Key, and rank and value of each term of the order, of at most ``most`` things behind the position, in order.

    Args:
        offset: how many of the things behind the position are left out.
    """
    position: Position | None = query.asked.position
    first = query.asked.order[0].field
    if first.kind is Kind.ATTRIBUTE or first.aggregate is not None:
        return _found(connection, query, position, most, offset, None)
    found: list[Row] = []
    if position is None or position[0][0] == search.VALUE:
        found = _found(connection, query, position, most, offset, True)
        if len(found) < most and offset:
            offset = 0 if found else offset - _count(connection, _matching(query, position, True))
        position = None
    if len(found) < most:
        found += _found(connection, query, position, most - len(found), offset, False)
    return found


def count(connection: Connection, query: Query) -> int:
    """How many things there are, wherever a page ended."""
    return _count(connection, _matching(query, None, None, ordered=False))


@dataclass(frozen=True)
class _Matching:
    """What to look for: the terms of the order, the tables that they need, and what must hold."""

    terms: Sequence[search.Term]
    joined: sa.FromClause
    conditions: Sequence[search.Condition]


def _count(connection: Connection, matching: _Matching) -> int:
    counted = sa.select(sa.func.count()).select_from(matching.joined).where(*matching.conditions)
    ((found,),) = connection.query(counted)
    return int(found)


def _found(
    connection: Connection, query: Query, position: Position | None, most: int, offset: int, with_value: bool | None
) -> list[Row]:
    """Like ``page``; with ``with_value`` only those that have, or lack, a value for the first term."""
    matching = _matching(query, position, with_value)
    nothing: sa.ColumnElement[int] = sa.literal_column("0")
    pairs = ((nothing if term.rank is None else term.rank, term.value) for term in matching.terms)
    statement = (
        sa.select(query.source.key, *(column for pair in pairs for column in pair))
        .select_from(matching.joined)
        .where(*matching.conditions)
        .order_by(*(column for term in matching.terms for column in term.columns()))
        .limit(most)
    )
    return connection.query(statement.offset(offset) if offset else statement)


def _matching(query: Query, position: Position | None, with_value: bool | None, *, ordered: bool = True) -> _Matching:
    conditions, by_filter = _conditions(query)
    if query.within is not None and not by_filter:  # the filter's indexes know the experiments already
        conditions.append(one_of(query.within, query.asked.experiments))
    terms, joined = search.terms(query.asked.order if ordered else (), query.source, query.start)
    if with_value is True:
        first = terms[0] = replace(terms[0], rank=None)  # so that an index can give the order
        conditions.append(first.value.is_not(None))
        table = first.value.table
        if not by_filter and "experiment_id" in table.c:
            conditions.append(table.c.key == query.asked.order[0].field.key)
            conditions.append(one_of(table.c.experiment_id, query.asked.experiments))
    elif with_value is False:
        assert terms[0].rank is not None  # only attributes that are never NULL have none
        conditions.append(terms[0].rank > search.VALUE)
    if position is not None:
        conditions.append(search.behind(terms, position))
    return _Matching(terms, joined, [query.scope, *conditions])


def _conditions(query: Query) -> tuple[list[search.Condition], bool]:
    """The filter as conditions, and whether one of them names the matches by the indexes of values."""
    if query.asked.expression is None:
        return [], False
    leaves = query.asked.expression.terms if isinstance(query.asked.expression, And) else (query.asked.expression,)
    conditions: list[search.Condition] = []
    lists: list[tuple[Kind, sa.Select[tuple[int]]]] = []
    # An aggregate is in no index: it names the matches only where nothing else does.
    for leaf in sorted(leaves, key=_is_of_aggregate):
        values = query.source.values.get(leaf.field.kind) if isinstance(leaf, Comparison) else None
        most = 1 if _is_of_aggregate(leaf) else MOST_LISTS
        can_lead = values is not None and values.indexed and len(lists) < most
        if isinstance(leaf, Comparison) and values is not None and can_lead and leaf.comparator != "!=":
            lists.append((leaf.field.kind, _named(leaf, values, query.asked.experiments)))
        else:
            conditions.append(search.condition(leaf, query.source))
    if lists:
        # PERF: the lists meet before any run is looked at, and the one that a value names goes first: 10,000 runs and
        # three conditions in 4 ms, against 60 ms with a look at each run and 20 ms with a list for each condition.
        lists.sort(key=lambda one: one[0] is Kind.METRIC)
        (_, named), *others = lists
        (run,) = named.selected_columns.values()
        conditions.append(query.source.key.in_(named.where(*(run.in_(other) for _, other in others))))
    return conditions, bool(lists)


def _is_of_aggregate(term: Expression) -> bool:
    return isinstance(term, Comparison) and term.field.aggregate is not None


def _named(leaf: Comparison, values: search.Values, experiments: Sequence[int]) -> sa.Select[tuple[int]]:
    """The keys of the things with such a value, from the index over experiment, key and value."""
    if leaf.field.aggregate is not None:
        return _with_aggregate(leaf, leaf.field.aggregate, values, experiments)
    table = values.table.alias()
    of_key = [one_of(table.c.experiment_id, experiments), table.c.key == leaf.field.key]
    if leaf.field.kind is Kind.METRIC:
        of_key.append(search.holds(leaf, table.c.value))
    else:
        text = str(leaf.value)
        of_key.append(table.c.head == text[: schema.HEAD_LENGTH])
        if len(text) >= schema.HEAD_LENGTH:
            of_key.append(table.c.value == text)
    return sa.select(table.c[values.owner]).where(*of_key)


def _with_aggregate(
    leaf: Comparison, aggregate: Aggregation, values: search.Values, experiments: Sequence[int]
) -> sa.Select[tuple[int]]:
    """The same for an aggregate: the index leads to the runs with the metric, and each of their rows is looked at."""
    table, key = values.table.alias(), leaf.field.key
    owner = table.c[values.owner]
    literal = sa.and_(table.c.key == key, search.holds(leaf, table.c.value, nan=True))
    of_aggregate = sa.and_(
        table.c.key == aggregate.key,
        search.holds(leaf, search.aggregate_of(table, aggregate.name), nan=True),
        sa.not_(search.has_literal(key, values, owner)),
    )
    of_keys = one_of(table.c.experiment_id, experiments), table.c.key.in_([key, aggregate.key])
    return sa.select(owner).where(*of_keys, sa.or_(literal, of_aggregate))


def one_of(column: sa.ColumnElement[int], keys: Sequence[int]) -> search.Condition:
    """Whether the column is one of a few keys; of a single one, so that an index also gives the order behind it."""
    return column == keys[0] if len(keys) == 1 else column.in_(keys)
