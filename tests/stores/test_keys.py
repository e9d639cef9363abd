"""The keys of experiments as they are kept: what is kept of blocks of runs says what the runs say, whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

import pytest

from genesis_flow.stores import keys
from genesis_flow.stores.collecting import CollectionStore
from genesis_flow.stores.memory import MemoryStore
from genesis_flow.stores.mongo import keys as mongo_keys
from genesis_flow.stores.open import open_store
from genesis_flow.stores.protocol import Store
from genesis_flow.stores.sql import keys as sql_keys
from genesis_flow.testing.calls import answer, batch, new_experiment, new_run, point
from genesis_flow.wire.messages import keys as messages
from genesis_flow.wire.messages import runs

ROOT = "mlflow-artifacts:/"


class Settled(CollectionStore, Store, Protocol):
    """A store that does the work of quiet moments when it is asked to."""

    async def settle(self) -> None:
        """Does it."""


@pytest.fixture(params=["sqlite", "postgresql", "mongodb"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store is."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    return str(request.getfixturevalue(f"{request.param}_uri"))


@pytest.fixture
async def store(uri: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Settled]:
    """A store whose blocks have few runs."""
    monkeypatch.setattr(keys, "BLOCK_VALUES", 12)
    store = cast("Settled", open_store(uri, artifact_root=ROOT))
    yield store
    await store.close()


async def listed(store: Store, experiment: str, **asked: Any) -> messages.ListExperimentKeysResponse:
    return await answer(store.list_experiment_keys(messages.ListExperimentKeys(experiment_id=experiment, **asked)))


class Both:
    """The same calls on a store and on the one in memory."""

    def __init__(self, store: Settled) -> None:
        self.stores: tuple[Settled, Any] = store, MemoryStore(artifact_root=ROOT)
        self.experiments: list[str] = []
        self.runs: list[list[str]] = [[], []]

    async def start(self) -> None:
        self.experiments = [await new_experiment(store) for store in self.stores]

    async def create(self) -> None:
        for store, experiment, made in zip(self.stores, self.experiments, self.runs, strict=True):
            made.append(await new_run(store, experiment, f"run {len(made)}"))

    async def on(self, number: int, call: Callable[[Any, str], Awaitable[object]]) -> None:
        for store, made in zip(self.stores, self.runs, strict=True):
            await call(store, made[number])

    async def agree(self) -> None:
        one, other = [await listed(s, e) for s, e in zip(self.stores, self.experiments, strict=True)]
        assert one == other


def write(chance: random.Random) -> Callable[[Any, str], Awaitable[object]]:
    """A write of some values, the same wherever it is made."""
    points = [
        point(key, chance.choice([0.5, 1.0, -3.0, float("nan"), chance.random()])) for key in chance.sample("abc", 2)
    ]
    step = chance.randrange(1, 50)
    params = {f"p{chance.randrange(4)}.{chance.randrange(10**9)}": chance.choice(["1", "2.5", "x", "x" * 70])}
    tags = {chance.choice("tuv"): chance.choice(["", "1", "y" * 70, "y" * 71])}
    return lambda store, id_: store.log_batch(
        batch(id_, *(point(p.key or "", p.value or 0.0, step) for p in points), params=params, tags=tags)
    )


async def delete_tag(store: Any, id_: str, *, key: str) -> None:
    if key in {tag.key for tag in (await answer(store.get_run(runs.GetRun(run_id=id_)))).run.data.tags}:
        await store.delete_tag(runs.DeleteTag(run_id=id_, key=key))


async def remove(store: Any, id_: str) -> None:
    """Removes a deleted run for good."""
    taken = await store.take(await store.find("run", [id_]))
    assert len(taken) == 1
    await store.remove(taken)


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_kept_says_what_the_runs_say_after_any_writes(store: Settled, seed: int) -> None:
    chance, both = random.Random(seed), Both(store)
    await both.start()
    active: set[int] = set()
    deleted: set[int] = set()
    for _ in range(120):
        number = chance.choice(sorted(active)) if active else -1
        what = chance.choices(
            ["create", "write", "tag", "delete", "restore", "remove", "settle"], [4, 8, 2, 2, 2, 1, 4]
        )[0]
        if what == "create" or number < 0:
            await both.create()
            number = len(both.runs[0]) - 1
            active.add(number)
            await both.on(number, write(chance))
        elif what == "write":
            await both.on(number, write(chance))
        elif what == "tag":
            await both.on(number, partial(delete_tag, key=chance.choice("tuv")))
        elif what == "delete":
            await both.on(number, lambda store, id_: store.delete_run(runs.DeleteRun(run_id=id_)))
            active.discard(number)
            deleted.add(number)
        elif what == "settle":
            await store.settle()
        elif deleted:
            number = chance.choice(sorted(deleted))
            deleted.discard(number)
            if what == "restore":
                await both.on(number, lambda store, id_: store.restore_run(runs.RestoreRun(run_id=id_)))
                active.add(number)
            else:
                await both.on(number, remove)
        await both.agree()
    await store.settle()
    await both.agree()


async def test_a_run_that_is_removed_before_its_deletion_was_settled_does_not_count(store: Settled) -> None:
    experiment = await new_experiment(store)
    ids = [await new_run(store, experiment) for _ in range(2)]
    for id_ in ids:
        await store.log_batch(batch(id_, point("m", 1.0)))
    await store.settle()
    await store.delete_run(runs.DeleteRun(run_id=ids[0]))
    await remove(store, ids[0])
    assert [one.runs for one in (await listed(store, experiment)).keys] == [1, 1]
    await store.settle()
    assert [one.runs for one in (await listed(store, experiment)).keys] == [1, 1]


async def test_what_is_kept_is_used(store: Settled, uri: str) -> None:
    """Or every other test would pass without anything being kept."""
    experiment = await new_experiment(store)
    for _ in range(20):
        await store.log_batch(batch(await new_run(store, experiment), point("m", 1.0)))
    await store.settle()
    module = mongo_keys if uri.startswith("mongodb") else sql_keys
    seen: list[int] = []
    original = module._count

    def count(*given: Any) -> Any:
        counted = original(*given)
        seen.append(counted.runs)
        return counted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_count", count)
        assert (await listed(store, experiment)).runs == 20
        assert sum(seen) == 0
        await store.log_batch(batch(await new_run(store, experiment), point("m", 1.0)))
        assert (await listed(store, experiment)).runs == 21
        assert sum(seen) == 1


async def test_keys_are_right_while_others_write_and_settle(store: Settled, uri: str) -> None:
    other = cast("Settled", open_store(uri, artifact_root=ROOT))
    experiment = await new_experiment(store)
    acknowledged = 0
    done = asyncio.Event()

    async def fill(one: Settled) -> None:
        nonlocal acknowledged
        for number in range(40):
            id_ = await new_run(one, experiment)
            await one.log_batch(batch(id_, point("m", float(number))))
            acknowledged += 1

    async def settle(one: Settled) -> None:
        while not done.is_set():
            await one.settle()
            await asyncio.sleep(0.01)

    async def look(one: Settled) -> None:
        while not done.is_set():
            before = acknowledged
            (metric,) = (await listed(one, experiment, kind="metric")).keys or (None,)
            assert before <= (metric.runs if metric else 0) <= 80
            await asyncio.sleep(0)

    work = [asyncio.create_task(one) for one in (settle(store), settle(other), look(store), look(other))]
    await asyncio.gather(fill(store), fill(other))
    done.set()
    await asyncio.gather(*work)
    for one in (store, other):
        await one.settle()
        assert {key.key: (key.runs, key.distinct) for key in (await listed(one, experiment)).keys} == {
            "m": (80, 40),
            "mlflow.runName": (80, 1),
        }
    await other.close()
