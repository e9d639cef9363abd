"""The connection to a MongoDB: what is sent to it, how long it may take, and what its errors become.

Every command goes through a method of :class:`Database`, so deadline, back-off and translation of errors are said
once. Reads and writes that the caller sees confirmed are confirmed by a majority of the replica set, on disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

import pymongo
from bson import ObjectId
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, IndexModel, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidURI,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)
from pymongo.monitoring import CommandListener

from genesis_flow.errors import (
    DocumentFull,
    GenesisFlowError,
    StorageFull,
    StoreBusy,
    StoreFailed,
    StoreUnreachable,
    UnsupportedLocation,
)
from genesis_flow.rules.stages import REMOVED
from genesis_flow.stores.mongo.profile import Profile, profile_of, retry_after_s

log = logging.getLogger("genesis_flow.stores")

T = TypeVar("T")
Document = dict[str, Any]
Filter = Mapping[str, Any]
Sort = Sequence[tuple[str, int]]

DEFAULT_NAME = "genesis_flow"
DEADLINE_S = 20.0
"""For one command with all the retries of the driver, unless the URI says another ``timeoutMS``."""
COMPATIBLE_OPTIONS = {"appname": "genesis-flow", "serverSelectionTimeoutMS": 15_000, "connectTimeoutMS": 5_000}
RETRY_PAUSE_S = 0.05
FINISH_S = 1.0
INDEX_DEADLINE_S = 3_600.0
# One round trip for what mostly is one page.
BATCH = 5_000

SHARDS_KEPT = 50_000

TOO_LARGE = frozenset({10334, 17280, 17419, 17420})
DUPLICATE = 11000
NO_SPACE = 14031
REFUSED = frozenset({13, 18, 8000})
OUT_OF_TIME = frozenset({50, 64, 262})


class Database:
    """A database of a MongoDB, used on one event loop.

    Args:
        uri: ``mongodb://`` or ``mongodb+srv://``, with everything the driver takes, and ``profile``.
        event_listeners: told of every command, as the driver does it.
        only_reads: whether what a change has left to do, because its writer was cut off, is left so.

    Attributes:
        carried_out: revisions of registered models of which nothing is left to do but to say so in their documents.

    Raises:
        UnsupportedLocation: the URI cannot be understood.
    """

    def __init__(self, uri: str, *, event_listeners: Sequence[CommandListener] = (), only_reads: bool = False) -> None:
        self.profile: Profile
        self.profile, bare = profile_of(uri)
        try:
            self._client: AsyncMongoClient[Document] = AsyncMongoClient(
                bare, connect=False, event_listeners=event_listeners, **self._defaults(bare)
            )
            self._database = self._client.get_default_database(DEFAULT_NAME, write_concern=self._concern())
        except (InvalidURI, ConfigurationError, ValueError) as error:
            scheme = uri.partition(":")[0]
            raise UnsupportedLocation(scheme, f"The driver cannot read the URI: {_without_uri(error, uri)}") from None
        self._shards: dict[str, int] = {}
        self._later: set[asyncio.Task[None]] = set()
        self.carried_out: set[ObjectId] = set()
        self.only_reads = only_reads
        given = self._client.options.timeout
        self._deadline_s = DEADLINE_S if given is None else float(given)

    def _defaults(self, uri: str) -> dict[str, Any]:
        options = COMPATIBLE_OPTIONS | self.profile.options
        return {name: value for name, value in options.items() if f"{name.lower()}=" not in uri.lower()}

    def _concern(self) -> WriteConcern:
        # An answer of 200 is on disk, and stays there when the primary is lost; a URI cannot weaken that.
        wtimeout = self._client.options.write_concern.document.get("wtimeout")
        return WriteConcern("majority", j=True, wtimeout=wtimeout)

    def of_run(self, run_id: str) -> Document:
        """The filter for a run's document, by its shard too, if that is known: a run never moves."""
        experiment = self._shards.get(run_id)
        return {"_id": run_id} if experiment is None else {"_id": run_id, "experiment": experiment}

    def of_runs(self, run_ids: Sequence[str]) -> Document:
        """The filter for the documents of several runs, by their shards too, if all of them are known."""
        by_id: Document = {"_id": {"$in": list(run_ids)}}
        if not all(run_id in self._shards for run_id in run_ids):
            return by_id
        return by_id | {"experiment": {"$in": sorted({self._shards[run_id] for run_id in run_ids})}}

    async def find_run(self, run_id: str, fields: Mapping[str, Any]) -> Document | None:
        """These fields of the document of a run that is not being removed, whose shard is known then."""
        found = await self.find_one("runs", self.of_run(run_id), {**fields, "experiment": True, "stage": True})
        if found is not None:
            self.remember(run_id, int(found["experiment"]))
        return found if found is not None and found["stage"] != REMOVED else None

    def remember(self, run_id: str, experiment: int) -> None:
        """Notes the shard of a run."""
        if len(self._shards) >= SHARDS_KEPT:
            self._shards.clear()
        self._shards[run_id] = experiment

    def collection(self, name: str) -> AsyncCollection[Document]:
        """A collection as the driver has it, for what is not a hot path."""
        return self._database.get_collection(name, codec_options=CodecOptions(document_class=dict))

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Does work for which nobody waits, and which whoever comes next does if it fails."""
        task = asyncio.create_task(work, name="mongo-later")
        self._later.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._later.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.debug("left to whoever comes next: %s", error)

    async def finish(self) -> None:
        """Waits for what is done later."""
        if self._later:
            await asyncio.wait(self._later)

    async def close(self) -> None:
        """Frees the connections; work that is not done in a moment stays undone."""
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.finish(), FINISH_S)
        for task in self._later:
            task.cancel()
        await self.finish()
        await self._client.close()

    # --- commands ---------------------------------------------------------------------------------------------

    async def call(self, command: Callable[[], Awaitable[T]], *, seconds: float | None = None) -> T:
        """Sends a command that may be sent again; its errors are ours.

        Raises:
            GenesisFlowError, DuplicateKeyError, BulkWriteError: the last two as the driver has them.
        """
        deadline = time.monotonic() + (self._deadline_s if seconds is None else seconds)
        while True:
            try:
                with pymongo.timeout(max(0.001, deadline - time.monotonic())):
                    return await command()
            except (DuplicateKeyError, BulkWriteError):
                raise
            except PyMongoError as error:
                wait = _pause_s(error)
                if wait is None or time.monotonic() + wait > deadline:
                    raise translated(error) from error
                await asyncio.sleep(wait)

    async def find(
        self,
        collection: str,
        filter: Filter,
        fields: Mapping[str, Any] | None = None,
        *,
        sort: Sort | None = None,
        skip: int = 0,
        limit: int = 0,
    ) -> list[Document]:
        """The documents that match, without the first ``skip``; ``limit`` 0 is all of them."""

        async def command() -> list[Document]:
            cursor = self.collection(collection).find(
                filter, fields, sort=sort, skip=skip, limit=limit, batch_size=min(limit, BATCH) if limit else BATCH
            )
            if sort and self.profile.sorts_on_disk:
                cursor.allow_disk_use(True)
            return await cursor.to_list()

        return await self.call(command)

    async def find_one(
        self, collection: str, filter: Filter, fields: Mapping[str, Any] | None = None
    ) -> Document | None:
        """A document that matches."""
        return await self.call(lambda: self.collection(collection).find_one(filter, fields))

    async def count(self, collection: str, filter: Filter) -> int:
        """How many documents match."""
        return await self.call(lambda: self.collection(collection).count_documents(filter))

    async def aggregate(self, collection: str, pipeline: Sequence[Mapping[str, Any]]) -> list[Document]:
        """What the pipeline makes."""

        async def command() -> list[Document]:
            options: dict[str, Any] = {"allowDiskUse": True} if self.profile.sorts_on_disk else {}
            cursor = await self.collection(collection).aggregate(list(pipeline), batchSize=BATCH, **options)
            return await cursor.to_list()

        return await self.call(command)

    async def insert(self, collection: str, document: Document) -> None:
        """Adds a document.

        Raises:
            DuplicateKeyError: a unique index has its keys.
        """
        await self.call(lambda: self.collection(collection).insert_one(document))

    async def update(self, collection: str, filter: Filter, change: Mapping[str, Any], *, upsert: bool = False) -> int:
        """Changes the document that matches; how many did."""
        result = await self.call(lambda: self.collection(collection).update_one(filter, change, upsert=upsert))
        return result.matched_count

    async def update_all(self, collection: str, filter: Filter, change: Mapping[str, Any]) -> int:
        """Changes every document that matches; how many did. Not one step: others may see some of them changed."""
        result = await self.call(lambda: self.collection(collection).update_many(filter, change))
        return result.matched_count

    async def delete_all(self, collection: str, filter: Filter) -> None:
        """Removes every document that matches; what another attempt has removed already is removed."""
        await self.call(lambda: self.collection(collection).delete_many(filter))

    async def bulk(self, collection: str, writes: Sequence[Any]) -> int:
        """Sends writes together, in no order, under one acknowledgement; how many documents the updates met.

        Raises:
            BulkWriteError: some of them failed; the others are done.
        """
        result = await self.call(lambda: self.collection(collection).bulk_write(writes, ordered=False))
        return result.matched_count

    async def bulk_again(self, collection: str, writes: Sequence[Any]) -> None:
        """Sends writes that may be made again until each of them is done.

        One whose document another attempt, or another server, has inserted is done. A database that limits the work
        of a second takes some of a bulk and says of the others when to come back.

        Raises:
            StoreBusy: some were refused for another reason, or for too long.
        """
        deadline = time.monotonic() + self._deadline_s
        left = list(writes)
        while left:
            try:
                await self.bulk(collection, left)
                return
            except BulkWriteError as error:
                refused = [one for one in error.details.get("writeErrors", ()) if one.get("code") != DUPLICATE]
                waits = [retry_after_s(one.get("code"), one.get("errmsg", "")) for one in refused]
                wait = max((wait for wait in waits if wait is not None), default=0.0)
                late = time.monotonic() + wait > deadline
                if None in waits or late or error.details.get("writeConcernErrors"):
                    raise StoreBusy from error
                left = [left[one["index"]] for one in refused]
                await asyncio.sleep(wait)

    async def command(self, *command: Any, **options: Any) -> Document:
        """Runs a command of the database."""
        return await self.call(lambda: self._database.command(*command, **options))

    async def make_indexes(self, collection: str, models: Sequence[IndexModel]) -> None:
        """Makes indexes that do not exist; building one may take its time."""
        await self.call(lambda: self.collection(collection).create_indexes(list(models)), seconds=INDEX_DEADLINE_S)

    async def index_names(self, collection: str) -> set[str]:
        """The names of the indexes of a collection."""

        async def command() -> set[str]:
            return set(await self.collection(collection).index_information())

        return await self.call(command)

    async def collection_names(self) -> list[str]:
        """The names of the collections."""
        return await self.call(lambda: self._database.list_collection_names())


def _pause_s(error: PyMongoError) -> float | None:
    """After which time a command may be sent again that failed so; None, if it may not."""
    if error.timeout or isinstance(error, ServerSelectionTimeoutError):
        return None  # the time is up
    if isinstance(error, AutoReconnect) or error.has_error_label("RetryableWriteError"):
        return RETRY_PAUSE_S
    return retry_after_s(getattr(error, "code", None), str(error))


def translated(error: PyMongoError) -> GenesisFlowError:
    """A driver's error as one of ours."""
    code = getattr(error, "code", None)
    if isinstance(error, DocumentTooLarge) or code in TOO_LARGE:
        return DocumentFull()
    if code == NO_SPACE:
        return StorageFull()
    if code in REFUSED:
        return StoreUnreachable("the database refuses the server's credentials")
    if isinstance(error, ServerSelectionTimeoutError):
        return StoreUnreachable("no member of the database's cluster that can do this answers")
    if isinstance(error, (ExecutionTimeout, WaitQueueTimeoutError)) or code in OUT_OF_TIME or error.timeout:
        return StoreBusy()
    if isinstance(error, (AutoReconnect, ConnectionFailure)):
        return StoreUnreachable("the connection to the database was lost")
    if isinstance(error, OperationFailure) and error.has_error_label("RetryableWriteError"):
        return StoreUnreachable("the database is choosing a new primary")
    if retry_after_s(code, str(error)) is not None:
        return StoreBusy()
    return StoreFailed()


def _without_uri(error: Exception, uri: str) -> str:
    """What the driver said, unless it repeats the URI, which may hold a password."""
    said = str(error).split("\n")[0]
    secrets = [part for part in uri.partition("//")[2].partition("@")[0].split(":") if part]
    return said if not any(part in said for part in secrets) else "check its user, password and options"
