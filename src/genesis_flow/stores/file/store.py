"""The store in MLflow's directory form."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from genesis_flow.errors import ShuttingDown, Unsupported
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.stores.collecting import Deleted, Kind
from genesis_flow.stores.file.collection import Collection, by_time
from genesis_flow.stores.file.disk import read, write
from genesis_flow.stores.file.locks import is_of_registry, is_reading, locked
from genesis_flow.stores.file.places import MODELS, TRASH
from genesis_flow.stores.file.state import FileState, Store
from genesis_flow.stores.folder_errors import FORBIDDEN, translated
from genesis_flow.stores.forwarding import ForwardingStore, Request, Response
from genesis_flow.stores.memory import MemoryStore, finished
from genesis_flow.stores.protocol import Capability
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.operations import Operation

T = TypeVar("T")

SIGNING_FILE = ".genesis-flow-key"
"""The file with the key that signs page tokens."""

_LOG = logging.getLogger(__name__)
_THREADS = 8
_SECRET_BYTES = 32


class FileStore(ForwardingStore):
    """Experiments, runs, logged models and the registry in a folder that MLflow reads and writes, too.

    What a verb means is said by the store in memory, whose verbs work on a state that is read from the folder and
    written back. Who writes to the same run, model or registry waits for each other, on whatever machine he is, if
    the file system knows locks. A verb that fails before it writes has changed nothing; one that is killed while it
    writes may have written a part of a batch, which is completed when it is sent again.

    Args:
        root: the folder; it is made if it is not there.
        artifact_root: below which new experiments get their artifact locations.
        clock: the time.
    """

    supports: frozenset[Capability] = frozenset(
        {"persistent", "concurrent-processes", "collection", "own-files", "unknown-models"}
    )

    def __init__(self, root: str, *, artifact_root: str, clock: Clock = now_ms) -> None:
        self._artifact_root, self._clock = artifact_root, clock
        self._closed = False
        with translated():
            self._store = Store(root)
            self._secret = self._own_secret()
            self._prepare()
        self._collection = Collection(self._store)
        self._listed: dict[Kind, list[Deleted]] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="file-store")

    def _prepare(self) -> None:
        """Makes the default experiment, if there is none at all."""
        try:
            with self._store.disk.locked(()):
                self._store.disk.folder((TRASH,), make=True).close()
                if next(self._store.places.experiments(), None) is None:
                    state = self._state(writing=True)
                    _Verbs(state)._add_default_experiment()
                    state.save()
        except OSError as error:
            if error.errno not in FORBIDDEN:
                raise
            _LOG.warning("the folder of the store cannot be written to; it can be read")

    def _own_secret(self) -> bytes:
        """The key that all who open the store share, or one of our own, if it cannot be read."""
        disk = self._store.disk
        with suppress(PermissionError), disk.folder() as folder:
            for _ in range(2):
                found = read(folder, SIGNING_FILE)
                if found and len(found) == _SECRET_BYTES:
                    return found
                with suppress(OSError), disk.locked(()):
                    if not read(folder, SIGNING_FILE):
                        write(folder, SIGNING_FILE, secrets.token_bytes(_SECRET_BYTES))
                        folder.sync()
        return secrets.token_bytes(_SECRET_BYTES)

    def _state(self, *, writing: bool, with_history: bool = False) -> FileState:
        return FileState(
            self._store, self._secret, self._artifact_root, self._clock, writing=writing, with_history=with_history
        )

    async def call(self, operation: Operation[Request, Response], message: Request) -> Reply[Response]:
        """Answers a verb in a thread, because disks and locks let one wait."""
        if self._closed:
            raise ShuttingDown
        if "webhook" in operation.name:
            raise Unsupported(operation.name)
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, context.run, self._answer, operation.name, message)

    def _answer(self, verb: str, message: Any) -> Any:
        with translated(), locked(self._store.disk, self._store.places, verb, message):
            state = self._state(writing=not is_reading(verb), with_history=is_of_registry(verb))
            reply = finished(getattr(_Verbs(state), verb)(message))
            if not is_reading(verb):
                state.save()
            return reply

    # --- the removal of the deleted ---------------------------------------------------------------------------------

    async def list_deleted(
        self, kind: Kind, before_ms: int, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        # The pages of one list: each of them would look at every run again.
        if after is None or kind not in self._listed:
            self._listed[kind] = await self._in_thread(lambda: self._collection.list_deleted(kind))
        start = by_time(after) if after else (-1, "")
        found = (one for one in self._listed[kind] if one.at_ms < before_ms and by_time(one) > start)
        return list(islice(found, limit))

    async def list_within(
        self, kind: Kind, experiment_id: str, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        found = await self._in_thread(lambda: self._collection.list_within(kind, experiment_id))
        return [one for one in found if after is None or one.id > after.id][:limit]

    async def find(self, kind: Kind, ids: Sequence[str]) -> Sequence[Deleted]:
        return await self._in_thread(lambda: self._collection.find(kind, ids))

    async def take(self, found: Sequence[Deleted]) -> Sequence[Deleted]:
        return await self._in_thread(lambda: self._collection.take(found))

    async def remove(self, taken: Sequence[Deleted]) -> None:
        await self._in_thread(lambda: self._collection.remove(taken))

    async def retain(self, taken: Sequence[Deleted], now_ms: int) -> None:
        await self._in_thread(lambda: self._collection.retain(taken, now_ms))

    async def needed(self) -> AsyncIterator[Sequence[str]]:
        yield await self._in_thread(self._needed)

    def _needed(self) -> list[str]:
        registered = self._state(writing=False).registered
        # Asked for by name, so that one that cannot be read ends the collection: nobody knows what it needs.
        found = (registered.get(name) for name in self._store.disk.folders((MODELS,)))
        return [version.location for one in found if one for version in one.versions.values()]

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._closed:
            raise ShuttingDown

        def done() -> T:
            with translated():
                return work()

        return await asyncio.get_running_loop().run_in_executor(self._threads, done)

    # --- what is no verb ----------------------------------------------------------------------------------------------

    async def token_secret(self) -> bytes:
        """The key that signs page tokens."""
        return self._secret

    async def check(self) -> None:
        """Answers when the folder can be listed."""

        def look() -> None:
            with self._store.disk.folder() as folder:
                folder.names()

        await self._in_thread(look)

    async def close(self) -> None:
        """Finishes what was asked."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)


class _Verbs(MemoryStore):
    """The verbs, on a state that is elsewhere."""

    def __init__(self, state: FileState) -> None:
        self._state = state
