"""Filters and orderings as SQL: expressions in, SQLAlchemy clauses out; values only as bound parameters.

A filter becomes a condition that is never NULL, so that NOT is the plain complement. An ordering becomes
columns, each with a rank in front (a value, NaN, nothing) that keeps what has no value last in both directions.
A page continues behind the sort values of the row before it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from genesis_flow.search.ast import (
    Aggregation,
    And,
    Between,
    Comparison,
    Expression,
    Field,
    IsNull,
    Kind,
    Leaf,
    Like,
    Membership,
    Not,
    Or,
    Order,
)
from genesis_flow.stores.sql import schema

Condition = sa.ColumnElement[bool]
Column = sa.ColumnElement[Any]
VALUE, NAN, NOTHING = 0, 1, 2

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True)
class Values:
    """Where values of one kind stand: a table of rows by key that belong to what is searched.

    Attributes:
        table: the table.
        owner: its column that names the thing searched.
        indexed: whether an index over experiment, key and value leads from a value to its owner.
        ordered: if the table holds many values of a key, the one that orders.
    """

    table: Any
    owner: str
    indexed: bool = False
    ordered: Any = None


@dataclass(frozen=True)
class Source:
    """What is searched.

    Attributes:
        key: the integer key of a thing.
        attributes: the columns of its attributes, by name.
        values: the tables of its other values, by kind.
        nullable: names of attributes that may be NULL.
        walked: names of attributes that many things share: a LIKE is looked at while the index of the order is walked.
        datasets: columns of the datasets of a run, by name, and what links them to the run.
    """

    key: Column
    attributes: Mapping[str, Column]
    values: Mapping[Kind, Values]
    nullable: frozenset[str] = frozenset()
    walked: frozenset[str] = frozenset()
    datasets: Mapping[str, Column] | None = None


class _LookedAt(FunctionElement[str]):
    """A column that leads SQLite to no index: without statistics it takes a range of names for a few rows.

    PERF: 1,000 of 10,000 versions whose names all begin alike: 1.1 ms along the index of the order, against 6.3 ms
    through the index of names and a sort of all that it leads to. PostgreSQL counts what is there, and chooses itself.
    """

    inherit_cache = True
    type = sa.Text()


@compiles(_LookedAt)
def _as_it_is(element: _LookedAt, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_LookedAt, "sqlite")
def _without_index(element: _LookedAt, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def condition(expression: Expression, source: Source, *, negated: bool = False) -> Condition:
    """The expression, or its complement, as a condition that is true or false for every thing.

    NOT is carried down to the leaves, so that the SQL is nested no deeper than AND and OR alternate.
    """
    match expression:
        case And(terms) | Or(terms):
            joined = sa.and_ if isinstance(expression, And) is not negated else sa.or_
            return joined(*(condition(term, source, negated=negated) for term in terms))
        case Not(term):
            return condition(term, source, negated=not negated)
        case _:
            leaf = _leaf(expression, source)
            return sa.not_(leaf) if negated else leaf


def _leaf(leaf: Leaf, source: Source) -> Condition:
    field = leaf.field
    if field.kind is Kind.ATTRIBUTE:
        column = source.attributes[field.key]
        if isinstance(leaf, IsNull):
            return column.is_not(None) if leaf.negated else column.is_(None)
        is_walked = isinstance(leaf, Like) and field.key in source.walked
        satisfied = holds(leaf, _LookedAt(column) if is_walked else column)
        return sa.and_(column.is_not(None), satisfied) if field.key in source.nullable else satisfied
    if field.aggregate is not None:
        return _aggregate_leaf(leaf, field.aggregate, source)
    rows = _rows(field, source)
    if isinstance(leaf, IsNull):
        return _some(rows) if leaf.negated else sa.not_(_some(rows))
    return _some(rows.where(holds(leaf, _value(field, source), nan=field.kind is Kind.METRIC)))


def _some(rows: sa.Select[Any]) -> Condition:
    """Whether there is such a row, looked for at each candidate.

    PERF: a bare EXISTS would become a join in PostgreSQL's plan, and two hundred of them take minutes to be planned.
    """
    return rows.exists().is_(sa.true())


def _aggregate_leaf(leaf: Leaf, aggregate: Aggregation, source: Source) -> Condition:
    """A condition on the metric of this very key, or where there is none, on the aggregate."""
    field = replace(leaf.field, aggregate=None)
    missing = _leaf(IsNull(field), source)
    metric = Field(Kind.METRIC, aggregate.key, field.type)
    if isinstance(leaf, IsNull):
        has_none = sa.and_(missing, _leaf(IsNull(metric), source))
        return sa.not_(has_none) if leaf.negated else has_none
    satisfied = holds(leaf, aggregate_of(source.values[Kind.METRIC].table, aggregate.name), nan=True)
    return sa.or_(
        _leaf(replace(leaf, field=field), source), sa.and_(missing, _some(_rows(metric, source).where(satisfied)))
    )


def aggregate_of(table: Any, name: str) -> Column:
    """An aggregate as a column of the metrics of runs; of a single point it is that point's own."""
    match name:
        case "last":
            return table.c.value  # type: ignore[no-any-return]
        case "count":
            return sa.func.coalesce(table.c["count"], sa.literal_column("1"))
        case "min_step" | "max_step":
            return sa.func.coalesce(table.c[name], table.c.step)
        case _:
            return sa.case((table.c["count"].is_(None), table.c.value), else_=table.c[name])


