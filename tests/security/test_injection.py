"""Statements and operators of databases where data belongs: taken for data or refused, never run."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.backends import BACKENDS
from tests.serving import API, TABLE, Server

pytestmark = pytest.mark.parametrize("backend", BACKENDS, indirect=True, scope="package")

STATEMENTS = [
    "'; DROP TABLE runs; --",
    "'); DELETE FROM metrics; --",
    "' OR '1'='1",
    "' OR 1=1 --",
    '" OR ""="',
    "` OR 1=1 --",
    "1 OR 1=1",
    "0) UNION SELECT sql FROM sqlite_master --",
    "' UNION SELECT name, sql FROM sqlite_master --",
    "'||(SELECT hex(randomblob(100000000)))||'",
    "'; ATTACH DATABASE 'owned.db' AS owned; --",
    "'; PRAGMA writable_schema = ON; --",
    "load_extension('owned')",
    "\\'; DROP TABLE runs; --",
    "%' ESCAPE '\\",
    "%",
    "_",
    ":name",
    "?",
    "?1",
    "@p",
    "$1",
    "%(name)s",
    "{0}",
    "${jndi:ldap://127.0.0.1/a}",
    '{"$ne": null}',
    "$where",
    "a.b.$c",
    "/* */",
    "\u02bc OR 1=1 --",
]


def _quoted(text: str) -> str | None:
    """The text as a value in a filter, if its quotes allow one."""
    return next((f"{mark}{text}{mark}" for mark in "'\"" if mark not in text and "\\" not in text), None)


@pytest.fixture(scope="module")
def experiment_id(server: Server, model_id: str) -> str:
    """An experiment of this file's own, with a run that no attack must find."""
    experiment_id = server.ask("experiments/create", {"name": "injection"})["experiment_id"]
    assert isinstance(experiment_id, str)
    bystander = server.create_run(experiment_id)
    server.ask("runs/set-tag", {"run_id": bystander, "key": "t", "value": "bystander"})
    return experiment_id


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_for_a_filter_or_an_order_is_refused(server: Server, experiment_id: str, text: str) -> None:
    for form in (text, f"params.p = {text}", f"metrics.m > 0 {text}", f"tags.t = 'x{text}", f"params.p IN ({text})"):
        for verb in ("runs/search", "experiments/search", "logged-models/search"):
            message = {"experiment_ids": [experiment_id], "max_results": 10}
            answers = [
                server.post(verb, {**message, "filter": form}),
                server.post(verb, {**message, "order_by": [form]}),
            ]
            # A text with a comment mark or a quote may by chance close what the form opened; then it finds nothing.
            assert all(answer.status == 400 or _found_nothing(answer.json) for answer in answers), form


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_for_a_column_is_refused_or_is_a_key_that_no_run_has(
    server: Server, experiment_id: str, text: str
) -> None:
    for form in (
        text,
        f"params.{text}",
        f"params.`{text}`",
        f'tags."{text}"',
        f"metrics.m {text}",
        f"metrics.`{text}`.min",
    ):
        message = {
            "experiment_ids": [experiment_id],
            "columns": ["attributes.run_id", form],
            "filter": "tags.t = 'bystander'",
        }
        answer = server.post(TABLE, message)
        assert answer.status in (200, 400), form
        if answer.status == 400:
            assert "columns[1]" in answer.message
            continue
        ids, values = (column["values"] for column in answer.json["columns"])
        assert (len(ids), values, answer.json["total"]) == (1, [None], 1), form


