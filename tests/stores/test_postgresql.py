from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from genesis_flow.stores.protocol import Store
from genesis_flow.stores.sql.postgresql_store import open_postgresql
from genesis_flow.testing.store import StoreSuite

ROOT = "mlflow-artifacts:/"


class TestPostgresqlStore(StoreSuite):
    @pytest.fixture
    async def store(self, postgresql_uri: str) -> AsyncIterator[Store]:
        store = open_postgresql(postgresql_uri, artifact_root=ROOT)
        yield store
        await store.close()

    @pytest.fixture
    async def second(self, store: Store, postgresql_uri: str) -> AsyncIterator[Store]:
        second = open_postgresql(postgresql_uri, artifact_root=ROOT)
        yield second
        await second.close()
