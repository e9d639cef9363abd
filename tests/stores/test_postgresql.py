from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import Future, wait
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import psycopg
import pytest

from genesis_flow.errors import (
    ExperimentExists,
    ExperimentNameNotFound,
    ForeignDatabase,
    InvalidParameter,
    MissingExtra,
    RunNotFound,
    UnsupportedLocation,
)
from genesis_flow.stores.open import open_store
from genesis_flow.stores.protocol import Store
from genesis_flow.stores.sql import documents
from genesis_flow.stores.sql.connection import Statement
from genesis_flow.stores.sql.postgresql import PostgresConnection, Transaction
from genesis_flow.stores.sql.postgresql_store import open_postgresql, parameters
from genesis_flow.stores.sql.store import SqlStore
from genesis_flow.testing.calls import (
    answer,
    batch,
    history,
    new_experiment,
    new_model,
    new_run,
    params_of,
    point,
    run_of,
    tags_of,
    unique,
)
from genesis_flow.testing.store import StoreSuite
from genesis_flow.values.experiments import ExperimentTag
from genesis_flow.values.logged_models import LoggedModelParameter
from genesis_flow.wire.messages import experiments, logged_models, runs
from tests import postgres

ROOT = "mlflow-artifacts:/"
SERVERS = 5


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


@pytest.fixture
def uri(postgresql_server: str) -> Iterator[str]:
    """A database of the test's own."""
    uri = postgres.database(postgresql_server)
    yield uri
    postgres.drop(postgresql_server, uri)


@asynccontextmanager
async def servers(uri: str, count: int) -> AsyncIterator[list[SqlStore]]:
    """The same store as several servers have it."""
    async with AsyncExitStack() as stack:
        stores = [open_postgresql(uri, artifact_root=ROOT) for _ in range(count)]
        for store in stores:
            stack.push_async_callback(store.close)
        yield stores


def said(uri: str, question: str) -> list[tuple[object, ...]]:
    """What a query finds, asked beside the store."""
    with psycopg.connect(uri) as connection:
        return connection.execute(question.encode()).fetchall()


# --- whose database it is -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("theirs", ["MLflow", "another program"])
async def test_the_database_of_another_program_is_refused_and_not_touched(uri: str, theirs: str) -> None:
    tables = ("alembic_version", "experiments") if theirs == "MLflow" else ("recipes",)
    with psycopg.connect(uri) as connection:
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (name text)".encode())
    async with servers(uri, 1) as (store,):
        for _ in range(2):
            with pytest.raises(ForeignDatabase, match=theirs):
                await store.check()
    assert sorted(said(uri, "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")) == [
        (table,) for table in sorted(tables)
    ]


async def test_five_servers_that_start_at_once_prepare_the_database_once(uri: str) -> None:
    async with servers(uri, SERVERS) as stores:
        await asyncio.gather(*(store.check() for store in stores))
        for store in stores:
            found = await answer(store.search_experiments(experiments.SearchExperiments()))
            assert [one.name for one in found.experiments] == ["Default"]
    assert said(uri, "SELECT count(*) FROM genesis_properties WHERE name = 'token_secret'") == [(1,)]


async def test_a_server_that_starts_does_not_wait_for_those_who_write(uri: str) -> None:
    async with servers(uri, 2) as (first, second):
        await first.check()
        with psycopg.connect(uri) as writer:
            writer.execute("LOCK TABLE runs, run_metrics, experiments IN ROW EXCLUSIVE MODE")
            await asyncio.wait_for(second.check(), 10)


async def test_a_store_that_was_closed_is_opened_with_what_it_held(uri: str) -> None:
    async with servers(uri, 1) as (store,):
        id_ = await new_experiment(store, "kept")
    async with servers(uri, 1) as (again,):
        found = await answer(again.get_experiment(experiments.GetExperiment(experiment_id=id_)))
        assert found.experiment is not None
        assert found.experiment.name == "kept"


