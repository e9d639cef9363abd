"""Listings of artifacts: a whole directory for those who know no pages, and pages for those who ask."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from genesis_flow.artifact_stores.protocol import ArtifactStore, FileInfo
from genesis_flow.errors import NotFound
from genesis_flow.rules import limits
from genesis_flow.rules.page_tokens import make_token, read_token
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.rules.texts import check_range
from genesis_flow.stores.protocol import Signing, Store
from genesis_flow.wire.messages import extended

LOOKS_AT_ONCE = 16
"""How many files are looked at for their digests at the same time."""


class Asked(Protocol):
    """What every message that asks for a listing says beside the place."""

    @property
    def page_token(self) -> str | None: ...
    @property
    def max_results(self) -> int | None: ...
    @property
    def digests(self) -> bool | None: ...


class Listing:
    """Lists directories.

    Args:
        store: lends its key for page tokens, so that servers that share it take each other's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._own_secret = secrets.token_bytes(32)

    async def list(
        self, store: ArtifactStore, root: SafeRelPath, path: SafeRelPath, asked: Asked, place: Any
    ) -> tuple[tuple[extended.FileInfo, ...], str | None]:
        """The entries of a directory, and the token of the next page if there is one.

        Args:
            store: where it is.
            root: what the paths of the entries are told from.
            path: the directory, from the root of the store.
            asked: how much of it.
            place: what a page token is good for, as anything JSON can hold.

        Raises:
            InvalidPageToken: the token is of another listing.
        """
        if asked.max_results is None and not asked.page_token:
            return await self._told(store, root, await store.list(path), asked), None
        limit = limits.LIST_ARTIFACTS_MOST if asked.max_results is None else asked.max_results
        check_range("max_results", limit, 1, limits.LIST_ARTIFACTS_MOST)
        secret, query = await self._secret(), ["artifacts", place, str(path)]
        position = read_token(secret, query, asked.page_token) if asked.page_token else ""
        page = await store.list_page(path, limit, position)
        token = make_token(secret, query, page.position) if page.position is not None else None
        return await self._told(store, root, page.files, asked), token

    async def _secret(self) -> bytes:
        return await self._store.token_secret() if isinstance(self._store, Signing) else self._own_secret

    async def _told(
        self, store: ArtifactStore, root: SafeRelPath, found: Sequence[FileInfo], asked: Asked
    ) -> tuple[extended.FileInfo, ...]:
        digests = await _digests(store, found) if asked.digests else {}
        return tuple(
            extended.FileInfo(
                path=str(info.path.relative_to(root)),
                is_dir=info.is_dir,
                file_size=info.file_size or None,
                sha256=digests.get(info.path),
            )
            for info in found
        )


async def _digests(store: ArtifactStore, found: Sequence[FileInfo]) -> dict[SafeRelPath, str | None]:
    """What is known of the digests of files; one that is gone by now has none."""
    turns = asyncio.Semaphore(LOOKS_AT_ONCE)
    digests: dict[SafeRelPath, str | None] = {}

    async def look(path: SafeRelPath) -> None:
        async with turns:
            with suppress(NotFound):
                reader = await store.open(path)
                digests[path] = reader.sha256
                await reader.close()

    await asyncio.gather(*(look(info.path) for info in found if not info.is_dir))
    return digests
