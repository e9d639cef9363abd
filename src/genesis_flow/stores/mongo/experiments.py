"""Experiments in MongoDB. Their ids are made from time and chance, so that no server asks another for the next one."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from genesis_flow.errors import (
    ExperimentExists,
    ExperimentNameNotFound,
    ExperimentNotActive,
    ExperimentNotFound,
    StoreBusy,
    TagNotFound,
)
from genesis_flow.rules.ids import experiment_key
from genesis_flow.rules.locations import joined
from genesis_flow.rules.stages import ACTIVE, DELETED, REMOVED
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.head import pairs
from genesis_flow.values.experiments import Experiment, ExperimentTag
from genesis_flow.wire.messages import experiments as messages

CHANCE = 100_000
ATTEMPTS = 100


def new_key(now_ms: int) -> int:
    """An id of 18 digits: the milliseconds, and a number by chance."""
    return now_ms * CHANCE + secrets.randbelow(CHANCE)


def new_document(key: int, name: str, location: str, tags: dict[str, str], now_ms: int) -> Document:
    """The document of a new experiment."""
    return {
        "_id": key,
        "revision": ObjectId(),
        "name": name,
        "location": location,
        "stage": ACTIVE,
        "created": now_ms,
        "updated": now_ms,
        "tags": pairs(tags),
    }


async def create(
    database: Database, message: messages.CreateExperiment, *, artifact_root: str, now_ms: int
) -> messages.CreateExperimentResponse:
    """Inserts an experiment; without a location of its own it gets a folder of the root, named by its id."""
    tags = {tag.key or "": tag.value or "" for tag in message.tags}
    while True:
        key = new_key(now_ms)
        location = message.artifact_location or joined(artifact_root, str(key))
        document = new_document(key, message.name, location, tags, now_ms)
        try:
            await database.insert("experiments", document)
            return messages.CreateExperimentResponse(experiment_id=str(key))
        except DuplicateKeyError:
            taken = await _named(database, message.name)
            if taken is not None and taken["revision"] != document["revision"]:
                raise ExperimentExists(message.name, taken["stage"] == DELETED) from None
            if taken is not None:  # it is this one, inserted by an attempt whose answer was lost
                return messages.CreateExperimentResponse(experiment_id=str(key))


async def get(database: Database, message: messages.GetExperiment) -> messages.GetExperimentResponse:
    """Reads one by its id."""
    return messages.GetExperimentResponse(experiment=entity(await require(database, message.experiment_id)))


async def get_by_name(
    database: Database, message: messages.GetExperimentByName
) -> messages.GetExperimentByNameResponse:
    """Reads one by its name."""
    found = await _named(database, message.experiment_name)
    if found is None:
        raise ExperimentNameNotFound(message.experiment_name)
    return messages.GetExperimentByNameResponse(experiment=entity(found))


async def update(
    database: Database, message: messages.UpdateExperiment, *, now_ms: int
) -> messages.UpdateExperimentResponse:
    """Renames one."""
    found = await require_active(database, message.experiment_id)
    name = message.new_name or ""
    try:
        await database.update("experiments", {"_id": found["_id"]}, {"$set": {"name": name, "updated": now_ms}})
    except DuplicateKeyError:
        taken = await _named(database, name)
        raise ExperimentExists(name, taken is not None and taken["stage"] == DELETED) from None
    return messages.UpdateExperimentResponse()


async def delete(
    database: Database, message: messages.DeleteExperiment, *, now_ms: int
) -> messages.DeleteExperimentResponse:
    """Marks one and its runs as deleted."""
    await _set_stage(database, message.experiment_id, ACTIVE, DELETED, now_ms)
    return messages.DeleteExperimentResponse()


async def restore(
    database: Database, message: messages.RestoreExperiment, *, now_ms: int
) -> messages.RestoreExperimentResponse:
    """Brings one and its runs back."""
    await _set_stage(database, message.experiment_id, DELETED, ACTIVE, now_ms)
    return messages.RestoreExperimentResponse()


async def _set_stage(database: Database, experiment_id: str, before: str, after: str, now_ms: int) -> None:
    found = await require(database, experiment_id)
    if found["stage"] != before:
        raise ExperimentNotFound(experiment_id)
    key = found["_id"]
    # The experiment goes last, so that the call can be repeated if it is cut off; then once more those runs that were
    # made meanwhile.
    await _set_stage_of_runs(database, key, before, after, now_ms)
    await database.update("experiments", {"_id": key}, {"$set": {"stage": after, "updated": now_ms}})
    await _set_stage_of_runs(database, key, before, after, now_ms)


async def _set_stage_of_runs(database: Database, key: int, before: str, after: str, now_ms: int) -> None:
    fields = {
        "stage": after,
        "deleted": now_ms if after == DELETED else None,
        "revision": ObjectId(),
        "unsettled": True,
    }
    await database.update_all("runs", {"experiment": key, "stage": before}, {"$set": fields, "$unset": {"json": ""}})


async def set_tag(database: Database, message: messages.SetExperimentTag) -> messages.SetExperimentTagResponse:
    """Writes or replaces a tag."""

    def change(tags: dict[str, str]) -> None:
        tags[message.key] = message.value

    await _edit_tags(database, message.experiment_id, change)
    return messages.SetExperimentTagResponse()


async def delete_tag(database: Database, message: messages.DeleteExperimentTag) -> messages.DeleteExperimentTagResponse:
    """Removes a tag."""

    def change(tags: dict[str, str]) -> None:
        if tags.pop(message.key, None) is None:
            raise TagNotFound(message.key, f"The experiment '{message.experiment_id}'")

    await _edit_tags(database, message.experiment_id, change)
    return messages.DeleteExperimentTagResponse()


async def _edit_tags(database: Database, experiment_id: str, change: Any) -> None:
    """Changes the tags of an active experiment, on what another server wrote meanwhile too."""
    made: set[ObjectId] = set()
    for _ in range(ATTEMPTS):
        found = await require_active(database, experiment_id)
        if found["revision"] in made:
            return  # an attempt whose answer was lost
        tags = texts(found["tags"])
        change(tags)
        revision = ObjectId()
        made.add(revision)
        of_revision = {"_id": found["_id"], "revision": found["revision"]}
        if await database.update("experiments", of_revision, {"$set": {"tags": pairs(tags), "revision": revision}}):
            return
    raise StoreBusy


async def require(database: Database, experiment_id: str) -> Document:
    """The document of an experiment; ``ExperimentNotFound``."""
    found = await database.find_one("experiments", {"_id": experiment_key(experiment_id)})
    if found is None or found["stage"] == REMOVED:
        raise ExperimentNotFound(experiment_id)
    return found


async def require_active(database: Database, experiment_id: str) -> Document:
    """The document of an active experiment; ``ExperimentNotFound``, ``ExperimentNotActive``."""
    found = await require(database, experiment_id)
    if found["stage"] != ACTIVE:
        raise ExperimentNotActive(experiment_id)
    return found


async def _named(database: Database, name: str) -> Document | None:
    return await database.find_one("experiments", {"name": {"$eq": name}})


def texts(entries: Sequence[Document]) -> dict[str, str]:
    """Tags or params from their array."""
    return {entry["k"]: entry["v"] for entry in entries}


def entity(found: Document) -> Experiment:
    """The experiment of a document."""
    return Experiment(
        experiment_id=str(int(found["_id"])),
        name=found["name"],
        artifact_location=found["location"],
        lifecycle_stage=found["stage"],
        creation_time=int(found["created"]),
        last_update_time=int(found["updated"]),
        tags=tuple(ExperimentTag(key=k, value=v) for k, v in sorted(texts(found["tags"]).items())),
        workspace="default",
    )