# --- where it is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
async def test_a_uri_may_name_the_driver_as_sqlalchemy_takes_it(uri: str, scheme: str) -> None:
    store = open_store(f"{scheme}:{uri.partition(':')[2]}", artifact_root=ROOT)
    await store.check()
    await store.close()


@pytest.mark.parametrize(
    "bad",
    ["postgresql://u:s3cret@[::1/d?x", "postgresql://u:s3cret@h/d?nooption=1"],
)
def test_a_uri_that_cannot_be_read_is_refused_without_its_password(bad: str) -> None:
    with pytest.raises(UnsupportedLocation) as refusal:
        open_store(bad, artifact_root=ROOT)
    assert "s3cret" not in str(refusal.value)


def test_what_the_uri_says_wins_over_our_own_choice() -> None:
    assert parameters("postgresql://h/d?connect_timeout=60")["connect_timeout"] == "60"
    assert parameters("postgresql://h/d")["connect_timeout"] == 5


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtra, match=r"genesis-flow\[postgresql\]"):
        open_store("postgresql://localhost/d", artifact_root=ROOT)


# --- several servers are one product ------------------------------------------------------------------------------


async def test_of_many_servers_that_create_the_same_experiment_one_does(uri: str) -> None:
    async with servers(uri, SERVERS) as stores:
        await asyncio.gather(*(store.check() for store in stores))
        for number in range(10):
            message = experiments.CreateExperiment(name=f"the same {number}")
            answers = await asyncio.gather(
                *(store.create_experiment(message) for store in stores), return_exceptions=True
            )
            refusals = [found for found in answers if isinstance(found, BaseException)]
            assert len(refusals) == SERVERS - 1
            assert {type(refusal) for refusal in refusals} == {ExperimentExists}


async def test_of_two_values_for_a_param_that_two_servers_write_at_once_one_wins(uri: str) -> None:
    async with servers(uri, 2) as stores:
        id_ = await new_run(stores[0])
        for number in range(20):
            outcomes = await asyncio.gather(
                *(store.log_batch(batch(id_, params={f"p{number}": str(i)})) for i, store in enumerate(stores)),
                return_exceptions=True,
            )
            (winner,) = [str(i) for i, outcome in enumerate(outcomes) if not isinstance(outcome, BaseException)]
            for store in stores:
                assert params_of(await run_of(store, id_))[f"p{number}"] == winner


class Interrupted(PostgresConnection):
    """A connection on which something happens just before the document of a run is filled in."""

    meanwhile: Callable[[], object]

    def run(self, statement: Statement, **values: Any) -> int:
        if statement in (documents.FILL, documents.FILL_FIRST):
            self.meanwhile()
        return super().run(statement, **values)


async def test_a_run_that_one_server_settles_while_another_writes_to_it_shows_the_last_value(uri: str) -> None:
    async with servers(uri, 1) as (store,):
        id_ = await new_run(store)
    loop = asyncio.get_running_loop()
    settling = Interrupted(parameters(uri))
    settling.execute("UPDATE runs SET document = NULL")
    async with servers(uri, 1) as (store,):
        writes: list[Future[Any]] = []

        def write() -> None:
            written = store.log_batch(batch(id_, tags={"t": "last"}))
            writes.append(asyncio.run_coroutine_threadsafe(answer(written), loop))
            wait(writes, timeout=0.5)  # in vain: it waits for the run

        def settle() -> None:
            with Transaction(settling):
                documents.settle(settling)

        settling.meanwhile = write
        await asyncio.to_thread(settle)
        await asyncio.wrap_future(writes[0])
        assert tags_of(await run_of(store, id_))["t"] == "last"
    settling.close()


async def test_servers_that_write_to_the_same_runs_in_any_order_do_not_wait_for_each_other_in_a_circle(
    uri: str,
) -> None:
    async with servers(uri, 3) as stores:
        ids = [await new_run(stores[0]) for _ in range(10)]
        await asyncio.gather(
            *(
                store.log_batch(batch(id_, point("m", 1.0, step * len(stores) + number)))
                for step in range(5)
                for number, store in enumerate(stores)
                for id_ in (ids if number % 2 else reversed(ids))
            )
        )
    assert said(uri, "SELECT count(*)::int FROM metric_points") == [(3 * 5 * 10,)]
    assert said(uri, "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()") == [(0,)]


