from __future__ import annotations

import pytest

from genesis_flow.errors import InvalidSearch
from genesis_flow.search.tokens import MAX_LENGTH, Shape, tokenize


def shapes(text: str) -> list[tuple[Shape, str]]:
    return [(token.shape, token.text) for token in tokenize(text)][:-1]


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("'plain'", "plain"),
        ('"it\'s"', "it's"),
        ("''", ""),
        ("'it''s'", "it''s"),
        (r"'it\'s'", r"it\'s"),
        (r"'two \\'", r"two \\"),
        ("'C:\\'", "C:\\"),
        ("'a\nb'", "a\nb"),
        ("'😀 %_$.`'", "😀 %_$.`"),
    ],
)
def test_a_string_is_what_stands_between_its_quotes(text: str, content: str) -> None:
    assert shapes(text) == [(Shape.STRING, content)]


def test_a_path_is_a_name_a_dot_and_a_key() -> None:
    assert shapes("tags.mlflow.source.name") == [
        (Shape.NAME, "tags"),
        (Shape.DOT, "."),
        (Shape.NAME, "mlflow.source.name"),
    ]
    assert shapes("metrics.`a.b`") == [(Shape.NAME, "metrics"), (Shape.DOT, "."), (Shape.QUOTED, "a.b")]


def test_what_follows_a_dot_is_a_key_even_if_it_looks_like_a_number() -> None:
    assert shapes("metrics.5")[2] == (Shape.NAME, "5")
    assert shapes("metrics.m > .5")[4] == (Shape.NUMBER, ".5")


@pytest.mark.parametrize("number", ["0", "-3", "+1", "1.", ".4", "-.5", "1e5", "5E-1", "1e+30", "-inf", "+Infinity"])
def test_a_number_is_one_token(number: str) -> None:
    assert shapes(f"m>{number}") == [(Shape.NAME, "m"), (Shape.COMPARATOR, ">"), (Shape.NUMBER, number)]


def test_tokens_know_where_they_are() -> None:
    tokens = list(tokenize("  a >= 'x' "))
    assert [(token.position, token.end) for token in tokens] == [(2, 3), (4, 6), (7, 10), (11, 11)]


def test_keywords_are_ascii_in_any_case() -> None:
    assert next(tokenize("oR")).is_word("OR")
    assert not next(tokenize("ın")).is_word("IN")
    assert not next(tokenize("'OR'")).is_word("OR")


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("a = 'x", 4),
        ("a = ''' ", 4),
        ("a = \"x'", 4),
        ("tags.`x = 'y'", 5),
        ("a = ;", 4),
        ("a = 1d", 5),
        ("a = 0x1", 5),
        ("a = 1_0", 5),
        ("a = 1.2.3", 7),
        ("a = - 3", 4),
        ('"a".b = 1', 3),
        ("a = ١", 4),
        ("a = 'x\x00'", 6),
        ("a = '\ud800'", 5),
        ("a # b", 2),
        ("$", 0),
        (" " * (MAX_LENGTH + 1), MAX_LENGTH),
    ],
)
def test_what_is_no_token_is_refused_where_it_stands(text: str, position: int) -> None:
    with pytest.raises(InvalidSearch) as refused:
        list(tokenize(text))
    assert refused.value.position == position
