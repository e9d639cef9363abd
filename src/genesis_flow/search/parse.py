"""Tokens → expressions and orderings, by recursive descent.

    filter      = disjunction
    disjunction = conjunction ("OR" conjunction)*
    conjunction = negation ("AND"* negation)*          ("AND" may also lead and trail the filter)
    negation    = "NOT" negation | "(" disjunction ")" | comparison
    comparison  = field ( comparator value | "NOT"? ("LIKE" | "ILIKE") string
                        | "NOT"? "IN" "(" value ("," value)* ","? ")" | "NOT"? "BETWEEN" number "AND" number
                        | "IS" "NOT"? "NULL" )
    field       = (prefix ".")? key
    string      = "'…'" | '"…"' | "(" string ")"

A string stands for exactly the characters between its quotes; within parentheses a backslash escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NoReturn

from genesis_flow.errors import InvalidSearch, shown
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
from genesis_flow.search.tokens import Shape, Token, tokenize

MAX_DEPTH = 50
"""Parentheses and NOTs within one another."""
MAX_COMPARISONS = 500
MAX_LISTED = 10_000
"""Values in the lists of a filter, together."""
MAX_PATTERN = 10_000
"""Characters of a LIKE pattern; SQLite takes 50,000 bytes."""
MAX_ORDER = 50
"""Terms of an ordering; SQLite joins 64 tables."""

_INT64 = range(-(2**63), 2**63)
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_ODD = re.compile("[:/@-]")
_ESCAPE = re.compile(r"\\(.)|(['\"])\2", re.DOTALL)
_ESCAPED = dict(zip("abfnrtv\\'\"", "\a\b\f\n\r\t\v\\'\"", strict=True))


def parse_filter(text: str | None, grammar: Grammar) -> Expression | None:
    """What the filter says, or ``None`` if there is no filter: for ``None`` and the empty string.

    An ``And`` within an ``And`` is part of it, likewise ``Or``; aliases are resolved.

    Raises:
        InvalidSearch: if the filter is not in the language, or beyond its limits; it points at the character.

    Source: the behaviour of MLflow 3.17.2, of which this accepts a superset.
    """
    return _Parser(text, grammar).filter() if text else None


def parse_order(terms: Sequence[str], grammar: Grammar) -> tuple[Order, ...]:
    """The whole order that these terms ask for: they, or the default without any, then what decides ties.

    Of two terms for one field the first counts.

    Args:
        terms: each a field, perhaps followed by ASC or DESC.
        grammar: what is ordered.

    Raises:
        InvalidSearch: if a term is no such thing, or there are more than ``MAX_ORDER``.
    """
    _check_count(terms)
    return _complete((_Parser(term, grammar).order() for term in terms), grammar)


def parse_order_fields(fields: Sequence[tuple[str, bool]], grammar: Grammar) -> tuple[Order, ...]:
    """As :func:`parse_order`, for fields that come apart from their direction (search-logged-models).

    Args:
        fields: the name of a field, where no quotes are needed around a key, and whether it ascends.
        grammar: what is ordered.

    Raises:
        InvalidSearch: if a name is not that of a field to order by, or there are more than ``MAX_ORDER``.
    """
    _check_count([name for name, _ in fields])
    return _complete((_order_field(name, ascending, grammar) for name, ascending in fields), grammar)


def parse_field(text: str, grammar: Grammar) -> Field:
    """A field to order by, without a direction.

    Raises:
        InvalidSearch: if the text is no such thing.
    """
    return _Parser(text, grammar).orderable()


def _check_count(terms: Sequence[str]) -> None:
    if len(terms) > MAX_ORDER:
        reason = f"An ordering has at most {MAX_ORDER} terms, not {len(terms)}"
        raise InvalidSearch(terms[MAX_ORDER], 0, reason)


def _complete(asked: Iterable[Order], grammar: Grammar) -> tuple[Order, ...]:
    terms: dict[Field, Order] = {}
    for term in (*(tuple(asked) or grammar.default_order), *grammar.ties):
        terms.setdefault(term.field, term)
    return tuple(terms.values())


def _order_field(name: str, ascending: bool, grammar: Grammar) -> Order:
    kind, key, start = Kind.ATTRIBUTE, name, 0
    if "." in name:
        prefix, _, key = name.partition(".")
        kind, start = _kind(name, prefix, 0, grammar), len(prefix) + 1
    field = _named(name, kind, key, start, grammar)
    return Order(_orderable(name, field, grammar), ascending)


def _kind(text: str, prefix: str, position: int, grammar: Grammar) -> Kind:
    kind = grammar.prefixes.get(prefix)
    if kind is None:
        known = ", ".join(grammar.prefixes)
        reason = f"Unknown prefix {shown(prefix)}: the prefixes for {grammar.noun} are {known}"
        raise InvalidSearch(text, position, reason)
    return kind


def _named(text: str, kind: Kind, key: str, position: int, grammar: Grammar) -> Field:
    field = grammar.field(kind, key) if key else None
    if field is not None:
        return field
    if kind not in grammar.names:
        raise InvalidSearch(text, position, "A key is missing here")
    known = ", ".join(grammar.names[kind])
    reason = f"Unknown key {shown(key)}: the {kind.value} of {grammar.noun} are {known}"
    raise InvalidSearch(text, position, reason)


def _orderable(text: str, field: Field, grammar: Grammar) -> Field:
    if field.kind not in grammar.orderable:
        kinds = ", ".join(kind.value for kind in Kind if kind in grammar.orderable)
        reason = f"The order of {grammar.noun} cannot depend on {field.kind.value}, only on {kinds}"
        raise InvalidSearch(text, 0, reason)
    return field


def _join(connective: type[And] | type[Or], terms: list[Expression]) -> Expression:
    if len(terms) == 1:
        return terms[0]
    nested = (term.terms if isinstance(term, connective) else (term,) for term in terms)
    return connective(tuple(chain.from_iterable(nested)))


class _Parser:
    """One text being parsed, from left to right, one token ahead."""

    def __init__(self, text: str, grammar: Grammar) -> None:
        self._text = text
        self._grammar = grammar
        self._tokens = tokenize(text)
        self._peek = next(self._tokens)
        self._comparisons = 0
        self._listed = 0

    def filter(self) -> Expression:
        self._skip_ands()
        expression = self._disjunction(depth=0)
        if self._peek.shape is not Shape.END:
            self._fail(self._peek, f"Expected AND, OR or the end, found {self._peek}")
        return expression

    def orderable(self) -> Field:
        field = _orderable(self._text, self._field(), self._grammar)
        if self._peek.shape is not Shape.END:
            self._fail(self._peek, f"Expected the end, found {self._peek}")
        return field

    def order(self) -> Order:
        field = _orderable(self._text, self._field(), self._grammar)
        ascending = self._accept("ASC") or not self._accept("DESC")
        if self._peek.shape is not Shape.END:
            self._fail(self._peek, f"Expected ASC, DESC or the end, found {self._peek}")
        return Order(field, ascending)

    # Tokens

    def _next(self) -> Token:
        token = self._peek
        if token.shape is not Shape.END:
            self._peek = next(self._tokens)
        return token

    def _accept(self, wanted: str | Shape) -> bool:
        """Steps over the next token if it is that keyword or of that shape."""
        token = self._peek
        found = token.shape is wanted if isinstance(wanted, Shape) else token.is_word(wanted)
        if found:
            self._next()
        return found

    def _expect(self, wanted: str | Shape) -> None:
        if not self._accept(wanted):
            name = wanted.value if isinstance(wanted, Shape) else wanted
            self._fail(self._peek, f"Expected {name}, found {self._peek}")

    def _fail(self, at: Token | int, reason: str) -> NoReturn:
        raise InvalidSearch(self._text, at if isinstance(at, int) else at.position, reason)

    # Structure

    def _disjunction(self, depth: int) -> Expression:
        terms = [self._conjunction(depth)]
        while self._accept("OR"):
            terms.append(self._conjunction(depth))
        return _join(Or, terms)

    def _conjunction(self, depth: int) -> Expression:
        # COMPAT: mlflow 3.17 lets AND lead, trail, repeat and be left out.
        terms = [self._negation(depth)]
        while not self._ends_conjunction(after_and=self._skip_ands()):
            terms.append(self._negation(depth))
        return _join(And, terms)

    def _ends_conjunction(self, after_and: bool) -> bool:
        closes = self._peek.shape is Shape.CLOSE or self._peek.is_word("OR")
        return self._peek.shape is Shape.END or (closes and not after_and)

    def _skip_ands(self) -> bool:
        found = False
        while self._accept("AND"):
            found = True
        return found

    def _negation(self, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            self._fail(self._peek, f"Parentheses and NOTs nest at most {MAX_DEPTH} deep")
        if self._accept("NOT"):
            return Not(self._negation(depth + 1))
        if self._accept(Shape.OPEN):
            inner = self._disjunction(depth + 1)
            self._expect(Shape.CLOSE)
            return inner
        return self._comparison()

    # Comparisons

    def _comparison(self) -> Leaf:
        start = self._peek
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            self._fail(start, f"A filter has at most {MAX_COMPARISONS} comparisons")
        field = self._field()
        if self._accept("IS"):
            negated = self._accept("NOT")
            self._expect("NULL")
            return IsNull(field, negated)
        return self._value_comparison(field, negated=self._accept("NOT"))

    def _value_comparison(self, field: Field, negated: bool) -> Leaf:
        token = self._next()
        if token.is_word("LIKE") or token.is_word("ILIKE"):
            return self._like(field, token, negated)
        if token.is_word("IN"):
            return Membership(field, self._list(field), negated)
        if token.is_word("BETWEEN"):
            return self._between(field, token, negated)
        if negated:
            self._fail(token, f"Expected LIKE, ILIKE, IN or BETWEEN after NOT, found {token}")
        return self._simple(field, token)

    def _simple(self, field: Field, token: Token) -> Comparison:
        allowed = COMPARATORS if field.type is Type.NUMBER else COMPARATORS[:2]
        for comparator in allowed:
            if token.shape is Shape.COMPARATOR and token.text == comparator:
                return Comparison(field, comparator, self._value(field))
        words = {Type.NUMBER: "BETWEEN, IN", Type.STRING: "LIKE, ILIKE, IN", Type.ID: "IN"}[field.type]
        choice = f"{', '.join(allowed)}, {words} or IS NULL"
        self._fail(token, f"Expected a comparator for {shown(field.key)} ({choice}), found {token}")

    def _like(self, field: Field, token: Token, negated: bool) -> Like:
        if field.type is not Type.STRING:
            self._fail(token, f"{token.text.upper()} compares strings, and {shown(field.key)} is none")
        value = self._peek
        pattern = self._string()
        if len(pattern) > MAX_PATTERN:
            self._fail(value, f"A pattern has at most {MAX_PATTERN} characters, not {len(pattern)}")
        return Like(field, pattern, token.is_word("ILIKE"), negated)

    def _between(self, field: Field, token: Token, negated: bool) -> Between:
        if field.type is not Type.NUMBER:
            self._fail(token, f"BETWEEN compares numbers, and {shown(field.key)} is none")
        low = self._number(field)
        self._expect("AND")
        return Between(field, low, self._number(field), negated)

    def _list(self, field: Field) -> tuple[Value, ...]:
        self._expect(Shape.OPEN)
        values = [self._value(field, escaped=True)]
        while self._accept(Shape.COMMA) and self._peek.shape is not Shape.CLOSE:
            values.append(self._value(field, escaped=True))
            if self._listed + len(values) > MAX_LISTED:
                self._fail(self._peek, f"The lists of a filter have at most {MAX_LISTED} values")
        self._expect(Shape.CLOSE)
        self._listed += len(values)
        return tuple(values)

    # Fields

    def _field(self) -> Field:
        token = self._next()
        if token.is_word("AND") or token.is_word("OR"):
            self._fail(token, f"Expected a field, found {token}")
        if self._peek.shape is Shape.DOT:
            dot = self._next()
            key = self._next()
            if key.shape not in (Shape.NAME, Shape.QUOTED, Shape.STRING) or key.position != dot.end:
                self._fail(dot.end, "A key is missing here")
            kind = _kind(self._text, token.text, token.position, self._grammar)
            return self._aggregate(kind, key) or _named(self._text, kind, self._key(key), key.position, self._grammar)
        double_quoted = token.shape is Shape.STRING and self._text[token.position] == '"'
        if token.shape in (Shape.NAME, Shape.QUOTED) or double_quoted:
            return _named(self._text, Kind.ATTRIBUTE, token.text, token.position, self._grammar)
        self._fail(token, f"Expected a field, found {token}")

    def _aggregate(self, kind: Kind, key: Token) -> Field | None:
        """The aggregate that a key ends with, or that stands behind a key in backquotes."""
        if key.shape is Shape.NAME:
            of, _, name = self._key(key).rpartition(".")
            return self._grammar.aggregate(kind, of, name)
        if self._peek.shape is not Shape.DOT or not self._grammar.aggregates:
            return None
        dot, name_token = self._next(), self._next()
        found = self._grammar.aggregate(kind, key.text, name_token.text)
        if found is None or name_token.shape is not Shape.NAME or name_token.position != dot.end:
            self._fail(dot, f"Behind the key of a metric may stand one of {', '.join(AGGREGATES)}")
        return found

    def _key(self, token: Token) -> str:
        if token.shape is Shape.NAME and not self._grammar.loose and (odd := _ODD.search(token.text)):
            reason = f"A key with {shown(odd[0])} needs backquotes: `{shown(token.text)[1:-1]}`"
            self._fail(token.position + odd.start(), reason)
        return token.text

    # Values

    def _value(self, field: Field, escaped: bool = False) -> Value:
        match field.type:
            case Type.NUMBER:
                return self._number(field)
            case Type.ID:
                return self._id(field, escaped)
            case Type.STRING:
                return self._string(escaped)

    def _string(self, escaped: bool = False) -> str:
        token = self._next()
        if token.shape is Shape.STRING:
            return self._unescaped(token) if escaped else token.text
        if token.shape is Shape.OPEN and not escaped:
            text = self._string(escaped=True)
            self._expect(Shape.CLOSE)
            return text
        if self._grammar.loose and (bare := self._bare(token)):
            return bare
        self._fail(token, f"Expected a string between single or double quotes, found {token}")

    def _bare(self, token: Token) -> str:
        """COMPAT: mlflow 3.17 reads `name = tree` and `params.lr = 0.01` of logged models as strings."""
        if token.shape not in (Shape.NAME, Shape.NUMBER) or token.is_word("NULL"):
            return ""
        if token.shape is Shape.NAME and self._accept(Shape.DOT):
            token = Token(token.shape, "", token.position, self._next().end)
        return self._text[token.position : token.end]

    def _unescaped(self, token: Token) -> str:
        quote = self._text[token.position]

        def character(escape: re.Match[str]) -> str:
            at = token.position + 1 + escape.start()
            if escape[0] == quote * 2:
                self._fail(at, f"Within parentheses, \\{quote} stands for this quote")
            if escape[1] and escape[1] in "01234567xuUN":
                self._fail(at, f"Unknown escape {shown(escape[0])}")
            return _ESCAPED.get(escape[1], escape[0])

        return _ESCAPE.sub(character, token.text)

    def _number(self, field: Field) -> int | float:
        token = self._next()
        if self._grammar.quoted_numbers and token.shape is Shape.STRING and _INTEGER.fullmatch(token.text):
            token = Token(Shape.NUMBER, token.text, token.position, token.end)
        infinite = token.is_word("INF") or token.is_word("INFINITY")
        if token.shape is not Shape.NUMBER and not infinite:
            self._fail(token, f"Expected a number for {shown(field.key)}, found {token}")
        if field.kind is not Kind.METRIC and _INTEGER.fullmatch(token.text) and int(token.text) in _INT64:
            return int(token.text)
        return float(token.text)

    def _id(self, field: Field, escaped: bool) -> int:
        token = self._peek
        text = self._string(escaped)
        if _INTEGER.fullmatch(text) and int(text) in _INT64:
            return int(text)
        self._fail(token, f"Expected an integer between quotes for {shown(field.key)}, found {token}")