async def test_of_two_values_for_a_param_of_a_model_that_two_servers_write_at_once_one_wins(uri: str) -> None:
    async with servers(uri, 2) as stores:
        experiment = await new_experiment(stores[0])
        for _ in range(20):
            model_id = await new_model(stores[0], experiment)
            writes = (
                store.log_logged_model_params(
                    logged_models.LogLoggedModelParamsRequest(
                        model_id=model_id, params=(LoggedModelParameter(key="p", value=str(number)),)
                    )
                )
                for number, store in enumerate(stores)
            )
            outcomes = await asyncio.gather(*writes, return_exceptions=True)
            assert sum(isinstance(outcome, InvalidParameter) for outcome in outcomes) == 1, outcomes


async def test_servers_that_change_one_experiment_at_once_do_not_wait_for_each_other_in_a_circle(uri: str) -> None:
    async with servers(uri, 3) as stores:
        experiment = await new_experiment(stores[0])

        def changes(store: Store, text: str) -> list[Coroutine[Any, Any, object]]:
            tag = experiments.SetExperimentTag(experiment_id=experiment, key="k", value=text)
            rename = experiments.UpdateExperiment(experiment_id=experiment, new_name=unique())
            return [store.set_experiment_tag(tag), store.update_experiment(rename)]

        for number in range(20):
            await asyncio.gather(*(change for store in stores for change in changes(store, str(number))))
    assert said(uri, "SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()") == [(0,)]


# --- what PostgreSQL sees differently -----------------------------------------------------------------------------


async def test_a_large_whole_number_is_compared_exactly(uri: str) -> None:
    async with servers(uri, 1) as (store,):
        experiment = await new_experiment(store)
        for start in (2**53, 2**53 + 1, 2**63 - 1):
            await new_run(store, experiment, start_time=start)

        async def found(text: str) -> list[int | None]:
            message = runs.SearchRuns(experiment_ids=(experiment,), filter=text, order_by=("start_time",))
            return [run.info.start_time for run in (await answer(store.search_runs(message))).runs if run.info]

        assert await found("start_time = 9007199254740993") == [2**53 + 1]
        assert await found("start_time > 9007199254740992.0") == [2**53 + 1, 2**63 - 1]
        assert await found("start_time < 9223372036854775808") == [2**53, 2**53 + 1, 2**63 - 1]


async def test_a_tag_that_comes_twice_in_a_message_has_its_last_value(uri: str) -> None:
    async with servers(uri, 1) as (store,):
        tags = tuple(ExperimentTag(key="k", value=text) for text in ("first", "last"))
        made = await answer(store.create_experiment(experiments.CreateExperiment(name="e", tags=tags)))
        found = await answer(store.get_experiment(experiments.GetExperiment(experiment_id=made.experiment_id or "")))
        assert found.experiment is not None
        assert [(tag.key, tag.value) for tag in found.experiment.tags] == [("k", "last")]


async def test_nothing_is_found_by_a_name_with_a_nul_and_its_neighbours_in_a_commit_are_not_disturbed(uri: str) -> None:
    async with servers(uri, 1) as (store,):
        id_ = await new_run(store)
        with pytest.raises(RunNotFound):
            await run_of(store, f"{id_}\0")
        with pytest.raises(ExperimentNameNotFound):
            await store.get_experiment_by_name(experiments.GetExperimentByName(experiment_name="Default\0"))
        assert await history(store, id_, "m\0") == []
        messages = [batch(one, params={"p": "v"}) for one in (id_, f"{id_}\0", id_)]
        outcomes = await asyncio.gather(*map(store.log_batch, messages), return_exceptions=True)
        assert [isinstance(outcome, RunNotFound) for outcome in outcomes] == [False, True, False]
        assert params_of(await run_of(store, id_)) == {"p": "v"}
