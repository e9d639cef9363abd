"""The connections to one server. Loaded by the first request, because it loads the HTTP library."""

from __future__ import annotations

from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import LocationValueError
from urllib3.util import parse_url


class _AtOnce(HTTPConnection):
    """Sends head and body of a request together where the body is there.

    PERF: `log_metric` takes 0.27 ms and not 0.45, because the server is woken once; see design/0009.
    """

    _held: list[bytes] | None = None

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **more: Any) -> None:
        if not isinstance(body, bytes):
            super().request(method, url, body, headers, **more)
            return
        held: list[bytes] = []
        self._held = held
        try:
            super().request(method, url, body, headers, **more)
        finally:
            self._held = None
        super().send(b"".join(held))

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)


class _AtOnceOverTls(_AtOnce, HTTPSConnection):
    pass


class _Plain(HTTPConnectionPool):
    ConnectionCls = _AtOnce


class _Tls(HTTPSConnectionPool):
    ConnectionCls = _AtOnceOverTls


def pool_to(base_uri: str, certificates: dict[str, Any], **options: Any) -> HTTPConnectionPool:
    """The connections to a server; none is open yet.

    Args:
        base_uri: ``http:`` or ``https:``; a path in it does not matter.
        certificates: whom to trust, and who to be, over TLS.
        options: of the pool.

    Raises:
        LocationValueError: the URI names no server.
    """
    url = parse_url(base_uri)
    if url.host is None or url.scheme not in ("http", "https"):
        raise LocationValueError("it names no server")
    if url.scheme == "https":
        return _Tls(url.host, url.port, **certificates, **options)
    return _Plain(url.host, url.port, **options)
