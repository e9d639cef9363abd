"""What every verb on MongoDB stands on: the database, which is prepared when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from pymongo.monitoring import CommandListener

from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.stores.mongo import migrations
from genesis_flow.stores.mongo.database import Database
from genesis_flow.stores.mongo.indexes import PROPERTIES
from genesis_flow.stores.mongo.settling import Settler
from genesis_flow.stores.mongo.writer import Writer


class Prepared:
    """The part of ``MongoStore``, which says what its arguments are, that its verbs share."""

    def __init__(
        self,
        uri: str,
        *,
        artifact_root: str,
        clock: Clock = now_ms,
        event_listeners: Sequence[CommandListener] = (),
    ) -> None:
        self._database = Database(uri, event_listeners=event_listeners)
        self._writer = Writer(self._database)
        self._settler = Settler(self._database, self._writer)
        self._artifact_root = artifact_root
        self._clock = clock
        self._secret: bytes | None = None
        self._preparing = asyncio.Lock()

    @property
    def database(self) -> Database:
        """The connection, for commands about the database itself."""
        return self._database

    @property
    def waiting(self) -> int:
        """How many writes wait for the bulk that is on its way."""
        return self._writer.waiting

    def watch(self, on_commit: Callable[[int], None]) -> None:
        """Has ``on_commit`` told the number of writes in each bulk."""
        self._writer.on_commit = on_commit

    async def _ready(self) -> Database:
        """The database, prepared."""
        await self.token_secret()
        return self._database

    async def _write(self) -> Writer:
        """The writer of the database, prepared."""
        await self.token_secret()
        return self._writer

    async def token_secret(self) -> bytes:
        """The key that signs page tokens."""
        if self._secret is None:
            async with self._preparing:
                if self._secret is None:
                    self._secret = await migrations.prepare(
                        self._database, artifact_root=self._artifact_root, clock=self._clock
                    )
                    self._settler.start()
        return self._secret

    async def check(self) -> None:
        database = await self._ready()
        await database.find_one(PROPERTIES, {"_id": "schema"})

    async def settle(self) -> None:
        """Puts all in order that this store wrote to, without waiting for a quiet moment."""
        while await self._settler.settle_some(quiet_s=0):
            pass
        await self._settler.count()
        await self._database.finish()

    async def close(self) -> None:
        await self._settler.close()
        await self._writer.close()
        await self._database.close()
