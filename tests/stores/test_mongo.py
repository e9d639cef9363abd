from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from genesis_flow.stores.mongo.store import MongoStore
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import batch, history, new_run, point
from genesis_flow.testing.store import StoreSuite

ROOT = "mlflow-artifacts:/"


class TestMongoStore(StoreSuite):
    @pytest.fixture
    async def store(self, mongodb_uri: str) -> AsyncIterator[Store]:
        store = MongoStore(mongodb_uri, artifact_root=ROOT)
        yield store
        await store.close()

    @pytest.fixture
    async def second(self, store: Store, mongodb_uri: str) -> AsyncIterator[Store]:
        second = MongoStore(mongodb_uri, artifact_root=ROOT)
        yield second
        await second.close()


async def test_points_that_are_written_while_others_are_moved_are_kept(mongodb_uri: str) -> None:
    store = MongoStore(mongodb_uri, artifact_root=ROOT)
    run_id = await new_run(store)
    for start in range(0, 30_000, 1_000):
        await store.log_batch(batch(run_id, *(point("m", float(step), step) for step in range(start, start + 1_000))))
    assert [step for step, _, _ in await history(store, run_id, "m")] == list(range(30_000))
    await store.close()
