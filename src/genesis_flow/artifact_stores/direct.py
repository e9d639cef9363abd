"""Transfers between a client and the bucket, past this server, which only signs them.

A link is good for one object and one thing to do with it, for a while. It is a secret of the client's: it goes into one
answer and nowhere else.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.sax.saxutils import escape

import urllib3
from obstore import sign_async
from obstore.store import AzureStore, GCSStore, S3Store

from genesis_flow.artifact_stores.buckets import Bucket
from genesis_flow.artifact_stores.identity import s3_keys
from genesis_flow.artifact_stores.object_errors import answered, translated
from genesis_flow.artifact_stores.protocol import Direct, Link, Part
from genesis_flow.errors import (
    ArtifactsUnreachable,
    InvalidPath,
    NoDirectTransfer,
    UploadIncomplete,
    UploadNotFound,
)
from genesis_flow.rules import azure_links, sigv4
from genesis_flow.rules.azure_links import Permission
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.wire.processes import OfThisProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore import HTTP_METHOD

PARTS_S = 60 * 60
"""How long the links to the parts of an upload are good."""
OWN_S = 60
TIMEOUT = urllib3.Timeout(connect=5, read=60)

_UPLOAD_ID = re.compile(r"<UploadId>([^<]{1,1024})</UploadId>")
_AZURE_UPLOAD_ID = re.compile(r"[0-9a-f]{32}")
_INCOMPLETE = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML", "InvalidBlockList"})


def direct_to(bucket: Bucket) -> Direct | None:
    """What signs transfers to and from a bucket; None where nothing can."""
    match bucket.cloud:
        case "s3":
            return S3Direct(bucket)
        case "azure":
            return AzureDirect(bucket)
        case "gs":
            return SignedLinks(bucket)
        case _:
            return None


class SignedLinks:
    """Links as the client of the bucket signs them: all that Google has, and what the others have without keys."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    @property
    def takes_parts(self) -> bool:
        """See ``Direct.takes_parts``."""
        return False

    async def begin(self, path: SafeRelPath, parts: int) -> tuple[str, Sequence[Link]]:
        """See ``Direct.begin``."""
        raise NoDirectTransfer("Multipart upload")

    async def complete(self, path: SafeRelPath, upload_id: str, parts: Sequence[Part]) -> None:
        """See ``Direct.complete``."""
        raise NoDirectTransfer("Multipart upload")

    async def abort(self, path: SafeRelPath, upload_id: str) -> None:
        """See ``Direct.abort``."""
        raise NoDirectTransfer("Multipart upload")

    async def link_to_write(self, path: SafeRelPath, expires_s: int, content_type: str) -> Link:
        """See ``Direct.link_to_write``."""
        return Link(await self._signed("PUT", path, expires_s), {"Content-Type": content_type})

    async def link_to_read(self, path: SafeRelPath, expires_s: int) -> Link:
        """See ``Direct.link_to_read``."""
        return Link(await self._signed("GET", path, expires_s), {})

    def _key(self, path: SafeRelPath) -> str:
        if path == SafeRelPath.ROOT:
            raise InvalidPath("it must name a file")
        return self._bucket.key(path)

    async def _signed(self, method: HTTP_METHOD, path: SafeRelPath, expires_s: int) -> str:
        key, client = self._key(path), self._bucket.client
        assert isinstance(client, (S3Store, AzureStore, GCSStore))
        if isinstance(client, AzureStore) and quote(key, safe="/-_.~") != key:
            # obstore 0.12 signs the encoded name, and Azure looks for the plain one.
            raise NoDirectTransfer("A link to a file of such a name")
        with translated():
            return await sign_async(client, method, key, timedelta(seconds=expires_s))


