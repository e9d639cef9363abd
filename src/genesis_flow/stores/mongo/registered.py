"""How registered models are kept in MongoDB, and how they change.

A model is one document, with its tags and aliases inside; each version is one of its own. Whatever changes a model or
one of its versions is one atomic update of the model's document, under its revision: it holds the new state, the lines
of the history (``notes``), and what is to be done to versions and told to webhooks (``effects``). Only then are notes
and effects carried out, each of which can be repeated; nobody waits until they are taken off the document too. Whoever
meets a document that still has some, because its writer was cut off, carries them out first. So nothing needs a
transaction over several documents, and what has happened once is noted once, with the revision that it came with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from genesis_flow.errors import LoggedModelNotFound, RegisteredModelNotFound, StoreBusy
from genesis_flow.rules.acting import ACTING
from genesis_flow.rules.history import Change
from genesis_flow.stores import registered
from genesis_flow.stores.mongo import logged_models, outbox
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.experiments import ATTEMPTS, texts
from genesis_flow.stores.mongo.head import pairs

MODELS, VERSIONS, HISTORY = "registered", "versions", "model_history"


@dataclass(frozen=True)
class Plan:
    """What a change does.

    Attributes:
        fields: of the model's document.
        changes: for its history.
        effects: on versions, of the number 0 on all; ``insert`` a new one, ``set`` fields, be ``gone``.
        name: of the model afterwards, if it is another one.
    """

    fields: Document = field(default_factory=dict)
    changes: Sequence[Change] = ()
    effects: Sequence[Document] = ()
    name: str = ""


Changing = Callable[[Document], Awaitable[Plan]]


def effect(number: int, **what: Any) -> Document:
    """An effect on a version; of the number 0 on all of them."""
    return {"number": number, **what}


async def find(database: Database, name: str) -> Document | None:
    """The document of the model of that name, with nothing left to do."""
    found = await database.find_one(MODELS, {"name": {"$eq": name}})
    if found is not None and found["unsettled"]:
        await settle(database, found)
    return found


async def require(database: Database, name: str) -> Document:
    """The same; ``RegisteredModelNotFound``."""
    found = await find(database, name)
    if found is None:
        raise RegisteredModelNotFound(name)
    return found


async def edit(
    database: Database, name: str, change: Changing, *, now_ms: int, missing: Exception | None = None
) -> Document:
    """Changes a model, on what another server wrote meanwhile too; its document as it is then.

    Args:
        database: where it is.
        name: of the model.
        change: plans the change of a document, having refused what must not be.
        now_ms: the time.
        missing: what is raised if there is no such model; ``RegisteredModelNotFound`` by default.
    """
    made: list[Document] = []
    for _ in range(ATTEMPTS):
        found = await find(database, name)
        if found is None:
            raise missing or RegisteredModelNotFound(name)
        plan = await change(found)
        changed = found | dict(plan.fields) | _noted(found, plan, now_ms, await outbox.told())
        made.append(changed)
        of_revision = {"_id": found["_id"], "revision": found["revision"]}
        fields = {path: value for path, value in changed.items() if path != "_id"}
        if await database.update(MODELS, of_revision, {"$set": fields}):
            await settle(database, changed)
            return changed
        if (done := await _done(database, made)) is not None:
            return done
    raise StoreBusy


async def _done(database: Database, made: Sequence[Document]) -> Document | None:
    """The attempt that was done although its answer was lost, as it left the document.

    Its revision is that of the document until somebody else changes that; who does has written the notes of the one
    before to the history, where each has the revision that it came with. An attempt without notes may be made again.
    """
    by_revision = {one["revision"]: one for one in made}
    keys = list({one["_id"] for one in made})
    for found in await database.find(MODELS, {"_id": {"$in": keys}}):
        if found["revision"] in by_revision:
            await settle(database, found)
            return by_revision[found["revision"]]
    first_notes = [_note_key(one, one["notes"][0]) for one in made if one["notes"]]
    for note in await database.find(HISTORY, {"model": {"$in": keys}, "_id": {"$in": first_notes}}):
        if note.get("revision") in by_revision:
            return by_revision[note["revision"]]
    return None


def new_document(name: str, description: str | None, tags: dict[str, str], now_ms: int) -> Document:
    """The document of a new model, to which nothing is noted yet."""
    return {
        "_id": ObjectId(),
        "name": name,
        "former": name,
        "gone": False,
        "description": description,
        "described": description or None,
        "created": now_ms,
        "updated": now_ms,
        "last": 0,
        "edits": 0,
        "noted": 0,
        "noted_ms": 0,
        "tags": pairs(tags),
        "aliases": [],
    }


def first(document: Document, changes: Sequence[Change], now_ms: int, telling: outbox.Telling | None) -> Document:
    """The document of a new model with its first notes."""
    return document | _noted(document, Plan(changes=changes), now_ms, telling)


def _noted(found: Document, plan: Plan, now_ms: int, telling: outbox.Telling | None) -> Document:
    """The fields of a document by which a change is noted; the time of a history never goes back."""
    name = plan.name or found["former"]
    at_ms = max(now_ms, int(found["noted_ms"])) if plan.changes else int(found["noted_ms"])
    edits, noted, revision = int(found["edits"]) + 1, int(found["noted"]), ObjectId()
    notes = [
        {
            "number": noted + number,
            "revision": revision,
            "at": at_ms,
            "user": ACTING.get(),
            "name": name,
            "kind": change.kind,
            "version": change.version,
            "key": change.key,
            "before": change.before,
            "after": change.after,
        }
        for number, change in enumerate(plan.changes, 1)
    ]
    effects = [*(dict(one) for one in plan.effects), *_told(found | dict(plan.fields), telling)]
    return {
        "revision": revision,
        "edits": edits,
        "noted": noted + len(notes),
        "noted_ms": at_ms,
        "notes": notes,
        "effects": effects,
        "unsettled": bool(notes or effects),
    }


def _told(changed: Document, telling: outbox.Telling | None) -> list[Document]:
    """The effects by which webhooks are told of the change that is being made."""
    return [] if telling is None else telling.effects(texts(changed["tags"]), int(changed["last"]))


async def settle(database: Database, found: Document) -> None:
    """Carries out what a document still says is to be done, and has it taken off."""
    if not found["unsettled"] or found["revision"] in database.carried_out or database.only_reads:
        return
    # PERF: at once, and the last wait for the majority is nobody's: a version is made in two of them instead of four.
    await asyncio.gather(_carry_out_all(database, found), _write_notes(database, found))
    database.carried_out.add(found["revision"])
    database.later(_take_off(database, found["_id"], found["revision"]))


async def _take_off(database: Database, key: Any, revision: ObjectId) -> None:
    """Empties a document of what is carried out, unless it was changed meanwhile, which does the same."""
    try:
        done = {"notes": [], "effects": [], "unsettled": False}
        await database.update(MODELS, {"_id": key, "revision": revision}, {"$set": done})
    finally:
        database.carried_out.discard(revision)


async def _write_notes(database: Database, found: Document) -> None:
    notes = [
        UpdateOne({"model": found["_id"], "_id": _note_key(found, note)}, {"$setOnInsert": note}, upsert=True)
        for note in found["notes"]
    ]
    if notes:
        await database.bulk_again(HISTORY, notes)


def _note_key(model: Document, note: Document) -> str:
    return f"{model['_id']}:{note['number']}"


async def _carry_out_all(database: Database, found: Document) -> None:
    for one in found["effects"]:
        await _carry_out(database, found, one)


async def _carry_out(database: Database, model: Document, one: Document) -> None:
    """Does to versions what an edit says; what a later edit has done to one is not undone."""
    edits = int(model["edits"])
    older: Document = {"model": model["_id"], "edit": {"$lt": edits}}
    if "deliver" in one:
        await outbox.put(database, one["deliver"])
    elif one.get("logged"):
        await _tell_logged_model(database, one)
    elif one["number"] == 0:
        await database.update_all(VERSIONS, older | {"gone": False}, {"$set": one["set"] | {"edit": edits}})
    elif "insert" in one:
        new = {"model": model["_id"], "version": one["number"], "gone": False, "edit": edits, **one["insert"]}
        of_key = {"_id": version_key(model, one["number"])}
        await database.bulk_again(VERSIONS, [UpdateOne(of_key, {"$setOnInsert": new}, upsert=True)])
    else:
        of_key = older | {"_id": version_key(model, one["number"])}
        await database.update(VERSIONS, of_key, {"$set": one["set"] | {"edit": edits}})


async def _tell_logged_model(database: Database, one: Document) -> None:
    def change(found: Document) -> Document:
        tags = texts(found["tags"])
        tag = registered.VERSIONS_OF_MODEL
        tags[tag] = registered.with_version(tags.get(tag), one["name"], one["number"])
        return {"tags": pairs(tags)}

    try:
        await logged_models.edit(database, one["logged"], change)
    except LoggedModelNotFound:
        return  # it was deleted meanwhile


def version_key(model: Document, number: int) -> str:
    """The id of a version's document."""
    return f"{model['_id']}:{number}"


async def insert(database: Database, document: Document) -> bool:
    """Adds the document of a new model and settles it; whether its name was free."""
    try:
        await database.insert(MODELS, document)
    except DuplicateKeyError:
        found = await database.find_one(MODELS, {"_id": document["_id"]}, {"revision": True})
        if found is None:
            return False
    await settle(database, document)  # also that of an attempt whose answer was lost
    return True


async def settle_all(database: Database) -> None:
    """Settles what ended servers left behind, so that a search sees it."""
    for found in await database.find(MODELS, {"unsettled": True}):
        await settle(database, found)


def aliases_of(model: Document) -> dict[str, int]:
    """The aliases of a model."""
    return {one["k"]: int(one["v"]) for one in model["aliases"]}


def stored_aliases(aliases: dict[str, int]) -> list[Document]:
    """Aliases as their array."""
    return [{"k": alias, "v": number} for alias, number in sorted(aliases.items())]
