"""The file under the store on SQLite: whose it is, who shares it, and what a crash leaves in it."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from genesis_flow.errors import ForeignDatabase, InvalidRequest, ShuttingDown
from genesis_flow.stores.sql.connection import Connection, Statement
from genesis_flow.stores.sql.sqlite import SqliteConnection, SqliteDatabase
from genesis_flow.stores.sql.sqlite_store import open_sqlite
from genesis_flow.stores.sql.store import SqlStore
from genesis_flow.testing.calls import (
    INVALID,
    answer,
    batch,
    experiment_of,
    history,
    new_experiment,
    new_run,
    params_of,
    point,
    refused,
    run_of,
    tags_of,
    there,
)
from genesis_flow.wire.messages import experiments, runs
from tests.stores.writer import WRITER, acknowledged_before_kill

SETTLED_AFTER_S = 60


def opened(path: Path) -> SqlStore:
    return open_sqlite(path, artifact_root="artifacts")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    store = opened(tmp_path / "store.db")
    yield store
    await store.close()


# --- whose file it is ---------------------------------------------------------------------------------------------


def mlflow_database(path: Path) -> None:
    """What a database of MLflow's looks like from outside."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT)")
        connection.execute("INSERT INTO experiments VALUES (7, 'theirs')")
    connection.close()


def other_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()


