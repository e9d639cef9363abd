"""What an expression and an ordering mean, in Python: the oracle for the compilers of the stores.

A field has any number of values: none if it is absent, one mostly, many for the datasets of a run and the
recorded points of a logged model's metric. A leaf holds if *some* value satisfies it, each leaf for itself.
"""

from __future__ import annotations

import math
import operator
import string
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from genesis_flow.search.ast import (
    And,
    Between,
    Comparator,
    Comparison,
    Expression,
    Field,
    IsNull,
    Like,
    Membership,
    Not,
    Or,
    Order,
    Type,
    Value,
)

Item = TypeVar("Item")

# The parser pairs strings with strings and numbers with numbers.
_COMPARE: dict[Comparator, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def matches(expression: Expression, values_of: Callable[[Field], Sequence[Value]]) -> bool:
    """Whether the expression holds for the thing whose fields have these values.

    Args:
        expression: a parsed filter.
        values_of: the values of a field, empty if it has none; ids as strings or as integers.
    """
    match expression:
        case And(terms):
            return all(matches(term, values_of) for term in terms)
        case Or(terms):
            return any(matches(term, values_of) for term in terms)
        case Not(term):
            return not matches(term, values_of)
        case IsNull(field, negated):
            return bool(values_of(field)) is negated
        case Comparison() | Like() | Membership() | Between():
            return any(holds(expression, _comparable(expression.field, value)) for value in values_of(expression.field))


def like(text: str, pattern: str) -> bool:
    """Whether ``%`` (any run) and ``_`` (one character) let the pattern match the whole text.

    Takes at most ``len(text) × len(pattern)`` steps: it only ever returns to the last ``%``.
    """
    at, wanted = 0, 0
    percent, resume = -1, 0
    while at < len(text):
        if wanted < len(pattern) and pattern[wanted] == "%":
            percent, resume = wanted, at
            wanted += 1
        elif wanted < len(pattern) and pattern[wanted] in ("_", text[at]):
            at, wanted = at + 1, wanted + 1
        elif percent >= 0:
            resume += 1
            at, wanted = resume, percent + 1
        else:
            return False
    return pattern.count("%", wanted) == len(pattern) - wanted


def ordered(
    items: Iterable[Item], order: Sequence[Order], value_of: Callable[[Item, Field], Value | None]
) -> list[Item]:
    """The items in this order; equals stay as they came (``parse_order`` gives orders without equals).

    Args:
        items: what to sort.
        order: the terms, the most significant first.
        value_of: the value of an item's field (of a logged model's metric the newest), or ``None``.
    """
    result = list(items)
    for term in reversed(order):
        _sort(result, term, value_of)
    return result


def _sort(items: list[Item], term: Order, value_of: Callable[[Item, Field], Value | None]) -> None:
    def key(item: Item) -> tuple[int, tuple[Value, ...]]:
        return _key(term.field, value_of(item, term.field))

    items.sort(key=lambda item: key(item)[1], reverse=not term.ascending)
    items.sort(key=lambda item: key(item)[0])


def _key(field: Field, value: Value | None) -> tuple[int, tuple[Value, ...]]:
    """Rank (a value, NaN, nothing), and what to compare within the rank."""
    if value is None:
        return 2, ()
    if isinstance(value, float) and math.isnan(value):
        return 1, ()
    return 0, (_comparable(field, value),)


def _comparable(field: Field, value: Value) -> Value:
    return int(value) if field.type is Type.ID else value


def holds(leaf: Comparison | Like | Membership | Between, value: Value) -> bool:
    """Whether a value satisfies the leaf."""
    match leaf:
        case Comparison(_, comparator, wanted):
            return _COMPARE[comparator](value, wanted)
        case Like(_, pattern, ignore_case, negated):
            text = str(value)
            found = like(text.translate(_LOWER), pattern.translate(_LOWER)) if ignore_case else like(text, pattern)
            return found is not negated
        case Membership(_, values, negated):
            return (value in values) is not negated
        case Between(_, low, high, negated):
            return (_COMPARE["<="](low, value) and _COMPARE["<="](value, high)) is not negated
