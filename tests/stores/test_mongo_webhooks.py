"""Deliveries on MongoDB that a server left in the document of what it changed, because it ended then."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from genesis_flow.stores.mongo import outbox
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.registered import MODELS
from genesis_flow.stores.mongo.settling import Settler
from genesis_flow.stores.mongo.store import MongoStore
from genesis_flow.stores.mongo.writer import Writer
from genesis_flow.testing.calls import new_run
from genesis_flow.testing.registry_calls import new_registered
from genesis_flow.testing.webhook_calls import LATER_MS, deliveries, heard, listening
from genesis_flow.wire.messages import runs


@pytest.fixture
async def store(mongodb_uri: str) -> AsyncIterator[MongoStore]:
    store = MongoStore(mongodb_uri, artifact_root="mlflow-artifacts:/")
    yield store
    await store.close()


async def taken_back(database: Database, webhook_id: str) -> Document:
    """The only delivery of a webhook, which is not where it is sent from any more."""
    (one,) = await database.find(outbox.DELIVERIES, {"webhook": webhook_id})
    await database.delete_all(outbox.DELIVERIES, {"_id": one["_id"]})
    return one


async def test_a_delivery_in_the_document_of_a_model_is_sent_by_the_next_server(store: MongoStore) -> None:
    database = store.database
    async with listening(store, "REGISTERED_MODEL.CREATED") as webhook_id:
        name = await new_registered(store)
        one = await taken_back(database, webhook_id)
        left = {"$set": {"effects": [{"deliver": [one]}], "unsettled": True}}
        await database.update(MODELS, {"name": name}, left)
        assert [target.webhook_id for target in await store.due_targets(LATER_MS)] == [webhook_id]
        assert [found.delivery_id for found in await deliveries(store, webhook_id)] == [one["_id"]]
        model = await database.find_one(MODELS, {"name": name})
        assert model is not None
        assert (model["effects"], model["unsettled"]) == ([], False)


async def test_a_delivery_in_the_document_of_a_run_is_sent_once_the_run_is_in_order(
    store: MongoStore, mongodb_uri: str
) -> None:
    database = store.database
    async with listening(store, run_events=("FINISHED",)) as webhook_id:
        run_id = await new_run(store)
        await store.update_run(runs.UpdateRun(run_id=run_id, status="FINISHED"))
        one = await taken_back(database, webhook_id)
        left = {"$set": {f"outbox.{one['_id']}": one, "unsettled": True}}
        await database.update("runs", {"_id": run_id}, left)
        assert await heard(store, webhook_id) == []
        await Settler(database, Writer(database)).sweep(left_behind_s=-5)
        assert [found.delivery_id for found in await deliveries(store, webhook_id)] == [one["_id"]]
        run = await database.find_one("runs", {"_id": run_id})
        assert run is not None
        assert run["outbox"] == {}


async def test_a_delivery_that_is_copied_twice_is_one_and_keeps_what_became_of_it(store: MongoStore) -> None:
    database = store.database
    async with listening(store, "REGISTERED_MODEL.CREATED") as webhook_id:
        await new_registered(store)
        (one,) = await database.find(outbox.DELIVERIES, {"webhook": webhook_id})
        await store.take_deliveries(webhook_id, LATER_MS, LATER_MS + 1, 1)
        await outbox.put(database, [one])
        (found,) = await deliveries(store, webhook_id)
        assert found.attempts == 1


async def test_a_run_that_nobody_listens_to_has_nothing_to_deliver(store: MongoStore) -> None:
    run_id = await new_run(store)
    async with listening(store, run_events=("FAILED",)):
        await store.update_run(runs.UpdateRun(run_id=run_id, status="FINISHED"))
    run = await store.database.find_one("runs", {"_id": run_id})
    assert run is not None
    assert "outbox" not in run
