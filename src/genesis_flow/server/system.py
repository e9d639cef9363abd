"""The routes about the server itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from genesis_flow.errors import GenesisFlowError, ShuttingDown, StoreUnreachable
from genesis_flow.server import monitor, openapi
from genesis_flow.server.http import TEXT, Request, Response, error_response
from genesis_flow.server.monitor import Monitor
from genesis_flow.server.router import Router
from genesis_flow.service.service import Service
from genesis_flow.stores.protocol import Store

CHECK_S = 3.0
MLFLOW_VERSION = "3.17.2"


async def check_soon(store: Store) -> None:
    """Asks a store whether it can do its work, for somebody who cannot wait long.

    Raises:
        GenesisFlowError: it cannot, or it does not say so in time.
    """
    try:
        await asyncio.wait_for(store.check(), CHECK_S)
    except asyncio.TimeoutError:
        raise StoreUnreachable(f"the database does not answer within {CHECK_S:g} seconds") from None


def add_routes(router: Router, service: Service, seen: Monitor, is_stopping: Callable[[], bool]) -> None:
    """Adds the routes of health, version, metrics and description."""

    async def alive(request: Request) -> Response:
        """The process answers."""
        return Response(b"OK", TEXT)

    async def ready(request: Request) -> Response:
        """The server can do its work now."""
        try:
            if is_stopping():
                raise ShuttingDown
            await check_soon(service.store)
        except GenesisFlowError as error:
            answer = error_response(error)
            answer.status = 503
            return answer
        return Response(b"OK", TEXT)

    async def version(request: Request) -> Response:
        """The version of MLflow whose interface this is, which clients compare with their own."""
        return Response(MLFLOW_VERSION.encode(), TEXT)

    async def info(request: Request) -> Response:
        """What clients ask before they use what only some servers can."""
        about: dict[str, object] = {
            "store_type": "SqlStore",
            "workspaces_enabled": False,
            "trace_archival_enabled": False,
            "multipart_uploads_enabled": service.transfers.has_parts,
            "multipart_downloads_enabled": service.transfers.has_links,
            "presigned_upload_run_id_supported": True,
            "presigned_upload_model_id_supported": True,
            "features_enabled": {"gateway": False},
        }
        return Response(msgspec.json.encode(about))

    async def metrics(request: Request) -> Response:
        """For Prometheus."""
        return Response(seen.text(), monitor.CONTENT_TYPE)

    async def description(request: Request) -> Response:
        """OpenAPI 3.1."""
        return Response(openapi.document(service.implemented))

    for path, handler in {
        "/health": alive,
        "/livez": alive,
        "/readyz": ready,
        "/version": version,
        "/metrics": metrics,
        "/openapi.json": description,
        "/api/3.0/mlflow/server-info": info,
        "/ajax-api/3.0/mlflow/server-info": info,
    }.items():
        router.add("GET", path, handler)
