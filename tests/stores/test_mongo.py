from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from genesis_flow.stores.mongo.store import MongoStore
from genesis_flow.stores.protocol import Store
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
