"""A program between a client and a server: passes requests on, but for those with which it does something else."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.serving import ANSWER_TIMEOUT_S


@dataclass(frozen=True)
class Deed:
    """What happens to a request.

    Attributes:
        forward: whether the server hears of it.
        after_s: how long it takes.
        status: what is answered instead of what the server said; 0 for its own answer, None for silence and a closed
            connection.
        body: the same.
        headers: the same.
    """

    forward: bool = False
    after_s: float = 0.0
    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


PASS = Deed(forward=True, status=0)
CUT = Deed()
LOST = Deed(forward=True)
SLOW = Deed(forward=True, after_s=0.3, status=0)


@dataclass
class Between:
    """It listens on a port.

    Attributes:
        uri: where.
        plan: what to do with the next requests; then all are passed on.
        asked: when each request came, and its body.
    """

    uri: str = ""
    plan: list[Deed] = field(default_factory=list)
    asked: list[tuple[float, bytes]] = field(default_factory=list)


@contextmanager
def between(port: int) -> Iterator[Between]:
    """A program in front of a port of this machine."""
    made = Between()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            made.asked.append((time.monotonic(), body))
            deed = made.plan.pop(0) if made.plan else PASS
            time.sleep(deed.after_s)
            status, content = self._forwarded(body) if deed.forward else (0, b"")
            if deed.status is None:
                self.close_connection = True
                return
            if deed.status:
                status, content = deed.status, deed.body
            self.send_response(status)
            for name, text in deed.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _forwarded(self, body: bytes) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_TIMEOUT_S)
            try:
                connection.request("POST", self.path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                return answer.status, answer.read()
            finally:
                connection.close()

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.uri = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
