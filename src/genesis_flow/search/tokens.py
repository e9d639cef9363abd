"""Text → tokens, in one pass over the text and in time linear in its length."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from genesis_flow.errors import InvalidSearch, shown

MAX_LENGTH = 500_000
"""Characters of a filter, or of one term of an ordering."""


class Shape(Enum):
    """What a token is; the value is how a message calls it."""

    NAME = "a name"
    QUOTED = "a name between backquotes"
    STRING = "a string"
    NUMBER = "a number"
    COMPARATOR = "a comparator"
    DOT = "'.'"
    OPEN = "'('"
    CLOSE = "')'"
    COMMA = "','"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter.

    Attributes:
        text: the characters of it, without the quotes around them; escapes are still as they were written.
        position: 0-based index of its first character (of its opening quote).
        end: index after its last character.
    """

    shape: Shape
    text: str
    position: int
    end: int

    def is_word(self, word: str) -> bool:
        """Whether this is that keyword, in any case of its letters."""
        return self.shape is Shape.NAME and self.text.isascii() and self.text.upper() == word

    def __str__(self) -> str:
        return shown(self.text, 40) if self.text else self.shape.value


_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
_SPACE = re.compile(r"\s*")
# What follows a dot may hold more dots, begin with a digit (`tags.mlflow.source.name`, `metrics.1st`), and
# hold what only loose grammars take without backquotes.
_KEY = re.compile(r"[\w.:/@-]+")
# Each of these can be decided from its next character, so that none of them goes back.
_PATTERNS = (
    (Shape.NAME, re.compile(r"[^\W\d][\w-]*")),
    (
        Shape.NUMBER,
        re.compile(r"(?i:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?|[+-]inf(?:inity)?)"),
    ),
    (Shape.COMPARATOR, re.compile(r"[<>=!~]+")),
)
_SINGLE = {"(": Shape.OPEN, ")": Shape.CLOSE, ",": Shape.COMMA}
_IN_STRING = {quote: re.compile(rf"[\\{quote}]") for quote in "'\""}


def tokenize(text: str) -> Iterator[Token]:
    """The tokens of ``text``, the last of them an ``END``.

    Raises:
        InvalidSearch: for a character that begins nothing, a quote that is not closed, a NUL, a lone
            surrogate, or a text that is too long.
    """
    _check(text)
    before, position = None, _SPACE.match(text, 0).end()  # type: ignore[union-attr]  # it matches everywhere
    while position < len(text):
        token = _scan(text, position, before)
        yield token
        position = _SPACE.match(text, token.end).end()  # type: ignore[union-attr]
        before = token.shape if position == token.end else None
    yield Token(Shape.END, "", len(text), len(text))


def _check(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise InvalidSearch(text, MAX_LENGTH, f"A search text has at most {MAX_LENGTH} characters, not {len(text)}")
    if found := _FORBIDDEN.search(text):
        raise InvalidSearch(text, found.start(), f"A search text cannot contain {found[0]!r}")


def _scan(text: str, position: int, before: Shape | None) -> Token:
    """The token at ``position``; ``before`` is the shape of a token that ends right there."""
    character = text[position]
    if character == "." and before in (Shape.NAME, Shape.QUOTED):
        return Token(Shape.DOT, character, position, position + 1)
    if before is Shape.DOT and (key := _KEY.match(text, position)):
        return Token(Shape.NAME, key[0], position, key.end())
    if character in "'\"`":
        end = _closing_backquote(text, position) if character == "`" else _closing_quote(text, position)
        shape = Shape.QUOTED if character == "`" else Shape.STRING
        return Token(shape, text[position + 1 : end], position, end + 1)
    if single := _SINGLE.get(character):
        return Token(single, character, position, position + 1)
    return _scan_pattern(text, position)


def _scan_pattern(text: str, position: int) -> Token:
    for shape, pattern in _PATTERNS:
        if found := pattern.match(text, position):
            end = found.end()
            if shape is Shape.NUMBER and _KEY.match(text, end):
                raise InvalidSearch(text, end, f"{shown(text[end])} cannot continue the number {shown(found[0], 40)}")
            return Token(shape, found[0], position, end)
    raise InvalidSearch(text, position, f"Unexpected {shown(text[position])}")


def _closing_backquote(text: str, start: int) -> int:
    end = text.find("`", start + 1)
    if end < 0:
        raise InvalidSearch(text, start, "This backquote is not closed")
    return end


def _closing_quote(text: str, start: int) -> int:
    r"""The index of the quote that closes the one at ``start``.

    A doubled quote, and a quote after a backslash, belong to the string.
    COMPAT: mlflow 3.17 ends a string that nothing else closes at its last quote after a backslash: ``'C:\'``.
    """
    quote = text[start]
    last_escaped = -1
    position = start + 1
    while found := _IN_STRING[quote].search(text, position):
        position = found.start() + 2
        quote_follows = text[position - 1 : position] == quote
        if found[0] == "\\" and quote_follows:
            last_escaped = position - 1
        elif found[0] == quote and not quote_follows:
            return found.start()
    if last_escaped < 0:
        raise InvalidSearch(text, start, "This quote is not closed")
    return last_escaped
