from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis_flow.errors import InvalidSearch
from genesis_flow.search.ast import And, Expression, Field, Not, Or, Value
from genesis_flow.search.evaluate import like, matches, ordered
from genesis_flow.search.fields import EXPERIMENTS, LOGGED_MODELS, MODEL_VERSIONS, REGISTERED_MODELS, RUNS, Grammar
from genesis_flow.search.parse import parse_filter, parse_order, parse_order_fields
from tests.search.expressions import expressions, fields, keys, orders, texts, values

GRAMMARS = pytest.mark.parametrize(
    "grammar", [RUNS, EXPERIMENTS, LOGGED_MODELS, REGISTERED_MODELS, MODEL_VERSIONS], ids=lambda grammar: grammar.noun
)

WORDS = (
    *(
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "ILIKE",
        "BETWEEN",
        "IS",
        "NULL",
        "ASC",
        "DESC",
        "(",
        ")",
        ",",
        ".",
        "=",
        "!=",
    ),
    *(
        "<",
        "metrics.m",
        "params.`p`",
        "tags.t",
        "status",
        "name",
        "start_time",
        "1",
        "-2.5",
        "inf",
        "'x'",
        '"',
        "'",
        "`",
    ),
)
nearly_filters = st.lists(st.sampled_from(WORDS), max_size=25).flatmap(
    lambda words: st.sampled_from((" ", "")).map(lambda space: space.join(words))
)


@GRAMMARS
@given(data=st.data())
def test_the_text_of_an_expression_parses_to_it(grammar: Grammar, data: st.DataObject) -> None:
    expression = data.draw(expressions(grammar))
    assert parse_filter(str(expression), grammar) == expression


@GRAMMARS
@given(data=st.data())
def test_the_text_of_an_order_parses_to_it(grammar: Grammar, data: st.DataObject) -> None:
    terms = data.draw(orders(grammar))
    parsed = parse_order([str(term) for term in terms], grammar)
    assert parsed[: len(terms)] == (tuple(terms) or grammar.default_order or grammar.ties)[: len(terms)]
    assert len({term.field for term in parsed}) == len(parsed)


def position(parse: Callable[[], object]) -> int:
    """Where the text was refused, or 0; any other exception is a failure."""
    try:
        parse()
    except InvalidSearch as refused:
        return refused.position
    return 0


@GRAMMARS
@given(text=st.one_of(st.text(), nearly_filters))
def test_any_text_is_a_filter_or_refused(grammar: Grammar, text: str) -> None:
    assert 0 <= position(lambda: parse_filter(text, grammar)) <= len(text)


@GRAMMARS
@given(text=st.one_of(st.text(), nearly_filters))
def test_any_text_is_an_order_or_refused(grammar: Grammar, text: str) -> None:
    assert 0 <= position(lambda: parse_order([text], grammar)) <= len(text)
    assert 0 <= position(lambda: parse_order_fields([(text, True)], grammar)) <= len(text)


@GRAMMARS
@given(data=st.data())
def test_a_string_can_be_found_whatever_it_contains(grammar: Grammar, data: st.DataObject) -> None:
    key, text = data.draw(keys), data.draw(texts)
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    for written in (f"tags.`{key}` = ('{escaped}')", f"tags.`{key}` IN ('', '{escaped}')"):
        expression = parse_filter(written, grammar)
        assert expression is not None
        assert matches(expression, lambda field: [text] if field.key == key else [])


def any_values(data: st.DataObject) -> Callable[[Field], list[Value]]:
    known: dict[Field, list[Value]] = {}

    def values_of(field: Field) -> list[Value]:
        if field not in known:
            known[field] = data.draw(st.lists(values(field), max_size=2))
        return known[field]

    return values_of


@given(data=st.data(), left=expressions(RUNS), right=expressions(RUNS))
def test_and_or_and_not_are_those_of_sets(data: st.DataObject, left: Expression, right: Expression) -> None:
    values_of = any_values(data)
    first, second = matches(left, values_of), matches(right, values_of)
    assert matches(And((left, right)), values_of) is (first and second)
    assert matches(Or((left, right)), values_of) is (first or second)
    assert matches(Not(left), values_of) is not first


@given(text=st.text("ab%_", max_size=8), pattern=st.text("ab%_", max_size=8))
def test_like_agrees_with_its_definition(text: str, pattern: str) -> None:
    def slow(text: str, pattern: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "%":
            return slow(text, pattern[1:]) or (bool(text) and slow(text[1:], pattern))
        return bool(text) and pattern[0] in ("_", text[0]) and slow(text[1:], pattern[1:])

    assert like(text, pattern) is slow(text, pattern)


@given(data=st.data(), field=fields(RUNS), ascending=st.booleans())
def test_an_order_is_a_permutation_with_the_absent_at_its_end(
    data: st.DataObject, field: Field, ascending: bool
) -> None:
    if field.kind not in RUNS.orderable:
        return
    items = data.draw(st.lists(st.none() | values(field)))
    order = parse_order([f"{field} {'ASC' if ascending else 'DESC'}"], RUNS)[:1]
    result = ordered(items, order, lambda item, _: item)
    present = sorted((item for item in items if item is not None), reverse=not ascending)
    assert result == present + [None] * items.count(None)
