"""The one way to send an operation over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from genesis_flow.errors import MalformedRequest, MissingParameter, ServerError, Unavailable, shown
from genesis_flow.values.message import Message
from genesis_flow.wire import codec
from genesis_flow.wire.operations import Operation

if TYPE_CHECKING:
    import urllib3

TIMEOUT_S = 120.0
RETRIES = 3
BACKOFF_S = 0.2
CONNECTIONS = 16


class _Failure(msgspec.Struct):
    error_code: str = "INTERNAL_ERROR"
    message: str = ""


class HttpTransport:
    """Sends operations to one server; may be shared by threads.

    A redirect is never followed: it comes back as a ``ServerError``.

    Args:
        base_uri: where the server is, perhaps with a path that stands in front of every operation's.
        headers: sent with every request.
        timeout_s: how long to wait for a connection, and for the next bytes of an answer.
        retries: how often to try again. A GET is repeated after any failed connection; everything else only if
            it failed before the request was sent, because what was sent may have been done.
        most_reply_bytes: the largest answer that is read; None reads any.
    """

    def __init__(
        self,
        base_uri: str,
        *,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        most_reply_bytes: int | None = None,
    ) -> None:
        self._base = base_uri.rstrip("/")
        self._headers = dict(headers or {})
        self._timeout_s = timeout_s
        self._retries = retries
        self._most_reply_bytes = most_reply_bytes
        self._lock = threading.Lock()
        self._pool: urllib3.PoolManager | None = None

    def send(self, operation: Operation[Any, Any], message: Message) -> bytes:
        """The JSON of the server's answer.

        Raises:
            ServerError: the server refused, or failed.
            Unavailable: the server could not be reached, or did not answer in time.
            MissingParameter: a field that stands in the path is empty.
            MalformedRequest: the answer is too large.
        """
        path, names = _filled(operation.path, message)
        if operation.method == "GET":
            pairs = [(name, text) for name, text in codec.encode_query(message) if name not in names]
            return self.request("GET", f"{path}?{urlencode(pairs)}" if pairs else path)
        return self.request(operation.method, path, codec.encode(message))

    def request(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The body of the answer to any request; raises as :meth:`send`."""
        import urllib3

        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        try:
            answer = self._connections().request(
                method, self._base + path, body=body, headers=headers, redirect=False, preload_content=False
            )
            try:
                content = self._read(answer)
            finally:
                answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"The server {self._host} did not answer ({type(error).__name__}).") from error
        if not 200 <= answer.status < 300:
            raise _refusal(answer.status, content)
        return content

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        most = self._most_reply_bytes
        if most is None:
            return answer.read()
        content = answer.read(most + 1)
        if len(content) > most:
            answer.close()
            raise MalformedRequest(f"the server's answer is larger than {most:,} bytes")
        return content

    @property
    def _host(self) -> str:
        """The server as a message may name it: without what a URI may hold of credentials."""
        return shown(urlsplit(self._base).netloc.rpartition("@")[2])

    def _connections(self) -> urllib3.PoolManager:
        import urllib3

        with self._lock:
            if self._pool is None:
                retry = urllib3.Retry(
                    self._retries, allowed_methods={"GET"}, status=0, redirect=0, backoff_factor=BACKOFF_S
                )
                self._pool = urllib3.PoolManager(retries=retry, timeout=self._timeout_s, maxsize=CONNECTIONS)
            return self._pool

    def close(self) -> None:
        """Closes the connections; the next request opens new ones."""
        with self._lock:
            if self._pool is not None:
                self._pool.clear()
                self._pool = None


def _filled(path: str, message: Message) -> tuple[str, set[str]]:
    """The path with the message's fields in it, and their names."""
    parts = path.split("{")
    filled, names = parts[0], set()
    for part in parts[1:]:
        name, _, rest = part.partition("}")
        text = getattr(message, name)
        if not text:
            raise MissingParameter(name)
        # A dot must be encoded, too: "." and ".." would be taken for steps in the path.
        filled += quote(str(text), safe="").replace(".", "%2E") + rest
        names.add(name)
    return filled, names


def _refusal(status: int, content: bytes) -> ServerError:
    try:
        failure = msgspec.json.decode(content, type=_Failure)
    except msgspec.MsgspecError:
        text = content[:500].decode("utf-8", "replace")
        return ServerError("INTERNAL_ERROR", status, f"The server answered with status {status}: {shown(text)}")
    return ServerError(failure.error_code, status, failure.message or f"The server answered with status {status}.")
