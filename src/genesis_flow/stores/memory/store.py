"""The whole store in memory."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.rules.ids import experiment_key
from genesis_flow.rules.limits import SEARCH_DATASETS_MOST
from genesis_flow.rules.tags import DATASET_CONTEXT
from genesis_flow.stores.memory.collection import Collection
from genesis_flow.stores.memory.experiments import Experiments
from genesis_flow.stores.memory.keys import Keys
from genesis_flow.stores.memory.logged_models import LoggedModels
from genesis_flow.stores.memory.metrics import Metrics
from genesis_flow.stores.memory.registry import Registry
from genesis_flow.stores.memory.runs import Runs
from genesis_flow.stores.memory.state import State
from genesis_flow.stores.memory.webhooks import Webhooks
from genesis_flow.stores.protocol import Capability
from genesis_flow.values.datasets import DatasetSummary
from genesis_flow.wire.messages import datasets as messages

T = TypeVar("T")


class MemoryStore(Experiments, Keys, Runs, Metrics, LoggedModels, Registry, Collection, Webhooks):
    """Everything in dictionaries, gone with the process: the plainest thing that behaves as a store must.

    A verb runs without a pause on the event loop, so each is atomic; it refuses before it changes anything.

    Args:
        artifact_root: below which new experiments get their artifact locations.
        clock: the time.
    """

    supports: frozenset[Capability] = frozenset({"collection", "webhooks", "any-name"})

    def __init__(self, *, artifact_root: str, clock: Clock = now_ms) -> None:
        self._state = State(artifact_root, clock)
        self._add_default_experiment()

    async def search_datasets(self, message: messages.SearchDatasets) -> messages.SearchDatasetsResponse:
        keys = {experiment_key(experiment_id) for experiment_id in message.experiment_ids}
        found = {
            (*key, {tag.key: tag.value or "" for tag in tags}.get(DATASET_CONTEXT))
            for run in self._state.runs_in(keys)
            for key, tags in run.inputs.items()
        }
        return messages.SearchDatasetsResponse(
            dataset_summaries=tuple(
                DatasetSummary(experiment_id=str(experiment), name=name, digest=digest, context=context)
                for experiment, name, digest, context in sorted(found, key=_none_first)[:SEARCH_DATASETS_MOST]
            )
        )

    async def token_secret(self) -> bytes:
        """The key that signs page tokens."""
        return self._state.secret

    async def check(self) -> None:
        """There is nothing that could fail."""

    async def close(self) -> None:
        """There is nothing to free."""


def _none_first(key: tuple[int, str, str, str | None]) -> tuple[int, str, str, bool, str]:
    experiment, name, digest, context = key
    return experiment, name, digest, context is not None, context or ""


def finished(verb: Coroutine[Any, Any, T]) -> T:
    """What a verb of the store in memory answers, which never waits."""
    try:
        verb.send(None)
    except StopIteration as done:
        answer: T = done.value
        return answer
    raise RuntimeError("a verb of the store in memory waited")
