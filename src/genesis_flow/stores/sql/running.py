"""How the verbs on a relational database run: each kind of work on the connection that it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from genesis_flow.rules.acting import ACTING
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.stores.sql import documents, outbox
from genesis_flow.stores.sql.connection import Connection, Database
from genesis_flow.stores.sql.migrations import PROPERTY
from genesis_flow.stores.sql.model_notes import Author

M = TypeVar("M")
R = TypeVar("R")


class Running:
    """The part of ``SqlStore``, which says what its arguments are, that its verbs share."""

    def __init__(
        self, database: Database, *, secret: Callable[[], bytes], artifact_root: str, clock: Clock = now_ms
    ) -> None:
        self._database = database
        self._secret = secret
        self._artifact_root = artifact_root
        self._clock = clock

    @property
    def waiting(self) -> int:
        """How many writes wait for a commit."""
        return self._database.waiting

    def watch(self, on_commit: Callable[[int], None]) -> None:
        """Has ``on_commit`` told the number of writes in each commit; it must be quick and thread-safe."""
        self._database.watch(on_commit)

    async def token_secret(self) -> bytes:
        """The key that signs page tokens."""
        return await self._database.read(lambda _: self._secret())

    async def check(self) -> None:
        await self._database.read(lambda connection: connection.row(PROPERTY, name="owner"))

    async def settle(self) -> None:
        """Does the work of quiet moments, without waiting for one."""
        while await self._database.write(documents.settle):
            pass

    async def close(self) -> None:
        await self._database.close()

    async def _read(self, work: Callable[[Connection, M], R], message: M) -> R:
        return await self._database.read(lambda connection: work(connection, message))

    async def _scan(self, work: Callable[[Connection, M], R], message: M) -> R:
        return await self._database.scan(lambda connection: work(connection, message))

    async def _scan_pages(self, work: Callable[..., R], message: Any) -> R:
        return await self._database.scan(lambda connection: work(connection, message, secret=self._secret()))

    async def _write(self, work: Callable[[Connection, M], R], message: M) -> R:
        return await self._database.write(lambda connection: work(connection, message), run_id=_run_of(message))

    async def _write_dated(self, work: Callable[..., R], message: Any) -> R:
        now = self._clock()
        return await self._database.write(
            lambda connection: work(connection, message, now_ms=now), run_id=_run_of(message)
        )

    async def _write_noted(self, work: Callable[..., R], message: Any) -> R:
        by = Author(self._clock(), ACTING.get())

        def noted(connection: Connection) -> R:
            reply = work(connection, message, by=by)
            outbox.tell_of(connection, message, reply, by.at_ms)
            return reply

        return await self._database.write(noted)


def _run_of(message: object) -> str | None:
    """The run that a message is about, if it is about one."""
    return getattr(message, "run_id", None) or getattr(message, "run_uuid", None)
