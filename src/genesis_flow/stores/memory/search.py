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
    fields = [term.field for term in query.order]
    values = read_token(secret, query.asked, token) if token else None
    place = _Place(dict(zip(fields, values, strict=True))) if values is not None else None
    found = [thing for thing in things if _holds(query, thing)]
    line = _behind(place, found, query)
    more = len(line) > most > 0
    shown = line[:most]
    if not more:
        return shown, None
    return shown, make_token(secret, query.asked, [query.value_of(shown[-1], field) for field in fields])


def _holds(query: Query[T], thing: T) -> bool:
    return query.expression is None or matches(query.expression, lambda field: query.values_of(thing, field))


def _behind(place: _Place | None, things: Sequence[T], query: Query[T]) -> list[T]:
    def value_of(thing: T | _Place, field: Field) -> Value | None:
        return thing.values[field] if isinstance(thing, _Place) else query.value_of(thing, field)

    # The place comes last and sorting keeps equals as they are: so it stands behind what it was made from.
    together: list[T | _Place] = [*things, *([place] if place else [])]
    line = ordered(together, query.order, value_of)
    start = line.index(place) + 1 if place else 0
    return [thing for thing in line[start:] if not isinstance(thing, _Place)]
