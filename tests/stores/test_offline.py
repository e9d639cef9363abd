from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from genesis_flow.stores.offline.store import OfflineStore
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.aggregates import AggregateSuite
from genesis_flow.testing.datasets import DatasetSuite
from genesis_flow.testing.logged_models import LoggedModelSuite
from genesis_flow.testing.metrics import MetricSuite
from genesis_flow.testing.runs import RunSuite


class TestOfflineStore(RunSuite, MetricSuite, AggregateSuite, DatasetSuite, LoggedModelSuite):
    """What is logged to runs and models means the same as in every store.

    The registry, webhooks and the collection of the deleted need a server. Those of experiments and of searches each have
    one test that does not hold here on purpose: an experiment keeps its files in the folder whatever location it was
    given, and ids, which decide among experiments of one moment, are made of names and do not grow.
    """

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        store = OfflineStore(tmp_path / "runs")
        yield store
        await store.close()

    @pytest.fixture
    async def second(self, store: Store, tmp_path: Path) -> AsyncIterator[Store]:
        second = OfflineStore(tmp_path / "runs")
        yield second
        await second.close()
