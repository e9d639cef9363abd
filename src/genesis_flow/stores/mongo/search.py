"""Filters as conditions of MongoDB: expressions in, documents out.

What a caller wrote is only ever a value: behind ``$eq`` and its kind, in a list, or, of a LIKE, as the escaped
characters of a pattern. Names of fields come from the catalogue, keys of params, tags and metrics are values too.

Where a field stands in the ``lookup`` of runs, the condition is a range of its index; otherwise it looks into arrays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bson import Regex

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
)
from genesis_flow.search.evaluate import holds as satisfies
from genesis_flow.stores.mongo import lookup

Condition = dict[str, Any]

_OPERATORS = {"=": "$eq", "!=": "$ne", ">": "$gt", ">=": "$gte", "<": "$lt", "<=": "$lte"}
_INFINITY = float("inf")
SINGLE = {"min": "v", "max": "v", "mean": "v", "first": "v", "last": "v", "min_step": "s", "max_step": "s"}
"""The part of an element that is the aggregate of a metric with a single point; its count is 1."""


@dataclass(frozen=True)
class Source:
    """What is searched.

    Attributes:
        attributes: the fields of its attributes, by name.
        arrays: the arrays of its other values, by kind, each of ``{k, v}``.
        nullable: names of attributes that may be null.
        datasets: the array of the datasets of a run.
        experiment: the one that is searched, if its values stand in a lookup.
        known: leaves whose condition was found elsewhere.
    """

    attributes: Mapping[str, str]
    arrays: Mapping[Kind, str]
    nullable: frozenset[str] = frozenset()
    datasets: str = ""
    experiment: int | None = None
    known: Mapping[Leaf, Condition] = field(default_factory=dict)


def condition(expression: Expression, source: Source) -> Condition:
    """The expression as a condition that holds for exactly the documents that it is true of."""
    match expression:
        case And(terms):
            return {"$and": [condition(term, source) for term in terms]}
        case Or(terms):
            return {"$or": [condition(term, source) for term in terms]}
        case Not(term):
            return {"$nor": [condition(term, source)]}
        case _:
            return _leaf(expression, source)


def _leaf(leaf: Leaf, source: Source) -> Condition:
    if leaf in source.known:
        return source.known[leaf]
    if leaf.field.aggregate is not None:
        return _aggregate(leaf, leaf.field.aggregate, source)
    kind, key = leaf.field.kind, leaf.field.key
    if kind is Kind.ATTRIBUTE:
        return _attribute(leaf, source)
    if kind is Kind.DATASET:
        present = {key: {"$ne": None}}
        if isinstance(leaf, IsNull):
            found = {source.datasets: {"$elemMatch": present}}
            return found if leaf.negated else {"$nor": [found]}
        return {source.datasets: {"$elemMatch": {"$and": [present, {key: holds(leaf)}]}}}
    if source.experiment is not None:
        where = lookup.path(source.experiment, kind, key)
        if isinstance(leaf, IsNull):
            return {where: {"$exists": leaf.negated}}
        if kind is Kind.METRIC:
            return _in_range(leaf, where)
        return {"$and": [*_heads(leaf, where), *_unless_short(leaf, _in_array(leaf, source))]}
    return _in_array(leaf, source)


def _aggregate(leaf: Leaf, aggregate: Aggregation, source: Source) -> Condition:
    """A condition on the metric of this very key, or where there is none, on the aggregate."""
    field = replace(leaf.field, aggregate=None)
    literal, missing = _leaf(replace(leaf, field=field), source), _leaf(IsNull(field), source)
    metric = Field(Kind.METRIC, aggregate.key, leaf.field.type)
    if isinstance(leaf, IsNull):
        of_metric = _leaf(IsNull(metric, leaf.negated), source)
        return {"$or" if leaf.negated else "$and": [literal, of_metric]}
    element = {"k": {"$eq": aggregate.key}, "$or": _of_element(leaf, aggregate.name)}
    there = _leaf(IsNull(metric, negated=True), source)  # which the index knows
    return {"$or": [literal, {"$and": [missing, there, {source.arrays[Kind.METRIC]: {"$elemMatch": element}}]}]}


def _of_element(leaf: Comparison | Like | Membership | Between, name: str) -> list[Condition]:
    """What an element of the metrics must be: of several points it has their aggregate, a single one is its own."""
    if name == "last":
        return [{"v": holds(leaf)}]
    several = {"a": {"$exists": True}, f"a.{name}": holds(leaf)}
    if name == "count":
        return [several, {"a": {"$exists": False}}] if satisfies(leaf, 1) else [several]
    return [several, {"a": {"$exists": False}, SINGLE[name]: holds(leaf)}]


def _attribute(leaf: Leaf, source: Source) -> Condition:
    path = source.attributes[leaf.field.key]
    if isinstance(leaf, IsNull):
        return {path: {"$ne": None}} if leaf.negated else {path: None}
    if leaf.field.key in source.nullable:
        return {"$and": [{path: {"$ne": None}}, {path: holds(leaf)}]}
    return {path: holds(leaf)}


def _in_array(leaf: Leaf, source: Source) -> Condition:
    array, of_key = source.arrays[leaf.field.kind], {"k": {"$eq": leaf.field.key}}
    if isinstance(leaf, IsNull):
        found = {array: {"$elemMatch": of_key}}
        return found if leaf.negated else {"$nor": [found]}
    return {array: {"$elemMatch": of_key | {"v": holds(leaf)}}}


def holds(leaf: Comparison | Like | Membership | Between) -> Condition:
    """What a value must be for the leaf to hold. A NaN differs from everything, and nothing else is true of it."""
    match leaf:
        case Comparison(_, comparator, value):
            return {_OPERATORS[comparator]: value}
        case Like(_, pattern, ignore_case, negated):
            matches = Regex(like(pattern, ignore_case), "s")
            return {"$not": matches} if negated else {"$regex": matches}
        case Membership(_, values, negated):
            return {"$nin" if negated else "$in": list(values)}
        case Between(_, low, high, negated):
            within = {"$gte": low, "$lte": high}
            return {"$not": within} if negated else within


def like(pattern: str, ignore_case: bool) -> str:
    """A LIKE as a regular expression in which each of its characters stands for itself.

    A piece between two ``%`` is taken where it comes first, for good (an atomic group): more is never to be gained by
    a later one, and so no text makes the search for it long.
    """
    first, *pieces = (
        "".join("." if character == "_" else _literal(character, ignore_case) for character in piece)
        for piece in pattern.split("%")
    )
    if not pieces:
        return rf"\A{first}\z"
    *between, last = pieces
    return rf"\A{first}" + "".join(f"(?>.*?{piece})" for piece in between if piece) + rf".*{last}\z"


def _literal(character: str, ignore_case: bool) -> str:
    if ignore_case and character.isascii() and character.isalpha():
        return f"[{character.lower()}{character.upper()}]"
    return r"\x00" if character == "\0" else re.escape(character)


# --- ranges of the lookup -------------------------------------------------------------------------------------


def _in_range(leaf: Leaf, where: str) -> Condition:
    """A condition on a metric, as ranges of its entries."""
    match leaf:
        case Comparison(_, "=", value):
            return {where: _within(value, value)}
        case Comparison(_, "!=", value):
            return _outside(where, value, value)
        case Comparison(_, ">", value):
            return {where: {"$gt": lookup.above(float(value)), "$lte": lookup.above(_INFINITY)}}
        case Comparison(_, ">=", value):
            return {where: _within(value, _INFINITY)}
        case Comparison(_, "<", value):
            return {where: {"$lt": lookup.below(float(value))}}
        case Comparison(_, "<=", value):
            return {where: {"$lte": lookup.above(float(value))}}
        case Membership(_, values, negated):
            one_of = [{where: _within(value, value)} for value in values]
            return {"$and": [{where: {"$exists": True}}, {"$nor": one_of}]} if negated else {"$or": one_of}
        case Between(_, low, high, negated):
            return _outside(where, low, high) if negated else {where: _within(low, high)}
        case _:
            raise AssertionError(f"no condition on a metric: {leaf}")


def _within(low: Any, high: Any) -> Condition:
    return {"$gte": lookup.below(float(low)), "$lte": lookup.above(float(high))}


def _outside(where: str, low: Any, high: Any) -> Condition:
    return {"$or": [{where: {"$lt": lookup.below(float(low))}}, {where: {"$gt": lookup.above(float(high))}}]}


def _heads(leaf: Leaf, where: str) -> Sequence[Condition]:
    """What the entry of a text must be, if the index can say something about it."""
    match leaf:
        case Comparison(_, "=", value):
            return [{where: {"$eq": lookup.text(str(value))}}]
        case Membership(_, values, False):
            return [{where: {"$in": [lookup.text(str(value)) for value in values]}}]
        case Like(_, pattern, False, False) if pattern[:1] not in ("%", "_", ""):
            start = re.split("[%_]", pattern)[0][: lookup.HEAD_LENGTH]
            return [{where: {"$gte": start, "$lte": start + "\U0010ffff"}}]
        case _:
            return []


def _unless_short(leaf: Leaf, in_array: Condition) -> Sequence[Condition]:
    """The condition on the whole text, unless its entry says it all."""
    match leaf:
        case Comparison(_, "=", value) if len(str(value)) < lookup.HEAD_LENGTH:
            return []
        case Membership(_, values, False) if all(len(str(value)) < lookup.HEAD_LENGTH for value in values):
            return []
        case _:
            return [in_array]


def any_of(conditions: Sequence[Condition]) -> Condition:
    """That one of these holds, at least one."""
    return conditions[0] if len(conditions) == 1 else {"$or": list(conditions)}


def fields_of(expression: Expression | None) -> set[Field]:
    """The fields that an expression looks at."""
    match expression:
        case None:
            return set()
        case And(terms) | Or(terms):
            return {field for term in terms for field in fields_of(term)}
        case Not(term):
            return fields_of(term)
        case _:
            return {expression.field}
