"""How the removal of the deleted runs on MongoDB."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from genesis_flow.stores.collecting import Deleted, Kind
from genesis_flow.stores.mongo import collection
from genesis_flow.stores.mongo.leases import take_lease
from genesis_flow.stores.mongo.prepared import Prepared


class MongoCollection(Prepared):
    """A part of ``MongoStore``."""

    async def list_deleted(
        self, kind: Kind, before_ms: int, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        return await collection.list_deleted(await self._ready(), kind, before_ms, limit, after)

    async def list_within(
        self, kind: Kind, experiment_id: str, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        return await collection.list_within(await self._ready(), kind, experiment_id, limit, after)

    async def find(self, kind: Kind, ids: Sequence[str]) -> Sequence[Deleted]:
        return await collection.find(await self._ready(), kind, ids)

    async def take(self, found: Sequence[Deleted]) -> Sequence[Deleted]:
        return await collection.take(await self._ready(), found)

    async def remove(self, taken: Sequence[Deleted]) -> None:
        await collection.remove(await self._ready(), taken, None)

    async def retain(self, taken: Sequence[Deleted], now_ms: int) -> None:
        await collection.remove(await self._ready(), taken, now_ms)

    async def needed(self) -> AsyncIterator[Sequence[str]]:
        async for locations in collection.locations(await self._ready()):
            yield locations

    async def lease(self, name: str, holder: str, until_ms: int, now_ms: int) -> bool:
        return await take_lease(await self._ready(), f"lease:{name}", holder, until_ms, now_ms)
