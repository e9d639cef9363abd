"""Removing the deleted from MongoDB.

A run that is taken gets another revision, so a server that knows it from before reads it again before it writes to it,
and finds that it is gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne

from genesis_flow.rules.stages import ACTIVE, DELETED, REMOVED
from genesis_flow.stores.collecting import Deleted, Kind
from genesis_flow.stores.mongo import keys, registered
from genesis_flow.stores.mongo.database import Database, Document

COLLECTIONS: Mapping[Kind, str] = {"experiment": "experiments", "run": "runs", "model": "models"}
VERSIONS_AT_ONCE = 1_000
LONGEST_NUMBER = 18
_FIELDS = {"experiment": True, "location": True, "uri": True, "stage": True, "deleted": True, "updated": True}
_EMPTY: Mapping[Kind, Document] = {
    "run": {"params": [], "tags": [], "metrics": [], "inputs": [], "models": [], "lookup": {}, "pending": []},
    "model": {"params": [], "tags": []},
    "experiment": {"tags": []},
}
"""What a note does not hold."""


def _at(kind: Kind) -> str:
    """The field that says when something was deleted; nothing changes it afterwards."""
    return "deleted" if kind == "run" else "updated"


def _key(kind: Kind, id_: str) -> Any:
    if kind != "experiment":
        return id_
    return int(id_) if id_.isdecimal() and len(id_) <= LONGEST_NUMBER else -1


def _found(kind: Kind, one: Document) -> Deleted:
    experiment = str(int(one["_id"] if kind == "experiment" else one["experiment"]))
    id_ = experiment if kind == "experiment" else one["_id"]
    location = one["location" if kind == "experiment" else "uri"]
    return Deleted(kind, id_, experiment, location, one["stage"], int(one[_at(kind)] or 0))


async def list_deleted(
    database: Database, kind: Kind, before_ms: int, limit: int, after: Deleted | None
) -> list[Deleted]:
    """A page of what was deleted before a time, and before that of what was taken, each by time and id."""
    if kind == "run":
        return await _page(database, kind, {}, before_ms, limit, after)
    found: list[Deleted] = []
    for stage in (REMOVED, DELETED):
        if after is None or stage == after.stage:
            found += await _page(database, kind, {"stage": stage}, before_ms, limit - len(found), after)
            after = None
        if len(found) == limit:
            break
    return found


async def _page(
    database: Database, kind: Kind, within: Document, before_ms: int, limit: int, after: Deleted | None
) -> list[Deleted]:
    at, found = _at(kind), []
    order = [*((field, 1) for field in within), (at, 1), ("_id", 1)]
    later: Document = {"$lt": before_ms}
    if after is not None:
        # Those of the same moment by their ids, then those of later ones: each a range of the index.
        same = within | {at: after.at_ms, "_id": {"$gt": _key(kind, after.id)}}
        found = await database.find(COLLECTIONS[kind], same, _FIELDS, sort=order, limit=limit)
        later["$gt"] = after.at_ms
    if len(found) < limit:
        left = limit - len(found)
        found += await database.find(COLLECTIONS[kind], within | {at: later}, _FIELDS, sort=order, limit=left)
    return [_found(kind, one) for one in found]


async def list_within(
    database: Database, kind: Kind, experiment_id: str, limit: int, after: Deleted | None
) -> list[Deleted]:
    """A page of what goes with an experiment, by id."""
    asked: Document = {"experiment": int(experiment_id), "_id": {"$gt": after.id if after else ""}}
    if kind == "run":
        asked["stage"] = {"$ne": ACTIVE}
    found = await database.find(COLLECTIONS[kind], asked, _FIELDS, sort=[("_id", 1)], limit=limit)
    return [_found(kind, one) for one in found]


async def find(database: Database, kind: Kind, ids: Sequence[str]) -> list[Deleted]:
    """Those that there are."""
    if not ids:
        return []
    asked = database.of_runs(ids) if kind == "run" else {"_id": {"$in": [_key(kind, id_) for id_ in ids]}}
    found = await database.find(COLLECTIONS[kind], asked, _FIELDS)
    for one in found if kind == "run" else ():
        database.remember(one["_id"], int(one["experiment"]))
    return [_found(kind, one) for one in found]


# --- changes ------------------------------------------------------------------------------------------------------


async def take(database: Database, wanted: Sequence[Deleted]) -> list[Deleted]:
    """Makes those removed that are as they were found."""
    taken: list[Deleted] = []
    for kind, collection in COLLECTIONS.items():
        of_kind = [one for one in wanted if one.kind == kind]
        if not of_kind:
            continue
        if kind == "run":
            await _recount(database, of_kind)
        await database.bulk_again(collection, [_taking(one) for one in of_kind])
        now_taken = {"stage": REMOVED, _at(kind): 0}
        found = await database.find(collection, _among(of_kind) | now_taken, {"_id": True})
        ids = {str(one["_id"]) for one in found}
        taken += [one for one in of_kind if one.id in ids]
    return taken


async def _recount(database: Database, runs: Sequence[Deleted]) -> None:
    """Has the blocks of runs counted anew; what was counted before they were deleted may still stand there."""
    found = await database.find("runs", _among(runs), {"experiment": True, "block": True})
    await keys.recount(database, {(int(one["experiment"]), int(one["block"])) for one in found if "block" in one})


def _taking(one: Deleted) -> UpdateOne:
    at = _at(one.kind)
    fields: Document = {"stage": REMOVED, at: 0, "revision": ObjectId()}
    match one.kind:
        case "run":
            fields["pending"] = []  # or they would be moved to buckets yet
        case "experiment":
            fields["name"] = f"\n{one.id}"  # which none can have, so that its own is free
    as_found = _among([one]) | {"stage": one.stage, at: one.at_ms}
    return UpdateOne(as_found, {"$set": fields, "$unset": {"json": "", "unsettled": ""}})


def _among(those: Sequence[Deleted]) -> Document:
    """The filter for the documents of things of one kind, by their shards too."""
    keys = [_key(one.kind, one.id) for one in those]
    if those[0].kind == "experiment":
        return {"_id": {"$in": keys}}
    return {"experiment": {"$in": sorted({int(one.experiment_id) for one in those})}, "_id": {"$in": keys}}


async def remove(database: Database, taken: Sequence[Deleted], retain_ms: int | None) -> None:
    """Removes what belongs to these, and at last their own documents.

    Args:
        retain_ms: when those are to count as deleted of which a note stays; None keeps none.
    """
    for kind, collection in COLLECTIONS.items():
        of_kind = [one for one in taken if one.kind == kind]
        if not of_kind:
            continue
        theirs = _among(of_kind) | {"stage": REMOVED}
        found = await database.find(collection, theirs, {"inputs.dataset": True, "experiment": True})
        if kind == "experiment":
            found = [one for one in found if retain_ms is not None or await _is_empty(database, one["_id"])]
        if not found:
            continue
        await _remove_parts(database, kind, found)
        still = theirs | {"_id": {"$in": [one["_id"] for one in found]}}
        if retain_ms is None:
            await database.delete_all(collection, still)
        else:
            note = {"$set": {**_EMPTY[kind], _at(kind): retain_ms}}
            await database.update_all(collection, still, note)
        if kind == "run":
            await _remove_datasets(database, found)


async def _is_empty(database: Database, experiment: int) -> bool:
    inside = {"experiment": experiment}
    return not any([await database.find_one(name, inside, {"_id": True}) for name in ("runs", "models")])


async def _remove_parts(database: Database, kind: Kind, found: Sequence[Document]) -> None:
    ids = [one["_id"] for one in found]
    match kind:
        case "run":
            await database.delete_all("points", {"run": {"$in": ids}})
        case "experiment":
            await database.delete_all(keys.BLOCKS, {"experiment": {"$in": ids}})
        case "model":
            experiments = sorted({int(one["experiment"]) for one in found})
            await database.delete_all("model_points", {"experiment": {"$in": experiments}, "model": {"$in": ids}})


async def _remove_datasets(database: Database, runs: Sequence[Document]) -> None:
    """Removes the datasets of these runs that no other one has read.

    Whoever reads one meanwhile links it first and touches it then; so it is removed only if nobody has touched it since
    before it was looked for in other runs.
    """
    keys = {(int(run["experiment"]), link["dataset"]) for run in runs for link in run.get("inputs", ())}
    for experiment, key in sorted(keys):
        of_dataset = {"experiment": experiment, "_id": key}
        stored = await database.find_one("datasets", of_dataset, {"used": True})
        used = {"experiment": experiment, "inputs.dataset": key}
        if stored is not None and await database.find_one("runs", used, {"_id": True}) is None:
            await database.delete_all("datasets", of_dataset | {"used": stored.get("used")})


async def locations(database: Database) -> AsyncIterator[Sequence[str]]:
    """Where the artifacts of the versions of registered models are."""
    await registered.settle_all(database)  # a version that was made may still stand in its model's document alone
    asked: Document = {"gone": False}
    while found := await database.find(
        registered.VERSIONS, asked, {"location": True}, sort=[("_id", 1)], limit=VERSIONS_AT_ONCE
    ):
        asked = {"gone": False, "_id": {"$gt": found[-1]["_id"]}}
        yield [one["location"] for one in found]
