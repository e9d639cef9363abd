"""The routes of direct transfers that have the path of a file in their address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from genesis_flow.auth.may import ANYONE
from genesis_flow.server.http import Request, Response, require_json
from genesis_flow.server.router import Router
from genesis_flow.service.service import Service
from genesis_flow.values.message import Message
from genesis_flow.wire import codec
from genesis_flow.wire.operations import operation

M = TypeVar("M", bound=Message)


def add_routes(router: Router, service: Service) -> None:
    """Adds the routes, under the paths of the table."""
    transfers = service.transfers
    _add_upload(router, service, "create_multipart_upload", transfers.begin)
    _add_upload(router, service, "complete_multipart_upload", transfers.complete)
    _add_upload(router, service, "abort_multipart_upload", transfers.abort)

    async def link(request: Request) -> Response:
        """A link to a file of the proxy's destination."""
        row = operation("get_presigned_download_url")
        service.authorize(ANYONE, row.permission, row.request())
        found = await transfers.link_to_proxied(request.fields["artifact_path"])
        # COMPAT: mlflow 3.17 says here that there are no headers, where it leaves out what is empty elsewhere.
        said = {"url": found.url, "headers": found.headers, "file_size": found.file_size}
        return _secret(codec.Encoded(msgspec.json.encode(said), type(found)))

    _add(router, "get_presigned_download_url", link)


def _add_upload(router: Router, service: Service, name: str, answer: Callable[[str, M], Awaitable[Message]]) -> None:
    row = operation(name)

    async def handle(request: Request) -> Response:
        body = await request.body()
        if body:
            require_json(request)
        message: M = codec.decode_body(body, row.request)
        service.authorize(ANYONE, row.permission, message)
        return _secret(await answer(request.fields["artifact_path"], message))

    _add(router, name, handle)


def _secret(message: codec.Reply[Message]) -> Response:
    """An answer that nothing on its way may keep."""
    return Response(codec.encode(message), headers=[(b"cache-control", b"no-store")])


def _add(router: Router, name: str, handler: Callable[[Request], Awaitable[Response]]) -> None:
    row = operation(name)
    for path in (row.path, row.mirror):
        router.add(row.method, path.replace("{artifact_path}", "{artifact_path:path}"), handler)
