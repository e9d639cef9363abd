"""The server removes what is due by itself, one server at a time, and makes way for those who ask."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from genesis_flow.artifact_stores.local import LocalArtifactStore
from genesis_flow.errors import InvalidParameter
from genesis_flow.server.collecting import Background, Pace
from genesis_flow.server.monitor import Monitor
from genesis_flow.server.settings import Settings
from genesis_flow.stores.memory import MemoryStore
from genesis_flow.testing.calls import new_experiment
from genesis_flow.testing.collection import delete_run
from tests.collection.filling import ROOT, Filling
from tests.serving import API, serving

HOUR_MS = 3_600_000


@pytest.fixture
def filling(tmp_path: Path) -> Filling:
    (tmp_path / "artifacts").mkdir()
    return Filling(MemoryStore(artifact_root=ROOT), LocalArtifactStore(str(tmp_path / "artifacts")))


def background(filling: Filling, monitor: Monitor, retention_ms: int = 0) -> Background:
    store = filling.store
    assert isinstance(store, MemoryStore)
    return Background(store, filling.roots, monitor, retention_ms=retention_ms, every_ms=HOUR_MS)


async def test_what_goes_is_counted(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    for _ in range(3):
        await delete_run(filling.store, await filling.run(experiment, "a", "b"))
    monitor = Monitor(lambda: 0)
    assert await background(filling, monitor).collect()
    text = monitor.text().decode()
    assert 'genesis_flow_collected_total{kind="run",outcome="removed"} 3.0' in text
    assert "genesis_flow_collected_objects_total 6.0" in text
    assert "genesis_flow_collected_bytes_total 6.0" in text
    assert "genesis_flow_collection_errors_total 0.0" in text
    assert await filling.left() == []


async def test_what_can_still_be_restored_stays(filling: Filling) -> None:
    await delete_run(filling.store, await filling.run(await new_experiment(filling.store), "a"))
    assert await background(filling, Monitor(lambda: 0), retention_ms=HOUR_MS).collect()
    assert len(await filling.left()) == 1


async def test_one_server_collects_at_a_time(filling: Filling) -> None:
    experiment = await new_experiment(filling.store)
    for _ in range(20):
        await delete_run(filling.store, await filling.run(experiment, "a"))
    servers = [background(filling, Monitor(lambda: 0)) for _ in range(4)]
    assert sum(await asyncio.gather(*(server.collect() for server in servers))) == 1
    assert await filling.left() == []
    assert await servers[-1].collect()  # the lease was given back


async def test_while_somebody_asks_one_piece_of_work_is_done_at_a_time() -> None:
    busy, at_once, most = True, 0, 0

    async def work(pace: Pace) -> None:
        nonlocal at_once, most
        async with pace.turn():
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1

    pace = Pace(lambda: busy)
    await asyncio.gather(*(work(pace) for _ in range(5)))
    assert most == 1
    busy = False
    await asyncio.gather(*(work(pace) for _ in range(5)))
    assert most == 5


async def test_a_server_is_busy_when_it_was_asked_and_not_when_it_is_looked_at() -> None:
    monitor = Monitor(lambda: 0)
    for probe in ("/health", "/metrics", "/readyz"):
        monitor.answered("GET", probe, 200, 0.001)
    assert not monitor.is_busy(3_600)
    monitor.answered("GET", "/api/2.0/mlflow/runs/get", 200, 0.001)
    assert monitor.is_busy(3_600)


@pytest.mark.parametrize("settings", [Settings(retention="soon"), Settings(collect_every="1 week")])
def test_a_time_that_is_none_is_refused(settings: Settings) -> None:
    with pytest.raises(InvalidParameter, match="1d12h"):
        settings.durations_ms()


@pytest.mark.parametrize("collects", [True, False])
def test_a_running_server_removes_what_is_due_if_it_is_to(tmp_path: Path, collects: bool) -> None:
    flags = ["--retention", "0", "--collect-every", "1s", "--collect" if collects else "--no-collect"]
    with serving(tmp_path, *flags) as server:
        run = server.post("runs/create", {"experiment_id": "0"}).json["run"]["info"]
        server.post("runs/delete", {"run_id": run["run_id"]})
        deadline = time.monotonic() + (30 if collects else 3)
        status = 200
        while status == 200 and time.monotonic() < deadline:
            time.sleep(0.1)
            status = server.send("GET", f"{API}runs/get?run_id={run['run_id']}").status
        assert status == (404 if collects else 200)
