"""Every store against the store in memory: whatever is asked, they say the same."""

from __future__ import annotations

import asyncio
import math
import random
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis_flow.rules.clock import Clock
from genesis_flow.search.ast import Expression, Order
from genesis_flow.search.fields import RUNS
from genesis_flow.stores.file.store import FileStore
from genesis_flow.stores.memory import MemoryStore
from genesis_flow.stores.open import open_store
from genesis_flow.stores.protocol import Store
from genesis_flow.stores.sql.postgresql_store import open_postgresql
from genesis_flow.stores.sql.sqlite_store import open_sqlite
from genesis_flow.testing.calls import answer, batch, dataset, info_of, new_experiment, new_run, point, same
from genesis_flow.values.datasets import DatasetInput
from genesis_flow.wire.messages import runs
from genesis_flow.wire.messages.run_tables import GetRunsTable
from tests import postgres
from tests.search.expressions import HOSTILE, NUMBERS
from tests.stores.sequences import (
    CALLS,
    REGISTRY_CALLS,
    Call,
    FixedClock,
    comparable_expressions,
    comparable_orders,
    compare,
    for_files,
)

ROOT = "mlflow-artifacts:/"
KEYS = ("m", "a.b", "a-b", "a b", "and", "é", "$", "%", "mlflow.user")


New = Callable[[Clock], AbstractContextManager[Store]]
"""Opens a new, empty store whose time is that of the clock."""


@contextmanager
def new_sqlite(clock: Clock) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        yield open_sqlite(Path(folder) / "store.db", artifact_root=ROOT, clock=clock)


@contextmanager
def new_folder(clock: Clock) -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        yield FileStore(folder, artifact_root=ROOT, clock=clock)


@contextmanager
def new_postgresql(server: str) -> Iterator[New]:
    """Copies of a prepared database, which is faster than to prepare each."""
    template = postgres.database(server)
    store = open_postgresql(template, artifact_root=ROOT, clock=FixedClock())
    asyncio.run(prepared(store))

    @contextmanager
    def new(clock: Clock) -> Iterator[Store]:
        uri = postgres.database(server, template)
        yield open_postgresql(uri, artifact_root=ROOT, clock=clock)
        postgres.drop(server, uri)

    yield new
    postgres.drop(server, template)


async def prepared(store: Store) -> None:
    await store.check()
    await store.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "file"])
def new(request: pytest.FixtureRequest) -> Iterator[New]:
    """What opens a new store of each kind."""
    if request.param == "sqlite":
        yield new_sqlite
    elif request.param == "file":
        yield new_folder
    else:
        with new_postgresql(request.getfixturevalue("postgresql_server")) as new:
            yield new


@settings(max_examples=40, deadline=None)
@given(calls=st.lists(CALLS, min_size=5, max_size=30))
async def test_any_sequence_of_calls_is_answered_alike(new: New, calls: list[Call]) -> None:
    clock = FixedClock()
    with new(clock) as store:
        try:
            calls = for_files(calls) if isinstance(store, FileStore) else calls
            await compare(calls, clock, store, MemoryStore(artifact_root=ROOT, clock=clock))
        finally:
            await store.close()


@settings(max_examples=60, deadline=None)
@given(calls=st.lists(REGISTRY_CALLS, min_size=10, max_size=35))
async def test_any_sequence_of_calls_to_the_registry_is_answered_alike(new: New, calls: list[Call]) -> None:
    clock = FixedClock()
    with new(clock) as store:
        try:
            calls = for_files(calls) if isinstance(store, FileStore) else calls
            await compare(calls, clock, store, MemoryStore(artifact_root=ROOT, clock=clock))
        finally:
            await store.close()


