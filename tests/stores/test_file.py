from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genesis_flow.stores.file.store import FileStore
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.store import StoreSuite


class TestFileStore(StoreSuite):
    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        store = FileStore(str(tmp_path / "mlruns"), artifact_root="mlflow-artifacts:/")
        yield store
        await store.close()

    @pytest.fixture
    async def second(self, store: Store, tmp_path: Path) -> AsyncIterator[Store]:
        second = FileStore(str(tmp_path / "mlruns"), artifact_root="mlflow-artifacts:/")
        yield second
        await second.close()
