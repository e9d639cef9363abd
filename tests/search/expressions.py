"""Hypothesis strategies for expressions and orderings of a grammar; hostile values included."""

from __future__ import annotations

import math
from functools import cache
from itertools import chain

from hypothesis import strategies as st

from genesis_flow.search.ast import (
    AGGREGATES,
    COMPARATORS,
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
    Type,
    Value,
)
from genesis_flow.search.fields import Grammar

HOSTILE = (
    *(
        "",
        "'",
        '"',
        "it's",
        'say "it\'s"',
        "''",
        '""',
        "\\",
        "\\'",
        'a\\"',
        "\\\\",
        "`",
        "%",
        "_",
        "100%",
        "a_b",
    ),
    *(
        "$",
        "$where",
        ".",
        "a.b",
        "😀",
        "É",
        "e\u0301",
        "\n",
        " ",
        "NULL",
        "' OR '1'='1",
        "--",
        ";",
        "1",
        "NaN",
        "(x)",
    ),
)
NUMBERS = (0, -1, 1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 0.5, -0.5, 1e308, 5e-324, math.inf, -math.inf)

texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
keys = st.one_of(
    st.sampled_from(("m", "a.b", "a-b", "a b", "a/b:c", "and", "in", "5", "1st", "é", "$", "%", "mlflow.user")),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0`"), min_size=1),
)


def fields(grammar: Grammar) -> st.SearchStrategy[Field]:
    """Any field of the grammar, of every kind alike."""

    def field(kind: Kind, key: str) -> Field:
        found = grammar.field(kind, key)
        assert found is not None
        return found

    def aggregate(key: str, name: str) -> Field:
        found = grammar.aggregate(Kind.METRIC, key, name)
        assert found is not None
        return found

    def of(kind: Kind) -> st.SearchStrategy[Field]:
        if kind in grammar.names:
            return st.sampled_from(list(grammar.names[kind].values()))
        plain = keys.map(lambda key: field(kind, key))
        if kind is Kind.METRIC and grammar.aggregates:
            return st.one_of(plain, st.builds(aggregate, keys, st.sampled_from(AGGREGATES)))
        return plain

    return st.sampled_from(sorted(set(grammar.prefixes.values()), key=lambda kind: kind.value)).flatmap(of)


@cache
def values(field: Field) -> st.SearchStrategy[Value]:
    """Any value that a filter may compare the field with."""
    if field.type is Type.STRING:
        return texts
    integers = st.integers(-(2**63), 2**63 - 1)
    if field.type is Type.ID:
        return integers
    floats = st.one_of(st.sampled_from(NUMBERS).map(float), st.floats(allow_nan=False))
    return floats if field.kind is Kind.METRIC else st.one_of(integers, floats)


def leaves(grammar: Grammar) -> st.SearchStrategy[Leaf]:
    """Any comparison of the grammar."""
    return fields(grammar).flatmap(_leaves)


@cache
def _leaves(field: Field) -> st.SearchStrategy[Leaf]:
    value = values(field)
    comparators = COMPARATORS if field.type is Type.NUMBER else COMPARATORS[:2]
    several = st.lists(value, min_size=1, max_size=4).map(tuple)
    choices: list[st.SearchStrategy[Leaf]] = [
        st.builds(Comparison, st.just(field), st.sampled_from(comparators), value),
        st.builds(Membership, st.just(field), several, st.booleans()),
        st.builds(IsNull, st.just(field), st.booleans()),
    ]
    if field.type is Type.NUMBER:
        choices.append(st.builds(Between, st.just(field), value, value, st.booleans()))
    if field.type is Type.STRING:
        choices.append(st.builds(Like, st.just(field), texts, st.booleans(), st.booleans()))
    return st.one_of(choices)


def expressions(grammar: Grammar) -> st.SearchStrategy[Expression]:
    """Any expression of the grammar, as the parser makes them: no ``And`` in an ``And``, no ``Or`` in an ``Or``."""
    return st.recursive(leaves(grammar), _combined, max_leaves=6)


def _combined(terms: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(terms, min_size=2, max_size=3)
    return st.one_of(
        terms.map(Not),
        several.map(lambda found: And(_flat(And, found))),
        several.map(lambda found: Or(_flat(Or, found))),
    )


def _flat(connective: type[And] | type[Or], terms: list[Expression]) -> tuple[Expression, ...]:
    nested = (term.terms if isinstance(term, connective) else (term,) for term in terms)
    return tuple(chain.from_iterable(nested))


def orders(grammar: Grammar) -> st.SearchStrategy[list[Order]]:
    """Any terms of an ordering, no field twice."""
    orderable = fields(grammar).filter(lambda field: field.kind in grammar.orderable)
    return st.lists(st.builds(Order, orderable, st.booleans()), max_size=5, unique_by=lambda order: order.field)