def _rows(field: Field, source: Source) -> sa.Select[Any]:
    """The values of a field that belong to the thing of the enclosing query."""
    if field.kind is Kind.DATASET:
        links, data = schema.run_datasets, schema.datasets
        linked: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(
            links.join(data, data.c.id == links.c.dataset)
        )
        return linked.where(links.c.run == source.key, _value(field, source).is_not(None))
    values = source.values[field.kind]
    statement: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(values.table)
    return statement.where(values.table.c[values.owner] == source.key, values.table.c.key == field.key)


def _value(field: Field, source: Source) -> Column:
    if field.kind is Kind.DATASET:
        assert source.datasets is not None  # only the grammar of runs has datasets
        return source.datasets[field.key]
    column: Column = source.values[field.kind].table.c.value
    return column


def holds(leaf: Leaf, column: Column, *, nan: bool = False) -> Condition:
    """Whether a value satisfies the leaf. With ``nan``, NULL stands for NaN, which only differs from everything."""
    match leaf:
        case Comparison(_, comparator, value):
            satisfied: Condition = _COMPARE[comparator](column, value)
            differs = comparator == "!="
        case Like(_, pattern, ignore_case, negated):
            matches = sa.func.lower(column).like(_ascii_lower(pattern)) if ignore_case else column.like(pattern)
            satisfied, differs = (sa.not_(matches) if negated else matches), negated
        case Membership(_, values, negated):
            satisfied, differs = (column.not_in(values) if negated else column.in_(values)), negated
        case Between(_, low, high, negated):
            within = column.between(low, high)
            satisfied, differs = (sa.not_(within) if negated else within), negated
        case IsNull():
            raise AssertionError("IS NULL looks at rows, not at a value")
    if not nan:
        return satisfied
    return sa.or_(column.is_(None), satisfied) if differs else sa.and_(column.is_not(None), satisfied)


def _ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


# --- ordering ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Term:
    """One term of an ordering as SQL: the rank, or None where everything has a value, and the value."""

    rank: Column | None
    value: Column
    ascending: bool

    def columns(self) -> list[Column]:
        """What the order is by."""
        direction = self.value.asc() if self.ascending else self.value.desc()
        return [direction] if self.rank is None else [self.rank, direction]


def terms(order: Sequence[Order], source: Source, joined: sa.FromClause) -> tuple[list[Term], sa.FromClause]:
    """The terms of an ordering, and ``joined`` with the tables that they need."""
    found: list[Term] = []
    for number, one in enumerate(order):
        field = one.field
        if field.kind is Kind.ATTRIBUTE:
            column = source.attributes[field.key]
            rank = sa.case((column.is_(None), NOTHING), else_=VALUE) if field.key in source.nullable else None
            found.append(Term(rank, column, one.ascending))
            continue
        if field.aggregate is not None:
            term, joined = _aggregate_term(one, field.aggregate, source, joined, number)
            found.append(term)
            continue
        values = source.values[field.kind]
        table = (values.table if values.ordered is None else values.ordered).alias(f"o{number}")
        joined = joined.outerjoin(table, sa.and_(table.c[values.owner] == source.key, table.c.key == field.key))
        found.append(Term(_rank(table.c[values.owner], table.c.value), table.c.value, one.ascending))
    return found, joined


def _aggregate_term(
    order: Order, aggregate: Aggregation, source: Source, joined: sa.FromClause, number: int
) -> tuple[Term, sa.FromClause]:
    values, key = source.values[Kind.METRIC], order.field.key
    table = values.table.alias(f"o{number}")
    # One join a term, because SQLite joins no more than 64 tables.
    row = sa.case((has_literal(key, values, source.key), key), else_=aggregate.key)
    joined = joined.outerjoin(table, sa.and_(table.c[values.owner] == source.key, table.c.key == row))
    value = sa.case((table.c.key == key, table.c.value), else_=aggregate_of(table, aggregate.name))
    return Term(_rank(table.c[values.owner], value), value, order.ascending), joined


def has_literal(key: str, values: Values, owner: Column) -> Condition:
    """Whether something has a value of this very key."""
    table = values.table.alias()
    rows: sa.Select[Any] = sa.select(sa.literal_column("1")).select_from(table).correlate_except(table)
    return rows.where(table.c[values.owner] == owner, table.c.key == key).exists()


def _rank(owner: Column, value: Column) -> Column:
    return sa.case((owner.is_(None), NOTHING), (value.is_(None), NAN), else_=VALUE)


def behind(terms_: Sequence[Term], position: Sequence[tuple[int, Any]]) -> Condition:
    """The things that come behind a position: rank and value of each term of the last one of the page before."""
    cases: list[Condition] = []
    equal: list[Condition] = []
    for term, (rank, value) in zip(terms_, position, strict=True):
        if term.rank is not None:
            cases.append(sa.and_(*equal, term.rank > rank))
            equal.append(term.rank == rank)
        if rank == VALUE:
            further = term.value > value if term.ascending else term.value < value
            cases.append(sa.and_(*equal, further))
            equal.append(term.value == value)
    first, (_, value) = terms_[0], position[0]
    if first.rank is not None:
        return sa.or_(*cases)
    # Said beside what follows from it, so that an index leads to the position.
    return sa.and_(first.value >= value if first.ascending else first.value <= value, sa.or_(*cases))