def wal_database(path: Path) -> None:
    """A database that is kept in WAL mode and was closed in order."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()


def crashed_database(path: Path) -> None:
    """A database whose program was killed before its tables reached the main file."""
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA journal_mode = WAL');"
        "c.execute('CREATE TABLE recipes (name TEXT)'); c.commit(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert path.with_name(path.name + "-wal").stat().st_size > 0


def text_file(path: Path) -> None:
    path.write_text("dear diary, " * 1_000)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Name, bytes and time of change of every file."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.mark.parametrize("make", [mlflow_database, other_database, wal_database, crashed_database, text_file])
def test_the_file_of_another_program_is_refused_and_not_touched(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "it's 100% theirs?#.db"
    make(path)
    before = contents(tmp_path)
    for _ in range(2):
        with pytest.raises(ForeignDatabase, match="MLflow" if make is mlflow_database else "program"):
            opened(path)
        assert contents(tmp_path) == before


def test_a_database_that_another_program_has_open_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    wal_database(path)
    theirs = sqlite3.connect(path)
    theirs.execute("INSERT INTO recipes VALUES ('soup')")
    before = contents(tmp_path)
    with pytest.raises(ForeignDatabase):
        opened(path)
    assert contents(tmp_path) == before
    theirs.commit()
    theirs.close()


async def test_a_new_file_an_empty_one_and_our_own_are_opened(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "store.db"
    first = opened(path)
    id_ = await new_experiment(first, "kept")
    await first.close()
    again = opened(path)
    assert (await experiment_of(again, id_)).name == "kept"
    found = await answer(again.search_experiments(experiments.SearchExperiments()))
    assert sorted(one.name or "" for one in found.experiments) == ["Default", "kept"]
    await again.close()
    (tmp_path / "empty.db").touch()
    await opened(tmp_path / "empty.db").close()


# --- a crash ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("acknowledged_before", [1, 100, 400])
def test_what_was_acknowledged_survives_a_kill_and_is_there_once(tmp_path: Path, acknowledged_before: int) -> None:
    path = tmp_path / "store.db"
    id_ = asyncio.run(_prepared(path))
    acknowledged = acknowledged_before_kill(f"sqlite:///{path}", id_, acknowledged_before)
    assert len(acknowledged) >= acknowledged_before
    asyncio.run(_check_what_survived(path, id_, acknowledged))
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


async def _prepared(path: Path) -> str:
    store = opened(path)
    id_ = await new_run(store)
    await store.close()
    return id_


async def _check_what_survived(path: Path, id_: str, acknowledged: set[int]) -> None:
    store = opened(path)
    run = await run_of(store, id_)
    steps = [step for step, _, _ in await history(store, id_, "m")]
    assert acknowledged <= set(steps)
    assert len(set(steps)) == len(steps)
    # Each batch is there as a whole or not at all.
    assert params_of(run) == {f"p{step}": str(step) for step in steps}
    assert tags_of(run) == {f"t{step}": str(step) for step in steps}
    await store.log_batch(batch(id_, tags={"alive": "yes"}))
    await store.close()


async def test_processes_that_share_a_file_lose_nothing(store: SqlStore, tmp_path: Path) -> None:
    id_ = await new_run(store)
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    writers = [
        await asyncio.create_subprocess_exec(
            sys.executable, str(WRITER), uri, id_, str(first), "200", stdout=subprocess.PIPE
        )
        for first in (0, 200, 400)
    ]
    ours = [store.log_batch(batch(id_, point("m", 0.5, step))) for step in range(600, 800)]
    outcomes, *_ = await asyncio.gather(asyncio.gather(*ours), *(writer.communicate() for writer in writers))
    assert len(outcomes) == 200
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert sorted(step or 0 for step, _, _ in await history(store, id_, "m")) == list(range(800))
    assert len(params_of(await run_of(store, id_))) == 600


# --- the writer ---------------------------------------------------------------------------------------------------

NOTES = sa.table("notes", sa.column("text"))
ADD = Statement(sa.insert(NOTES).values(text=sa.bindparam("text")))
ALL = Statement(sa.select(NOTES.c.text))


def adding(text: str, error: Exception | None = None) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        connection.run(ADD, text=text)
        if error is not None:
            raise error
        return text

    return work


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    connection = sqlite3.connect(tmp_path / "notes.db")
    connection.execute("CREATE TABLE notes (text TEXT UNIQUE)")
    connection.close()
    database = SqliteDatabase(tmp_path / "notes.db")
    yield database
    await database.close()


@pytest.mark.parametrize(
    "error", [InvalidRequest("no"), ValueError("a bug"), None], ids=["ours", "a bug", "the driver's"]
)
async def test_work_that_fails_in_a_shared_commit_leaves_the_others_alone(
    database: SqliteDatabase, error: Exception | None
) -> None:
    started, go = threading.Event(), threading.Event()

    def wait(connection: Connection) -> None:
        started.set()
        go.wait(SETTLED_AFTER_S)

    held = asyncio.ensure_future(database.write(wait))
    await asyncio.to_thread(started.wait)
    # All of these wait behind the first and are committed together; "a" comes twice, which the table refuses.
    texts = ["a", "b", "a", "c"] if error is None else ["a", "b", "bad", "c"]
    calls = [asyncio.ensure_future(database.write(adding(text, error if text == "bad" else None))) for text in texts]
    await asyncio.sleep(0)
    waiting = database.waiting
    go.set()
    outcomes = await asyncio.gather(held, *calls, return_exceptions=True)
    assert waiting == len(texts)
    failed = outcomes.pop(3)
    assert isinstance(failed, Exception)
    assert error is None or failed is error
    assert outcomes == [None, "a", "b", "c"]
    assert await database.read(lambda connection: connection.rows(ALL)) == [("a",), ("b",), ("c",)]


async def test_a_caller_that_goes_away_leaves_its_write_and_disturbs_nobody(database: SqliteDatabase) -> None:
    calls = [asyncio.ensure_future(database.write(adding(str(number)))) for number in range(9)]
    await asyncio.sleep(0)
    calls[4].cancel()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [outcome for outcome in outcomes if isinstance(outcome, str)] == [str(n) for n in range(9) if n != 4]
    assert len(await database.read(lambda connection: connection.rows(ALL))) == 9


async def test_closing_finishes_what_was_asked_and_takes_no_more(store: SqlStore, tmp_path: Path) -> None:
    id_ = await new_run(store)
    calls = [asyncio.ensure_future(store.log_batch(batch(id_, point("m", 1.0, step)))) for step in range(300)]
    await asyncio.sleep(0)
    await store.close()
    await asyncio.gather(*calls)
    for late in (store.log_batch(batch(id_)), store.search_runs(runs.SearchRuns(experiment_ids=("0",)))):
        with pytest.raises(ShuttingDown):
            await late
    await store.close()
    again = opened(tmp_path / "store.db")
    assert len(await history(again, id_, "m")) == 300
    await again.close()


def test_a_commit_waits_for_the_disk_and_a_reader_cannot_write(tmp_path: Path) -> None:
    # No test can pull the plug: without FULL a commit survives a kill, but not a power failure.
    writer = SqliteConnection(tmp_path / "notes.db", writable=True)
    assert writer.execute("PRAGMA synchronous") == [(2,)]
    assert writer.execute("PRAGMA journal_mode") == [("wal",)]
    reader = SqliteConnection(tmp_path / "notes.db", writable=False)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("CREATE TABLE notes (text TEXT)")
    reader.close()
    writer.close()


# --- documents and snapshots --------------------------------------------------------------------------------------


def unsettled(path: Path) -> int:
    """How many runs have no document yet."""
    connection = sqlite3.connect(path)
    (number,) = connection.execute("SELECT count(*) FROM runs WHERE document IS NULL").fetchone()
    connection.close()
    return int(number)


async def settle(path: Path) -> None:
    """Waits until every run has its document."""

    async def look() -> None:
        while unsettled(path):  # noqa: ASYNC110  # the writer's thread settles them
            await asyncio.sleep(0.02)

    await asyncio.wait_for(look(), SETTLED_AFTER_S)


async def test_every_run_gets_its_document_and_loses_it_with_the_next_write(store: SqlStore, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    experiment = await new_experiment(store)
    ids = [await new_run(store, experiment, f"run {number}") for number in range(3)]
    await store.log_batch(batch(ids[0], point("m", float("nan")), params={"p": "it's"}, tags={"t": "1"}))
    before = [await run_of(store, id_) for id_ in ids]
    await settle(path)
    assert repr([await run_of(store, id_) for id_ in ids]) == repr(before)
    for change in (
        lambda: store.log_batch(batch(ids[0], point("m", 1.0, 1))),
        lambda: store.log_batch(batch(ids[0], params={"q": ""})),
        lambda: store.log_batch(batch(ids[0], tags={"mlflow.runName": "renamed"})),
        lambda: store.delete_tag(runs.DeleteTag(run_id=ids[0], key="t")),
        lambda: store.update_run(runs.UpdateRun(run_id=ids[0], status="FINISHED")),
        lambda: store.log_inputs(runs.LogInputs(run_id=ids[0])),
        lambda: store.delete_run(runs.DeleteRun(run_id=ids[0])),
        lambda: store.restore_run(runs.RestoreRun(run_id=ids[0])),
        lambda: store.delete_experiment(experiments.DeleteExperiment(experiment_id=experiment)),
    ):
        await change()
        changed = await run_of(store, ids[0])
        await settle(path)
        assert await run_of(store, ids[0]) == changed
    assert there(changed.info).lifecycle_stage == "deleted"


async def test_a_run_is_read_as_some_batch_left_it(store: SqlStore) -> None:
    id_ = await new_run(store)

    async def write() -> None:
        for number in range(150):
            text = str(number)
            await store.log_batch(batch(id_, point("m", float(number), number), tags={"a": text, "b": text}))

    writing = asyncio.ensure_future(write())
    while not writing.done():
        run = await run_of(store, id_)
        tags, metrics = tags_of(run), there(run.data).metrics
        assert tags.get("a") == tags.get("b")
        assert [str(metric.step) for metric in metrics] == [text for key, text in tags.items() if key == "a"]
        await asyncio.sleep(0)
    await writing


async def test_a_page_token_of_another_database_is_refused(store: SqlStore, tmp_path: Path) -> None:
    other = opened(tmp_path / "other.db")
    message = runs.SearchRuns(experiment_ids=("0",), max_results=1)
    for each in (store, other):
        for _ in range(2):
            await new_run(each, "0")
    token = (await answer(other.search_runs(message))).next_page_token
    assert token
    with refused(INVALID):
        await store.search_runs(runs.SearchRuns(experiment_ids=("0",), max_results=1, page_token=token))
    await other.close()
