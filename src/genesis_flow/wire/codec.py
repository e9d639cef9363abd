"""MLflow's JSON dialect: bytes to messages and back.

What unmodified clients depend on: fields in snake case; an ``int64`` comes as a number or a decimal string and
goes out as a number; a ``double`` may be ``"NaN"``, ``"Infinity"`` or ``"-Infinity"``; ``null`` and absent are
the same, absent fields are left out; unknown fields are ignored. A GET carries its message in the query string,
a repeated field by repetition.

Strict where MLflow is silent: a repeated key, a wrong type, a number out of range, invalid UTF-8 and nesting
beyond any message's depth are refused before anything happens.
"""

from __future__ import annotations

import codecs
import functools
import json
import math
import re
from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from genesis_flow.errors import GenesisFlowError, MalformedRequest, MissingParameter, UndecodableField
from genesis_flow.values.enum_numbers import ENUM_NUMBERS
from genesis_flow.values.message import Message
from genesis_flow.wire.decoders import decoder

M = TypeVar("M", bound=Message)

MAX_QUERY_FIELDS = 1_000
MOST_VALUES = 500_000

_encode = msgspec.json.Encoder().encode


class Encoded(Generic[M]):
    """A message that is JSON already: stores that keep JSON answer it without building the objects in between.

    Attributes:
        body: the message as it goes out.
    """

    __slots__ = ("_type", "body")

    def __init__(self, body: bytes, type_: type[M]) -> None:
        self.body = body
        self._type = type_

    def value(self) -> M:
        """The message itself."""
        return decode_answer(self.body, self._type)


Reply = Union[M, Encoded[M]]
"""What a verb answers: the message, or its JSON."""


def value(reply: Reply[M]) -> M:
    """The message of a reply, whichever form it has."""
    return reply.value() if isinstance(reply, Encoded) else reply


def encode(reply: Reply[Any]) -> bytes:
    """A reply as the bytes that go out."""
    if isinstance(reply, Encoded):
        return reply.body
    body = _encode(reply)
    # msgspec writes NaN and the infinities as null, of which we send few: look closer only when there is one.
    return _encode(_named_nonfinite(msgspec.to_builtins(reply))) if b"null" in body else body


