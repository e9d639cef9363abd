"""The steps of MongoDB from one version of the schema to the next.

Steps are made by one server at a time, under a lease that ends by itself when the server does; the others wait. Every
step can be made again where it was cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence

from bson import Binary
from pymongo import IndexModel
from pymongo.errors import DuplicateKeyError

from genesis_flow.errors import ForeignDatabase, StoreBusy
from genesis_flow.rules.clock import Clock
from genesis_flow.rules.ids import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME
from genesis_flow.rules.locations import joined
from genesis_flow.stores import versions
from genesis_flow.stores.keys import BLOCK_VALUES, RUNS_IN_A_BLOCK
from genesis_flow.stores.mongo import experiments, keys
from genesis_flow.stores.mongo.database import Database
from genesis_flow.stores.mongo.indexes import INDEXES, PROPERTIES, Index
from genesis_flow.stores.mongo.leases import take_lease

log = logging.getLogger("genesis_flow.stores")

OWNER = "genesis-flow"
UPGRADE = "upgrade"
"""The lease of the server that makes the steps."""
LEASE_MS = 60_000
PAUSE_S = 0.2
WAIT_S = 600.0


Step = versions.Step[Callable[[Database], Awaitable[None]]]


async def make_indexes(database: Database) -> None:
    """Makes the indexes that are missing. MongoDB builds them while others read and write."""
    most = database.profile.most_index_fields
    for collection in dict.fromkeys(index.collection for index in INDEXES):
        models = [
            IndexModel(list(index.keys[:most]), name=index.name, **({"unique": True} if index.unique else {}))
            for index in INDEXES
            if index.collection == collection
        ]
        await database.make_indexes(collection, models)


async def count_keys(database: Database) -> None:
    """Puts the runs that are there into blocks, whose keys are counted when there is time."""
    await make_indexes(database)
    if "by_unsettled" in await database.index_names("runs"):
        await database.collection("runs").drop_index("by_unsettled")
    for experiment in await database.find("experiments", {}, {"_id": True}):
        of_experiment = {"experiment": int(experiment["_id"])}
        newest = await database.find(keys.BLOCKS, of_experiment, {"block": True}, sort=[("block", -1)], limit=1)
        number = int(newest[0]["block"]) + 1 if newest else 0
        without = of_experiment | {"block": None}
        while found := await database.find("runs", without, {"_id": True}, limit=RUNS_IN_A_BLOCK):
            # The block first: a run that names one is looked for nowhere else.
            block = of_experiment["experiment"], number
            await keys.recount(database, [block], {block: BLOCK_VALUES})
            ids = {"_id": {"$in": [one["_id"] for one in found]}}
            await database.update_all("runs", without | ids, {"$set": {"block": number}})
            number += 1


STEPS: tuple[Step, ...] = (
    Step(1, "make the collections and their indexes", 1, make_indexes),
    # A server of version 1 would settle a run and not tell its block.
    Step(2, "count the keys of experiments", 2, count_keys),
)


async def version_of(database: Database) -> tuple[int, int]:
    """The version of the schema and the oldest that may write; 0 for a database without ours.

    Raises:
        ForeignDatabase: it has collections of another program, and is not touched.
    """
    found = await database.find_one(PROPERTIES, {"_id": "schema"})
    if found is not None:
        return int(found["version"]), int(found["oldest_writer"])
    names = set(await database.collection_names())
    if names and PROPERTIES not in names:
        raise ForeignDatabase("another program")
    return 0, 0


async def plan(database: Database, steps: Sequence[Step] = STEPS) -> list[Step]:
    """The steps that are missing.

    Raises:
        NewerDatabase: the database does not let a version as old as this one work on it.
    """
    return versions.missing(steps, *await version_of(database))


async def upgrade(database: Database, clock: Clock, steps: Sequence[Step] = STEPS) -> None:
    """Makes the missing steps, or waits for the server that makes them."""
    holder = secrets.token_hex(8)
    for _ in range(int(WAIT_S / PAUSE_S)):
        if not await plan(database, steps):
            return
        now_ms = clock()
        if await take_lease(database, UPGRADE, holder, now_ms + LEASE_MS, now_ms):
            try:
                for step in await plan(database, steps):
                    log.info("The database goes to version %d: %s.", step.version, step.purpose)
                    await step.run(database)
                    await _record(database, step, clock())
            finally:
                await database.update(PROPERTIES, {"_id": UPGRADE, "holder": holder}, {"$set": {"until": 0}})
            return
        await asyncio.sleep(PAUSE_S)
    raise StoreBusy


async def _record(database: Database, step: Step, now_ms: int) -> None:
    fields = {"owner": OWNER, "version": step.version, "oldest_writer": step.oldest_writer}
    done = {"version": step.version, "purpose": step.purpose, "done_ms": now_ms}
    await database.update(PROPERTIES, {"_id": "schema"}, {"$set": fields, "$push": {"steps": done}}, upsert=True)


async def prepare(database: Database, *, artifact_root: str, clock: Clock, steps: Sequence[Step] = STEPS) -> bytes:
    """Makes the database what this version works on; the secret that signs page tokens.

    Raises:
        ForeignDatabase, NewerDatabase
    """
    await upgrade(database, clock, steps)
    if missing := await missing_indexes(database):
        log.warning(
            "The database lacks indexes, which are made now: %s.",
            ", ".join(index.name for index in missing),
        )
        await make_indexes(database)
    new = {"value": Binary(secrets.token_bytes(32))}
    await _put_once(database, PROPERTIES, {"_id": "token_secret"}, new)
    key = int(DEFAULT_EXPERIMENT_ID)
    document = experiments.new_document(
        key, DEFAULT_EXPERIMENT_NAME, joined(artifact_root, DEFAULT_EXPERIMENT_ID), {}, clock()
    )
    document.pop("_id")
    await _put_once(database, "experiments", {"_id": key}, document)
    found = await database.find_one(PROPERTIES, {"_id": "token_secret"})
    assert found is not None  # written above
    return bytes(found["value"])


async def _put_once(database: Database, collection: str, of: dict[str, object], fields: dict[str, object]) -> None:
    if await database.find_one(collection, of, {"_id": True}) is not None:
        return
    with contextlib.suppress(DuplicateKeyError):  # another server was first
        await database.update(collection, of, {"$setOnInsert": fields}, upsert=True)


async def missing_indexes(database: Database) -> list[Index]:
    """The indexes that should exist and do not."""
    missing: list[Index] = []
    for collection in dict.fromkeys(index.collection for index in INDEXES):
        names = await database.index_names(collection)
        missing += [index for index in INDEXES if index.collection == collection and index.name not in names]
    return missing
