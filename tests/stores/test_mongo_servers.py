"""Several servers on one MongoDB: what each of them does while the others are there, or have just gone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from pymongo import MongoClient

from genesis_flow.errors import ExperimentExists, ForeignDatabase, NewerDatabase
from genesis_flow.rules.clock import now_ms
from genesis_flow.stores.mongo import migrations, settling
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.indexes import INDEXES, PROPERTIES
from genesis_flow.stores.mongo.migrations import STEPS, Step
from genesis_flow.stores.mongo.settling import Settler
from genesis_flow.stores.mongo.store import MongoStore
from genesis_flow.stores.mongo.writer import Writer
from genesis_flow.testing.calls import (
    answer,
    batch,
    history,
    metrics_of,
    new_experiment,
    new_run,
    params_of,
    point,
    run_of,
    tags_of,
    there,
    unique,
)
from genesis_flow.wire.messages import experiments, runs
from tests import mongod

ROOT = "mlflow-artifacts:/"
SERVERS = 5
END_TIMEOUT_S = 60.0


@pytest.fixture
def uri(mongodb_server: str) -> Iterator[str]:
    """The URI of a database that only this test has."""
    uri = mongod.database(mongodb_server)
    yield uri
    mongod.drop(uri)


@asynccontextmanager
async def stores(uri: str, count: int) -> AsyncIterator[list[MongoStore]]:
    """A store for each of several servers."""
    async with AsyncExitStack() as stack:
        opened = [MongoStore(uri, artifact_root=ROOT) for _ in range(count)]
        for store in opened:
            stack.push_async_callback(store.close)
        yield opened


@asynccontextmanager
async def databases(uri: str, count: int) -> AsyncIterator[list[Database]]:
    """A connection for each of several servers."""
    async with AsyncExitStack() as stack:
        opened = [Database(uri) for _ in range(count)]
        for database in opened:
            stack.push_async_callback(database.close)
        yield opened


def stored(uri: str) -> dict[str, list[Document]]:
    """Everything that the database has, read past the store; the indexes of each collection at its end."""
    with MongoClient[Document](uri) as client:
        database = client.get_default_database()
        return {
            name: [*database[name].find(), dict(database[name].index_information())]
            for name in sorted(database.list_collection_names())
        }


def steps_of(uri: str) -> list[int]:
    """The versions that the database was brought to, one after the other."""
    (schema,) = [one for one in stored(uri)[PROPERTIES][:-1] if one["_id"] == "schema"]
    return [step["version"] for step in schema["steps"]]


# --- experiments and runs -----------------------------------------------------------------------------------------


async def get_or_create(store: MongoStore, name: str) -> tuple[str, bool]:
    """What a client does: the experiment of a name, and whether it was made here."""
    try:
        return await new_experiment(store, name), True
    except ExperimentExists:
        found = await answer(store.get_experiment_by_name(experiments.GetExperimentByName(experiment_name=name)))
        return there(found.experiment).experiment_id or "", False


async def test_an_experiment_that_all_want_is_made_once(uri: str) -> None:
    async with stores(uri, 4) as opened:
        for _ in range(5):
            name = unique()
            found = await asyncio.gather(*(get_or_create(opened[task % 4], name) for task in range(16)))
            assert len({experiment_id for experiment_id, _ in found}) == 1
            assert sum(was_made for _, was_made in found) == 1


async def test_ids_that_servers_make_at_the_same_moment_differ(uri: str) -> None:
    async with stores(uri, 4) as opened:
        made = await asyncio.gather(*(new_experiment(opened[task % 4]) for task in range(100)))
    assert len(set(made)) == 100


async def test_what_two_write_to_one_run_is_there_once(uri: str) -> None:
    async with stores(uri, 2) as opened:
        run_id = await new_run(opened[0])

        async def write(number: int) -> None:
            store = opened[number % 2]
            same, own = number // 2, f"{number:03}"
            await store.log_batch(
                batch(
                    run_id,
                    point("each", float(number), number),
                    point("same", float(same), same),  # which both write
                    point(f"m{own}", 1.0),
                    params={f"p{own}": own, f"q{same}": "same"},
                    tags={f"t{own}": own, "last": own},
                )
            )
            if number % 40 == 0:
                await store.settle()

        async def write_some(first: int) -> None:
            for number in range(first, 200, 8):  # one after the other, so that the two meet in many bulks
                await write(number)

        await opened[1].check()
        await asyncio.gather(*map(write_some, range(8)))
        for store in opened:
            run = await run_of(store, run_id)
            own = {f"{number:03}" for number in range(200)}
            same = {f"q{number}": "same" for number in range(100)}
            assert params_of(run) == {f"p{one}": one for one in own} | same
            tags = tags_of(run)
            assert tags.pop("last") in own
            assert tags == {f"t{one}": one for one in own}
            assert metrics_of(run) == {f"m{one}": 1.0 for one in own} | {"each": 199.0, "same": 99.0}
            assert [step for step, _, _ in await history(store, run_id, "each")] == list(range(200))
            assert [step for step, _, _ in await history(store, run_id, "same")] == list(range(100))
            counts = "metrics.each.count = 200 AND metrics.same.count = 100"
            message = runs.SearchRuns(
                experiment_ids=(there(run.info).experiment_id or "",),
                filter=counts,
                max_results=2,
                run_view_type="ACTIVE_ONLY",
            )
            assert len((await answer(store.search_runs(message))).runs) == 1


# --- quiet moments ------------------------------------------------------------------------------------------------


async def test_what_an_ended_server_left_behind_another_puts_in_order(uri: str) -> None:
    async with stores(uri, 1) as (ended,):
        run_id = await new_run(ended)
        await ended.log_batch(batch(run_id, *(point("m", float(step), step) for step in range(10))))
        before = await run_of(ended, run_id)
    (run,) = stored(uri)["runs"][:-1]
    assert run["unsettled"]
    assert run["pending"]
    async with databases(uri, 1) as (database,):
        settler = Settler(database, Writer(database))
        await settler.sweep()
        assert stored(uri)["runs"][0]["unsettled"]  # nobody knows yet whether its server has ended
        await settler.sweep(left_behind_s=-5)
    found = stored(uri)
    (run,) = found["runs"][:-1]
    assert "unsettled" not in run
    assert not run["pending"]
    assert run["json"]
    (bucket,) = found["points"][:-1]
    assert bucket["count"] == 10
    async with stores(uri, 1) as (store,):
        assert await run_of(store, run_id) == before
        assert [step for step, _, _ in await history(store, run_id, "m")] == list(range(10))


async def test_runs_that_two_put_in_order_at_once_have_each_point_once(uri: str) -> None:
    async with stores(uri, 1) as (ended,):
        made = [await new_run(ended) for _ in range(20)]
        for run_id in made:
            await ended.log_batch(batch(run_id, *(point("m", float(step), step) for step in range(700))))
    async with databases(uri, 3) as opened:
        await asyncio.gather(*(Settler(one, Writer(one)).sweep(left_behind_s=-5) for one in opened))
    async with stores(uri, 1) as (store,):
        for run_id in made:
            assert [step for step, _, _ in await history(store, run_id, "m")] == list(range(700))
    assert not [run for run in stored(uri)["runs"][:-1] if "unsettled" in run]


async def test_a_store_ends_whatever_it_is_at(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "INTERVAL_S", 0.001)
    monkeypatch.setattr(settling, "QUIET_S", 0.0)
    monkeypatch.setattr(settling, "SWEEP_S", 0.0)
    chance = random.Random(0)
    for _ in range(60):
        store = MongoStore(uri, artifact_root=ROOT)
        await new_run(store)
        await asyncio.sleep(chance.random() / 50)
        closing = asyncio.create_task(store.close())
        ended, _ = await asyncio.wait([closing], timeout=END_TIMEOUT_S)
        assert ended


# --- versions of the schema ---------------------------------------------------------------------------------------


async def test_servers_that_start_at_once_on_an_empty_database_prepare_it_once(uri: str) -> None:
    async with stores(uri, SERVERS) as opened:
        await asyncio.gather(*(store.check() for store in opened))
        assert steps_of(uri) == [step.version for step in STEPS]
        (default,) = stored(uri)["experiments"][:-1]
        assert default["name"] == "Default"
        names = {index.collection: set[str]() for index in INDEXES}
        for index in INDEXES:
            names[index.collection].add(index.name)
        found = stored(uri)
        assert {name: set(found[name][-1]) - {"_id_"} for name in names} == names
        tokens = [one for one in found[PROPERTIES][:-1] if one["_id"] == "token_secret"]
        assert len(tokens) == 1


def further(run: Callable[[Database], Awaitable[None]], *, oldest_writer: int = STEPS[-1].oldest_writer) -> list[Step]:
    """The steps of a version that follows this one."""
    version = STEPS[-1].version + 1
    return [*STEPS, Step(version, "note that it was made", oldest_writer, run)]


async def note(database: Database) -> None:
    """A step that can be counted, and takes its time."""
    await asyncio.sleep(0.3)
    await database.insert("notes", {})


async def test_servers_of_a_new_version_that_start_at_once_migrate_once(uri: str) -> None:
    async with databases(uri, SERVERS) as opened:
        await migrations.upgrade(opened[0], now_ms)
        await asyncio.gather(*(migrations.upgrade(one, now_ms, further(note)) for one in opened))
    assert steps_of(uri) == [step.version for step in further(note)]
    assert len(stored(uri)["notes"][:-1]) == 1


async def test_a_step_that_was_cut_off_is_made_again(uri: str) -> None:
    async def fail(database: Database) -> None:
        raise ConnectionError

    async with databases(uri, 1) as (database,):
        with pytest.raises(ConnectionError):
            await migrations.upgrade(database, now_ms, further(fail))
        assert steps_of(uri) == [step.version for step in STEPS]
        await migrations.upgrade(database, now_ms, further(note))
    assert steps_of(uri) == [step.version for step in further(note)]


async def test_the_lease_of_a_server_that_ended_ends(uri: str) -> None:
    clock = now_ms()
    async with databases(uri, 1) as (database,):
        await database.insert(PROPERTIES, {"_id": "upgrade", "holder": "ended", "until": clock + migrations.LEASE_MS})
        waiting = asyncio.create_task(migrations.upgrade(database, lambda: clock))
        await asyncio.sleep(2 * migrations.PAUSE_S)
        assert not waiting.done()
        clock += migrations.LEASE_MS + 1
        await waiting
    assert steps_of(uri) == [step.version for step in STEPS]


async def test_neighbouring_versions_run_on_one_database(uri: str) -> None:
    async with databases(uri, 1) as (newer,), stores(uri, 2) as (before, after):
        run_id = await new_run(before)
        await migrations.upgrade(newer, now_ms, further(note))
        for step, store in enumerate((before, after)):
            await store.check()
            await store.log_batch(batch(run_id, point("m", 1.0, step)))
        assert [step for step, _, _ in await history(before, run_id, "m")] == [0, 1]
    assert steps_of(uri) == [step.version for step in further(note)]


async def test_a_database_that_is_too_new_is_refused(uri: str) -> None:
    steps = further(note, oldest_writer=STEPS[-1].version + 1)
    async with databases(uri, 1) as (newer,), stores(uri, 1) as (store,):
        await migrations.upgrade(newer, now_ms, steps)
        before = stored(uri)
        with pytest.raises(NewerDatabase):
            await store.check()
        with pytest.raises(NewerDatabase):
            await new_experiment(store)
    assert stored(uri) == before


@pytest.mark.parametrize("collection", ["runs", "orders"])
async def test_a_database_of_another_program_is_refused_and_stays_as_it_is(uri: str, collection: str) -> None:
    async with databases(uri, 1) as (other,), stores(uri, 1) as (store,):
        await other.insert(collection, {"_id": 1, "name": "theirs"})
        before = stored(uri)
        with pytest.raises(ForeignDatabase):
            await store.check()
        with pytest.raises(ForeignDatabase):
            await new_experiment(store)
    assert stored(uri) == before
