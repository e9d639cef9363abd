"""Direct transfers: links with which clients reach the bucket themselves, and uploads in parts.

The server decides who may do what to which file, and the bucket carries the bytes.
"""

from __future__ import annotations

import re

from genesis_flow.artifact_stores.protocol import ArtifactStore, Direct, Part
from genesis_flow.errors import InvalidParameter, NoDirectTransfer, NotDirect
from genesis_flow.rules import limits
from genesis_flow.rules.media import content_type
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.rules.texts import check_range, require
from genesis_flow.service.artifacts import Artifacts
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.values.artifacts import MultipartUploadCredential
from genesis_flow.wire.messages import artifacts as messages

PROXIED = re.compile(r"mlflow-artifacts:", re.IGNORECASE)
UPLOAD_S = 900


class Transfers:
    """Makes links to artifacts and leads uploads in parts.

    Args:
        artifacts: which files a request means.
        download_s: how long a link to read lasts when nobody says.
    """

    def __init__(self, artifacts: Artifacts, download_s: int = limits.DOWNLOAD_LINK_S) -> None:
        self._artifacts, self._download_s = artifacts, download_s

    def verbs(self) -> Verbs:
        """The verbs whose message says everything; those that have a path in the address are the methods below."""
        return {
            "create_presigned_upload_url": Verb(self.link_to_write, check_upload),
            "create_presigned_download_url": Verb(self.link_to_read, check_download),
        }

    @property
    def has_parts(self) -> bool:
        """Whether the proxy's destination takes uploads in parts."""
        direct = self._artifacts.served.direct if self._artifacts.serves else None
        return direct is not None and direct.takes_parts

    @property
    def has_links(self) -> bool:
        """Whether there are links to the proxy's destination."""
        return self._artifacts.serves and self._artifacts.served.direct is not None

    async def begin(
        self, folder: str, message: messages.CreateMultipartUpload
    ) -> messages.CreateMultipartUploadResponse:
        """Begins an upload in parts to the proxy's destination."""
        path = _target(folder, message.path)
        direct = _direct(self._artifacts.served, "Multipart upload")
        count = 1 if message.num_parts is None else message.num_parts
        check_range("num_parts", count, 1, limits.UPLOAD_PARTS_MOST)
        upload_id, links = await direct.begin(path, count)
        credentials = tuple(
            MultipartUploadCredential(url=link.url, part_number=number, headers=dict(link.headers))
            for number, link in enumerate(links, 1)
        )
        return messages.CreateMultipartUploadResponse(upload_id=upload_id, credentials=credentials)

    async def complete(
        self, folder: str, message: messages.CompleteMultipartUpload
    ) -> messages.CompleteMultipartUploadResponse:
        """Makes a file of what was sent."""
        path = _target(folder, message.path)
        direct = _direct(self._artifacts.served, "Multipart upload")
        await direct.complete(path, require("upload_id", message.upload_id), _parts(message))
        return messages.CompleteMultipartUploadResponse()

    async def abort(self, folder: str, message: messages.AbortMultipartUpload) -> messages.AbortMultipartUploadResponse:
        """Gives an upload up."""
        path = _target(folder, message.path)
        direct = _direct(self._artifacts.served, "Multipart upload")
        await direct.abort(path, require("upload_id", message.upload_id))
        return messages.AbortMultipartUploadResponse()

    async def link_to_proxied(self, path: str) -> messages.GetPresignedDownloadUrlResponse:
        """A link to a file of the proxy's destination."""
        at = SafeRelPath.parse(require("artifact_path", path))
        store = self._artifacts.served
        direct = _direct(store, "Multipart download")
        size = await _size(store, at)
        link = await direct.link_to_read(at, self._download_s)
        return messages.GetPresignedDownloadUrlResponse(url=link.url, headers=dict(link.headers), file_size=size)

    async def link_to_read(
        self, message: messages.CreatePresignedDownloadUrl
    ) -> messages.CreatePresignedDownloadUrlResponse:
        """A link to a file of a run that is in a bucket by its own location."""
        uri = await self._artifacts.of_run(require("run_id", message.run_id))
        store, path = self._in_bucket(uri, require("path", message.path), "Presigned download")
        direct = _direct(store, "Presigned download")
        size = await _size(store, path)
        link = await direct.link_to_read(path, message.expiration or self._download_s)
        return messages.CreatePresignedDownloadUrlResponse(
            presigned_url=link.url, headers=dict(link.headers), file_size=size
        )

    async def link_to_write(
        self, message: messages.CreatePresignedUploadUrl
    ) -> messages.CreatePresignedUploadUrlResponse:
        """A link to a file to be, of a run or a model that is in a bucket by its own location."""
        name = require("path", message.path)
        uri = await (
            self._artifacts.of_run(message.run_id)
            if message.run_id
            else self._artifacts.of_model(require("model_id", message.model_id))
        )
        store, path = self._in_bucket(uri, name, "Presigned upload")
        direct = _direct(store, "Presigned upload")
        link = await direct.link_to_write(path, message.expiration or UPLOAD_S, content_type(path.name))
        return messages.CreatePresignedUploadUrlResponse(presigned_url=link.url, headers=dict(link.headers))

    def _in_bucket(self, uri: str, path: str, what: str) -> tuple[ArtifactStore, SafeRelPath]:
        below = SafeRelPath.parse(path)
        if PROXIED.match(uri):
            # COMPAT: mlflow 3.17 makes no such links either; who goes through the proxy has no other way.
            raise NotDirect(what)
        store, root = self._artifacts.locate(uri)
        return store, root / below


