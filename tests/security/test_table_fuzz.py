"""Every operation of the server's own description, with values that nobody would send on purpose.

The description is read from the running server, so an operation that is added is attacked without a line here.
"""

from __future__ import annotations

import http.client
import json
import math
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.backends import BACKENDS, new_store
from tests.serving import ANSWER_TIMEOUT_S, Answer, Server, serving

EXAMPLES = 20
METHODS = ("get", "post", "put", "patch", "delete")

TEXTS = [
    *("", "0", "-1", "1", "a", "Default", "NaN", "null", "true", "\0", "\n", "\x1b[31m", "\ufffd", "\u202e", "🙈", "é"),
    *("'", '"', "`", "\\", "%", "_", "$", "..", "../..", "/etc/passwd", "%2e%2e%2f", "a/b", "a//b", "a\\b", "."),
    *("2147483648", "9223372036854775808", "1e999", "0x10", "²", "1_000", " 1 "),
    *(
        "params.a = 'b'",
        "metrics.`a` > 1",
        "tags.a LIKE '%'",
        "attributes.start_time DESC",
        "name = ",
        "a OR",
        "(",
        "NOT",
    ),
    *("s3://b/c", "http://[", "file:///", "mlflow-artifacts:/", "ACTIVE_ONLY", "FINISHED", "LOGGED_MODEL_READY"),
    *("x" * 251, "x" * 3_000, "é" * 300),
]
INTEGERS = [0, 1, -1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30]
FLOATS = [0.0, -0.0, 0.5, 1e308, 5e-324, -1e-300, math.nan, math.inf, -math.inf]

scalars = st.one_of(
    st.sampled_from(TEXTS),
    st.sampled_from(INTEGERS),
    st.sampled_from(FLOATS),
    st.booleans(),
    st.none(),
    st.text(max_size=20),
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(TEXTS[:40]), inner, max_size=3)
)


class Description:
    """The server's OpenAPI, as strategies for requests."""

    def __init__(self, document: dict[str, Any], known: dict[str, str]) -> None:
        self._components: dict[str, Any] = document["components"]["schemas"]
        self._known = known
        self.operations = {
            f"{method} {path}": described
            for path, item in document["paths"].items()
            for method, described in item.items()
            if method in METHODS
        }

    def requests(self, name: str) -> st.SearchStrategy[tuple[str, str, bytes | None]]:
        """Method, target and body for an operation."""
        method, path = name.split(" ", 1)
        described = self.operations[name]
        places: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
        for parameter in described.get("parameters", []):
            places[parameter["in"]][parameter["name"]] = self._field(parameter["name"], parameter["schema"], 0)
        content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
        body = self._value(content["schema"], 0) if content else st.none()
        return st.builds(
            lambda in_path, query, message: (method.upper(), _target(path, in_path, query), _body(message)),
            st.fixed_dictionaries(places["path"]),
            st.fixed_dictionaries({}, optional=places["query"]),
            body,
        )

    def _field(self, name: str, schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
        value = self._value(schema, depth)
        known = self._known.get(name.removesuffix("s"))
        if known is None:
            return value
        # Only what exists leads behind the first check.
        right: Any = [known] if schema.get("type") == "array" else known
        return st.just(right) | st.just(right) | st.just(right) | value

    def _value(self, schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
        """Mostly what the schema says, sometimes anything."""
        return st.one_of(*[self._fitting(schema, depth)] * 5, anything)

    def _fitting(self, schema: dict[str, Any], depth: int) -> st.SearchStrategy[Any]:
        if reference := schema.get("$ref"):
            return self._fitting(self._components[reference.rpartition("/")[2]], depth)
        if choices := schema.get("anyOf"):
            return st.one_of(*(self._fitting(choice, depth) for choice in choices))
        if names := schema.get("enum"):
            return st.sampled_from(names)
        match schema.get("type"):
            case "object" if depth < 4:
                fields = schema.get("properties", {})
                each = {name: self._field(name, field, depth + 1) for name, field in fields.items()}
                required = {name: each.pop(name) for name in schema.get("required", []) if name in each}
                return st.fixed_dictionaries(required, optional=each)
            case "array" if depth < 4:
                return st.lists(self._value(schema.get("items", {}), depth + 1), max_size=3)
            case "integer":
                return st.sampled_from(INTEGERS) | st.integers(-10, 10)
            case "number":
                return st.sampled_from(FLOATS) | st.floats()
            case "boolean":
                return st.booleans()
            case "string":
                return st.sampled_from(TEXTS)
            case _:
                return anything


def _target(path: str, in_path: dict[str, Any], query: dict[str, Any]) -> str:
    for name, value in in_path.items():
        path = path.replace(f"{{{name}}}", quote(_text(value), safe="", errors="replace"))
    pairs = [(name, each) for name, value in query.items() for each in (value if isinstance(value, list) else [value])]
    return f"{path}?{urlencode([(name, _text(each)) for name, each in pairs], errors='replace')}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _body(message: object) -> bytes | None:
    return None if message is None else json.dumps(message).encode()


@pytest.fixture(scope="module", params=BACKENDS)
def fuzzed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of this file's own on each backend, because much of what is sent to it is written."""
    folder = tmp_path_factory.mktemp("fuzzed")
    with new_store(request.param, request) as store, serving(folder, store=store) as running:
        yield running
        assert running.process.poll() is None, "it died"
        assert "Traceback" not in running.log, running.log


@pytest.fixture(scope="module")
def description(fuzzed: Server) -> Description:
    """What it says of itself, and the ids of things that it has."""
    experiment_id = fuzzed.ask("experiments/create", {"name": "fuzzed"})["experiment_id"]
    run_id = fuzzed.create_run(experiment_id)
    fuzzed.ask("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1})
    model = fuzzed.ask("logged-models", {"experiment_id": experiment_id, "name": "m"})["model"]["info"]
    known = {
        **{"run_id": run_id, "run_uuid": run_id, "model_id": model["model_id"], "experiment_id": experiment_id},
        **{"metric_key": "m", "max_result": "10"},
    }
    return Description(fuzzed.send("GET", "/openapi.json").json, known)


def test_no_request_for_a_described_operation_makes_the_server_fail(fuzzed: Server, description: Description) -> None:
    assert len(description.operations) > 30
    connection = http.client.HTTPConnection("127.0.0.1", fuzzed.port, timeout=ANSWER_TIMEOUT_S)

    def attack(name: str) -> None:
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        @given(description.requests(name))
        def send(request: tuple[str, str, bytes | None]) -> None:
            method, target, body = request
            connection.request(method, target, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = Answer(response.status, dict(response.getheaders()), response.read())
            assert answer.status in (200, 400, 403, 404, 413), (method, target, body, answer)
            if answer.status != 200:
                assert set(answer.json) == {"error_code", "message"}

        send()

    for name in description.operations:
        attack(name)
    connection.close()
    assert fuzzed.send("GET", "/readyz").status == 200
