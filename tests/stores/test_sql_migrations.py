"""The schema from version to version: what an older program left is kept, and is what this one works on."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.engine.interfaces import Dialect

from genesis_flow.errors import NewerDatabase
from genesis_flow.stores.sql import migrations
from genesis_flow.stores.sql.migrations import STEPS, DefiningConnection, Step
from genesis_flow.stores.sql.sqlite import DIALECT, SqliteConnection, Transaction
from genesis_flow.stores.sql.sqlite_store import open_sqlite
from genesis_flow.stores.sql.store import SqlStore
from genesis_flow.testing.calls import (
    answer,
    batch,
    history,
    id_of,
    info_of,
    metrics_of,
    new_run,
    params_of,
    point,
    run_of,
    same,
    tags_of,
)
from genesis_flow.testing.registry_calls import at_alias, new_registered, set_alias, timeline
from genesis_flow.wire.messages import experiments, keys, runs

SCHEMA_1 = Path(__file__).with_name("schema_1.sql")
"""What ``sqlite3 store.db .dump`` said of a database of version 1, with three runs."""


def opened(path: Path) -> SqlStore:
    return open_sqlite(path, artifact_root="mlflow-artifacts:/")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database of version 1."""
    path = tmp_path / "store.db"
    connection = sqlite3.connect(path)
    connection.executescript(SCHEMA_1.read_text())
    connection.close()
    return path


def properties(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    found = dict(connection.execute("SELECT name, value FROM genesis_properties"))
    connection.close()
    return found


def tables(path: Path) -> dict[str, list[str]]:
    """The columns of each table, in the order of their names."""
    connection = sqlite3.connect(path)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {name: sorted(row[1] for row in connection.execute(f"PRAGMA table_info({name})")) for name in names}
    connection.close()
    return found


def indexes(path: Path) -> dict[str, list[str | None]]:
    """The columns of each index, in the order of the index."""
    connection = sqlite3.connect(path)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")]
    found = {name: [row[2] for row in connection.execute(f"PRAGMA index_info({name})")] for name in names}
    connection.close()
    return found


async def kept(store: SqlStore) -> str:
    """The id of the experiment in the database of version 1."""
    message = experiments.GetExperimentByName(experiment_name="kept")
    found = (await answer(store.get_experiment_by_name(message))).experiment
    assert found is not None
    assert found.experiment_id is not None
    return found.experiment_id


async def names(store: SqlStore, filter_: str, *order: str) -> list[str | None]:
    message = runs.SearchRuns(experiment_ids=(await kept(store),), filter=filter_, order_by=order)
    return [info_of(run).run_name for run in (await answer(store.search_runs(message))).runs]


async def test_nothing_is_lost_when_a_database_is_upgraded(path: Path) -> None:
    secret = properties(path)["token_secret"]
    store = opened(path)
    assert await names(store, "", "start_time") == ["one", "two", "three"]
    message = runs.SearchRuns(experiment_ids=(await kept(store),), filter="run_name = 'one'")
    (run,) = (await answer(store.search_runs(message))).runs
    values = {"single": 0.5, "m": -1.0, "nan": math.nan, "inf": -math.inf, "it's": 2.0}
    assert same(sorted(metrics_of(run).items(), key=repr), sorted(values.items(), key=repr))
    assert params_of(run) == {"p": "it's"}
    assert tags_of(run) == {"t": "é\nx"}
    points = [(0, 5, math.nan), (1, 10, 2.0), (2, 20, 3.5), (4, 40, -1.0), (5, 50, -1.0)]
    assert same(await history(store, id_of(run), "m"), points)
    await store.close()
    assert properties(path)["token_secret"] == secret


@pytest.mark.parametrize(
    "condition",
    [
        "metrics.m.count = 5 AND metrics.m.min = -1 AND metrics.m.max = 3.5 AND metrics.m.mean = 0.875",
        "metrics.m.min_step = 4 AND metrics.m.max_step = 2 AND metrics.m.last = -1 AND metrics.m.first != 0",
        "metrics.single.count = 1 AND metrics.single.mean = 0.5 AND metrics.single.min_step = 3",
        "metrics.nan.count = 2 AND metrics.nan.min_step = 6 AND NOT metrics.nan.max <= inf",
        "metrics.inf.min = -inf AND metrics.inf.max = inf AND NOT metrics.inf.mean <= inf",
        "metrics.`it's`.mean = 1.5 AND metrics.`it's`.min_step < -9e18 AND metrics.`it's`.max_step > 9e18",
    ],
)
async def test_an_upgraded_database_has_the_aggregates_of_the_points_that_it_had(path: Path, condition: str) -> None:
    store = opened(path)
    assert await names(store, condition) == ["one"]
    await store.close()


async def test_what_is_logged_after_the_upgrade_joins_what_was_there(path: Path) -> None:
    store = opened(path)
    message = runs.SearchRuns(experiment_ids=(await kept(store),), filter="run_name = 'one'")
    (run,) = (await answer(store.search_runs(message))).runs
    await store.log_batch(batch(id_of(run), point("m", 2.0, 1, 10), point("m", 8.5, 9, 90), point("single", 1.5, 4)))
    assert await names(store, "metrics.m.count = 6 AND metrics.m.mean = 2.4 AND metrics.m.max_step = 9") == ["one"]
    assert await names(store, "metrics.single.count = 2 AND metrics.single.mean = 1") == ["one"]
    await store.close()


async def test_an_upgraded_database_has_the_tables_of_a_new_one(path: Path, tmp_path: Path) -> None:
    await opened(path).close()
    await opened(tmp_path / "new.db").close()
    assert tables(path) == tables(tmp_path / "new.db")
    assert indexes(path) == indexes(tmp_path / "new.db")
    assert indexes(path)["runs_by_start"] == ["experiment_id", "started_ms", "run_id", "lifecycle_stage"]
    latest = str(STEPS[-1].version)
    for one in (path, tmp_path / "new.db"):
        assert (properties(one)["schema_version"], properties(one)["owner"]) == (latest, "genesis-flow")


async def test_an_upgraded_database_keeps_registered_models(path: Path) -> None:
    store = opened(path)
    name = await new_registered(store, versions=1)
    await set_alias(store, name, "champion", "1")
    await store.close()
    again = opened(path)
    assert await at_alias(again, name, "champion") == "1"
    assert [change.kind for change in await timeline(again, name)] == ["alias", "created", "created"]
    await again.close()


async def test_an_upgraded_database_has_the_keys_of_the_runs_that_it_had(path: Path) -> None:
    store = opened(path)
    for _ in range(2):  # before they are counted, and afterwards
        found = await answer(
            store.list_experiment_keys(keys.ListExperimentKeys(experiment_id=await kept(store), kind="metric"))
        )
        assert [(one.key, one.runs) for one in found.keys if one.key in ("inf", "it's")] == [("inf", 1), ("it's", 1)]
        assert found.runs == 3
        await store.settle()
    await store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*), count(counted) FROM run_blocks").fetchone() == (1, 1)
    connection.close()


