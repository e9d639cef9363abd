"""The ``meta.yaml`` of MLflow's directory form: what PyYAML writes of flat values, read strictly and written plainly.

Such a file holds texts, integers, nothing, and at most maps of texts one level down; that is all there is here.
Anchors, aliases, tags, block scalars, sequences and deeper nesting are refused, so reading takes time and memory in
proportion to the file and builds nothing but strings and numbers. Tests compare it with PyYAML in both directions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Union

Scalar = Union[str, int, None]
Meta = dict[str, Union[Scalar, dict[str, Scalar]]]
"""Values by key; an empty sequence is an empty map."""

_Anything = Union[Scalar, Mapping[str, Scalar]]

_REFUSED = "[^\t\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
"""What may not stand in YAML."""
_ODD_BREAKS = "\x85\u2028\u2029"
"""What breaks a line in YAML, too, and nowhere else."""
_NOTHING = frozenset(("", "~", "null", "Null", "NULL"))
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})")
INT64 = range(-(2**63), 2**63)
_KEY = re.compile(r"(?![ \t\n,\[\]{}#&*!|>'\"%@`]|[-?:][ \t\n])(?:[^\n#]|(?<! )#){1,1024}?(?= {0,9}:(?: |\n|$))")
_INDICATOR = re.compile(r"[,\[\]{}#&*!|>%@`]|[-?:](?:[ \t\n]|$)")
"""The beginnings of a value that mean something else than a text."""
_BLANK = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|$)")
_COMMENT = re.compile(r"[ \t]#")
_SINGLE = re.compile(r"'([^']*(?:''[^']*)*)'")
_DOUBLE = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
# A break with the blanks around it; the look behind keeps the search from starting anew at each of many blanks.
_BREAK = rf"[\n{_ODD_BREAKS}]"
_FOLD = rf"(?:(?<![ \t])[ \t]+)?{_BREAK}(?:[ \t]*{_BREAK})*[ \t]*"
_FOLDS = re.compile(_FOLD)
_ESCAPES = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|\n[ \t]*|(.))|" + _FOLD, re.DOTALL)
_NAMED = {
    **{"0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"},
    **{"e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"},
}
_SIMPLE = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_LONG_KEY = 128
"""A longer key is written as PyYAML does it, which reads keys of one line only up to a length."""
_UNWRITTEN = re.compile(rf"{_REFUSED}|{_BREAK}")
_WORDS = frozenset("y n yes no on off true false null".split())


class MetaError(ValueError):
    """Says what is wrong, and in which line."""


def parse(data: bytes) -> Meta:
    """The values in a file.

    Raises:
        MetaError: it is not UTF-8, or holds something that no such file holds.
    """
    try:
        text = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise MetaError("it is not UTF-8") from None
    if refused := re.search(_REFUSED, text):
        raise MetaError(f"line {_line(text, refused.start())} has a character that may not stand there")
    return _Reader(text).whole()


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


class _Reader:
    """Reads a text from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 4 if text.startswith("---\n") else 0

    def whole(self) -> Meta:
        found: Meta = {}
        while self._indent() == 0:
            key = self._new_key(0, found)
            found[key] = self._scalar_or_map()
        if self._indent() > 0:
            raise self._error("is indented like nothing above it")
        return found

    def _error(self, what: str) -> MetaError:
        return MetaError(f"line {_line(self._text, self._at)} {what}")

    def _indent(self) -> int:
        """Skips lines that say nothing; the blanks before the next one, -1 at the end."""
        while blank := _BLANK.match(self._text, self._at):
            if self._at == len(self._text):
                return -1
            self._at = blank.end()
        end = self._at
        while self._text[end] == " ":
            end += 1
        return end - self._at

    def _new_key(self, indent: int, known: Mapping[str, object]) -> str:
        self._at += indent
        key = self._key(indent)
        if key in known:
            raise self._error("has a key that was there before")
        return key

    def _key(self, indent: int) -> str:
        is_long = self._text.startswith("? ", self._at)
        self._at += 2 * is_long
        if self._text[self._at] in "'\"":
            key = self._quoted()
        elif is_long:
            key = self._plain(indent)
        elif found := _KEY.match(self._text, self._at):
            self._at, key = found.end(), found[0]
        else:
            raise self._error("is no key with a value")
        if is_long:
            self._end_line()
            if self._indent() != indent:
                raise self._error("is no value of the key above it")
            self._at += indent
        self._skip_blanks()
        if not self._text.startswith(":", self._at):
            raise self._error("lacks the ':' behind a key")
        self._at += 1
        return key

    def _scalar_or_map(self) -> Scalar | dict[str, Scalar]:
        self._skip_blanks()
        for empty in ("{}", "[]"):
            if self._text.startswith(empty, self._at):
                self._at += 2
                self._end_line()
                return {}
        if not _BLANK.match(self._text, self._at):
            return self._scalar(0)
        indent = self._indent()
        found: dict[str, Scalar] = {}
        while indent > 0 and self._indent() == indent:
            key = self._new_key(indent, found)
            self._skip_blanks()
            found[key] = self._scalar(indent)
        return found or None

    def _scalar(self, indent: int) -> Scalar:
        if _BLANK.match(self._text, self._at):
            return None
        if self._text[self._at] in "'\"":
            text = self._quoted()
            self._end_line()
            return text
        if _INDICATOR.match(self._text, self._at):
            raise self._error("has a value that no such file has")
        text = self._plain(indent)
        if text in _NOTHING:
            return None
        return int(text) if _INTEGER.fullmatch(text) and int(text) in INT64 else text

    def _skip_blanks(self) -> None:
        while self._text.startswith((" ", "\t"), self._at):
            self._at += 1

    def _end_line(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        if not blank:
            raise self._error("goes on behind its value")
        self._at = blank.end()

    def _plain(self, indent: int) -> str:
        """A text without quotes, with the deeper lines that continue it."""
        text = self._rest_of_line()
        while fold := _FOLDS.match(self._text, self._at):
            deeper = fold.end() - self._text.rfind("\n", 0, fold.end()) - 1 > indent
            if not deeper or fold.end() == len(self._text) or self._text[fold.end()] == "#":
                break
            self._at = fold.end()
            text += _fold(fold) + self._rest_of_line()
        return text

    def _rest_of_line(self) -> str:
        end = self._text.find("\n", self._at)
        line = self._text[self._at : end if end >= 0 else len(self._text)]
        self._at += len(line)
        if comment := _COMMENT.search(line):
            line = line[: comment.start()]
        line = line.rstrip(" \t")
        if ": " in line or line.endswith(":") or re.search(_BREAK, line):
            raise self._error("has a text that needs quotes")
        return line

    def _quoted(self) -> str:
        is_single = self._text[self._at] == "'"
        found = (_SINGLE if is_single else _DOUBLE).match(self._text, self._at)
        if not found:
            raise self._error("begins a text that does not end")
        self._at = found.end()
        if is_single:
            return _FOLDS.sub(_fold, found[1]).replace("''", "'")
        return _ESCAPES.sub(self._unescaped, found[1])

    def _unescaped(self, found: re.Match[str]) -> str:
        if found[0][0] != "\\":
            return _fold(found)
        if found[4] in _NAMED:
            return _NAMED[found[4]]
        digits = found[1] or found[2] or found[3]
        if not digits and found[4]:
            raise self._error("ends a text with an escape that means nothing")
        number = int(digits, 16) if digits else 0
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise self._error("ends a text with an escape that is no character")
        return chr(number) if digits else ""  # a break that is escaped vanishes


def _fold(found: re.Match[str]) -> str:
    """What breaks inside a text stand for: one for a blank, more for one less; odd ones for themselves."""
    first, *others = re.findall(_BREAK, found[0].replace("\x85", "\n"))
    return ("" if first == "\n" else first) + "".join(others) or " "


def dump(values: Mapping[str, _Anything]) -> bytes:
    """A file with these values, in the order of their keys, as MLflow has it."""
    return "".join(_entry("", key, values[key]) for key in sorted(values)).encode()


def _entry(indent: str, key: str, value: _Anything) -> str:
    written = _written(key)
    between = ": " if len(written) < _LONG_KEY else f"\n{indent}: "
    return f"{indent}{'? ' * (len(written) >= _LONG_KEY)}{written}{between}{_value(value)}\n"


def _value(value: _Anything) -> str:
    if isinstance(value, Mapping):
        entries = "".join(_entry("  ", key, value[key]) for key in sorted(value))
        return f"\n{entries}".removesuffix("\n") if entries else "{}"
    if isinstance(value, str):
        return _written(value)
    return "null" if value is None else str(value)


def _written(text: str) -> str:
    if _SIMPLE.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_UNWRITTEN.sub(_escape, escaped)}"'


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
