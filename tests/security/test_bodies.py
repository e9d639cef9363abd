"""Bodies that are not the JSON that they should be."""

from __future__ import annotations

import json

import pytest

from tests.serving import API, Server

pytestmark = pytest.mark.usefixtures("unchanged")

POINT = b'"key":"k","value":1,"timestamp":1'


def _deep(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def _deep_objects(depth: int) -> bytes:
    return b'{"a":' * depth + b"1" + b"}" * depth


MALFORMED = {
    "an array": b"[]",
    "an array with a message": b'[{"key":"k"}]',
    "a text": b'"run_id"',
    "a number": b"5",
    "true": b"true",
    "nothing but an opening": b"{",
    "cut short": b'{"run_id":"RUN","key":"k","val',
    "a trailing comma": b'{"run_id":"RUN",' + POINT + b",}",
    "two values": b'{"run_id":"RUN",' + POINT + b'}{"run_id":"RUN"}',
    "single quotes": b"{'run_id':'RUN','key':'k','value':1,'timestamp':1}",
    "a comment": b'{"run_id":"RUN",/* */' + POINT + b"}",
    "a key twice": b'{"run_id":"RUN",' + POINT + b',"key":"l"}',
    "a key twice, once escaped": b'{"run_id":"RUN",' + POINT + b',"\\u006bey":"l"}',
    "a key twice, both null": b'{"run_id":"RUN",' + POINT + b',"step":null,"step":null}',
    "an ignored key twice": b'{"run_id":"RUN",' + POINT + b',"x":{"a":1,"a":2}}',
    "invalid UTF-8": b'{"run_id":"RUN",' + POINT + b',"x":"\xff"}',
    "overlong UTF-8": b'{"run_id":"RUN",' + POINT + b',"x":"\xc0\xae"}',
    "a surrogate in UTF-8": b'{"run_id":"RUN",' + POINT + b',"x":"\xed\xa0\x80"}',
    "UTF-16": '{"run_id":"RUN"}'.encode("utf-16"),
    "a bare NUL": b'{"run_id":"RUN",' + POINT + b',"x":"\0"}',
    "a bare line end in a text": b'{"run_id":"RUN",' + POINT + b',"x":"\n"}',
    "half a surrogate pair": b'{"run_id":"RUN","key":"\\ud800","value":1,"timestamp":1}',
    "half a surrogate pair beside NaN": b'{"run_id":"RUN","key":"\\ud800","value":NaN,"timestamp":1}',
    "a number of 5,000 digits": b'{"run_id":"RUN",' + POINT + b',"x":' + b"9" * 5_000 + b"}",
    "5,000 deep": b'{"run_id":"RUN",' + POINT + b',"x":' + _deep(5_000) + b"}",
    "5,000 objects deep": b'{"run_id":"RUN",' + POINT + b',"x":' + _deep_objects(5_000) + b"}",
    "100,000 deep and never closed": b"[" * 100_000,
    "XML": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    "a form": b"run_id=RUN&key=k&value=1&timestamp=1",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_body_is_refused(server: Server, run_id: str, name: str) -> None:
    answer = server.post("runs/log-metric", MALFORMED[name].replace(b"RUN", run_id.encode()))
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("depth", [100, 300, 500, 800, 950, 1_200, 5_000])
@pytest.mark.parametrize(
    "body",
    [
        b'{"run_id":DEEP,' + POINT + b"}",
        b'{"run_id":null,"x":DEEP,' + POINT + b"}",
        b'{"run_id":"absent","x":DEEP,"y":"NaN",' + POINT + b"}",
        b'{"run_id":"absent","x":DEEP,"timestamp":1,"key":"k","value":NaN}',
    ],
)
def test_no_depth_is_a_failure_of_the_server(server: Server, depth: int, body: bytes) -> None:
    answer = server.post("runs/log-metric", body.replace(b"DEEP", _deep(depth)))
    assert answer.status in (400, 404)


@pytest.mark.parametrize("text", ["\\ud800", "\\udc00\\ud800", "NaN \\ud83d"])
def test_half_a_surrogate_pair_is_refused_wherever_it_stands(server: Server, model_id: str, text: str) -> None:
    tags = f'{{"tags":[{{"key":"k","value":"{text}"}}]}}'.encode()
    answers = [
        server.send("PATCH", f"{API}logged-models/{model_id}/tags", tags, {"Content-Type": "application/json"}),
        server.post("experiments/create", f'{{"name":"{text}"}}'.encode()),
        server.post("runs/search", f'{{"experiment_ids":["0"],"filter":"tags.a = \'{text}\'"}}'.encode()),
        server.post("runs/search", f'{{"experiment_ids":["0"],"page_token":"{text}"}}'.encode()),
    ]
    assert [answer.status for answer in answers] == [400] * 4


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""],
)
def test_a_body_of_another_type_is_refused(server: Server, content_type: str) -> None:
    answer = server.post("experiments/create", {"name": "of another type"}, Content_Type=content_type)
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")
    assert "Content-Type" in answer.message


def test_a_batch_with_one_bad_item_writes_none_of_its_items(server: Server, run_id: str) -> None:
    good = [{"key": f"k{i}", "value": i, "timestamp": 1, "step": 0} for i in range(500)]
    for bad in ({"key": "k\0"}, {"step": 2**63}, {"value": "x"}, {"timestamp": -1}, {"key": "../k"}):
        metrics = [*good, {"key": "k", "value": 1, "timestamp": 1, "step": 0, **bad}]
        answer = server.post(
            "runs/log-batch", {"run_id": run_id, "metrics": metrics, "tags": [{"key": "a", "value": ""}]}
        )
        assert answer.status == 400


def test_an_error_shows_only_a_little_of_a_large_value(server: Server, run_id: str) -> None:
    for message in (
        {"run_id": "x" * 1_000_000},
        {"run_id": run_id, "key": "/" * 1_000_000, "value": "v"},
        {"run_id": run_id, "k" * 1_000_000: 1, "key": 5},
    ):
        answer = server.post("runs/set-tag", message)
        assert answer.status in (400, 404)
        assert len(answer.body) < 2_000
    twice = json.dumps("k" * 1_000_000).encode()
    assert len(server.post("runs/set-tag", b"{" + twice + b":1," + twice + b":2}").body) < 2_000


def test_a_get_without_a_query_is_read_from_its_body(server: Server, run_id: str) -> None:
    body = json.dumps({"run_id": run_id}).encode()
    answer = server.send("GET", API + "runs/get", body)
    assert answer.json["run"]["info"]["run_id"] == run_id
    assert server.send("GET", API + "runs/get", iter([body[:5], body[5:]])).body == answer.body
    assert server.send("GET", API + f"runs/get?run_id={run_id}", b'{"run_id":"other"}').body == answer.body


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_body_of_a_get_is_refused(server: Server, run_id: str, name: str) -> None:
    answer = server.send("GET", API + "runs/get", MALFORMED[name].replace(b"RUN", run_id.encode()))
    assert (answer.status, answer.error_code) == (400, "INVALID_PARAMETER_VALUE")


def test_a_body_of_a_get_that_is_too_large_is_refused(server: Server) -> None:
    answer = server.send("GET", API + "runs/get", b" " * (2**20 + 1))
    assert (answer.status, answer.error_code) == (413, "RESOURCE_EXHAUSTED")
