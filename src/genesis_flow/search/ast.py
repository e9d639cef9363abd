"""What a filter or an ordering says, however it was written.

``str()`` of a node is text that parses to an equal node (an attribute named in the grammar given).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, Union, get_args


class Kind(Enum):
    """Which of the things that carry values a field belongs to; the value is the prefix in filters."""

    ATTRIBUTE = "attributes"
    METRIC = "metrics"
    PARAM = "params"
    TAG = "tags"
    DATASET = "datasets"


class Type(Enum):
    """How the values of a field compare.

    Attributes:
        STRING: by code points; equality, LIKE and IN.
        NUMBER: as numbers, with every comparator. Metrics are doubles, attributes integers.
        ID: equality and IN only; an integer that people write as a string. Ordered as a number.
    """

    STRING = "string"
    NUMBER = "number"
    ID = "id"


Value = Union[str, int, float]
Comparator = Literal["=", "!=", ">", ">=", "<", "<="]
COMPARATORS: tuple[Comparator, ...] = get_args(Comparator)


AGGREGATES = ("min", "max", "mean", "first", "last", "count", "min_step", "max_step")
"""What all points of a metric come to, by the names that stand behind its key."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """What the points of a metric come to: the key of the metric, and one of ``AGGREGATES``."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Field:
    """Something to compare or to order by; aliases are resolved, so equal fields are equal values.

    Attributes:
        aggregate: what the value is where there is no metric of this very key: ``metrics.loss.min`` may be a metric.
    """

    kind: Kind
    key: str
    type: Type
    aggregate: Aggregation | None = None

    def __str__(self) -> str:
        if self.aggregate is not None:
            return f"{self.kind.value}.`{self.aggregate.key}`.{self.aggregate.name}"
        return self.key if self.kind is Kind.ATTRIBUTE else f"{self.kind.value}.`{self.key}`"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Some value of the field compares so. A NaN satisfies ``!=`` and nothing else.

    The value is a ``float`` for metrics (never NaN, perhaps infinite), an ``int`` within 64 bits or a
    ``float`` for numeric attributes, an ``int`` for ids.
    """

    field: Field
    comparator: Comparator
    value: Value

    def __str__(self) -> str:
        return f"{self.field} {self.comparator} {_written(self.value, self.field)}"


@dataclass(frozen=True, slots=True)
class Like:
    """Some value matches the pattern, or, negated, some value does not.

    ``%`` is any run of characters, ``_`` is one; nothing escapes them. ``ignore_case`` folds ASCII letters
    only, which every engine can do.
    """

    field: Field
    pattern: str
    ignore_case: bool
    negated: bool = False

    def __str__(self) -> str:
        word = "ILIKE" if self.ignore_case else "LIKE"
        return f"{self.field} {_not(self.negated)}{word} {_quoted(self.pattern)}"


@dataclass(frozen=True, slots=True)
class Membership:
    """Some value is one of ``values`` (never empty), or, negated, some value is none of them."""

    field: Field
    values: tuple[Value, ...]
    negated: bool = False

    def __str__(self) -> str:
        written = (_escaped(value) if isinstance(value, str) else _written(value, self.field) for value in self.values)
        return f"{self.field} {_not(self.negated)}IN ({', '.join(written)})"


@dataclass(frozen=True, slots=True)
class Between:
    """Some value lies within the bounds, which belong to the range, or, negated, some value does not."""

    field: Field
    low: Value
    high: Value
    negated: bool = False

    def __str__(self) -> str:
        low, high = (_written(bound, self.field) for bound in (self.low, self.high))
        return f"{self.field} {_not(self.negated)}BETWEEN {low} AND {high}"


@dataclass(frozen=True, slots=True)
class IsNull:
    """The field has no value, or, negated, it has one. An empty string is a value, and so is NaN."""

    field: Field
    negated: bool = False

    def __str__(self) -> str:
        return f"{self.field} IS {_not(self.negated)}NULL"


@dataclass(frozen=True, slots=True)
class And:
    """Every one of two or more terms holds; none of them is an ``And`` itself."""

    terms: tuple[Expression, ...]

    def __str__(self) -> str:
        return " AND ".join(map(_operand, self.terms))


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of two or more terms holds; none of them is an ``Or`` itself."""

    terms: tuple[Expression, ...]

    def __str__(self) -> str:
        return " OR ".join(map(_operand, self.terms))


@dataclass(frozen=True, slots=True)
class Not:
    """The complement: holds exactly where the term does not.

    So ``NOT params.a = '1'`` is also true where there is no ``params.a``; ``params.a != '1'`` is not.
    """

    term: Expression

    def __str__(self) -> str:
        return f"NOT {_operand(self.term)}"


Leaf = Union[Comparison, Like, Membership, Between, IsNull]
Expression = Union[Leaf, And, Or, Not]


@dataclass(frozen=True, slots=True)
class Order:
    """One term of an ordering: values in this direction, then always NaN, then what has no value."""

    field: Field
    ascending: bool = True

    def __str__(self) -> str:
        return f"{self.field} {'ASC' if self.ascending else 'DESC'}"


def _not(negated: bool) -> str:
    return "NOT " if negated else ""


def _operand(term: Expression) -> str:
    return f"({term})" if isinstance(term, (And, Or)) else str(term)


def _written(value: Value, field: Field) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return f"'{value}'" if field.type is Type.ID else repr(value)


def _quoted(text: str) -> str:
    for quote in "'\"":
        if quote not in text and not text.endswith("\\"):
            return f"{quote}{text}{quote}"
    return f"({_escaped(text)})"


def _escaped(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
