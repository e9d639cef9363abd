"""Which names, keys and texts are allowed, as a running MLflow 3.17 decides it, and no control characters besides."""

from __future__ import annotations

import functools
import posixpath
import re

from genesis_flow.errors import InvalidParameter, MissingParameter
from genesis_flow.rules.limits import KEY_LENGTH

_KEY = re.compile(r"[\w.\-/ :]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What is invisible, forges lines, or changes the order in which a name is displayed.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]")
_MODEL_NAME = re.compile(r"""[^/:.%"']+""")

KEY_RULE = "made of letters, digits, '_', '-', '.', ' ', ':' and '/' only"
PATH_RULE = "free of '.', '..' and empty segments, because keys are used as relative paths"


def require(field: str, text: str | None) -> str:
    """The text, which must be there and not empty.

    Raises:
        MissingParameter
    """
    if not text:
        raise MissingParameter(field)
    return text


def check_key(field: str, key: str | None, most: int = KEY_LENGTH) -> str:
    """The key of a metric, param or tag, if it may be one.

    Raises:
        MissingParameter, InvalidParameter
    """
    text = require(field, key)
    if rule := _broken_rule(text):
        raise InvalidParameter(field, text, rule)
    if len(text) > most:
        raise InvalidParameter(field, text, f"at most {most} characters long, not {len(text)}")
    return text


# PERF: a batch of a thousand points has few keys, and a server sees the same ones again: 0.1 instead of 1.5 µs.
@functools.lru_cache(4_096)
def _broken_rule(key: str) -> str | None:
    """The rule that a key breaks, if it breaks one."""
    if _KEY.fullmatch(key) is None:
        return KEY_RULE
    if "." in key or "/" in key:
        normal = posixpath.normpath(key)
        if normal != key or normal == "." or normal.startswith(("..", "/")):
            return PATH_RULE
    return None


def check_line(field: str, text: str, most: int) -> str:
    """A name: one line without control characters, not longer than ``most`` characters.

    Raises:
        InvalidParameter
    """
    if _CONTROL.search(text):
        raise InvalidParameter(field, text, "free of control characters")
    if len(text) > most:
        raise InvalidParameter(field, text, f"at most {most} characters long, not {len(text)}")
    return text


def check_plain_line(field: str, text: str, most: int) -> str:
    """Like ``check_line``, and without what is invisible or changes the direction of text.

    Raises:
        InvalidParameter
    """
    if _UNSEEN.search(text):
        raise InvalidParameter(field, text, "free of control characters, invisible ones and marks of direction")
    return check_line(field, text, most)


def check_text(field: str, text: str) -> str:
    """Any text, of any length and any number of lines; only NUL is refused, which not every database can keep.

    Raises:
        InvalidParameter
    """
    if "\0" in text:
        raise InvalidParameter(field, text, "free of NUL characters")
    return text


def check_long_text(field: str, text: str, most: int) -> str:
    """Any text of at most ``most`` characters.

    Raises:
        InvalidParameter
    """
    check_text(field, text)
    if len(text) > most:
        raise InvalidParameter(field, text, f"at most {most:,} characters long, not {len(text):,}")
    return text


def check_model_name(field: str, name: str, most: int) -> str:
    """The name of a logged model.

    Raises:
        InvalidParameter
    """
    if _MODEL_NAME.fullmatch(name) is None:
        raise InvalidParameter(field, name, """free of '/', ':', '.', '%', '"' and "'\"""")
    return check_line(field, name, most)


def check_range(field: str, number: int, least: int, most: int) -> int:
    """A number within bounds, both allowed.

    Raises:
        InvalidParameter
    """
    if not least <= number <= most:
        raise InvalidParameter(field, number, f"between {least:,} and {most:,}")
    return number
