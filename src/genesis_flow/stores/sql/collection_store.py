"""How the removal of the deleted runs on a relational database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

from genesis_flow.stores.collecting import Deleted, Kind
from genesis_flow.stores.sql import collection
from genesis_flow.stores.sql.running import Running


class SqlCollection(Running):
    """A part of ``SqlStore``."""

    async def list_deleted(
        self, kind: Kind, before_ms: int, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        return await self._database.scan(lambda c: collection.list_deleted(c, kind, before_ms, limit, after))

    async def list_within(
        self, kind: Kind, experiment_id: str, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        return await self._database.scan(lambda c: collection.list_within(c, kind, experiment_id, limit, after))

    async def find(self, kind: Kind, ids: Sequence[str]) -> Sequence[Deleted]:
        return await self._database.scan(lambda c: collection.find(c, kind, ids))

    async def take(self, found: Sequence[Deleted]) -> Sequence[Deleted]:
        return await self._database.write(lambda c: collection.take(c, found))

    async def remove(self, taken: Sequence[Deleted]) -> None:
        await self._remove(taken, None)

    async def retain(self, taken: Sequence[Deleted], now_ms: int) -> None:
        await self._remove(taken, now_ms)

    async def _remove(self, taken: Sequence[Deleted], retain_ms: int | None) -> None:
        for kind in collection.NOUNS:
            await self._remove_kind(kind, [one for one in taken if one.kind == kind], retain_ms)

    async def _remove_kind(self, kind: Kind, taken: Sequence[Deleted], retain_ms: int | None) -> None:
        keys = await self._database.scan(lambda c: collection.keys_of(c, kind, taken)) if taken else []
        more = bool(keys)
        while more:
            more = await self._database.write(lambda c: collection.remove_some(c, kind, keys, retain_ms))

    async def needed(self) -> AsyncIterator[Sequence[str]]:
        last = 0
        while rows := await self._database.scan(partial(collection.locations, last=last)):
            last = rows[-1][0]
            yield [location for _, location in rows]

    async def lease(self, name: str, holder: str, until_ms: int, now_ms: int) -> bool:
        return await self._database.write(lambda c: collection.lease(c, name, holder, until_ms, now_ms))
