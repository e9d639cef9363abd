"""A request and a response over ASGI, no more of HTTP than this server needs.

PERF: written on ASGI itself. With a framework in between (Falcon 4, the lightest measured) the same server
answered 9,850 instead of 13,000 requests a second, and held 7 MB more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

import msgspec

from genesis_flow.errors import GenesisFlowError, MalformedRequest, RequestTooLarge
from genesis_flow.rules.limits import BODY_BYTES

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"


class ClientGone(Exception):
    """The client closed the connection before it had sent everything."""


class Request:
    """What came in.

    Args:
        scope: the ASGI scope.
        receive: the ASGI channel of the body.
        path: the path below the server's prefix, percent-decoded once.

    Attributes:
        fields: the fields that stand in the path.
        route: the path of the route that answers, which is its name in logs and metrics.
    """

    __slots__ = ("_headers", "_receive", "_scope", "fields", "method", "path", "query", "route")

    def __init__(self, scope: Scope, receive: Receive, path: str) -> None:
        self._scope = scope
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self._receive = receive
        self.method: str = scope["method"]
        self.path = path
        self.query: bytes = scope["query_string"]
        self.fields: Mapping[str, str] = {}
        self.route = "(no such route)"

    def headers(self, name: bytes) -> list[bytes]:
        """All values of a header, by its name in lower case."""
        if name not in self._headers:
            return []
        return [value for key, value in self._scope["headers"] if key == name]

    def header(self, name: bytes) -> bytes | None:
        """The value of a header, by its name in lower case.

        Raises:
            MalformedRequest: it is there twice.
        """
        # PERF: a look into a dictionary; the list is only searched where some header is there twice.
        if len(self._headers) != len(self._scope["headers"]) and len(self.headers(name)) > 1:
            raise MalformedRequest(f"the header '{name.decode('latin-1')}' is there twice")
        return self._headers.get(name)

    @property
    def has_body(self) -> bool:
        """Whether its head announces a body that is not empty."""
        return self._headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in self._headers

    async def body(self, most: int = BODY_BYTES) -> bytes:
        """The whole body.

        Raises:
            RequestTooLarge: it is, or says that it is, larger than ``most`` bytes.
            ClientGone: it ended early.
        """
        self._check_size(most)
        message = await self._receive()
        body: bytes = message.get("body", b"")
        if message["type"] == "http.request" and not message.get("more_body"):
            if len(body) > most:
                raise RequestTooLarge(most)
            return body
        parts, size = [body], len(body)
        async for part in self._rest(message):
            parts.append(part)
            size += len(part)
            if size > most:
                raise RequestTooLarge(most)
        return b"".join(parts)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes, of any size."""
        self._check_size(None)
        message = await self._receive()
        if part := message.get("body", b""):
            yield part
        async for part in self._rest(message):
            yield part

    async def _rest(self, message: MutableMapping[str, Any]) -> AsyncIterator[bytes]:
        while message["type"] == "http.request" and message.get("more_body"):
            message = await self._receive()
            if part := message.get("body", b""):
                yield part
        if message["type"] == "http.disconnect":
            raise ClientGone

    def _check_size(self, most: int | None) -> None:
        if (encoding := self.header(b"content-encoding")) not in (None, b"", b"identity"):
            raise MalformedRequest(f"the content encoding '{(encoding or b'').decode('latin-1')[:40]}' is not taken")
        length = self.header(b"content-length")
        if most is not None and length is not None and length.isdigit() and int(length) > most:
            raise RequestTooLarge(most)


class Response:
    """What goes out.

    Attributes:
        status: the HTTP status.
        body: the bytes, or a stream of them.
        headers: names in lower case, and values.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(
        self,
        body: bytes | AsyncGenerator[bytes, None],
        content_type: bytes = JSON,
        status: int = 200,
        headers: Headers = (),
    ) -> None:
        self.status = status
        self.body = body
        self.headers: list[tuple[bytes, bytes]] = [(b"content-type", content_type), *headers]

    async def send(self, send: Send, receive: Receive, *, head: bool = False) -> None:
        """Sends it, as long as somebody is there to take it; with ``head`` bytes are left out."""
        body = self.body
        if isinstance(body, bytes):
            headers = [*self.headers, (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if head else body})
            return
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        gone = asyncio.ensure_future(_disconnected(receive))
        try:
            async with contextlib.aclosing(body) as chunks:
                async for chunk in chunks:
                    if gone.done():
                        return
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            gone.cancel()
        await send({"type": "http.response.body", "body": b""})


async def _disconnected(receive: Receive) -> None:
    """Answers when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def nothing() -> AsyncGenerator[bytes, None]:
    """An empty stream."""
    return
    yield b""


def require_json(request: Request) -> None:
    """Refuses a body that does not call itself JSON.

    Raises:
        MalformedRequest: it does not.
    """
    given = (request.header(b"content-type") or b"").partition(b";")[0].strip().lower()
    if given != b"application/json":
        raise MalformedRequest("its Content-Type must be application/json")


Handler = Callable[[Request], Awaitable[Response]]


def error_response(error: GenesisFlowError) -> Response:
    """An error in MLflow's shape."""
    body = msgspec.json.encode({"error_code": error.code, "message": error.message})
    headers = [(b"retry-after", b"1")] if error.status == 503 else []
    allowed = getattr(error, "allowed", None) if error.status == 405 else None
    if allowed:
        headers.append((b"allow", ", ".join(allowed).encode()))
    return Response(body, JSON, error.status, headers)
