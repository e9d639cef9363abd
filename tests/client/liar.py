"""A server that answers whatever a test tells it to, over real HTTP, and notes what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

FILES = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def listed(self) -> str | None:
        """The folder of which it wants the listing; None if it wants something else."""
        parts = urlsplit(self.path)
        if self.method != "GET" or parts.path != FILES:
            return None
        return parse_qs(parts.query).get("path", [""])[0]

    @property
    def file(self) -> str:
        """The file that it is about."""
        return unquote(urlsplit(self.path).path.removeprefix(f"{FILES}/"))


class Answering(BaseHTTPRequestHandler):
    """The side of the server of one connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body go out together

    def setup(self) -> None:
        super().setup()
        cast("Any", self.server).liar.connections += 1

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, self.path, {name.lower(): text for name, text in self.headers.items()}, body)
        liar = cast("Any", self.server).liar
        liar.asked.append(asked)
        with suppress(ConnectionError):  # the client went away, as it should
            liar.answer(asked, self)

    do_GET = do_PUT = do_POST = do_any

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""

    def say(self, body: bytes, status: int = 200, length: int | None = None, **headers: str) -> None:
        """An answer; whose length may be a lie, and which ends with the connection then."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = length is not None

    def pour(self, pieces: Iterator[bytes]) -> None:
        """An answer that nobody knows the length of."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()

    def list_files(self, *paths: str, folders: Sequence[str] = (), size: int = 1) -> None:
        """A listing of these names."""
        files = [{"path": path, "is_dir": False, "file_size": size} for path in paths]
        self.say(json.dumps({"files": [*files, *({"path": path, "is_dir": True} for path in folders)]}).encode())


Answer = Callable[[Asked, Answering], None]


@dataclass
class Liar:
    """The server: how it answers, where it is, and what it was asked."""

    answer: Answer
    uri: str = ""
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0


@contextmanager
def lying(answer: Answer) -> Iterator[Liar]:
    """A server that ends with the block."""
    liar = Liar(answer)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    cast("Any", server).liar = liar
    liar.uri = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
