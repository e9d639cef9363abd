"""Fields that hold what they must not hold: refused with the field's name, before anything happens."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.serving import API, TABLE, Server

pytestmark = pytest.mark.usefixtures("unchanged")

POINT = {"key": "k", "value": 1, "timestamp": 1}
DATASET = {"name": "d", "digest": "1", "source_type": "t", "source": "s"}
MODEL = {"experiment_id": "0", "name": "m"}
TOO_LARGE = 2**63

WRONG: list[tuple[str, dict[str, Any], str]] = [
    # types
    ("runs/log-metric", {**POINT, "value": "abc"}, "value"),
    ("runs/log-metric", {**POINT, "value": [1]}, "value"),
    ("runs/log-metric", {**POINT, "value": None}, "value"),
    ("runs/log-metric", {**POINT, "timestamp": 1.5}, "timestamp"),
    ("runs/log-metric", {**POINT, "timestamp": "now"}, "timestamp"),
    ("runs/log-metric", {**POINT, "step": {}}, "step"),
    ("runs/log-metric", {**POINT, "key": 5}, "key"),
    ("runs/log-metric", {**POINT, "key": ["k"]}, "key"),
    ("runs/log-metric", {**POINT, "run_id": {"$ne": ""}}, "run_id"),
    ("runs/log-parameter", {"key": "k", "value": {"a": 1}}, "value"),
    ("runs/set-tag", {"key": {"$gt": ""}, "value": "v"}, "key"),
    ("runs/log-batch", {"metrics": {}}, "metrics"),
    ("runs/log-batch", {"metrics": [1]}, "metrics"),
    ("runs/log-batch", {"metrics": [{**POINT, "step": "x"}]}, "step"),
    ("runs/log-batch", {"params": [{"key": "k", "value": 1.5}]}, "value"),
    ("runs/log-batch", {"tags": "k=v"}, "tags"),
    ("runs/log-inputs", {"datasets": [{"dataset": "d"}]}, "dataset"),
    ("runs/log-model", {"model_json": {"a": 1}}, "model_json"),
    ("runs/log-model", {"model_json": "[" * 5_000}, "model_json"),
    ("runs/search", {"experiment_ids": "0"}, "experiment_ids"),
    ("runs/search", {"max_results": "many"}, "max_results"),
    ("runs/search", {"order_by": {"a": 1}}, "order_by"),
    ("experiments/create", {"name": ["n"]}, "name"),
    ("experiments/create", {"name": "n", "tags": {"a": "b"}}, "tags"),
    ("experiments/create", {"name": "n", "artifact_location": 7}, "artifact_location"),
    ("logged-models", {**MODEL, "params": "p"}, "params"),
    # enums
    ("runs/update", {"status": "SLEEPING"}, "status"),
    ("runs/update", {"status": 99}, "status"),
    ("runs/update", {"status": True}, "status"),
    ("runs/search", {"experiment_ids": ["0"], "run_view_type": "SOME"}, "run_view_type"),
    ("experiments/search", {"max_results": 1, "view_type": "active_only"}, "view_type"),
    # ranges
    ("runs/log-metric", {**POINT, "timestamp": TOO_LARGE}, "timestamp"),
    ("runs/log-metric", {**POINT, "timestamp": str(TOO_LARGE)}, "timestamp"),
    ("runs/log-metric", {**POINT, "timestamp": -1}, "timestamp"),
    ("runs/log-metric", {**POINT, "step": TOO_LARGE}, "step"),
    ("runs/log-metric", {**POINT, "step": -TOO_LARGE - 1}, "step"),
    ("runs/log-metric", {**POINT, "step": 10**400}, "step"),
    ("runs/log-metric", {**POINT, "step": 1e300}, "step"),
    ("runs/log-batch", {"metrics": [{**POINT, "step": TOO_LARGE}]}, "step"),
    ("runs/log-batch", {"metrics": [{**POINT, "timestamp": str(-TOO_LARGE - 1)}]}, "timestamp"),
    ("runs/create", {"experiment_id": "0", "start_time": TOO_LARGE}, "start_time"),
    ("runs/update", {"end_time": TOO_LARGE}, "end_time"),
    ("runs/search", {"max_results": 0}, "max_results"),
    ("runs/search", {"max_results": -1}, "max_results"),
    ("runs/search", {"max_results": 2**31}, "max_results"),
    ("experiments/search", {"max_results": TOO_LARGE}, "max_results"),
    ("runs/log-batch", {"metrics": [POINT] * 1_001}, "metrics"),
    ("runs/log-batch", {"params": [{"key": f"p{i}", "value": "v"} for i in range(101)]}, "params"),
    ("runs/log-batch", {"tags": [{"key": f"t{i}", "value": "v"} for i in range(101)]}, "tags"),
    # tables of runs
    (TABLE, {"experiment_ids": "0"}, "experiment_ids"),
    (TABLE, {"experiment_ids": [0]}, "experiment_ids"),
    (TABLE, {"experiment_ids": ["x"]}, "experiment_id"),
    (TABLE, {}, "experiment_ids"),
    (TABLE, {"experiment_ids": []}, "experiment_ids"),
    (TABLE, {"experiment_ids": ["0"] * 101}, "experiment_ids"),
    (TABLE, {"experiment_ids": ["0"], "columns": "metrics.m"}, "columns"),
    (TABLE, {"experiment_ids": ["0"], "columns": [{"field": "metrics.m"}]}, "columns"),
    (TABLE, {"experiment_ids": ["0"], "columns": ["metrics.m"] * 101}, "columns"),
    (TABLE, {"experiment_ids": ["0"], "columns": ["metrics.m", "metrics.n", "nothing"]}, "columns[2]"),
    (TABLE, {"experiment_ids": ["0"], "columns": ["dataset.name"]}, "columns[0]"),
    (TABLE, {"experiment_ids": ["0"], "columns": ["metrics.m", "params.`a\0b`"]}, "columns[1]"),
    (TABLE, {"experiment_ids": ["0"], "columns": ["m" * 500_001]}, "columns[0]"),
    (TABLE, {"experiment_ids": ["0"], "offset": -1}, "offset"),
    (TABLE, {"experiment_ids": ["0"], "offset": 10_000_001}, "offset"),
    (TABLE, {"experiment_ids": ["0"], "offset": TOO_LARGE}, "offset"),
    (TABLE, {"experiment_ids": ["0"], "limit": 0}, "limit"),
    (TABLE, {"experiment_ids": ["0"], "limit": 1_001}, "limit"),
    (TABLE, {"experiment_ids": ["0"], "limit": "many"}, "limit"),
    (TABLE, {"experiment_ids": ["0"], "run_view_type": "SOME"}, "run_view_type"),
    # locations that are neither paths nor URIs
    ("experiments/create", {"name": "n", "artifact_location": "http://[x"}, "artifact_location"),
    ("experiments/create", {"name": "n", "artifact_location": "file://[x/y"}, "artifact_location"),
    ("experiments/create", {"name": "n", "artifact_location": "s3://bucket/#fragment"}, "artifact_location"),
]

CONTROLS = ["a\0b", "\0", "a\nb", "a\r\nb", "\x1b[31m", "a\x7fb"]

# Where no control character may stand: keys and names.
KEYS: list[tuple[str, dict[str, Any], str]] = [
    ("runs/log-metric", {**POINT, "key": ...}, "key"),
    ("runs/log-parameter", {"key": ..., "value": "v"}, "key"),
    ("runs/set-tag", {"key": ..., "value": "v"}, "key"),
    ("runs/log-batch", {"metrics": [{**POINT, "key": ...}]}, "metrics[0].key"),
    ("runs/log-batch", {"params": [{"key": ..., "value": "v"}]}, "params[0].key"),
    ("runs/log-batch", {"tags": [{"key": ..., "value": "v"}]}, "tags[0].key"),
    ("runs/log-batch", {"metrics": [{**POINT, "dataset_name": ..., "dataset_digest": "1"}]}, "dataset_name"),
    ("runs/log-inputs", {"datasets": [{"dataset": {**DATASET, "name": ...}}]}, "datasets[0].dataset.name"),
    ("runs/log-inputs", {"datasets": [{"dataset": {**DATASET, "digest": ...}}]}, "datasets[0].dataset.digest"),
    ("runs/log-inputs", {"datasets": [{"dataset": DATASET, "tags": [{"key": ..., "value": "v"}]}]}, "tags"),
    ("runs/log-inputs", {"models": [{"model_id": ...}]}, "model_id"),
    ("runs/create", {"experiment_id": "0", "run_name": ...}, "run_name"),
    ("runs/create", {"experiment_id": "0", "user_id": ...}, "user_id"),
    ("runs/create", {"experiment_id": "0", "tags": [{"key": ..., "value": "v"}]}, "tags[0].key"),
    ("runs/update", {"run_name": ...}, "run_name"),
    ("experiments/create", {"name": ...}, "name"),
    ("experiments/create", {"name": "n", "artifact_location": ...}, "artifact_location"),
    ("experiments/create", {"name": "n", "tags": [{"key": ..., "value": "v"}]}, "tags[0].key"),
    ("experiments/update", {"experiment_id": "0", "new_name": ...}, "new_name"),
    ("experiments/set-experiment-tag", {"experiment_id": "0", "key": ..., "value": "v"}, "key"),
    ("logged-models", {**MODEL, "name": ...}, "name"),
    ("logged-models", {**MODEL, "model_type": ...}, "model_type"),
    ("logged-models", {**MODEL, "params": [{"key": ..., "value": "v"}]}, "params[0].key"),
    ("logged-models", {**MODEL, "tags": [{"key": ..., "value": "v"}]}, "tags[0].key"),
]

# Where any text may stand but NUL, which not every database can keep.
TEXTS: list[tuple[str, dict[str, Any], str]] = [
    ("runs/log-parameter", {"key": "k", "value": ...}, "value"),
    ("runs/set-tag", {"key": "k", "value": ...}, "value"),
    ("runs/log-batch", {"params": [{"key": "k", "value": ...}]}, "params[0].value"),
    ("runs/log-batch", {"tags": [{"key": "k", "value": ...}]}, "tags[0].value"),
    ("runs/log-inputs", {"datasets": [{"dataset": {**DATASET, "source": ...}}]}, "source"),
    ("runs/log-inputs", {"datasets": [{"dataset": {**DATASET, "schema": ...}}]}, "schema"),
    ("runs/log-inputs", {"datasets": [{"dataset": {**DATASET, "profile": ...}}]}, "profile"),
    ("experiments/set-experiment-tag", {"experiment_id": "0", "key": "k", "value": ...}, "value"),
    ("logged-models", {**MODEL, "params": [{"key": "k", "value": ...}]}, "params[0].value"),
    ("logged-models", {**MODEL, "tags": [{"key": "k", "value": ...}]}, "tags[0].value"),
]

QUERIES = [
    ("experiments/get", "experiment_id=0&experiment_id=0", "experiment_id"),
    ("experiments/get-by-name", "experiment_name=Default&experiment_name=x", "experiment_name"),
    ("runs/get", "run_id=a&run_id=b", "run_id"),
    ("metrics/get-history", "run_id=a&metric_key=m&metric_key=n", "metric_key"),
    ("metrics/get-history", "run_id=a&metric_key=m&max_results=many", "max_results"),
    ("metrics/get-history", "run_id=a&metric_key=m&max_results=9223372036854775808", "max_results"),
    ("metrics/get-history", "run_id=a&metric_key=m&max_results=", "max_results"),
    ("metrics/get-history-bulk-interval", "run_ids=a&metric_key=m&start_step=9223372036854775808", "start_step"),
    ("artifacts/list", "run_id=a&path=b&path=c", "path"),
    ("experiments/search", "max_results=1&view_type=SOME", "view_type"),
    ("experiments/search", "max_results=1&max_results=1", "max_results"),
    ("runs/get", "run_id=%ff", "query"),
    ("runs/get", "run_id=%ed%a0%80", "query"),
    ("runs/get", "run_id=%c0%ae", "query"),
    ("runs/get", "&".join(f"f{i}=1" for i in range(2_000)), "query"),
]


def _filled(template: object, text: str) -> Any:
    """The template with the text in the place of the ellipsis."""
    match template:
        case dict():
            return {key: _filled(value, text) for key, value in template.items()}
        case list():
            return [_filled(value, text) for value in template]
        case _:
            return text if template is ... else template


@pytest.mark.parametrize(("verb", "message", "field"), WRONG)
def test_a_wrong_value_is_refused_with_its_field(
    server: Server, run_id: str, verb: str, message: dict[str, Any], field: str
) -> None:
    answer = server.post(verb, {"run_id": run_id, **message})
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")
    assert field in answer.message


@pytest.mark.parametrize("text", CONTROLS)
@pytest.mark.parametrize(("verb", "message", "field"), KEYS)
def test_a_control_character_in_a_key_or_a_name_is_refused_with_its_field(
    server: Server, run_id: str, verb: str, message: dict[str, Any], field: str, text: str
) -> None:
    answer = server.post(verb, {"run_id": run_id, **_filled(message, text)})
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")
    assert field in answer.message
    assert text not in answer.message, "it must not reach a terminal through an error either"


@pytest.mark.parametrize(("verb", "message", "field"), TEXTS)
def test_nul_in_a_text_is_refused_with_its_field(
    server: Server, run_id: str, verb: str, message: dict[str, Any], field: str
) -> None:
    answer = server.post(verb, {"run_id": run_id, **_filled(message, "a\0b")})
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")
    assert field in answer.message


@pytest.mark.parametrize(("verb", "query", "field"), QUERIES)
def test_a_wrong_query_string_is_refused_with_its_field(server: Server, verb: str, query: str, field: str) -> None:
    answer = server.send("GET", f"{API}{verb}?{query}")
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")
    assert field in answer.message


@pytest.mark.parametrize(
    "experiment_id",
    ["²", "１", "0x1", "1e3", " 1", "1 ", "+1", "1_0", "-1", "0.0", "\0", "9" * 19, "9" * 30, "9" * 5_000, "true", "∞"],
)
@pytest.mark.parametrize("verb", ["runs/create", "experiments/delete", "experiments/restore"])
def test_no_text_passes_for_the_id_of_an_experiment(server: Server, verb: str, experiment_id: str) -> None:
    assert server.post(verb, {"experiment_id": experiment_id}).status in (400, 404)


@pytest.mark.parametrize("run_id_", ["\0", "../0", "%", "_", "'", "x" * 100_000, "\u202e", "🙈"])
@pytest.mark.parametrize("verb", ["runs/delete", "runs/restore", "runs/update", "runs/log-parameter"])
def test_no_text_passes_for_the_id_of_a_run(server: Server, verb: str, run_id_: str) -> None:
    answer = server.post(verb, {"run_id": run_id_, "key": "k", "value": "v"})
    assert answer.status in (400, 404)
    assert len(answer.message) < 1_000


@pytest.mark.parametrize("token", ["x", "AAAA", "=", "-_" * 40, "\0", "é", "A" * 100_000, "AAAAAAAAAAAAAAAAW10="])
def test_a_forged_page_token_is_refused(server: Server, run_id: str, token: str) -> None:
    quoted = quote(token[:10_000])
    answers = [
        server.post("runs/search", {"experiment_ids": ["0"], "page_token": token}),
        server.post("experiments/search", {"max_results": 1, "page_token": token}),
        server.post("logged-models/search", {"experiment_ids": ["0"], "page_token": token}),
        server.send("GET", f"{API}experiments/search?max_results=1&page_token={quoted}"),
        server.send("GET", f"{API}metrics/get-history?run_id={run_id}&metric_key=m&max_results=1&page_token={quoted}"),
    ]
    assert {(answer.status, answer.error_code) for answer in answers} == {(400, "INVALID_PARAMETER_VALUE")}
    assert all("page token" in answer.message for answer in answers)
