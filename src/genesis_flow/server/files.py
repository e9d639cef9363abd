"""Files over HTTP: streamed both ways, in ranges, and never as active content of our origin.

A browser gets every file as an attachment, without guessing its type, in a sandbox: what somebody uploaded runs
nowhere.
"""

from __future__ import annotations

import re
from urllib.parse import quote

from genesis_flow.artifact_stores.protocol import ArtifactReader
from genesis_flow.auth.may import ANYONE
from genesis_flow.errors import MissingParameter, UnsatisfiableRange
from genesis_flow.rules.media import content_type
from genesis_flow.server.digests import announced, of_file
from genesis_flow.server.http import JSON, TEXT, Request, Response, nothing
from genesis_flow.server.router import Router
from genesis_flow.service.service import Service
from genesis_flow.wire import codec
from genesis_flow.wire.messages import artifacts as messages
from genesis_flow.wire.messages.unlisted import FileOfModel, FileOfRun

PROXY = "/api/2.0/mlflow-artifacts/artifacts/{artifact_path:path}"
_RANGE = re.compile(rb"bytes\s*=\s*([0-9]{0,18})-([0-9]{0,18})\s*")
SANDBOX = (
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def add_routes(router: Router, service: Service) -> None:
    """Adds the routes of files."""
    files = Files(service)
    for prefix in ("/api/", "/ajax-api/"):
        path = PROXY.replace("/api/", prefix)
        router.add("GET", path, files.download)
        router.add("PUT", path, files.upload)
        router.add("DELETE", path, files.delete)
    router.add("GET", "/get-artifact", files.download_of_run)
    router.add("POST", "/ajax-api/2.0/mlflow/upload-artifact", files.upload_of_run)
    router.add("GET", "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files", files.download_of_model)


class Files:
    """The handlers of files."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._artifacts = service.artifacts

    async def download(self, request: Request) -> Response:
        """``GET mlflow-artifacts/artifacts/{path}``."""
        self._service.authorize(ANYONE, "artifacts:read", messages.DownloadArtifact())
        path = request.fields["artifact_path"]
        return await file_response(request, path, await self._artifacts.open_proxied(path))

    async def upload(self, request: Request) -> Response:
        """``PUT mlflow-artifacts/artifacts/{path}``."""
        self._service.authorize(ANYONE, "artifacts:write", messages.UploadArtifact())
        written = await self._artifacts.write_proxied(
            request.fields["artifact_path"], request.chunks(), sha256=announced(request)
        )
        return Response(b"", TEXT, headers=[of_file(written.sha256)])

    async def delete(self, request: Request) -> Response:
        """``DELETE mlflow-artifacts/artifacts/{path}``."""
        self._service.authorize(ANYONE, "artifacts:delete", messages.DeleteArtifact())
        await self._artifacts.delete_proxied(request.fields["artifact_path"])
        return Response(b"{}", JSON)

    async def download_of_run(self, request: Request) -> Response:
        """``GET get-artifact?run_id=…&path=…``."""
        asked = codec.decode_query(request.query, FileOfRun)
        self._service.authorize(ANYONE, "artifacts:read", asked)
        reader = await self._artifacts.open_of_run(asked.run_id or asked.run_uuid, asked.path)
        return await file_response(request, asked.path, reader)

    async def upload_of_run(self, request: Request) -> Response:
        """``POST upload-artifact?run_uuid=…&path=…``: the body is the file."""
        asked = codec.decode_query(request.query, FileOfRun)
        self._service.authorize(ANYONE, "artifacts:write", asked)
        if request.header(b"content-length") in (None, b"0") and request.header(b"transfer-encoding") is None:
            raise MissingParameter("data")
        written = await self._artifacts.write_of_run(
            asked.run_id or asked.run_uuid, asked.path, request.chunks(), sha256=announced(request)
        )
        return Response(b"", TEXT, headers=[of_file(written.sha256)])

    async def download_of_model(self, request: Request) -> Response:
        """``GET logged-models/{model_id}/artifacts/files?artifact_file_path=…``."""
        asked = codec.decode_query(request.query, FileOfModel, request.fields)
        self._service.authorize(ANYONE, "artifacts:read", asked)
        reader = await self._artifacts.open_of_model(asked.model_id, asked.artifact_file_path)
        return await file_response(request, asked.artifact_file_path, reader)


async def file_response(request: Request, path: str, reader: ArtifactReader) -> Response:
    """A file, or the range of it that was asked for."""
    size = reader.size_bytes
    tag = f'"{reader.etag}"'.encode()
    name = path.rsplit("/", 1)[-1]
    headers = [
        *SANDBOX,
        (b"accept-ranges", b"bytes"),
        (b"etag", tag),
        (b"content-disposition", f"attachment; filename*=UTF-8''{quote(name)}".encode()),
    ]
    if reader.sha256 is not None:
        headers.append(of_file(reader.sha256))
    asked = request.header(b"range")
    if_range = request.header(b"if-range")
    try:
        found = byte_range(asked, size) if asked and if_range in (None, tag) else None
    except UnsatisfiableRange:
        await reader.close()
        raise
    start, end = found or (0, size)
    headers.append((b"content-length", str(end - start).encode()))
    if found:
        headers.append((b"content-range", f"bytes {start}-{end - 1}/{size}".encode()))
    chunks = reader.chunks(start, end)
    if request.method == "HEAD":
        await reader.close()
        chunks = nothing()
    return Response(chunks, content_type(name).encode(), 206 if found else 200, headers)


def byte_range(header: bytes, size: int) -> tuple[int, int] | None:
    """The first and the byte behind the last of a range, or None for a header that is to be ignored.

    One range only: a header that asks for several is answered with the whole file, as RFC 9110 allows.

    Raises:
        UnsatisfiableRange: the range starts behind the end of the file.
    """
    found = _RANGE.fullmatch(header)
    first, last = found.groups() if found else (b"", b"")
    if not first and not last:
        return None
    if not first:
        if int(last) == 0:
            raise UnsatisfiableRange(size)
        return (max(0, size - int(last)), size) if size else None
    start, end = int(first), int(last) + 1 if last else size
    if last and end <= start:
        return None
    if start >= size:
        raise UnsatisfiableRange(size)
    return start, min(end, size)
