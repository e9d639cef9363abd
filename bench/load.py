"""Puts load on a server: one call at a time, or many connections at once from one thread."""

from __future__ import annotations

import json
import multiprocessing
import selectors
import socket
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack
from http.client import HTTPConnection
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlencode

HOST = "127.0.0.1"
API = "/api/2.0/mlflow/"
TIMEOUT_S = 120.0

Script: TypeAlias = Generator[bytes, bytes, None]
"""What one connection sends: yields requests, is sent the body of each answer."""


class BadAnswer(Exception):
    """A server answered something else than the benchmark may count."""


class Answer(NamedTuple):
    """The body of a 200 and how long it took."""

    body: bytes
    seconds: float
    """From the first byte sent to the last byte read; building and parsing JSON are outside."""

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One keep-alive connection that makes one call at a time, as MLflow's own client does.

    A path is one below MLflow's API, unless it is absolute.
    """

    def __init__(self, port: int, timeout_s: float = TIMEOUT_S) -> None:
        self._http = HTTPConnection(HOST, port, timeout=timeout_s)
        self._http.connect()
        # http.client sends head and body apart: without this the body would wait for an acknowledgement.
        self._http.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def post(self, path: str, message: object) -> Answer:
        return self._call("POST", path, json.dumps(message).encode())

    def get(self, path: str, query: Mapping[str, str]) -> Answer:
        return self._call("GET", f"{path}?{urlencode(query)}", None)

    def _call(self, method: str, path: str, body: bytes | None) -> Answer:
        begin = time.perf_counter()
        whole = path if path.startswith("/") else API + path
        self._http.request(method, whole, body, {"Content-Type": "application/json"})
        response = self._http.getresponse()
        content = response.read()
        seconds = time.perf_counter() - begin
        if response.status != 200:
            raise BadAnswer(f"{method} {path}: {response.status} {content[:200]!r}")
        return Answer(content, seconds)


def post(path: str, body: bytes) -> bytes:
    """A whole POST request, for a script."""
    head = (
        f"POST {API}{path} HTTP/1.1\r\nHost: {HOST}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def drive(port: int, scripts: Sequence[Script]) -> int:
    """Runs every script on a connection of its own, all at once, until each has ended.

    Returns:
        How many answers came, all of status 200.

    Raises:
        BadAnswer: for any other status, a closed connection, or silence.
    """
    answers = 0
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for script in scripts:
            exchange = _Exchange(stack.enter_context(_connect(port)), script)
            if exchange.send(None):
                selector.register(exchange.connection, selectors.EVENT_READ, exchange)
        while selector.get_map():
            ready = selector.select(TIMEOUT_S)
            if not ready:
                raise BadAnswer(f"no answer for {TIMEOUT_S:.0f} s")
            for key, _ in ready:
                body = key.data.receive()
                if body is None:
                    continue
                answers += 1
                if not key.data.send(body):
                    selector.unregister(key.fileobj)
    return answers


class _Exchange:
    """A connection, its script and the part of an answer that has arrived."""

    __slots__ = ("_arrived", "connection", "script")

    def __init__(self, connection: socket.socket, script: Script) -> None:
        self.connection = connection
        self.script = script
        self._arrived = b""

    def send(self, body: bytes | None) -> bool:
        """Hands the last answer to the script and sends its next request; False when it has ended."""
        try:
            # A generator that has not started takes only None.
            request = next(self.script) if body is None else self.script.send(body)
        except StopIteration:
            return False
        self.connection.sendall(request)
        return True

    def receive(self) -> bytes | None:
        """The body once it is whole, None before."""
        data = self.connection.recv(1 << 16)
        if not data:
            raise BadAnswer("the server closed the connection")
        self._arrived += data
        body = _body(self._arrived)
        if body is not None:
            self._arrived = b""
        return body


def _body(arrived: bytes) -> bytes | None:
    end = arrived.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = arrived[: end + 2].lower()
    if head[9:12] != b"200":
        raise BadAnswer(repr(arrived[:300]))
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        raise BadAnswer(f"an answer without Content-Length: {head!r}")
    length = int(head[at + 17 : head.find(b"\r", at + 17)])
    body = arrived[end + 4 :]
    return body if len(body) >= length else None


def _connect(port: int) -> socket.socket:
    connection = socket.create_connection((HOST, port), timeout=TIMEOUT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def generator_limit(connections: int = 16, seconds: float = 1.0) -> float:
    """Requests a second that `drive` reaches against a server that does nothing.

    A rate near this one would measure the generator, not the server.
    """
    with socket.create_server((HOST, 0), backlog=connections) as listener:
        server = multiprocessing.Process(target=_answer_everything, args=(listener,), daemon=True)
        server.start()
        try:
            request = post("runs/log-metric", b"x" * 120)
            end = time.perf_counter() + seconds
            scripts = [_repeat(lambda: request, end) for _ in range(connections)]
            return drive(listener.getsockname()[1], scripts) / seconds
        finally:
            server.kill()
            server.join()


def _repeat(request: Callable[[], bytes], end: float) -> Script:
    while time.perf_counter() < end:
        yield request()


def _answer_everything(listener: socket.socket) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                selector.register(listener.accept()[0], selectors.EVENT_READ)
                continue
            assert isinstance(key.fileobj, socket.socket)
            if key.fileobj.recv(1 << 16):
                key.fileobj.sendall(answer)
            else:
                selector.unregister(key.fileobj)
                key.fileobj.close()
