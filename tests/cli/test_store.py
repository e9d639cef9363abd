"""The commands that look after a database."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from click.testing import CliRunner, Result

from genesis_flow.cli.main import main
from genesis_flow.stores.open import open_store
from genesis_flow.testing.calls import batch, new_experiment, new_run, point
from genesis_flow.testing.registry_calls import new_registered, set_alias

# PostgreSQL chooses among the indexes of the history by how much there is.
OF_PAST = {"sqlite": "model_versions_by_name", "postgresql": "model_history_by", "mongodb": "by_key"}
OF_HISTORY = {"sqlite": "by_time", "postgresql": "model_history_by", "mongodb": "by_time"}
VERSION_1 = Path(__file__).parents[1] / "stores" / "schema_1.sql"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["store", *arguments])


async def fill(uri: str) -> None:
    store = open_store(uri, artifact_root="mlflow-artifacts:/")
    experiment = await new_experiment(store)
    for _ in range(3):
        run_id = await new_run(store, experiment)
        points = [point("loss", 1.0), point("loss", 0.5, 1), point("acc", 0.9)]
        await store.log_batch(batch(run_id, *points, params={"lr": "0.1"}, tags={"t": "x"}))
    await store.close()


def test_a_database_with_all_its_indexes_scans_for_none_of_the_commonest_queries(uri: str) -> None:
    asyncio.run(fill(uri))
    found = run("check", uri)
    assert found.exit_code == 0, found.output
    assert "MISSING" not in found.output
    assert "SCANS" not in found.output
    assert found.output.partition("Commonest queries")[2].count("  ok ") >= 10


def test_the_table_of_runs_goes_by_the_indexes_of_its_order(uri: str) -> None:
    asyncio.run(fill(uri))
    found = run("check", uri).output.splitlines()
    plans = {query: steps for query, _, steps in (line.removeprefix("  ok      ").partition(": ") for line in found)}
    assert "by_start" in plans["a block of the table of runs"]
    assert "by_value" in plans["the table of runs in the order of a metric"]
    if uri.startswith("sqlite"):  # without a look at the rows of runs that are counted or passed over
        assert "COVERING INDEX runs_by_start" in plans["a block of the table of runs"]


async def register(uri: str, *aliases: str) -> None:
    store = open_store(uri, artifact_root="mlflow-artifacts:/")
    name = await new_registered(store, "it's a \\ model", versions=2)
    for alias in aliases:
        await set_alias(store, name, alias, "1")
    await store.close()


def test_the_commonest_queries_of_the_registry_go_by_their_indexes(uri: str) -> None:
    scheme = uri.partition(":")[0]
    is_sql = scheme != "mongodb"
    asyncio.run(register(uri, "champion"))
    found = run("check", uri)
    assert found.exit_code == 0, found.output
    lines = (line.removeprefix("  ok      ").partition(": ") for line in found.output.splitlines())
    plans = {query: steps for query, _, steps in lines}
    for query, index in (
        ("a registered model", "by_stage"),
        ("the list of registered models", "by_stage"),
        ("a version by its alias", "model_versions_by_name" if is_sql else "_id_"),
        ("the version that had an alias at a time", OF_PAST[scheme]),
        ("the versions of a registered model", "by_update_of_name"),
        ("the last updated versions", "by_update"),
        ("the history of a registered model", OF_HISTORY[scheme]),
    ):
        assert index in plans[query], found.output
    assert "SORT" not in plans["the versions of a registered model"], found.output


def test_a_registered_model_without_aliases_is_enough_to_see_how_one_is_looked_for(uri: str) -> None:
    asyncio.run(register(uri))
    found = run("check", uri)
    assert found.exit_code == 0, found.output
    assert "ok      a version by its alias: " in found.output


def test_an_empty_database_is_looked_at_and_not_changed(uri: str) -> None:
    for _ in range(2):
        found = run("check", uri)
        assert found.exit_code == 1
        assert "Schema version 0" in found.output
        assert "MISSING" in found.output
    planned = run("upgrade", "--check", uri)
    assert planned.exit_code == 0
    assert planned.output.startswith("would: make the ")


def test_an_upgrade_makes_what_its_plan_says_once(uri: str) -> None:
    planned = run("upgrade", "--check", uri).output
    assert run("upgrade", uri).output == planned.replace("would:", "did:")
    assert "nothing to do" in run("upgrade", uri).output
    assert run("check", uri).exit_code == 0


def test_the_plan_for_an_older_database_leaves_it_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")  # as our stores have it
    connection.executescript(VERSION_1.read_text())
    connection.close()
    before = path.read_bytes()
    planned = run("upgrade", "--check", f"sqlite:///{path}")
    assert planned.output.startswith("would: keep what all points of a metric come to")
    assert path.read_bytes() == before
    assert run("upgrade", f"sqlite:///{path}").exit_code == 0
    assert run("check", f"sqlite:///{path}").exit_code == 0


def test_an_index_that_is_missing_is_named(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    asyncio.run(fill(f"sqlite:///{path}"))
    connection = sqlite3.connect(path)
    connection.execute("DROP INDEX runs_by_start")
    connection.close()
    found = run("check", f"sqlite:///{path}")
    assert found.exit_code == 1
    assert "MISSING runs_by_start" in found.output


def test_the_database_of_another_program_and_a_store_without_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.close()
    for refused in (f"sqlite:///{path}", "memory:", "http://127.0.0.1:9"):
        found = run("check", refused)
        assert found.exit_code == 1
        assert "Error:" in found.output
