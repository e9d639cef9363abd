"""The model registry on MongoDB: what a server that was cut off leaves behind, and what one that comes late does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database

from genesis_flow.stores.mongo import registered
from genesis_flow.stores.mongo.inspection import inspect
from genesis_flow.stores.mongo.store import MongoStore
from genesis_flow.testing.registry_calls import (
    found_versions,
    new_registered,
    new_version,
    resolved,
    set_alias,
    timeline,
    to_stage,
    told,
    version_of,
)
from genesis_flow.wire.messages import registry as messages

Documents = Database[dict[str, Any]]


@pytest.fixture
def documents(mongodb_uri: str) -> Iterator[Documents]:
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_uri)
    yield client.get_default_database()
    client.close()


@pytest_asyncio.fixture
async def store(mongodb_uri: str) -> AsyncIterator[MongoStore]:
    store = MongoStore(mongodb_uri, artifact_root="mlflow-artifacts:/")
    yield store
    await store.close()


def cut_off(documents: Documents, name: str) -> None:
    """The second half of moving version 1 from production to staging, and of an alias: only the first was done."""
    (model,) = documents.registered.find({"name": name})
    number, edits = model["noted"], model["edits"] + 1
    note = {"at": model["noted_ms"] + 1, "user": "ann", "name": name}
    stage = {"kind": "stage", "version": 1, "key": "", "before": "Production", "after": "Staging"}
    alias = {"kind": "alias", "version": None, "key": "a", "before": "1", "after": "2"}
    fields = {
        "revision": ObjectId(),
        "edits": edits,
        "noted": number + 2,
        "noted_ms": note["at"],
        "aliases": [{"k": "a", "v": 2}],
        "notes": [{"number": number + 1, **note, **stage}, {"number": number + 2, **note, **alias}],
        "effects": [{"number": 1, "set": {"stage": "Staging"}}],
        "unsettled": True,
    }
    documents.registered.update_one({"_id": model["_id"]}, {"$set": fields})


async def model_of_two(store: MongoStore) -> str:
    name = await new_registered(store, versions=2)
    await to_stage(store, name, "1", "Production")
    await set_alias(store, name, "a", "1")
    return name


@pytest.mark.parametrize("reader", ["version", "search", "timeline", "alias", "writer"])
async def test_whoever_comes_next_finishes_what_a_server_left(
    store: MongoStore, documents: Documents, reader: str
) -> None:
    name = await model_of_two(store)
    cut_off(documents, name)
    match reader:
        case "version":
            assert (await version_of(store, name, "1")).current_stage == "Staging"
        case "search":
            assert await found_versions(store, f"name = '{name}' AND stage = 'Staging'") == [f"{name}:1"]
        case "timeline":
            assert {told(change)[0] for change in (await timeline(store, name))[:2]} == {"alias", "stage"}
        case "alias":
            assert await resolved(store, name, "a") == "2"
        case _:
            await new_version(store, name)
    assert (await version_of(store, name, "1")).current_stage == "Staging"
    assert len(await timeline(store, name, kind="alias")) == 2
    await store.settle()
    (model,) = documents.registered.find({"name": name})
    assert (model["unsettled"], model["notes"], model["effects"]) == (False, [], [])


async def test_a_look_at_the_database_finishes_nothing(
    store: MongoStore, documents: Documents, mongodb_uri: str
) -> None:
    name = await model_of_two(store)
    await store.settle()
    cut_off(documents, name)
    before = list(documents.registered.find({}))
    plans = (await inspect(mongodb_uri)).plans
    assert [one.query for one in plans if one.query == "a registered model"]
    assert list(documents.registered.find({})) == before


async def test_what_a_late_server_still_does_undoes_nothing(store: MongoStore, documents: Documents) -> None:
    name = await model_of_two(store)
    cut_off(documents, name)
    (late,) = documents.registered.find({"name": name})
    await to_stage(store, name, "1", "Archived")
    await new_version(store, name)
    noted = await timeline(store, name)
    for _ in range(2):
        await registered.settle(store.database, {**late, "unsettled": True})
        await store.settle()
    assert (await version_of(store, name, "1")).current_stage == "Archived"
    assert await timeline(store, name) == noted


async def test_a_late_server_does_not_bring_a_deleted_version_back(store: MongoStore, documents: Documents) -> None:
    name = await new_registered(store, versions=1)
    await store.settle()
    (version,) = documents.versions.find({"name": name})
    (model,) = documents.registered.find({"name": name})
    insert = {key: value for key, value in version.items() if key not in ("_id", "model", "version", "gone", "edit")}
    late = {**model, "unsettled": True, "effects": [{"number": 1, "insert": insert}]}
    await store.delete_model_version(messages.DeleteModelVersion(name=name, version="1"))
    await store.settle()
    await registered.settle(store.database, late)
    assert await found_versions(store, f"name = '{name}'") == []