def named_nonfinite(value: float) -> str:
    """The string that stands for NaN or an infinity, which JSON does not have."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _named_nonfinite(value: Any) -> Any:
    """``value`` with NaN and ±Infinity as the strings that stand for them."""
    match value:
        case float() if not math.isfinite(value):
            return named_nonfinite(value)
        case dict():
            return {k: _named_nonfinite(v) for k, v in value.items()}
        case list() | tuple():
            return [_named_nonfinite(v) for v in value]
        case _:
            return value


def number(value: float) -> str:
    """A double as JSON text: the shortest that reads back as the same double, or the string that stands for it."""
    return repr(value) if math.isfinite(value) else _encode(_named_nonfinite(value)).decode()


# --- requests -------------------------------------------------------------------------------------------------


def decode_body(body: bytes, type_: type[M], path_fields: Mapping[str, str] | None = None) -> M:
    """The message in a JSON body; ``path_fields`` are the fields that stand in the path and win over the body.

    Raises:
        MalformedRequest: the body is not JSON, not UTF-8, repeats a key or is nested too deep.
        UndecodableField: a field has the wrong type or is out of range.
        MissingParameter: a required field is absent.
    """
    try:
        return _decode_body(body.removeprefix(codecs.BOM_UTF8).strip() or b"{}", type_, path_fields or {})
    except RecursionError:
        raise MalformedRequest("its body is nested too deep") from None
    except UnicodeEncodeError:
        raise MalformedRequest("its body holds half of a surrogate pair") from None


def _decode_body(body: bytes, type_: type[M], path_fields: Mapping[str, str]) -> M:
    builtins = _parse_strictly(body)
    if builtins is None:
        builtins, body = {}, b"{}"
    if not isinstance(builtins, dict):
        raise MalformedRequest("its body must be a JSON object")
    builtins |= path_fields
    if path_fields or b"NaN" in body or b"Infinity" in body:
        # COMPAT: mlflow 3.17 takes Python's bare NaN and Infinity, which are not JSON.
        body = _encode(_named_nonfinite(builtins))
    try:
        message: M = decoder(type_).decode(body)
    except msgspec.ValidationError as error:
        return _second_try(builtins, type_, _explained(error))
    except msgspec.DecodeError as error:
        raise MalformedRequest(f"its body is not JSON ({error})") from None
    return message


def decode_query(query: bytes, type_: type[M], path_fields: Mapping[str, str] | None = None) -> M:
    """The message in a query string.

    Raises:
        MalformedRequest: not UTF-8, too many fields, or a field repeated that has one value.
        UndecodableField: a field has the wrong type or is out of range.
        MissingParameter: a required field is absent.
    """
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_QUERY_FIELDS,
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise MalformedRequest(f"its query string is not valid ({error})") from None
    repeated = _repeated_fields(type_)
    fields: dict[str, Any] = {}
    for name, text in pairs:
        if name in repeated:
            fields.setdefault(name, []).append(text)
        elif name in fields:
            raise MalformedRequest(f"the query parameter '{name}' is given twice")
        else:
            fields[name] = text
    return _convert({**fields, **(path_fields or {})}, type_)


def decode_answer(body: bytes, type_: type[M]) -> M:
    """The message in another server's answer.

    Raises:
        MalformedRequest: the answer is not what the interface says.
    """
    try:
        message: M = decoder(type_).decode(body or b"{}")
    except (msgspec.DecodeError, RecursionError) as error:
        raise MalformedRequest(f"the server's answer is not the expected one ({error})") from None
    return message


def encode_query(message: Message) -> list[tuple[str, str]]:
    """A message as the pairs of a query string."""
    pairs: list[tuple[str, str]] = []
    for name, item in msgspec.to_builtins(message).items():
        for each in item if isinstance(item, (list, tuple)) else (item,):
            pairs.append((name, each if isinstance(each, str) else json.dumps(each)))
    return pairs


@functools.cache
def _repeated_fields(type_: type[Message]) -> frozenset[str]:
    return frozenset(f.encode_name for f in msgspec.structs.fields(type_) if f.default == ())


def _convert(fields: dict[str, Any], type_: type[M]) -> M:
    decoder(type_)  # whose making reads the fields of the type, one thread at a time
    try:
        return msgspec.convert(fields, type_, strict=False)
    except msgspec.ValidationError as error:
        return _second_try(fields, type_, _explained(error))


def _second_try(fields: dict[str, Any], type_: type[M], error: GenesisFlowError) -> M:
    """What protobuf's JSON allows and msgspec does not: null for absent, and an enum by its number.

    Enums among the message's own fields only: MLflow's interface asks for none deeper down.
    """
    present: dict[str, Any] = _without_nulls(fields)
    numbers = _enum_fields(type_)
    for name in numbers.keys() & present.keys():
        if not isinstance(present[name], bool):
            present[name] = numbers[name].get(str(present[name]), present[name])
    if present == fields:
        raise error from None
    return _convert(present, type_)


def _without_nulls(value: Any) -> Any:
    match value:
        case dict():
            return {k: _without_nulls(v) for k, v in value.items() if v is not None}
        case list():
            return [_without_nulls(v) for v in value]
        case _:
            return value


@functools.cache
def _enum_fields(type_: type[Message]) -> dict[str, dict[str, str]]:
    """Field → number → name, for the fields of a message that are enums."""
    return {
        field.encode_name: numbers
        for field in msgspec.structs.fields(type_)
        for numbers in ENUM_NUMBERS
        if set(numbers.values()) == set(_literals(field.type))
    }


def numbers_of(enum: Any) -> dict[int, str]:
    """The names of an enum of the interface, by their numbers.

    Args:
        enum: one of the ``Literal`` types in ``values``.

    Raises:
        KeyError: the interface has no such enum.
    """
    names = set(_literals(enum))
    for numbers in ENUM_NUMBERS:
        if set(numbers.values()) == names:
            return {int(number): name for number, name in numbers.items()}
    raise KeyError(enum)


def _literals(annotation: Any) -> tuple[Any, ...]:
    args = get_args(annotation)
    if get_origin(annotation) is Literal:
        return args
    return tuple(name for arg in args for name in _literals(arg))


def _parse_strictly(body: bytes) -> Any:
    """The body as Python values, refusing what a typed decoder would let pass unseen."""
    # A value that is ignored costs as much as one that is not: millions of them would hold everybody up.
    if body.count(b",") > MOST_VALUES:
        raise MalformedRequest(f"its body holds more than {MOST_VALUES:,} values")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedRequest("its body is not valid UTF-8") from None
    # PERF: each key has a colon behind it. As many keys as colons: no key stands twice and no text holds a colon.
    # A batch of a thousand points takes 1.1 ms so, and 3 ms with a look at every pair.
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _parse_slowly(text)
    return value if body.count(b":") == _count_keys(value) else _parse_slowly(text)


def _count_keys(value: Any) -> int:
    count, rest = 0, [value]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            count += len(item)
            rest += [inner for inner in item.values() if isinstance(inner, (dict, list))]
        elif isinstance(item, list):
            rest += item
    return count


def _parse_slowly(text: str) -> Any:
    try:
        return _strict_json.decode(text)
    except RecursionError:
        raise MalformedRequest("its body is nested too deep") from None
    except ValueError as error:
        raise MalformedRequest(f"its body is not JSON ({error})") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise MalformedRequest(f"its body gives the key '{twice[:100]}' twice")
    return fields


_strict_json = json.JSONDecoder(object_pairs_hook=_object)

_WHERE = re.compile(r"(?s)(?P<reason>.*?)(?: - at `(?P<path>\$.*)`)?")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")


def _explained(error: msgspec.ValidationError) -> MissingParameter | UndecodableField:
    """msgspec's complaint as an error of ours, with the field's path in MLflow's spelling."""
    found = _WHERE.fullmatch(str(error))
    assert found is not None  # every part of the pattern is optional
    path = (found["path"] or "$").removeprefix("$").removeprefix(".")
    if missing := _MISSING.fullmatch(found["reason"]):
        return MissingParameter(f"{path}.{missing['name']}" if path else missing["name"])
    reason = found["reason"].replace("`", "'")
    return UndecodableField(path, reason[:1].lower() + reason[1:])
