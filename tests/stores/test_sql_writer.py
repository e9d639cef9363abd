"""The thread that writes goes on, whatever happens in it, and what failed says why."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from genesis_flow.errors import StoreFailed
from genesis_flow.stores.open import open_store
from genesis_flow.stores.sql.connection import Connection
from genesis_flow.stores.sql.writer import Job, Outcome, Writer
from genesis_flow.testing.calls import batch, new_run

PATIENCE_S = 30


def nothing(connection: Connection) -> object:
    """Work that does nothing."""
    return None


async def test_a_commit_that_fails_unforeseen_is_told_to_all_who_wait_and_the_next_one_is_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failures = [RuntimeError("a mistake")]

    def commit(jobs: list[Job]) -> list[Outcome]:
        if failures:
            raise failures.pop()
        return [("done", None)] * len(jobs)

    writer = Writer("test-writer", commit, lambda: False)
    with pytest.raises(StoreFailed) as caught:
        await asyncio.wait_for(writer.write(nothing, None), PATIENCE_S)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert "a mistake" in caplog.text
    assert await asyncio.wait_for(writer.write(nothing, None), PATIENCE_S) == "done"
    await writer.close()


async def test_idle_work_that_fails_unforeseen_is_logged_and_writes_go_on(caplog: pytest.LogCaptureFixture) -> None:
    failed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def idle() -> bool:
        loop.call_soon_threadsafe(failed.set)
        raise RuntimeError("a mistake")

    writer = Writer("test-writer", lambda jobs: [("done", None)] * len(jobs), idle)
    await asyncio.wait_for(failed.wait(), PATIENCE_S)
    assert await asyncio.wait_for(writer.write(nothing, None), PATIENCE_S) == "done"
    assert "a mistake" in caplog.text
    await writer.close()


async def test_a_write_that_sqlite_refuses_has_its_error_as_the_cause(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_store(f"sqlite:///{path}", artifact_root="mlflow-artifacts:/")
    run_id = await new_run(store)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE run_params")
    connection.close()
    with pytest.raises(StoreFailed) as caught:
        await store.log_batch(batch(run_id, params={"p": "1"}))
    assert isinstance(caught.value.__cause__, sqlite3.Error)
    await store.close()
