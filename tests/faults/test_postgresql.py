"""A PostgreSQL that goes away: writers see waits or 503, and what was acknowledged is there, once."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from genesis_flow.errors import StoreBusy, StoreUnreachable, Unavailable
from genesis_flow.stores.sql import postgresql_database
from genesis_flow.stores.sql.postgresql_store import open_postgresql
from genesis_flow.stores.sql.store import SqlStore
from genesis_flow.testing.calls import answer, batch, metrics_of, new_experiment, new_run, point, run_of, tags_of
from genesis_flow.wire.messages import runs
from tests.faults.load import Writers, assert_kept, wait_for_more, writing
from tests.postgres import Postgres, postgres, require_wheel
from tests.serving import serving

ROOT = "mlflow-artifacts:/"
WRITERS = 16


@pytest.fixture
def database() -> Iterator[Postgres]:
    """A PostgreSQL of the test's own."""
    require_wheel()
    with postgres() as running:
        yield running


def opened(database: Postgres, **options: str) -> SqlStore:
    query = "&".join(f"{name}={text}" for name, text in options.items())
    return open_postgresql(f"{database.uri}?{query}", artifact_root=ROOT)


@pytest.mark.parametrize("end", [Postgres.stop, Postgres.kill], ids=["stopped", "killed"])
def test_a_restart_under_16_writers_loses_and_doubles_nothing(
    tmp_path: Path, database: Postgres, end: Callable[[Postgres], None]
) -> None:
    with serving(tmp_path, store=database.uri) as server:
        writers = Writers(server.port, server.create_run(), WRITERS)
        with writing(writers):
            for _ in range(2):
                wait_for_more(writers)
                end(database)
                database.start()
            wait_for_more(writers)
        assert {refusal.status for refusal in writers.others} <= {503}
        assert all(refusal.retry_after for refusal in writers.others)
        assert_kept(server, writers)


async def test_what_is_not_the_same_when_repeated_is_done_once_though_connections_are_cut(database: Postgres) -> None:
    store = opened(database)
    id_ = await new_run(store)
    acknowledged: list[int] = []
    done = threading.Event()

    def cut() -> None:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'genesis-flow'"
        with psycopg.connect(database.uri, autocommit=True) as connection:
            while not done.wait(0.1):
                connection.execute(others)

    async def append(number: int) -> None:
        try:
            # Each adds an entry to a list, so that one too many would be seen.
            await answer(store.log_model(runs.LogModel(run_id=id_, model_json=json.dumps({"number": number}))))
            acknowledged.append(number)
        except Unavailable:
            pass

    thread = threading.Thread(target=cut)
    thread.start()
    for first in range(0, 400, 8):
        await asyncio.gather(*(append(number) for number in range(first, first + 8)))
    done.set()
    thread.join()
    listed = json.loads(tags_of(await run_of(store, id_))["mlflow.log-model.history"] or "[]")
    numbers = [entry["number"] for entry in listed]
    assert acknowledged
    assert len(numbers) == len(set(numbers))
    assert set(acknowledged) <= set(numbers)
    await store.close()


async def test_a_commit_that_nobody_answered_is_not_done_again(database: Postgres) -> None:
    store = opened(database)
    id_ = await new_run(store)
    with psycopg.connect(database.uri, autocommit=True) as other:
        # A commit now waits for a copy of the database that does not exist; on the disk it is already.
        other.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        other.execute("SELECT pg_reload_conf()")
        appending = asyncio.create_task(answer(store.log_model(runs.LogModel(run_id=id_, model_json="{}"))))
        while not other.execute("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'").fetchall():  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # PostgreSQL has no event for it
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
        await asyncio.wait([appending], timeout=5)
        other.execute("ALTER SYSTEM RESET synchronous_standby_names")
        other.execute("SELECT pg_reload_conf()")
    await appending
    assert tags_of(await run_of(store, id_))["mlflow.log-model.history"] == "[{}]"
    await store.close()


async def test_a_query_that_takes_too_long_is_cut_and_told_to_come_again(database: Postgres) -> None:
    store = opened(database, options="-c%20statement_timeout%3D300")
    experiment = await new_experiment(store)
    locking = psycopg.connect(database.uri)
    locking.execute("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
    for _ in range(2):
        with pytest.raises(StoreBusy):
            await store.search_runs(runs.SearchRuns(experiment_ids=(experiment,)))
        with pytest.raises(StoreBusy):
            await store.create_run(runs.CreateRun(experiment_id=experiment))
    locking.close()
    assert (await answer(store.search_runs(runs.SearchRuns(experiment_ids=(experiment,))))).runs == ()
    await store.close()


async def test_a_database_that_is_down_at_the_start_is_said_and_then_found(database: Postgres) -> None:
    database.stop()
    uri = database.uri.replace("tests@", "tests:s3cret@")
    store = open_postgresql(uri, artifact_root=ROOT)
    with pytest.raises(StoreUnreachable, match="nothing listens at its address") as refusal:
        await store.check()
    assert "s3cret" not in str(refusal.value)
    with pytest.raises(StoreUnreachable):
        await new_experiment(store)
    database.start()
    await store.check()
    await new_experiment(store)
    await store.close()


def test_a_server_starts_without_its_database_and_says_why_it_is_not_ready(tmp_path: Path, database: Postgres) -> None:
    database.stop()
    with serving(tmp_path, store=database.uri) as server:
        answered = server.send("GET", "/readyz")
        assert answered.status == 503
        assert "nothing listens at its address" in answered.message
        assert server.send("GET", "/livez").status == 200
        database.start()
        assert server.send("GET", "/readyz").status == 200
        assert server.create_run()
        assert "Traceback" not in server.log


async def test_a_database_that_is_gone_is_waited_for_a_while_and_then_not_any_more(
    database: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_database, "PATIENCE_S", 0.5)
    store = opened(database)
    id_ = await new_run(store)
    database.stop()
    for _ in range(3):
        with pytest.raises(StoreUnreachable, match="nothing listens at its address"):
            await store.log_batch(batch(id_, point("m", 1.0)))
        with pytest.raises(StoreUnreachable, match="nothing listens at its address"):
            await run_of(store, id_)
    database.start()
    await store.log_batch(batch(id_, point("m", 1.0)))
    assert metrics_of(await run_of(store, id_)) == {"m": 1.0}
    await store.close()


async def test_a_user_who_is_refused_is_said_at_once(database: Postgres) -> None:
    store = open_postgresql(database.uri.replace("tests@", "somebody@"), artifact_root=ROOT)
    with pytest.raises(StoreUnreachable, match="no such user"):
        await store.check()
    await store.close()


async def test_a_user_who_may_not_make_tables_is_said(database: Postgres) -> None:
    with psycopg.connect(database.uri, autocommit=True) as connection:
        connection.execute("CREATE ROLE reader LOGIN")
    store = open_postgresql(database.uri.replace("tests@", "reader@"), artifact_root=ROOT)
    with pytest.raises(StoreUnreachable, match="does not let its user"):
        await store.check()
    await store.close()
