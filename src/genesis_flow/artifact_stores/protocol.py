"""What every artifact store can do, and the values it answers with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from genesis_flow.rules.paths import SafeRelPath

BLOCK_BYTES = 512 * 1024
"""How much of a file a store moves at once, and all of it that it holds in memory."""

Capability = Literal["folders", "snapshots"]
"""What some stores do beyond the protocol.

``folders``: a path is a file or a directory and never both, because directories are things of their own.
``snapshots``: a reader keeps its content from the moment it was opened, not only from its first bytes.
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was stored.

    Attributes:
        size_bytes: its size.
        sha256: the digest of its bytes, in hexadecimal.
    """

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Usage:
    """How much there is, or was.

    Attributes:
        objects: the number of files.
        size_bytes: their size.
    """

    objects: int = 0
    size_bytes: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.objects + other.objects, self.size_bytes + other.size_bytes)

    def __sub__(self, other: Usage) -> Usage:
        return Usage(self.objects - other.objects, self.size_bytes - other.size_bytes)


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One entry of a directory.

    Attributes:
        path: from the root of the store, so that it can be asked for as it is.
        is_dir: a directory rather than a file.
        file_size: in bytes; None for a directory.
    """

    path: SafeRelPath
    is_dir: bool
    file_size: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a directory.

    Attributes:
        files: its entries.
        position: what the next page is asked for with; None at the end of the directory.
    """

    files: Sequence[FileInfo]
    position: str | None


@dataclass(frozen=True, slots=True)
class Link:
    """An address with which its holder may do one thing for a while.

    Attributes:
        url: the address, which is a secret.
        headers: what the request must say.
    """

    url: str = field(repr=False)
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an upload that its sender calls sent.

    Attributes:
        number: from 1.
        etag: what the bucket answered to it.
    """

    number: int
    etag: str


class Direct(Protocol):
    """Transfers between clients and the bucket, past this server."""

    @property
    def takes_parts(self) -> bool:
        """Whether there are uploads in parts."""

    async def begin(self, path: SafeRelPath, parts: int) -> tuple[str, Sequence[Link]]:
        """Begins an upload in parts: its id, and a link to ``PUT`` each part, in order.

        Nothing is to be seen of it until it is complete.

        Raises:
            NoDirectTransfer: there are none here.
        """

    async def complete(self, path: SafeRelPath, upload_id: str, parts: Sequence[Part]) -> None:
        """Makes a file of the parts of an upload, in one step.

        Raises:
            UploadNotFound: there is no such upload, or it is over.
            UploadIncomplete: these are not the parts that were sent.
        """

    async def abort(self, path: SafeRelPath, upload_id: str) -> None:
        """Gives an upload up.

        Raises:
            UploadNotFound: there is no such upload, or it is over.
        """

    async def link_to_write(self, path: SafeRelPath, expires_s: int, content_type: str) -> Link:
        """A link to ``PUT`` a whole file of this type."""

    async def link_to_read(self, path: SafeRelPath, expires_s: int) -> Link:
        """A link to ``GET`` a file or ranges of it; whether there is one is not looked at."""


class ArtifactReader(Protocol):
    """A file that was opened: what it gives is of one version, even if another takes its place or it is deleted."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def modified_ms(self) -> int:
        """Milliseconds since the epoch."""

    @property
    def etag(self) -> str:
        """Opaque and without quotes; changes whenever the content may have changed."""

    @property
    def sha256(self) -> str | None:
        """The digest of the whole file in hexadecimal, if it was kept when the file was stored."""

    def chunks(self, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes, None]:
        """The bytes from ``start`` up to but not including ``end`` (the size, if None), in order.

        Closes the reader when it is exhausted, fails or is closed itself, so it can be called once.

        Raises:
            ValueError: not ``0 <= start <= end <= size_bytes``.
            EOFError: the version that was opened is not all there any longer.
        """

    async def close(self) -> None:
        """Lets go of the file; needed only where ``chunks`` is never iterated. Repeating it does nothing."""


class ArtifactStore(Protocol):
    """Files below one root, which no path and no link leads out of."""

    @property
    def supports(self) -> frozenset[Capability]: ...

    @property
    def direct(self) -> Direct | None:
        """The way past this server, if there is one."""

    async def list(self, path: SafeRelPath) -> Sequence[FileInfo]:
        """The entries of a directory, sorted by name; none for a file and for a directory that is not there.

        What no request could ask for is left out: links, devices, names that are no ``SafeRelPath``.
        """

    async def list_page(self, path: SafeRelPath, limit: int, position: str = "") -> Page:
        """At most ``limit`` entries of a directory, for one that is too large to be listed at once.

        Pages come in an order of the store's own. What is there all the time is on one page, and on one only;
        what comes or goes meanwhile may be on one.

        Args:
            path: the directory.
            limit: how many entries, at least one.
            position: that of the page before; empty for the first.
        """

    async def open(self, path: SafeRelPath) -> ArtifactReader:
        """Opens a file to read it.

        Raises:
            ArtifactNotFound: nothing is stored there.
            ArtifactIsDirectory: a directory is.
        """

    async def write(self, path: SafeRelPath, chunks: AsyncIterator[bytes], *, sha256: str | None = None) -> Written:
        """Stores a file, making its directories.

        Atomic: until it returns, readers see the file that was there before, or none; when ``chunks`` or the
        store fails, or the call is cancelled, nothing has changed and nothing is left. Of several writers of
        one path the last to finish wins, whole. When it returns the file is kept.

        Args:
            path: where to.
            chunks: the bytes, in pieces of any size.
            sha256: what their digest must be, in hexadecimal; None takes them as they come.

        Raises:
            DigestMismatch: the bytes have another digest; nothing was stored.
            ArtifactIsDirectory: a directory is at ``path``, in a store with ``folders``.
            InvalidPath: ``path`` leads through a file or a link, or the store cannot have such a name.
            StorageFull: there is no room for it.
        """

    async def usage(self, path: SafeRelPath) -> Usage:
        """How much a file or a directory holds, at any depth; nothing, if it is not there."""

    async def delete(self, path: SafeRelPath) -> Usage:
        """Deletes a file, or a directory and all that is in it; deleting what is not there succeeds.

        What it answers it has deleted itself: of two who delete one directory each tells its part.

        A file vanishes at once, a directory in a store with ``folders`` too; elsewhere its files go one after the
        other, and a failure on the way leaves the rest. Links are deleted, never what they point to.

        Raises:
            InvalidPath: ``path`` is the root of the store.
        """

    async def exists(self, path: SafeRelPath) -> bool:
        """Whether a file or a directory is there."""

    async def close(self) -> None:
        """Ends the store's threads and connections, when what is in flight has finished."""
