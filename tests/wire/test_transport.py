"""The transport against a small server that answers what a test tells it to, and notes what came."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from genesis_flow.errors import MalformedRequest, MissingParameter, ServerError, Unavailable
from genesis_flow.values.logged_models import LoggedModelTag
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import experiments, logged_models, runs, unlisted
from genesis_flow.wire.operations import operation
from genesis_flow.wire.transport import HttpTransport, Retrying
from tests.peer import Peer, listening


@pytest.fixture
def peer() -> Iterator[Peer]:
    with listening("/prefix/") as peer:
        yield peer


@pytest.fixture
def transport(peer: Peer) -> Iterator[HttpTransport]:
    transport = HttpTransport(peer.uri, headers={"X-Who": "me"}, timeout_s=30, retrying=Retrying(2))
    yield transport
    transport.close()


def test_a_get_carries_its_message_in_the_query(transport: HttpTransport, peer: Peer) -> None:
    message = unlisted.GetMetricHistoryBulk(run_id=("a", "b&c=é"), metric_key="m m", max_results=3)
    assert transport.send(operation("get_metric_history_bulk"), message) == b"{}"
    path = "/prefix/ajax-api/2.0/mlflow/metrics/get-history-bulk"
    assert peer.asked == [("GET", f"{path}?run_id=a&run_id=b%26c%3D%C3%A9&metric_key=m+m&max_results=3", b"")]
    assert peer.headers[0]["X-Who"] == "me"


def test_everything_else_carries_it_as_json(transport: HttpTransport, peer: Peer) -> None:
    message = runs.LogBatch(run_id="r", metrics=(Metric(key="m", value=float("inf")),))
    transport.send(operation("log_batch"), message)
    assert peer.asked == [
        ("POST", "/prefix/api/2.0/mlflow/runs/log-batch", b'{"run_id":"r","metrics":[{"key":"m","value":"Infinity"}]}')
    ]
    assert (peer.headers[0]["Content-Type"], peer.headers[0]["X-Who"]) == ("application/json", "me")


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("m-1", "m-1"), ("a/b c", "a%2Fb%20c"), ("..", "%2E%2E"), ("é?#%", "%C3%A9%3F%23%25"), ("{x}", "%7Bx%7D")],
)
def test_fields_in_the_path_are_encoded(transport: HttpTransport, peer: Peer, text: str, encoded: str) -> None:
    transport.send(operation("get_logged_model"), logged_models.GetLoggedModel(model_id=text))
    delete = logged_models.DeleteLoggedModelTag(model_id=text, tag_key=text)
    transport.send(operation("delete_logged_model_tag"), delete)
    assert [path for _, path, _ in peer.asked] == [
        f"/prefix/api/2.0/mlflow/logged-models/{encoded}",
        f"/prefix/api/2.0/mlflow/logged-models/{encoded}/tags/{encoded}",
    ]
    assert [method for method, _, _ in peer.asked] == ["GET", "DELETE"]


def test_an_empty_field_in_the_path_is_not_sent(transport: HttpTransport, peer: Peer) -> None:
    tags = logged_models.SetLoggedModelTags(model_id="", tags=(LoggedModelTag(key="k", value="v"),))
    with pytest.raises(MissingParameter, match="model_id"):
        transport.send(operation("set_logged_model_tags"), tags)
    assert peer.asked == []


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (404, b'{"error_code":"RESOURCE_DOES_NOT_EXIST","message":"gone"}', "RESOURCE_DOES_NOT_EXIST", "gone"),
        (400, b'{"error_code":"X","message":"y","more":1}', "X", "y"),
        (503, b"{}", "INTERNAL_ERROR", "The server answered with status 503."),
        (500, b"<html>oops", "INTERNAL_ERROR", "The server answered with status 500: '<html>oops'"),
        (502, b"\xff\x00", "INTERNAL_ERROR", "The server answered with status 502: '\ufffd\\x00'"),
        (302, b"", "INTERNAL_ERROR", "The server answered with status 302: ''"),
        (400, b'{"error_code": 5}', "INTERNAL_ERROR", "The server answered with status 400: '{\"error_code\": 5}'"),
    ],
)
def test_a_refusal_keeps_code_status_and_message(
    transport: HttpTransport, peer: Peer, status: int, body: bytes, code: str, message: str
) -> None:
    peer.answers = [(status, body)]
    with pytest.raises(ServerError) as caught:
        transport.send(operation("get_run"), runs.GetRun(run_id="r"))
    assert (caught.value.code, caught.value.status, caught.value.message) == (code, status, message)
    assert len(peer.asked) == 1


def test_a_read_is_repeated_when_the_connection_breaks(transport: HttpTransport, peer: Peer) -> None:
    peer.answers = [None, None, (200, b'{"run":{}}')]
    assert transport.send(operation("get_run"), runs.GetRun(run_id="r")) == b'{"run":{}}'
    assert len(peer.asked) == 3


def test_a_write_that_may_have_been_done_is_not_repeated(transport: HttpTransport, peer: Peer) -> None:
    peer.answers = [None]
    with pytest.raises(Unavailable):
        transport.send(operation("create_experiment"), experiments.CreateExperiment(name="x"))
    assert len(peer.asked) == 1


def test_a_server_that_never_answers_is_given_up(peer: Peer) -> None:
    peer.answers = [None]
    transport = HttpTransport(peer.uri, retrying=Retrying(1))
    with pytest.raises(Unavailable):
        transport.send(operation("get_run"), runs.GetRun(run_id="r"))
    assert len(peer.asked) == 2
    transport.close()


@pytest.mark.parametrize(("size", "fits"), [(99, True), (100, True), (101, False), (10_000_000, False)])
def test_an_answer_beyond_the_limit_is_not_read(peer: Peer, size: int, fits: bool) -> None:
    peer.answers = [(200, b"x" * size)]
    transport = HttpTransport(peer.uri, most_reply_bytes=100)
    if fits:
        assert len(transport.request("GET", "/x")) == size
    else:
        with pytest.raises(MalformedRequest, match="larger than 100 bytes"):
            transport.request("GET", "/x")
    transport.close()


def test_threads_may_share_a_transport(transport: HttpTransport, peer: Peer) -> None:
    threads = [
        threading.Thread(target=transport.send, args=(operation("get_run"), runs.GetRun(run_id=str(i))))
        for i in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(peer.asked) == 20


def test_the_http_library_is_loaded_by_the_first_request() -> None:
    code = (
        "import sys; from genesis_flow.stores.rest import RestStore; RestStore('http://127.0.0.1:9');"
        "assert 'urllib3' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_head_and_body_are_sent_together() -> None:
    """A server that is woken by a head alone is woken twice for each request."""
    at_once: list[bool] = []

    def answer(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while first := connection.recv(65_536):
                head, _, body = first.partition(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                at_once.append(len(body) == size)
                while len(body) < size:
                    body += connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=answer, args=(listener,))
        server.start()
        transport = HttpTransport(f"http://127.0.0.1:{listener.getsockname()[1]}")
        for step in range(50):
            message = runs.LogBatch(run_id="r", metrics=(Metric(key="m", value=0.5, step=step),))
            transport.send(operation("log_batch"), message)
        transport.close()
        server.join()
    assert at_once == [True] * 50


@pytest.mark.parametrize("uri", ["127.0.0.1:5000", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_a_uri_that_names_no_server_is_an_error(uri: str) -> None:
    with pytest.raises(Unavailable):
        HttpTransport(uri, retrying=Retrying(0)).request("GET", "/health")
