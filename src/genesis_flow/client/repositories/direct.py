"""Large files straight to and from the bucket behind a server, which decides and signs and moves none of their bytes.

Links are addresses that the server made; nothing that says who we are is ever sent to one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote

import msgspec

from genesis_flow import environment_variables as variables
from genesis_flow.client.http import AGAIN
from genesis_flow.client.repositories.arriving import Arriving
from genesis_flow.client.repositories.progress import Progress
from genesis_flow.client.repositories.reading import asking, pieces, told_size
from genesis_flow.client.repositories.sending import Sending
from genesis_flow.client.repositories.transfers import in_parallel
from genesis_flow.errors import ServerError, Unavailable, UnsafeLink
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.values.artifacts import MultipartUploadCredential, MultipartUploadPart
from genesis_flow.values.message import Message
from genesis_flow.wire.decoders import decoder
from genesis_flow.wire.messages import artifacts as messages
from genesis_flow.wire.processes import OfThisProcess
from genesis_flow.wire.transport import HttpTransport

if TYPE_CHECKING:
    import urllib3

API = "/api/2.0/mlflow-artifacts"
PARTS_AT_ONCE = 4
TRIES = 4

M = TypeVar("M", bound=Message)


class Direct:
    """The way past a server.

    Args:
        server: which decides and signs.
    """

    def __init__(self, server: HttpTransport) -> None:
        self._server = server

    def upload(self, source: Path, path: SafeRelPath, progress: Progress) -> bool:
        """Sends a file in parts; False if the server has no such way, and nothing was sent."""
        part_bytes = max(1, variables.MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE.get())
        size_bytes = source.stat().st_size
        starts = range(0, size_bytes, part_bytes)
        begun = self._begin(path, len(starts))
        if begun is None:
            return False
        upload_id = begun.upload_id or ""

        def send(one: tuple[int, MultipartUploadCredential]) -> MultipartUploadPart:
            start, link = one
            with Sending(source, progress, start, min(part_bytes, size_bytes - start)) as body:
                return _send_part(body, link)

        try:
            parts = _in_order(send, list(zip(starts, begun.credentials, strict=True)))
            complete = messages.CompleteMultipartUpload(path=path.name, upload_id=upload_id, parts=tuple(parts))
            with asking():
                self._post("complete", path, complete)
        except BaseException:
            with suppress(Exception):
                abort = messages.AbortMultipartUpload(path=path.name, upload_id=upload_id)
                self._post("abort", path, abort)
            raise
        return True

    def _begin(self, path: SafeRelPath, parts: int) -> messages.CreateMultipartUploadResponse | None:
        create = messages.CreateMultipartUpload(path=path.name, num_parts=parts)
        content = self._unless_there_is_none(lambda: self._post("create", path, create))
        if content is None:
            return None
        begun = _decoded(content, messages.CreateMultipartUploadResponse)
        if len(begun.credentials) != parts:
            raise UnsafeLink(f"{len(begun.credentials)} links for {parts} parts")
        return begun

    def fetch(self, path: SafeRelPath, arriving: Arriving) -> bool:
        """Fetches a large file by a link; False if it is small or the server gives no links."""
        least_bytes = variables.MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE.get()
        if arriving.listed_bytes is not None and arriving.listed_bytes < least_bytes:
            return False
        content = self._unless_there_is_none(lambda: self._server.request("GET", f"{API}/presigned/{_quoted(path)}"))
        if content is None:
            return False
        link = _decoded(content, messages.GetPresignedDownloadUrlResponse)
        if (link.file_size or 0) < least_bytes:
            return False
        _fetch(link.url or "", link.headers, link.file_size, arriving)
        return True

    def _post(self, verb: str, path: SafeRelPath, message: Message) -> bytes:
        return self._server.request("POST", f"{API}/mpu/{verb}/{_quoted(path.parent)}", msgspec.json.encode(message))

    def _unless_there_is_none(self, ask: Callable[[], bytes]) -> bytes | None:
        with asking():
            try:
                return ask()
            except ServerError as error:
                # 404 and 405: a server that is older than these endpoints.
                if error.status in (404, 405, 501):
                    return None
                raise


def _in_order(
    send: Callable[[tuple[int, MultipartUploadCredential]], MultipartUploadPart],
    parts: Sequence[tuple[int, MultipartUploadCredential]],
) -> list[MultipartUploadPart]:
    sent: dict[int, MultipartUploadPart] = {}

    def keep(one: tuple[int, MultipartUploadCredential]) -> None:
        sent[one[0]] = send(one)

    in_parallel(keep, parts, PARTS_AT_ONCE)
    return [sent[start] for start, _ in parts]


def _send_part(body: Sending, link: MultipartUploadCredential) -> MultipartUploadPart:
    headers = {**link.headers, "Content-Length": str(body.size_bytes)}
    answer = _ask("PUT", link.url or "", headers, body)
    answer.release_conn()
    etag = answer.headers.get("ETag", "")
    return MultipartUploadPart(part_number=link.part_number, etag=etag, url=link.url)


def _fetch(url: str, headers: Mapping[str, str], size_bytes: int | None, arriving: Arriving) -> None:
    import urllib3

    answer = _ask("GET", url, headers)
    try:
        told = told_size(answer)
        arriving.expect(size_bytes if told is None else told)
        arriving.take(pieces(answer))
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable(f"The bucket ended a transfer early ({type(error).__name__}).") from None
    finally:
        answer.close()


def _ask(method: str, url: str, headers: Mapping[str, str], body: Sending | None = None) -> urllib3.BaseHTTPResponse:
    """The answer of a bucket. Whoever the server names is asked, but for places that are no address of the web."""
    import urllib3

    if not url.startswith(("https://", "http://")):
        raise UnsafeLink("a link that is no http: or https: address")
    retries = urllib3.Retry(
        TRIES, allowed_methods=None, redirect=0, status_forcelist=AGAIN, raise_on_status=False, backoff_factor=0.5
    )
    try:
        answer = _POOL.get().request(
            method,
            url,
            body=cast("IO[bytes] | None", body),
            headers=dict(headers),
            redirect=False,
            retries=retries,
            preload_content=False,
        )
    except urllib3.exceptions.HTTPError as error:  # whose message has the address, which is a secret
        raise Unavailable(f"The bucket did not answer ({type(error).__name__}).") from None
    if not 200 <= answer.status < 300:
        answer.close()
        raise Unavailable(f"The bucket answered {answer.status} to a link that the server made.")
    return answer


def _connections() -> urllib3.PoolManager:
    """Connections to buckets, which know nothing of whom we are to the server."""
    import urllib3

    return urllib3.PoolManager(timeout=float(variables.MLFLOW_HTTP_REQUEST_TIMEOUT.get()), maxsize=PARTS_AT_ONCE)


_POOL = OfThisProcess(_connections)


def _decoded(content: bytes, kind: type[M]) -> M:
    try:
        return decoder(kind).decode(content)
    except msgspec.MsgspecError:
        raise UnsafeLink("something that is no link") from None


def _quoted(path: SafeRelPath) -> str:
    return quote(str(path), safe="/")
