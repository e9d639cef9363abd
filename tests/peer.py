"""A small server that answers what a test tells it to, and notes what came."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, bytes] | tuple[int, bytes, Mapping[str, str]]


@dataclass
class Peer:
    """A server: what it answers, one after the other, and what it was asked.

    Attributes:
        uri: where it is.
        answers: status, body and perhaps headers; None closes the connection without a word. The last one stays.
        asked: method, path and body of each request.
        headers: those of each request.
    """

    uri: str = ""
    answers: list[Answer | None] = field(default_factory=lambda: [(200, b"{}")])
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def listening(prefix: str = "", tls: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """A peer on a free port.

    Args:
        prefix: what its URI ends with.
        tls: who it is and whom it trusts; None speaks plainly.
    """
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            peer.asked.append((self.command, self.path, body))
            peer.headers.append(dict(self.headers.items()))
            answer = peer.answers.pop(0) if len(peer.answers) > 1 else peer.answers[0]
            if answer is None:
                self.close_connection = True
                return
            headers = answer[2] if len(answer) == 3 else {"Location": "/elsewhere"} if answer[0] == 302 else {}
            self.send_response(answer[0])
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_any

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    peer.uri = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}{prefix}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield peer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