class S3Direct(SignedLinks):
    """Links and uploads in parts on S3."""

    @property
    def takes_parts(self) -> bool:
        """See ``Direct.takes_parts``."""
        return s3_keys() is not None

    async def begin(self, path: SafeRelPath, parts: int) -> tuple[str, Sequence[Link]]:
        """See ``Direct.begin``."""
        keys, url = await self._keys(), self._url(path)
        text = await self._send(keys, "POST", url, {"uploads": ""})
        found = _UPLOAD_ID.search(text)
        if found is None:
            raise answered(200, text)
        numbers = ({"partNumber": str(number), "uploadId": found[1]} for number in range(1, parts + 1))
        at = _now()
        links = [sigv4.link(keys, "PUT", url, at=at, expires_s=PARTS_S, query=query) for query in numbers]
        return found[1], [Link(each, {}) for each in links]

    async def complete(self, path: SafeRelPath, upload_id: str, parts: Sequence[Part]) -> None:
        """See ``Direct.complete``."""
        told = "".join(
            f"<Part><PartNumber>{part.number}</PartNumber><ETag>{escape(part.etag)}</ETag></Part>" for part in parts
        )
        body = f"<CompleteMultipartUpload>{told}</CompleteMultipartUpload>".encode()
        await self._send(await self._keys(), "POST", self._url(path), {"uploadId": upload_id}, body)

    async def abort(self, path: SafeRelPath, upload_id: str) -> None:
        """See ``Direct.abort``."""
        await self._send(await self._keys(), "DELETE", self._url(path), {"uploadId": upload_id})

    async def link_to_write(self, path: SafeRelPath, expires_s: int, content_type: str) -> Link:
        """See ``Direct.link_to_write``."""
        keys = await asyncio.to_thread(s3_keys)
        if keys is None:
            return await super().link_to_write(path, expires_s, content_type)
        must = {"content-type": content_type}
        url = sigv4.link(keys, "PUT", self._url(path), at=_now(), expires_s=expires_s, headers=must)
        return Link(url, {"Content-Type": content_type})

    async def link_to_read(self, path: SafeRelPath, expires_s: int) -> Link:
        """See ``Direct.link_to_read``."""
        keys = await asyncio.to_thread(s3_keys)
        if keys is None:
            return await super().link_to_read(path, expires_s)
        query = {"response-content-disposition": _attachment(path)}
        return Link(sigv4.link(keys, "GET", self._url(path), at=_now(), expires_s=expires_s, query=query), {})

    def _url(self, path: SafeRelPath) -> str:
        return sigv4.address(self._bucket.address, self._key(path))

    async def _keys(self) -> sigv4.Keys:
        keys = await asyncio.to_thread(s3_keys)
        if keys is None:
            raise NoDirectTransfer("Multipart upload")
        return keys

    async def _send(self, keys: sigv4.Keys, method: str, url: str, query: Mapping[str, str], body: bytes = b"") -> str:
        headers = sigv4.signed_headers(keys, method, url, at=_now(), query=query, body=body)
        del headers["host"]
        return await _send(method, f"{url}?{sigv4.encoded_query(query)}", headers, body)


class AzureDirect(SignedLinks):
    """Links and uploads in blocks on Azure; with an identity instead of a key, to names that need no encoding.

    Azure knows no uploads: the blocks of one have its id in their names. What is never completed is gone in a week.
    """

    @property
    def takes_parts(self) -> bool:
        """See ``Direct.takes_parts``."""
        return True

    async def begin(self, path: SafeRelPath, parts: int) -> tuple[str, Sequence[Link]]:
        """See ``Direct.begin``."""
        upload_id = secrets.token_hex(16)
        url = await self._link("w", path, PARTS_S)
        names = (azure_links.block_id(upload_id, number) for number in range(1, parts + 1))
        return upload_id, [Link(f"{url}&comp=block&blockid={quote(name, safe='')}", {}) for name in names]

    async def complete(self, path: SafeRelPath, upload_id: str, parts: Sequence[Part]) -> None:
        """See ``Direct.complete``."""
        _require_ours(upload_id)
        body = azure_links.block_list([azure_links.block_id(upload_id, part.number) for part in parts])
        await _send("PUT", f"{await self._link('w', path, OWN_S)}&comp=blocklist", {}, body)

    async def abort(self, path: SafeRelPath, upload_id: str) -> None:
        """See ``Direct.abort``; there is nothing to do."""
        _require_ours(upload_id)
        self._key(path)

    async def link_to_write(self, path: SafeRelPath, expires_s: int, content_type: str) -> Link:
        """See ``Direct.link_to_write``."""
        must = {"x-ms-blob-type": "BlockBlob", "Content-Type": content_type}
        return Link(await self._link("w", path, expires_s), must)

    async def link_to_read(self, path: SafeRelPath, expires_s: int) -> Link:
        """See ``Direct.link_to_read``."""
        return Link(await self._link("r", path, expires_s, _attachment(path)), {})

    async def _link(self, permission: Permission, path: SafeRelPath, expires_s: int, shown: str = "") -> str:
        shared = self._bucket.shared_key
        if shared is None:
            return await self._signed("GET" if permission == "r" else "PUT", path, expires_s)
        return azure_links.link(
            shared,
            self._bucket.address,
            self._key(path),
            permission=permission,
            at=_now(),
            expires_s=expires_s,
            disposition=shown,
        )


_POOL = OfThisProcess(lambda: urllib3.PoolManager(retries=False, timeout=TIMEOUT, maxsize=8))


async def _send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> str:
    """The text of an answer to a request of our own."""
    with _translated():
        response = await asyncio.to_thread(_POOL.get().request, method, url, body=body, headers=dict(headers))
    text = response.data.decode("utf-8", "replace")
    # S3 may say 200 before it knows, and then that it failed.
    if response.status >= 300 or "<Error>" in text:
        raise _refusal(response.status, text)
    return text


def _refusal(status: int, text: str) -> Exception:
    code = re.search(r"<Code>(\w{1,60})</Code>", text)
    if code and code[1] == "NoSuchUpload":
        return UploadNotFound()
    return UploadIncomplete() if code and code[1] in _INCOMPLETE else answered(status, text)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except urllib3.exceptions.HTTPError:  # whose message has the address
        raise ArtifactsUnreachable from None


def _require_ours(upload_id: str) -> None:
    if not _AZURE_UPLOAD_ID.fullmatch(upload_id):
        raise UploadNotFound


def _attachment(path: SafeRelPath) -> str:
    """No bucket shows what somebody uploaded as a page."""
    return f"attachment; filename*=UTF-8''{quote(path.name, safe='')}"


def _now() -> datetime:
    return datetime.now(timezone.utc)