def _found_nothing(reply: dict[str, object]) -> bool:
    return not any(reply.get(name) for name in ("runs", "experiments", "models"))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_for_an_id_or_a_name_finds_nothing(server: Server, experiment_id: str, text: str) -> None:
    quoted = quote(text, safe="")
    answers = [
        server.send("GET", f"{API}experiments/get?experiment_id={quoted}"),
        server.send("GET", f"{API}experiments/get-by-name?experiment_name={quoted}"),
        server.send("GET", f"{API}runs/get?run_id={quoted}"),
        server.send("GET", f"{API}logged-models/{quoted}"),
        server.post("runs/search", {"experiment_ids": [text]}),
        server.post("runs/search", {"experiment_ids": [experiment_id], "page_token": text}),
        server.post("runs/delete", {"run_id": text}),
        server.post("experiments/delete", {"experiment_id": text}),
        server.post("runs/delete-tag", {"run_id": text, "key": "t"}),
    ]
    assert {answer.status for answer in answers} <= {400, 404}
    for history in (f"run_id={quoted}&metric_key=m", f"run_id={experiment_id}&metric_key={quoted}"):
        answer = server.send("GET", f"{API}metrics/get-history?{history}")
        assert answer.status in (400, 404) or answer.json.get("metrics", []) == []


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_that_is_a_value_comes_back_as_it_was_sent(server: Server, experiment_id: str, text: str) -> None:
    run_id = server.create_run(experiment_id)
    server.ask("runs/set-tag", {"run_id": run_id, "key": "t", "value": text})
    server.ask("runs/log-parameter", {"run_id": run_id, "key": "p", "value": text})
    data = server.send("GET", f"{API}runs/get?run_id={run_id}").json["run"]["data"]
    assert data["params"] == [{"key": "p", "value": text}]
    assert {"key": "t", "value": text} in data["tags"]
    if quoted := _quoted(text):
        for field in ("tags.t", "params.p"):
            message = {"experiment_ids": [experiment_id], "filter": f"{field} = {quoted}"}
            found = server.ask("runs/search", message).get("runs", [])
            assert [run["info"]["run_id"] for run in found] == [run_id]


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_that_is_a_name_names_one_experiment(server: Server, experiment_id: str, text: str) -> None:
    named = server.ask("experiments/create", {"name": text})["experiment_id"]
    found = server.send("GET", f"{API}experiments/get-by-name?experiment_name={quote(text, safe='')}").json
    assert found["experiment"]["experiment_id"] == named
    assert found["experiment"]["name"] == text
    server.ask("experiments/delete", {"experiment_id": named})


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_for_a_key_is_refused_or_is_a_key(server: Server, experiment_id: str, text: str) -> None:
    run_id = server.create_run(experiment_id)
    named = {"run_id": run_id, "key": text}
    for answer in (
        server.post("runs/log-metric", {**named, "value": 1, "timestamp": 1}),
        server.post("runs/log-parameter", {**named, "value": "v"}),
        server.post("runs/set-tag", {**named, "value": "v"}),
    ):
        assert answer.status in (200, 400)
    search = {"experiment_ids": [experiment_id], "filter": f"tags.`{text}` = 'v'", "order_by": [f"metrics.`{text}`"]}
    answer = server.post("runs/search", search)
    assert answer.status in (200, 400)
    assert answer.status == 400 or {run["info"]["run_id"] for run in answer.json.get("runs", [])} <= {run_id}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "filter_",
    [
        "(" * 5_000 + "params.a = 'b'" + ")" * 5_000,
        "NOT " * 5_000 + "params.a = 'b'",
        " OR ".join(["params.a = 'b'"] * 5_000),
        " AND ".join(["params.a = 'b'"] * 500),
        " AND ".join(f"params.a{i} = 'b'" for i in range(400)),
        " OR ".join(f"metrics.a{i} > 1" for i in range(400)),
        "attributes.run_id IN (" + ",".join(["'a'"] * 100_000) + ")",
        "params.a LIKE '" + "%a" * 4_900 + "b'",
        "params.a ILIKE '" + "_%" * 4_900 + "b'",
        "params.a LIKE '" + "%a" * 100_000 + "'",
        "params.`" + "a" * 100_000 + "` = 'b'",
        "metrics.a > " + "9" * 5_000,
        "metrics.a > 1e999999999",
        "attributes.start_time = 9223372036854775808",
        "params.a = '\0'",
        "'" * 10_000,
        "\\" * 10_000,
        "params.a = 'b' " * 10_000,
        " " * 1_000_000 + "params.a = 'b'",
    ],
    ids=lambda text: f"{text[:16]} of {len(text)}",
)
def test_no_filter_is_too_much_for_the_server(server: Server, experiment_id: str, filter_: str) -> None:
    for verb in ("runs/search", "experiments/search", "logged-models/search"):
        message = {"experiment_ids": [experiment_id], "max_results": 10, "filter": filter_}
        answer = server.post(verb, json.dumps(message).encode())
        assert answer.status in (200, 400), verb
        assert len(answer.body) < 5_000
