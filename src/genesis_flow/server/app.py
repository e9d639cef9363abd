"""The application: one callable that takes a request from bytes to bytes.

guard → route → decode → validate → authorize → store → encode; the middle three are the service's.
"""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from typing import Any
from urllib.parse import unquote

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.auth.may import ANYONE
from genesis_flow.errors import GenesisFlowError, InternalError, MalformedRequest, Unsupported
from genesis_flow.rules import limits
from genesis_flow.server import files, system, transfers
from genesis_flow.server.collecting import Background
from genesis_flow.server.guard import Guard
from genesis_flow.server.http import (
    ClientGone,
    Handler,
    Receive,
    Request,
    Response,
    Scope,
    Send,
    error_response,
    require_json,
)
from genesis_flow.server.monitor import Monitor
from genesis_flow.server.router import Router
from genesis_flow.server.settings import Settings
from genesis_flow.service.secrets import Sealer
from genesis_flow.service.service import Service
from genesis_flow.stores.collecting import UnaskedCollectionStore
from genesis_flow.stores.protocol import Store
from genesis_flow.wire import codec
from genesis_flow.wire.operations import OPERATIONS, Operation

log = logging.getLogger("genesis_flow.server")

LARGE_BODY_BYTES = 2**20
"""A larger body is decoded in a thread, so that nobody waits for it."""
WITH_LONG_TEXTS = frozenset({"log_inputs"})
CLIENT_GONE = 499
"""Counted for a request whose client did not stay for the answer."""


class Application:
    """An ASGI application.

    Args:
        store: where everything but files is kept; closed when the server stops.
        roots: the locations of artifacts that may be touched.
        settings: what the operator said.
        monitor: what counts requests.
        sealer: what the secrets of webhooks are kept with.
    """

    def __init__(
        self, store: Store, roots: Roots, settings: Settings, monitor: Monitor, sealer: Sealer | None = None
    ) -> None:
        self._service = Service(
            store,
            roots,
            outbound=settings.outbound,
            sealer=sealer,
            delivers=settings.webhook_delivery and not settings.artifacts_only,
            webhook_timeout_s=settings.webhook_timeout_s,
            webhook_retries=settings.webhook_retries,
            download_link_s=settings.download_link_s,
        )
        self._settings = settings
        self._monitor = monitor
        self._guard = Guard(settings)
        self._stopping = False
        self._collecting = _background(store, roots, settings, monitor)
        self._frame_options = _frame_options(settings)
        self._router = Router()
        if settings.serve_artifacts or not settings.artifacts_only:
            files.add_routes(self._router, self._service)
            transfers.add_routes(self._router, self._service)
        for row in OPERATIONS:
            if not settings.artifacts_only or row.path.startswith("/api/2.0/mlflow-artifacts/"):
                self._mount(row)
        system.add_routes(self._router, self._service, monitor, lambda: self._stopping)

    def _mount(self, row: Operation[Any, Any]) -> None:
        handler = self._answering(row) if row.name in self._service.implemented else _unsupported(row)
        for path in dict.fromkeys((row.path, row.mirror)):
            self._router.add(row.method, path.replace("{artifact_path}", "{artifact_path:path}"), handler)

    def _answering(self, row: Operation[Any, Any]) -> Handler:
        """The handler of an operation: decode, ask the service, encode."""
        service, request_type = self._service, row.request
        most = limits.LONGEST_BODY_BYTES if row.name in WITH_LONG_TEXTS else limits.BODY_BYTES

        async def from_query(request: Request) -> Response:
            if request.has_body and not request.query:
                # COMPAT: mlflow 3.17 reads the body of a GET that has no query; mlflow-export-import asks so.
                body = await request.body(LARGE_BODY_BYTES)
                message = codec.decode_body(body, request_type, request.fields)
            else:
                message = codec.decode_query(request.query, request_type, request.fields)
            return Response(codec.encode(await service.answer(row, message, ANYONE)))

        async def from_body(request: Request) -> Response:
            body = await request.body(most)
            if body:
                require_json(request)
            if len(body) <= LARGE_BODY_BYTES:
                message = codec.decode_body(body, request_type, request.fields)
            else:
                message = await asyncio.to_thread(codec.decode_body, body, request_type, request.fields)
            return Response(codec.encode(await service.answer(row, message, ANYONE)))

        return from_query if row.method == "GET" else from_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a connection's request, or the life of the server."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        request = Request(scope, receive, self._below_prefix(scope["path"]))
        status = CLIENT_GONE
        try:
            response = await self._answer(request, scope.get("raw_path", b""))
            response.headers += [*self._frame_options, *self._guard.cors(request)]
            status = response.status
            await response.send(send, receive, head=request.method == "HEAD")
        except ClientGone:
            return
        except (EOFError, GenesisFlowError) as error:
            # The head is on its way: all that is left to say is that the body is not whole, by closing early.
            log.warning("%s %s was cut short: %s", request.method, request.route, error)
        finally:
            self._monitor.answered(request.method, request.route, status, perf_counter() - started)

    async def _answer(self, request: Request, raw_path: bytes) -> Response:
        """The response to a request, whatever goes wrong but the client's leaving."""
        try:
            self._guard.check(request)
            if "\ufffd" in request.path:
                _require_utf8(raw_path)
            if request.method == "OPTIONS":
                return self._guard.preflight(request)
            found, request.fields = self._router.find(request.method, request.path)
            request.route = found.path
            return await found.handler(request)
        except GenesisFlowError as error:
            if error.status == 500:
                log.error("%s %s: %s", request.method, request.route, error, exc_info=error)
            return error_response(error)
        except ClientGone:
            raise
        except Exception as error:
            log.exception("%s %s failed", request.method, request.route, exc_info=error)
            return error_response(InternalError())

    def _below_prefix(self, path: str) -> str:
        prefix = self._settings.static_prefix
        if prefix and path.startswith(f"{prefix}/"):
            return path[len(prefix) :]
        return path

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        if self._collecting is not None:
            self._collecting.start()
        self._service.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._stopping = True
        if self._collecting is not None:
            await self._collecting.close()
        await self._service.close()
        await send({"type": "lifespan.shutdown.complete"})


def _background(store: Store, roots: Roots, settings: Settings, monitor: Monitor) -> Background | None:
    """What removes the deleted for good, if it is to and the store lets it."""
    if not settings.collect or settings.artifacts_only or not isinstance(store, UnaskedCollectionStore):
        return None
    retention_ms, every_ms = settings.durations_ms()
    return Background(store, roots, monitor, retention_ms=retention_ms, every_ms=every_ms)


def _unsupported(row: Operation[Any, Any]) -> Handler:
    async def refuse(request: Request) -> Response:
        raise Unsupported(row.name)

    return refuse


def _require_utf8(raw: bytes) -> None:
    """The server in front replaces what is no UTF-8, and so would take two names for one."""
    try:
        unquote(raw.decode("ascii"), errors="strict")
    except UnicodeDecodeError:
        raise MalformedRequest("its path is not valid UTF-8") from None


def _frame_options(settings: Settings) -> list[tuple[bytes, bytes]]:
    headers = [(b"x-content-type-options", b"nosniff")]
    if settings.x_frame_options.upper() != "NONE":
        headers.append((b"x-frame-options", settings.x_frame_options.upper().encode()))
    return headers
