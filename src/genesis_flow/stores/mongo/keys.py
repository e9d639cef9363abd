"""The keys of experiments in MongoDB: what they come to is kept for blocks of runs.

A run joins a block of its experiment when it is settled for the first time, the newest that has room, and stays there.
What the active runs of a block have stands in the block's document (``counted``). It counts only while none of them is
unsettled, which is what a write makes a run, as it always did. Who settles a run takes ``counted`` away first, and
gives the block another version; who counts writes only to the version that he saw. Nothing of it needs a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bson import Binary
from pymongo import UpdateOne

from genesis_flow.rules.stages import ACTIVE
from genesis_flow.stores import keys
from genesis_flow.stores.mongo import experiments
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.head import Head
from genesis_flow.wire.messages import keys as messages
from genesis_flow.wire.messages.keys import KeyKind

BLOCKS = "run_blocks"
MOST_BYTES = 15 * 2**20
"""What is larger does not fit into the block's document, and is counted when it is asked for."""
AT_ONCE = 1_000
_ARRAYS: dict[KeyKind, str] = {"metric": "metrics", "param": "params", "tag": "tags"}

Block = tuple[int, int]
"""An experiment, and the number of a block in it."""


async def list_keys(
    database: Database, message: messages.ListExperimentKeys, *, secret: bytes
) -> messages.ListExperimentKeysResponse:
    """A page of keys; ``ExperimentNotFound``."""
    experiment = int((await experiments.require(database, message.experiment_id))["_id"])
    of_experiment: Document = {"experiment": experiment}
    # In this order: what is settled after this look is not in the blocks that are read next.
    unsettled = await database.find("runs", of_experiment | {"unsettled": True}, {"block": True})
    stored = await database.find(BLOCKS, of_experiment, {"block": True, "counted": True})
    counted = {int(one["block"]): one["counted"] for one in stored if "counted" in one}
    loose = [one["_id"] for one in unsettled if one.get("block") is None]
    again = {int(one["block"]) for one in stored} - counted.keys()
    again |= {int(one["block"]) for one in unsettled if one.get("block") is not None}
    kinds = keys.asked_kinds(message)
    while True:
        runs = await _active(database, experiment, again, loose, kinds)
        # One that joined a block meanwhile, which may have been counted with it.
        joined = {int(run["block"]) for run in runs if run.get("block") is not None} - again
        if not joined:
            break
        again |= joined
    found = [keys.Counted.of(packed) for block, packed in counted.items() if block not in again]
    return keys.page(message, [*found, _count(runs, kinds)], secret)


async def _active(
    database: Database, experiment: int, blocks: Iterable[int], run_ids: Sequence[str], kinds: Iterable[KeyKind]
) -> list[Document]:
    """The active runs of blocks, and of others these, each once."""
    those: list[Document] = []
    if numbers := sorted(blocks):
        those.append({"experiment": experiment, "block": {"$in": numbers}})
    if run_ids:
        those.append({"experiment": experiment, "_id": {"$in": list(run_ids)}})
    fields = {"block": True} | {f"{_ARRAYS[kind]}.{name}": True for kind in kinds for name in "kv"}
    found: dict[str, Document] = {}
    for asked in those:
        found |= {one["_id"]: one for one in await database.find("runs", asked | {"stage": ACTIVE}, fields)}
    return list(found.values())


def _count(runs: Sequence[Document], kinds: Iterable[KeyKind]) -> keys.Counted:
    def entries(array: str) -> Iterable[tuple[str, Any]]:
        return ((entry["k"], entry["v"]) for run in runs for entry in run.get(array, ()))

    return keys.Counted(len(runs), {kind: keys.of_values(kind, entries(_ARRAYS[kind])) for kind in kinds})


# --- the work of quiet moments --------------------------------------------------------------------------------------