def test_a_server_that_would_restore_what_is_being_removed_or_settle_what_is_counted_is_kept_away(path: Path) -> None:
    upgrade(path)
    assert properties(path)["oldest_writer"] == "6"


# --- the steps ----------------------------------------------------------------------------------------------------

LATEST = STEPS[-1]


def step(oldest_writer: int, run: Callable[[DefiningConnection, Dialect], None]) -> Step:
    """A step that a later version will have."""
    return Step(LATEST.version + 1, "remember who tuned a run", oldest_writer, run)


def add_column(connection: DefiningConnection, dialect: Dialect) -> None:
    connection.execute("ALTER TABLE runs ADD COLUMN tuned_by TEXT")


def fail(connection: DefiningConnection, dialect: Dialect) -> None:
    add_column(connection, dialect)
    raise RuntimeError("the power went away")


def upgrade(path: Path, *later: Step) -> None:
    """Opens the database as a version with further steps does."""
    connection = SqliteConnection(path, writable=True)
    try:
        with Transaction(connection):
            migrations.upgrade(connection, DIALECT, steps=[*STEPS, *later])
    finally:
        connection.close()


def missing(path: Path, *later: Step) -> list[int]:
    """The versions that the plan of a version with further steps goes to."""
    connection = SqliteConnection(path, writable=False)
    try:
        return [one.version for one in migrations.plan(connection, [*STEPS, *later])]
    finally:
        connection.close()


def test_the_plan_names_what_is_missing_and_changes_nothing(path: Path) -> None:
    before = properties(path), tables(path)
    later = step(LATEST.version, add_column)
    assert missing(path, later) == [*(one.version for one in STEPS), later.version]
    assert (properties(path), tables(path)) == before
    upgrade(path)
    assert missing(path) == []
    assert missing(path, later) == [later.version]


async def test_neighbouring_versions_work_on_one_database(path: Path) -> None:
    older = opened(path)
    upgrade(path, step(LATEST.version, add_column))
    again = opened(path)
    for store in (older, again):
        id_ = await new_run(store, await kept(store), "new", 9)
        await store.log_batch(batch(id_, point("m", 1.0), point("m", 2.0, 1)))
        assert (await run_of(older, id_)) == (await run_of(again, id_))
    assert await names(older, "metrics.m.count = 2") == ["new", "new"]
    await older.close()
    await again.close()
    assert "tuned_by" in tables(path)["runs"]
    assert properties(path)["schema_version"] == str(LATEST.version + 1)


def test_a_database_that_needs_a_newer_writer_is_refused_and_not_changed(path: Path) -> None:
    upgrade(path, step(LATEST.version + 1, add_column))
    before = properties(path), tables(path)
    for _ in range(2):
        with pytest.raises(NewerDatabase):
            opened(path)
        with pytest.raises(NewerDatabase):
            missing(path)
    assert (properties(path), tables(path)) == before


def test_a_step_that_fails_changes_nothing_and_can_be_made_again(path: Path) -> None:
    before = properties(path), tables(path)
    with pytest.raises(RuntimeError):
        upgrade(path, step(LATEST.version, fail))
    assert (properties(path), tables(path)) == before
    upgrade(path, step(LATEST.version, add_column))
    assert missing(path, step(LATEST.version, add_column)) == []


OPEN = """
import asyncio, logging, sys
from pathlib import Path
from genesis_flow.stores.sql.sqlite_store import open_sqlite
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
print("ready", flush=True)
sys.stdin.readline()
asyncio.run(open_sqlite(Path(sys.argv[1]), artifact_root="mlflow-artifacts:/").close())
"""


def test_five_processes_that_open_a_database_at_once_upgrade_it_once(path: Path) -> None:
    command = [sys.executable, "-c", OPEN, str(path)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 5
    assert sum(text.count(f"goes to version {LATEST.version}") for text in said) == 1
    assert asyncio.run(_names_of(path, "metrics.m.count = 5")) == ["one"]


async def _names_of(path: Path, filter_: str) -> list[str | None]:
    store = opened(path)
    try:
        return await names(store, filter_)
    finally:
        await store.close()
