from __future__ import annotations

import pytest

from genesis_flow.stores.memory import MemoryStore
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.store import StoreSuite


class TestMemoryStore(StoreSuite):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore(artifact_root="mlflow-artifacts:/")