async def join_blocks(database: Database, heads: Sequence[Head]) -> set[Block]:
    """Gives runs that are unsettled a block, those that have none, and has all their blocks counted anew.

    A run must have its block while it is still unsettled: who counts would not see it otherwise.
    """
    await _learn(database, [head for head in heads if head.block is None])
    new: dict[int, list[Head]] = {}
    for head in heads:
        if head.block is None:
            new.setdefault(head.experiment, []).append(head)
    sizes: dict[Block, int] = {}
    for experiment, joining in new.items():
        wanted = await _places(database, experiment, joining)
        for head, block in zip(joining, wanted, strict=True):
            sizes[experiment, block] = sizes.get((experiment, block), 0) + _size(head)
        of_run = [
            UpdateOne({"experiment": experiment, "_id": head.run_id, "block": None}, {"$set": {"block": block}})
            for head, block in zip(joining, wanted, strict=True)
        ]
        await database.bulk_again("runs", of_run)
    # Another server may have been first.
    await _learn(database, [head for of_one in new.values() for head in of_one])
    blocks = {(head.experiment, head.block) for head in heads if head.block is not None}
    await recount(database, blocks | sizes.keys(), sizes)
    return blocks


async def _learn(database: Database, heads: Sequence[Head]) -> None:
    """Reads the blocks that these runs have."""
    if not heads:
        return
    experiments_ = sorted({head.experiment for head in heads})
    of_runs = {"experiment": {"$in": experiments_}, "_id": {"$in": [head.run_id for head in heads]}}
    found = await database.find("runs", of_runs, {"block": True})
    blocks = {one["_id"]: int(one["block"]) for one in found if one.get("block") is not None}
    for head in heads:
        head.block = blocks.get(head.run_id)


async def _places(database: Database, experiment: int, joining: Sequence[Head]) -> list[int]:
    """The block of each of these."""
    newest = await database.find(
        BLOCKS, {"experiment": experiment}, {"block": True, "size": True}, sort=[("block", -1)], limit=1
    )
    block, size = (int(newest[0]["block"]), int(newest[0]["size"])) if newest else (0, 0)
    places = []
    for head in joining:
        block, size = keys.joined(block, size, _size(head))
        places.append(block)
    return places


def _size(head: Head) -> int:
    return max(1, len(head.params) + len(head.tags) + len(head.metrics))


async def recount(database: Database, blocks: Iterable[Block], sizes: dict[Block, int] | None = None) -> None:
    """Has blocks counted anew; must be done before a run of theirs stops being unsettled.

    Args:
        sizes: how many values join them.
    """
    updates = [
        UpdateOne(
            _of_block(block),
            {
                "$inc": {"version": 1, "size": (sizes or {}).get(block, 0)},
                "$set": {"uncounted": True},
                "$unset": {"counted": ""},
                "$setOnInsert": {"block": block[1]},
            },
            upsert=True,
        )
        for block in sorted(blocks)
    ]
    if updates:
        await database.bulk_again(BLOCKS, updates)


def _of_block(block: Block) -> Document:
    experiment, number = block
    return {"_id": f"{experiment}.{number}", "experiment": experiment}


async def count(database: Database, block: Block) -> bool:
    """Counts a block; False, if one of its runs is unsettled, or another server settles one meanwhile."""
    experiment, number = block
    stored = await database.find_one(BLOCKS, _of_block(block), {"version": True})
    if stored is None:
        return False
    open_: Document = {"experiment": experiment, "unsettled": True, "block": number}
    if await database.find_one("runs", open_, {"_id": True}) is not None:
        return False
    packed = _count(await _active(database, experiment, [number], (), keys.KINDS), keys.KINDS).packed()
    fields: Document = {"counted": Binary(packed)} if len(packed) <= MOST_BYTES else {}
    change: Document = {"$unset": {"uncounted": ""}} | ({"$set": fields} if fields else {})
    return bool(await database.update(BLOCKS, _of_block(block) | {"version": stored["version"]}, change))


async def left_behind(database: Database) -> list[Block]:
    """Some blocks that nobody has counted."""
    found = await database.find(BLOCKS, {"uncounted": True}, {"experiment": True, "block": True}, limit=AT_ONCE)
    return [(int(one["experiment"]), int(one["block"])) for one in found]