def check_upload(message: messages.CreatePresignedUploadUrl) -> messages.CreatePresignedUploadUrl:
    """One owner, a path, and for how long."""
    SafeRelPath.parse(require("path", message.path))
    if bool(message.run_id) == bool(message.model_id):
        given = [id_ for id_ in (message.run_id, message.model_id) if id_]
        raise InvalidParameter("run_id", given, "given, or model_id instead, and not both")
    _check_expiration(message.expiration)
    return message


def check_download(message: messages.CreatePresignedDownloadUrl) -> messages.CreatePresignedDownloadUrl:
    """A run, a path, and for how long."""
    require("run_id", message.run_id)
    SafeRelPath.parse(require("path", message.path))
    _check_expiration(message.expiration)
    return message


def _check_expiration(seconds: int | None) -> None:
    if seconds is not None:
        check_range("expiration", seconds, 1, limits.LINK_S_MOST)


def _direct(store: ArtifactStore, what: str) -> Direct:
    if store.direct is None:
        raise NoDirectTransfer(what)
    return store.direct


async def _size(store: ArtifactStore, path: SafeRelPath) -> int:
    """The size of a file, which so must be there."""
    reader = await store.open(path)
    await reader.close()
    return reader.size_bytes


def _parts(message: messages.CompleteMultipartUpload) -> list[Part]:
    parts: list[Part] = []
    for i, part in enumerate(message.parts):
        number = part.part_number or 0
        check_range(f"parts[{i}].part_number", number, 1, limits.UPLOAD_PARTS_MOST)
        if parts and number <= parts[-1].number:
            raise InvalidParameter(f"parts[{i}].part_number", number, "larger than that of the part before")
        parts.append(Part(number, part.etag or ""))
    if not parts:
        raise InvalidParameter("parts", "[]", "the parts that were sent")
    return parts


def _target(folder: str, file: str | None) -> SafeRelPath:
    """Where an upload goes: into a folder, under the name that the file has on the client's machine.

    COMPAT: mlflow's clients send the path of the file on their own machine, which may be one of Windows.
    """
    name = require("path", file)
    name = name.rpartition("/")[2] if "/" in name else name.rpartition("\\")[2]
    return SafeRelPath.normalize(folder) / SafeRelPath.parse(require("path", name))
