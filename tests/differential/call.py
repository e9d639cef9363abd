"""The vocabulary in which the sequences under `calls/` are written: one HTTP call a step.

    POST("experiments/create", {"name": "a"}, save={"exp": "experiment_id"})
    GET("experiments/get", {"experiment_id": "$exp"})

A path without a leading slash is relative to `/api/2.0/mlflow/`, and a whole address leads elsewhere. `$name` stands for a value that an earlier
step of the same noun saved from its answer; a literal dollar sign is written `$$`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import Template
from typing import Any
from urllib.parse import quote, urlencode

API = "/api/2.0/mlflow/"
JSON_TYPE = "application/json"

Saved = dict[str, str]
Query = Mapping[str, Any] | Sequence[tuple[str, Any]]
Sections = dict[str, list["Call"]]


@dataclass(frozen=True)
class Call:
    """One request, before saved values are put in.

    Attributes:
        message: sent as a JSON body; None sends no body.
        body: sent as it is, instead of `message`: for bodies that are not proper JSON, and for artifacts.
        save: name to the dotted place in the answer (`run.info.run_id`, `runs.0.info.run_id`).
    """

    method: str
    path: str
    query: Query = ()
    message: Any = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    save: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Request:
    """A call with every saved value in its place: exactly what goes over the wire."""

    method: str
    target: str
    body: bytes | None
    headers: Mapping[str, str]


def GET(path: str, query: Query = (), **rest: Any) -> Call:
    """A call whose message travels in the query string."""
    return Call("GET", path, query=query, **rest)


def POST(path: str, message: Any = None, **rest: Any) -> Call:
    """A call whose message travels as a JSON body."""
    return Call("POST", path, message=message, **rest)


def PATCH(path: str, message: Any = None, **rest: Any) -> Call:
    """A call whose message travels as a JSON body."""
    return Call("PATCH", path, message=message, **rest)


def DELETE(path: str, message: Any = None, **rest: Any) -> Call:
    """A call whose message travels as a JSON body."""
    return Call("DELETE", path, message=message, **rest)


def PUT(path: str, body: bytes = b"", **rest: Any) -> Call:
    """A call that carries the bytes of an artifact."""
    return Call("PUT", path, body=body, **rest)


def filled(call: Call, saved: Saved) -> Request:
    """Puts the saved values into a call.

    Raises:
        KeyError: a name was used before any step of the noun saved it.
    """
    path = Template(call.path).substitute(saved)
    pairs = call.query.items() if isinstance(call.query, Mapping) else call.query
    query = urlencode([(key, _fill(value, saved)) for key, value in pairs], doseq=True)
    target = (path if path.startswith(("/", "http://")) else API + path) + (f"?{query}" if query else "")
    body, headers = call.body, dict(call.headers)
    if call.message is not None:
        body = json.dumps(_fill(call.message, saved)).encode()
    if body is not None:
        headers.setdefault("Content-Type", JSON_TYPE)
    return Request(call.method, quote(target, safe="/?&=%+:;,@!$'()*~-._#[]\\"), body, headers)


def _fill(value: Any, saved: Saved) -> Any:
    match value:
        case str():
            return Template(value).substitute(saved)
        case dict():
            return {_fill(key, saved): _fill(item, saved) for key, item in value.items()}
        case list() | tuple():
            return [_fill(item, saved) for item in value]
        case _:
            return value