async def populate(store: Store) -> str:
    """An experiment of thirty runs, named by number, whose values are those that filters ask for; the same every time."""
    chance = random.Random(1)
    experiment = await new_experiment(store)
    for number in range(30):
        id_ = await new_run(store, experiment, chance.choice([text for text in HOSTILE if text]), number)
        await store.log_batch(
            batch(
                id_,
                *(point(key, chance.choice([*map(float, NUMBERS), math.nan])) for key in KEYS if chance.random() < 0.6),
                params={key: chance.choice(HOSTILE) for key in KEYS if chance.random() < 0.6},
                tags={key: chance.choice(HOSTILE) for key in KEYS if chance.random() < 0.6},
            )
        )
        inputs = [_input(chance) for _ in range(chance.randint(0, 2))]
        await store.log_inputs(runs.LogInputs(run_id=id_, datasets=tuple(inputs)))
        if chance.random() < 0.5:
            end = chance.choice([number for number in NUMBERS if isinstance(number, int)])
            await store.update_run(runs.UpdateRun(run_id=id_, status="FAILED", end_time=min(end, 2**63 - 1)))
    return experiment


def _input(chance: random.Random) -> DatasetInput:
    return dataset(chance.choice(HOSTILE), chance.choice(HOSTILE), chance.choice([*HOSTILE, None]))


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgresql", "mongodb"])
async def stores(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[tuple[Store, str]]]:
    """A store and the one in memory, each with the same population, and its experiment; all on one event loop."""
    if request.param == "sqlite":
        uri = f"sqlite:///{tmp_path_factory.mktemp('model') / 'store.db'}"
    else:
        uri = request.getfixturevalue(f"{request.param}_uri")
    made: list[Store] = [open_store(uri, artifact_root=ROOT), MemoryStore(artifact_root=ROOT)]
    yield [(store, await populate(store)) for store in made]
    await made[0].close()


async def found(store: Store, experiment: str, text: str, order: list[Order]) -> list[int | None]:
    """The starts of the runs that are found, in order; they are different in every run."""
    message = runs.SearchRuns(experiment_ids=(experiment,), filter=text, order_by=tuple(map(str, order)))
    return [info_of(run).start_time for run in (await answer(store.search_runs(message))).runs]


@pytest.mark.asyncio(loop_scope="module")
@settings(max_examples=200, deadline=None)
@given(expression=comparable_expressions(RUNS), order=comparable_orders(RUNS))
async def test_any_filter_and_order_finds_the_same_runs(
    stores: list[tuple[Store, str]], expression: Expression, order: list[Order]
) -> None:
    one, other = [await found(store, experiment, str(expression), order) for store, experiment in stores]
    assert one == other


@pytest.mark.asyncio(loop_scope="module")
@settings(max_examples=30, deadline=None)
@given(expression=comparable_expressions(RUNS), order=comparable_orders(RUNS), size=st.integers(1, 7))
async def test_any_pages_join_to_the_whole(
    stores: list[tuple[Store, str]], expression: Expression, order: list[Order], size: int
) -> None:
    for store, experiment in stores:
        whole = await found(store, experiment, str(expression), order)
        joined: list[int | None] = []
        token = None
        while True:
            message = runs.SearchRuns(
                experiment_ids=(experiment,),
                filter=str(expression),
                order_by=tuple(map(str, order)),
                max_results=size,
                page_token=token,
            )
            reply = await answer(store.search_runs(message))
            joined += [info_of(run).start_time for run in reply.runs]
            token = reply.next_page_token
            if not token:
                break
        assert joined == whole


@pytest.mark.asyncio(loop_scope="module")
@settings(max_examples=100, deadline=None)
@given(
    expression=comparable_expressions(RUNS),
    order=comparable_orders(RUNS),
    columns=comparable_orders(RUNS),
    offset=st.integers(0, 32),
    limit=st.integers(1, 32),
)
async def test_any_table_is_the_same(
    stores: list[tuple[Store, str]],
    expression: Expression,
    order: list[Order],
    columns: list[Order],
    offset: int,
    limit: int,
) -> None:
    tables = []
    for store, experiment in stores:
        message = GetRunsTable(
            experiment_ids=(experiment,),
            filter=str(expression),
            order_by=tuple(map(str, order)),
            columns=("start_time", *(str(column.field) for column in columns)),
            offset=offset,
            limit=limit,
        )
        found = await answer(store.get_runs_table(message))
        assert len(found.run_ids) == max(0, min(limit, found.total - offset))
        tables.append((found.total, found.columns))
    assert same(*tables)
