"""A page of things: what filters and orderings mean is said in ``search.evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from genesis_flow.search.ast import Field, Order, Value
from genesis_flow.search.evaluate import matches, ordered
from genesis_flow.stores.asking import Asked

T = TypeVar("T")


@dataclass(frozen=True)
class Query(Generic[T]):
    """What is searched for.

    Attributes:
        asked: filter, order and position.
        values_of: the values of a field, of which a filter looks at each.
        value_of: the value of a field that orders.
    """

    asked: Asked
    values_of: Callable[[T, Field], Sequence[Value]]
    value_of: Callable[[T, Field], Value | None]


@dataclass(frozen=True, eq=False)
class _Place:
    """Stands among the things where the page before ended."""

    values: dict[Field, Value | None]


def page(things: Iterable[T], query: Query[T], most: int) -> tuple[Sequence[T], str | None]:
    """At most ``most`` of the things that the filter holds for, and the token of the page behind them, if any."""
    asked = query.asked
    return in_order([thing for thing in things if _holds(query, thing)], asked, query.value_of, most)


def in_line(things: Iterable[T], query: Query[T]) -> list[T]:
    """All things that the filter holds for, in order."""
    return ordered([thing for thing in things if _holds(query, thing)], query.asked.order, query.value_of)


def in_order(
    things: Sequence[T], asked: Asked, value_of: Callable[[T, Field], Value | None], most: int
) -> tuple[Sequence[T], str | None]:
    """At most ``most`` of the things behind the position, in order, and the token of the page behind them, if any."""
    fields = [term.field for term in asked.order]
    place = None if asked.position is None else _Place(dict(zip(fields, asked.position, strict=True)))
    line = _behind(place, things, asked.order, value_of)
    return asked.cut(line, most, lambda thing: [value_of(thing, field) for field in fields])


def _holds(query: Query[T], thing: T) -> bool:
    expression = query.asked.expression
    return expression is None or matches(expression, lambda field: query.values_of(thing, field))


def _behind(
    place: _Place | None,
    things: Sequence[T],
    order: Sequence[Order],
    value_of: Callable[[T, Field], Value | None],
) -> list[T]:
    def value(thing: T | _Place, field: Field) -> Value | None:
        return thing.values[field] if isinstance(thing, _Place) else value_of(thing, field)

    # The place comes last and sorting keeps equals as they are: so it stands behind what it was made from.
    together: list[T | _Place] = [*things, *([place] if place else [])]
    line = ordered(together, order, value)
    start = line.index(place) + 1 if place else 0
    return [thing for thing in line[start:] if not isinstance(thing, _Place)]
