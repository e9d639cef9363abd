"""A page of things: what filters and orderings mean is said in ``search.evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from genesis_flow.rules.page_tokens import make_token, read_token
from genesis_flow.search.ast import Expression, Field, Order, Value
from genesis_flow.search.evaluate import matches, ordered

T = TypeVar("T")


@dataclass(frozen=True)
class Query(Generic[T]):
    """What is searched for.

    Attributes:
        expression: the filter.
        order: a total order.
        asked: what must be the same on every page, as anything JSON can hold.
        values_of: the values of a field, of which a filter looks at each.
        value_of: the value of a field that orders.
    """

    expression: Expression | None
    order: Sequence[Order]
    asked: Any
    values_of: Callable[[T, Field], Sequence[Value]]
    value_of: Callable[[T, Field], Value | None]


@dataclass(frozen=True, eq=False)
class _Place:
    """Stands among the things where the page before ended."""

    values: dict[Field, Value | None]


def page(
    things: Iterable[T], query: Query[T], most: int, token: str | None, secret: bytes
) -> tuple[list[T], str | None]:
    """At most ``most`` of the things, and the token of the page behind them, if there is one.

    Raises:
        InvalidPageToken: the token was not made for this query.
    """
    place = _read(query.order, read_token(secret, query.asked, token)) if token else None
    found = [thing for thing in things if _holds(query, thing)]
    line = _behind(place, found, query)
    more = len(line) > most > 0
    shown = line[:most]
    return shown, make_token(secret, query.asked, _written(query, shown[-1])) if more else None


def _holds(query: Query[T], thing: T) -> bool:
    return query.expression is None or matches(query.expression, lambda field: query.values_of(thing, field))


def _behind(place: _Place | None, things: Sequence[T], query: Query[T]) -> list[T]:
    def value_of(thing: T | _Place, field: Field) -> Value | None:
        return thing.values[field] if isinstance(thing, _Place) else query.value_of(thing, field)

    # The place comes last, and sorting keeps equals as they are: so it stands behind the thing it was made from.
    together: list[T | _Place] = [*things, *([place] if place else [])]
    line = ordered(together, query.order, value_of)
    start = line.index(place) + 1 if place else 0
    return [thing for thing in line[start:] if not isinstance(thing, _Place)]


def _written(query: Query[T], thing: T) -> list[Any]:
    """The values that order the thing; a double as text in a list, because JSON has no infinities."""
    values = [query.value_of(thing, term.field) for term in query.order]
    return [[repr(value)] if isinstance(value, float) else value for value in values]


def _read(order: Sequence[Order], values: list[Any]) -> _Place:
    read = [float(value[0]) if isinstance(value, list) else value for value in values]
    return _Place({term.field: value for term, value in zip(order, read, strict=True)})
