"""Requests that are not well-formed HTTP, end early, or are larger than anything sensible."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving import API, FILES, Answer, Server, read_answer, request_head

pytestmark = pytest.mark.usefixtures("unchanged")

CREATE = f"{API}experiments/create"
BODY = b'{"name":"smuggled"}'
JSON = {"Content_Type": "application/json"}
MIB = 2**20
REFUSED = {400, 413, 414, 431}

HOST = b"Host: 127.0.0.1\r\n"
POST = b"POST " + CREATE.encode() + b" HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"

BROKEN = {
    "two lengths": POST + b"Content-Length: 19\r\nContent-Length: 5\r\n\r\n" + BODY,
    "a length and chunks": CHUNKED + b"Content-Length: 19\r\n\r\n13\r\n" + BODY + b"\r\n0\r\n\r\n",
    "chunks and a length": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": POST + b"Content-Length: -1\r\n\r\n" + BODY,
    "a length with a sign": POST + b"Content-Length: +19\r\n\r\n" + BODY,
    "a length of letters": POST + b"Content-Length: nineteen\r\n\r\n" + BODY,
    "a hexadecimal length": POST + b"Content-Length: 0x13\r\n\r\n" + BODY,
    "a length beyond 64 bits": POST + b"Content-Length: 99999999999999999999\r\n\r\n" + BODY,
    "an unknown transfer encoding": POST + b"Transfer-Encoding: xchunked\r\n\r\n13\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a transfer encoding behind chunks": POST
    + b"Transfer-Encoding: chunked, identity\r\n\r\n13\r\n"
    + BODY
    + b"\r\n0\r\n\r\n",
    "a chunk size that is no number": CHUNKED + b"\r\nxyz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk size beyond 64 bits": CHUNKED + b"\r\n" + b"f" * 17 + b"\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a negative chunk size": CHUNKED + b"\r\n-13\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a blank before the colon": POST + b"Content-Length : 19\r\n\r\n" + BODY,
    "a folded header": POST + b"X: a\r\n b\r\nContent-Length: 19\r\n\r\n" + BODY,
    "NUL in a header": POST + b"X: a\0b\r\nContent-Length: 19\r\n\r\n" + BODY,
    "a bare CR in a header": POST + b"X: a\rContent-Length: 19\r\n\r\n" + BODY,
    "an empty header name": POST + b": a\r\nContent-Length: 19\r\n\r\n" + BODY,
    "a lower-case protocol": POST.replace(b"HTTP", b"http") + b"Content-Length: 19\r\n\r\n" + BODY,
    "another version": POST.replace(b"1.1", b"9.9") + b"Content-Length: 19\r\n\r\n" + BODY,
    "another protocol": POST.replace(b"HTTP", b"HTCPCP") + b"Content-Length: 19\r\n\r\n" + BODY,
    "an unknown method": b"SMUGGLE" + POST[4:] + b"Content-Length: 19\r\n\r\n" + BODY,
    "bytes beyond ASCII in the path": b"GET /\xff\xfe HTTP/1.1\r\n" + HOST + b"\r\n",
    "bytes beyond ASCII in the query": b"GET /version?\xff HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL in the path": b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n",
    "a tunnel": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "noise": bytes(range(256)) * 20,
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_framing_is_refused(server: Server, name: str) -> None:
    with server.connect() as connection:
        connection.sendall(BROKEN[name])
        connection.shutdown(socket.SHUT_WR)
        # An ambiguous end may also be taken for one that has not come yet: then nothing is answered, nothing done.
        assert read_answer(connection).status in (400, 0)


@pytest.mark.parametrize(
    "prefix", [b"", b"/", b"P", POST[:-1], POST + b"Content-Length: 19\r\n\r\n", CHUNKED + b"\r\n"]
)
def test_a_connection_that_says_nothing_more_is_of_no_effect(server: Server, prefix: bytes) -> None:
    with server.connect() as silent:
        silent.sendall(prefix)
        assert server.send("GET", "/version").status == 200


@pytest.mark.parametrize("sent", range(0, len(BODY), 3))
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_ends_early_changes_nothing(server: Server, sent: int, chunked: bool) -> None:
    if chunked:
        head = CHUNKED + b"\r\n" + f"{sent:x}\r\n".encode() + BODY[:sent] + b"\r\n" if sent else CHUNKED + b"\r\n"
    else:
        head = POST + f"Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY[:sent]
    with server.connect() as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        assert read_answer(connection).status in (400, 0)


def test_a_whole_message_in_a_body_that_goes_on_is_not_taken_before_its_end(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(POST + b"Content-Length: 1000\r\n\r\n" + BODY)
        connection.shutdown(socket.SHUT_WR)
        assert read_answer(connection).status in (400, 0)


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_that_ends_early_leaves_nothing(server: Server, chunked: bool) -> None:
    length = {"Transfer_Encoding": "chunked"} if chunked else {"Content_Length": str(4 * MIB)}
    part = b"x" * (3 * MIB)
    with server.connect() as connection:
        connection.sendall(request_head("PUT", f"{FILES}/early.bin", **length))
        connection.sendall(f"{len(part):x}\r\n".encode() + part if chunked else part)
        connection.shutdown(socket.SHUT_WR)
        assert read_answer(connection).status in (400, 0)
    assert server.send("GET", f"{FILES}/early.bin").status == 404


# --- sizes --------------------------------------------------------------------------------------------------------


def _sixty_megabytes() -> Iterator[bytes]:
    yield b'{"name":"'
    for _ in range(60):
        yield b"a" * MIB
    yield b'"}'


def test_a_body_of_60_mb_is_refused_before_any_of_it_is_sent(server: Server) -> None:
    head = request_head("POST", CREATE, **JSON, Content_Length=str(60 * MIB), Expect="100-continue")
    answer = server.raw(head, method="POST")
    assert (answer.status, answer.error_code) == (413, "RESOURCE_EXHAUSTED")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_60_mb_is_refused_and_not_kept(server: Server, chunked: bool) -> None:
    before, peak = server.memory_bytes(), 0

    def watched() -> Iterator[bytes]:
        nonlocal peak
        for part in _sixty_megabytes():
            peak = max(peak, server.memory_bytes())
            yield part

    if chunked:
        answer = server.send("POST", CREATE, watched(), {"Content-Type": "application/json"})
    else:
        length = sum(map(len, _sixty_megabytes()))
        answer = server.raw(request_head("POST", CREATE, **JSON, Content_Length=str(length)), *watched(), method="POST")
    assert (answer.status, answer.error_code) == (413, "RESOURCE_EXHAUSTED")
    assert peak - before < 48 * MIB


@pytest.mark.parametrize(("verb", "count"), [("runs/log-inputs", 10_000_000), ("runs/log-batch", 1_300_000)])
def test_a_body_of_millions_of_values_is_refused_and_not_kept(server: Server, verb: str, count: int) -> None:
    bomb = b'{"run_id":"absent","x":[' + b"[]," * count + b"[]]}"
    before, peaks = server.memory_bytes(), list[int]()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(server.post, verb, bomb)
        while not sending.done():
            assert server.send("GET", "/version").status == 200
            peaks.append(server.memory_bytes())
    assert sending.result().status in (400, 413)
    assert max(peaks) - before < 2 * len(bomb) + 16 * MIB


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip", "chunked"])
def test_a_compressed_body_is_refused_unopened(server: Server, encoding: str) -> None:
    plain = json.dumps({"name": "a" * (20 * MIB)}).encode()
    bomb = zlib.compress(plain) if encoding == "deflate" else gzip.compress(plain, 1)
    before = server.memory_bytes()
    given = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    answers = [
        server.send("POST", CREATE, bomb, given),
        server.send("PUT", f"{FILES}/bomb.bin", bomb, given),
        server.send("PUT", f"{FILES}/bomb.bin", iter([bomb]), given),
    ]
    assert [(answer.status, answer.error_code) for answer in answers] == [(400, "INVALID_PARAMETER_VALUE")] * 3
    assert all("encoding" in answer.message for answer in answers)
    assert server.memory_bytes() - before < 16 * MIB


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([b"X: ", *[b"a" * MIB] * 32, b"\r\n"], id="a value of 32 MB"),
        pytest.param([*[b"a" * MIB] * 32, b": x\r\n"], id="a name of 32 MB"),
        pytest.param([b"X: a\r\n" * 10_000] * 100, id="a million headers"),
        pytest.param([b"Cookie: ", *[b"a=b; " * 20_000] * 100, b"\r\n"], id="a value of 10 MB"),
    ],
)
def test_headers_without_end_are_refused_and_not_kept(server: Server, parts: list[bytes]) -> None:
    before = server.memory_bytes()
    head = b"GET " + API.encode() + b"experiments/get?experiment_id=0 HTTP/1.1\r\n" + HOST
    # Status 0: it closed the connection while we were still talking, and the answer was lost with it.
    assert server.raw(head, *parts, b"\r\n").status in REFUSED | {0}
    assert server.memory_bytes() - before < 16 * MIB


def test_an_address_without_end_is_refused_and_not_kept(server: Server) -> None:
    before = server.memory_bytes()
    answer = server.raw(b"GET /version?", *[b"a" * MIB] * 32, b" HTTP/1.1\r\n", HOST, b"\r\n")
    assert answer.status in REFUSED | {0}
    assert server.memory_bytes() - before < 16 * MIB


def test_a_head_of_an_ordinary_size_is_taken(server: Server) -> None:
    head = b"GET /version HTTP/1.1\r\n" + HOST + b"Cookie: " + b"a" * 16_000 + b"\r\nX: y\r\n\r\n"
    assert server.raw(head).status == 200


# --- things that HTTP allows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
def test_the_wrong_method_is_refused_with_those_allowed(server: Server, method: str) -> None:
    answer = server.send(method, CREATE)
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert b"TRACE" not in answer.body or method == "TRACE"


@pytest.mark.parametrize(
    "path",
    [
        "//",
        "/api",
        f"{API}runs/search/",
        f"/{API}runs/search",
        f"{API}runs/./get",
        f"{API}runs/%67et%00",
        "/..",
        "/*",
    ],
)
def test_an_unknown_path_is_not_found(server: Server, path: str) -> None:
    answer = server.send("GET", path)
    assert (answer.status, answer.error_code) == (404, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize("path", ["/%ff", f"{FILES}/%ff.txt", f"{FILES}/%c0%ae", f"{API}logged-models/%ed%a0%80"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_invalid_utf8_in_a_path_is_refused(server: Server, method: str, path: str) -> None:
    assert server.send(method, path, b"x" if method == "PUT" else None).status == 400


def test_headers_behind_a_body_are_not_taken_for_those_in_front(server: Server, run_id: str) -> None:
    body = json.dumps({"run_id": "absent", "key": "k", "value": "v"}).encode()
    head = request_head("POST", f"{API}runs/set-tag", **JSON, Transfer_Encoding="chunked", Trailer="Host, Origin")
    for trailer in (b"Host: evil.example\r\n", b"Origin: https://evil.example\r\n", b"Content-Length: 1\r\n"):
        answer = server.raw(
            head + f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n" + trailer + b"\r\n", method="POST"
        )
        assert answer.status in (400, 404)


def test_requests_in_one_stream_are_answered_one_after_the_other(server: Server) -> None:
    known = f"{API}experiments/get?experiment_id=0"
    with server.connect() as connection:
        targets = ["/version", known, f"{API}runs/get?run_id=absent", "/nowhere", known]
        connection.sendall(b"".join(request_head("GET", target) for target in targets))
        stream = connection.makefile("rb")
        assert [_next_status(stream) for _ in targets] == [200, 200, 404, 404, 200]


def _next_status(stream: object) -> int:
    assert hasattr(stream, "readline")
    assert hasattr(stream, "read")
    status = int(stream.readline().split()[1])
    length = 0
    while (line := stream.readline()) != b"\r\n":
        name, _, text = line.partition(b":")
        length = int(text) if name.lower() == b"content-length" else length
    stream.read(length)
    return status


def test_an_error_has_the_shape_that_clients_read(server: Server) -> None:
    answers: list[Answer] = [
        server.send("GET", "/nowhere"),
        server.post("runs/search", b"{"),
        server.send("PUT", CREATE),
    ]
    for answer in answers:
        assert set(answer.json) == {"error_code", "message"}
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
