"""The suite that every store passes.

To test a store, give it::

    class TestMyStore(StoreSuite):
        @pytest.fixture
        async def store(self) -> AsyncIterator[Store]:
            store = MyStore()
            yield store
            await store.close()

A store that several processes may share (``supports``) gives a fixture ``second``, too: the same store, opened once
more. The tests bring their own experiments, so the store need not be empty. None of them can be changed or left out.
"""

from __future__ import annotations

from genesis_flow.testing.aggregates import AggregateSuite
from genesis_flow.testing.collection import CollectionSuite
from genesis_flow.testing.datasets import DatasetSuite
from genesis_flow.testing.deliveries import DeliverySuite
from genesis_flow.testing.experiments import ExperimentSuite
from genesis_flow.testing.keys import KeySuite
from genesis_flow.testing.logged_models import LoggedModelSuite
from genesis_flow.testing.metrics import MetricSuite
from genesis_flow.testing.model_history import ModelHistorySuite
from genesis_flow.testing.registry import RegistrySuite
from genesis_flow.testing.registry_search import RegistrySearchSuite
from genesis_flow.testing.run_tables import RunTableSuite
from genesis_flow.testing.runs import RunSuite
from genesis_flow.testing.search import SearchSuite
from genesis_flow.testing.sharing import SharingSuite
from genesis_flow.testing.webhooks import WebhookSuite


class StoreSuite(
    ExperimentSuite,
    RunSuite,
    MetricSuite,
    AggregateSuite,
    KeySuite,
    DatasetSuite,
    LoggedModelSuite,
    RegistrySuite,
    RegistrySearchSuite,
    ModelHistorySuite,
    WebhookSuite,
    DeliverySuite,
    SearchSuite,
    RunTableSuite,
    SharingSuite,
    CollectionSuite,
):
    """Everything that is asked of a store."""
