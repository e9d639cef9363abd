"""The store with the profile of Azure Cosmos DB, on a real MongoDB: nothing that Cosmos lacks reaches the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from genesis_flow.stores.mongo.store import MongoStore
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.store import StoreSuite
from tests.stores.cosmos import Wire

ROOT = "mlflow-artifacts:/"


def with_profile(uri: str) -> str:
    """The URI with the profile of Cosmos DB."""
    return f"{uri}{'&' if '?' in uri else '?'}profile=cosmos"


class TestCosmosProfile(StoreSuite):
    @pytest.fixture
    async def store(self, mongodb_uri: str) -> AsyncIterator[Store]:
        wire = Wire()
        store = MongoStore(with_profile(mongodb_uri), artifact_root=ROOT, event_listeners=[wire])
        yield store
        await store.settle()
        await store.close()
        assert wire.seen
        assert not wire.faults, "\n".join(dict.fromkeys(wire.faults))

    @pytest.fixture
    async def second(self, store: Store, mongodb_uri: str) -> AsyncIterator[Store]:
        wire = Wire()
        second = MongoStore(with_profile(mongodb_uri), artifact_root=ROOT, event_listeners=[wire])
        yield second
        await second.settle()
        await second.close()
        assert not wire.faults, "\n".join(dict.fromkeys(wire.faults))
