"""A page of things: which index to walk, where to start, when to stop.

Two ways lead to a page fast. If the filter asks for a param or tag with a given value, its index names the
candidates. Otherwise the index of the order is walked and left as soon as the page is full. Things that lack
the value they are ordered by come last, so they are asked for only when the others did not fill the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from genesis_flow.search.ast import And, Comparison, Expression, Kind, Order
from genesis_flow.stores.sql import schema, search
from genesis_flow.stores.sql.connection import Connection

# SQLite joins at most 64 tables, and an ordering may bring 50.
MOST_DRIVING_LEAVES = 8

Position = list[tuple[int, Any]]
"""Rank and value of each term of an order: where a page ended."""


@dataclass(frozen=True)
class Query:
    """What is searched for.

    Attributes:
        source: where it stands.
        start: the table of the things.
        scope: what holds for every thing in question (its experiment, its life cycle).
        experiments: the keys of the experiments in question.
        expression: the filter.
        order: a total order.
    """

    source: search.Source
    start: sa.FromClause
    scope: search.Condition
    experiments: Sequence[int]
    expression: Expression | None
    order: Sequence[Order]


def page(connection: Connection, query: Query, position: Position | None, most: int) -> list[tuple[int, Position]]:
    """Key and position of at most ``most`` things behind ``position``, in order."""
    if query.order[0].field.kind is Kind.ATTRIBUTE:
        return _found(connection, query, position, most, None)
    found: list[tuple[int, Position]] = []
    if position is None or position[0][0] == search.VALUE:
        found = _found(connection, query, position, most, True)
        position = None
    if len(found) < most:
        found += _found(connection, query, position, most - len(found), False)
    return found


def _found(
    connection: Connection, query: Query, position: Position | None, most: int, with_value: bool | None
) -> list[tuple[int, Position]]:
    """Like ``page``; with ``with_value`` only those that have, or lack, a value for the first term."""
    joined, conditions = _driven(query, query.start)
    terms, joined = search.terms(query.order, query.source, joined)
    if with_value is not None:
        first = terms[0]
        assert first.rank is not None  # only attributes that are never NULL have none
        conditions.append(first.value.is_not(None) if with_value else first.rank > search.VALUE)
        table = first.value.table
        if with_value and "experiment_id" in table.c:
            conditions.append(table.c.key == query.order[0].field.key)
            conditions.append(one_of(table.c.experiment_id, query.experiments))
    if position is not None:
        conditions.append(search.behind(terms, position))
    ranks = [sa.literal_column("0") if term.rank is None else term.rank for term in terms]
    statement = (
        sa.select(query.source.key, *(c for pair in zip(ranks, (t.value for t in terms), strict=True) for c in pair))
        .select_from(joined)
        .where(query.scope, *conditions)
        .order_by(*(column for term in terms for column in term.columns()))
        .limit(most)
    )
    return [(row[0], list(zip(row[1::2], row[2::2], strict=True))) for row in connection.query(statement)]


def _driven(query: Query, start: sa.FromClause) -> tuple[sa.FromClause, list[search.Condition]]:
    """The things joined with the rows that the filter names outright, and the rest of the filter as conditions."""
    if query.expression is None:
        return start, []
    leaves = query.expression.terms if isinstance(query.expression, And) else (query.expression,)
    joined, conditions = start, []
    driving = 0
    for leaf in leaves:
        values = query.source.values.get(leaf.field.kind) if isinstance(leaf, Comparison) else None
        if (
            not isinstance(leaf, Comparison)
            or leaf.comparator != "="
            or values is None
            or not values.indexed
            or driving == MOST_DRIVING_LEAVES
        ):
            conditions.append(search.condition(leaf, query.source))
            continue
        driving += 1
        table = values.table.alias(f"d{driving}")
        joined = joined.join(table, table.c[values.owner] == query.source.key)
        text = str(leaf.value)
        conditions += [
            one_of(table.c.experiment_id, query.experiments),
            table.c.key == leaf.field.key,
            schema.value_prefix(table) == text[: schema.PREFIX_LENGTH],
            table.c.value == text,
        ]
    return joined, conditions


def one_of(column: sa.ColumnElement[int], keys: Sequence[int]) -> search.Condition:
    """Whether the column is one of a few keys; of a single one, so that an index also gives the order behind it."""
    return column == keys[0] if len(keys) == 1 else column.in_(keys)
