"""Many writers at once, and a server that dies under them: what was acknowledged is there, once."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from tests.faults.load import Connection, Writers, assert_kept, connected, steps_of
from tests.serving import API, Server, serving, wait_until_healthy

WRITERS = 200
STEPS = 5
CONNECTIONS = 16
KILL_AFTER = 500


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nothing_of_what_200_writers_write_at_once_is_lost(tmp_path: Path, workers: str) -> None:
    with serving(tmp_path, "--workers", workers) as server:
        run_id = server.create_run()
        writers = Writers(server.port, run_id, WRITERS)
        writers.run(STEPS)
        assert writers.others == []
        assert writers.total == WRITERS * STEPS
        assert_kept(server, writers)
        assert "locked" not in server.log


@pytest.mark.parametrize("workers", ["1", "2"])
def test_writers_of_every_kind_get_along(tmp_path: Path, workers: str) -> None:
    async def write(server: Server, number: int) -> tuple[str, list[int]]:
        statuses = []

        async def send(connection: Connection, verb: str, message: object) -> bytes:
            status, body = await connection.post(verb, message)
            statuses.append(status)
            return body

        async with connected(server.port) as connection:
            created = json.loads(await send(connection, "runs/create", {"experiment_id": "0"}))
            run_id: str = created["run"]["info"]["run_id"]
            points = [{"key": f"m{i}", "value": i, "timestamp": 1, "step": number} for i in range(20)]
            param = {"key": "number", "value": str(number)}
            await send(connection, "runs/log-batch", {"run_id": run_id, "metrics": points, "params": [param]})
            await send(connection, "runs/set-tag", {"run_id": run_id, "key": "t", "value": str(number)})
            await send(connection, "experiments/create", {"name": f"experiment {number}"})
            await send(connection, "experiments/set-experiment-tag", {"experiment_id": "0", "key": "k", "value": "v"})
            filter_ = f"params.number = '{number}' AND metrics.m19 = 19 AND tags.t = '{number}'"
            found = json.loads(await send(connection, "runs/search", {"experiment_ids": ["0"], "filter": filter_}))
            assert [run["info"]["run_id"] for run in found["runs"]] == [run_id]
            await send(connection, "runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 1})
            await send(connection, "runs/delete", {"run_id": run_id})
        return run_id, statuses

    async def write_all(server: Server) -> list[tuple[str, list[int]]]:
        return await asyncio.gather(*(write(server, number) for number in range(60)))

    with serving(tmp_path, "--workers", workers) as server:
        written = asyncio.run(write_all(server))
        assert {status for _, statuses in written for status in statuses} == {200}
        gone = server.ask("runs/search", {"experiment_ids": ["0"], "run_view_type": "DELETED_ONLY", "max_results": 100})
        assert {run["info"]["run_id"] for run in gone["runs"]} == {run_id for run_id, _ in written}
        experiments = server.ask("experiments/search", {"max_results": 1_000})["experiments"]
        assert len({experiment["experiment_id"] for experiment in experiments}) == 61


def test_of_many_who_create_the_same_experiment_one_does(tmp_path: Path) -> None:
    async def create(port: int) -> int:
        async with connected(port) as connection:
            status, body = await connection.post("experiments/create", {"name": "the same"})
        assert status == 200 or json.loads(body)["error_code"] == "RESOURCE_ALREADY_EXISTS"
        return status

    async def create_all(port: int) -> list[int]:
        return await asyncio.gather(*(create(port) for _ in range(50)))

    with serving(tmp_path, "--workers", "2") as server:
        assert sorted(asyncio.run(create_all(server.port))) == [200] + [400] * 49


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_was_acknowledged_before_a_kill_is_there_once(tmp_path: Path, workers: str) -> None:
    with serving(tmp_path, "--workers", workers) as server:
        run_id = server.create_run()
        writers = Writers(server.port, run_id, CONNECTIONS)

        def kill_in_the_middle(writers: Writers) -> None:
            if writers.total >= KILL_AFTER and not server.killed:
                server.kill()

        writers.run(100 * KILL_AFTER, kill_in_the_middle)
        assert server.killed
        assert writers.others == []
    with serving(tmp_path, "--workers", workers, port=server.port) as again:
        assert_kept(again, writers)
        assert again.create_run() != run_id


def test_a_batch_is_there_as_a_whole_or_not_at_all_after_a_kill(tmp_path: Path) -> None:
    size = 500
    acknowledged: list[int] = []

    async def write(server: Server, run_id: str) -> None:
        async def one(number: int) -> None:
            metrics = [{"key": f"b{number}", "value": i, "timestamp": i, "step": i} for i in range(size)]
            message = {"run_id": run_id, "metrics": metrics, "params": [{"key": f"b{number}", "value": "v"}]}
            async with connected(server.port) as connection:
                status, _ = await connection.post("runs/log-batch", message)
            assert status == 200
            acknowledged.append(number)
            if len(acknowledged) == 10:
                server.kill()

        await asyncio.gather(*(one(number) for number in range(30)), return_exceptions=True)

    with serving(tmp_path) as server:
        run_id = server.create_run()
        asyncio.run(write(server, run_id))
        assert len(acknowledged) >= 10
    with serving(tmp_path) as again:
        params = again.send("GET", f"{API}runs/get?run_id={run_id}").json["run"]["data"]["params"]
        written = {param["key"] for param in params}
        for number in range(30):
            steps = steps_of(again, run_id, f"b{number}")
            assert sorted(steps) == (list(range(size)) if f"b{number}" in written else [])
        assert {f"b{number}" for number in acknowledged} <= written


def test_several_servers_may_start_on_one_new_file_at_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [
            stack.enter_context(serving(tmp_path, "--workers", workers, wait=False)) for workers in ("1", "2", "1")
        ]
        for server in servers:
            wait_until_healthy(server)
        run_id = servers[0].create_run()
        for step, server in enumerate(servers * 5):
            server.ask("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1, "timestamp": step, "step": step})
        for server in servers:
            assert sorted(steps_of(server, run_id, "m")) == list(range(15))
            experiments = server.ask("experiments/search", {"max_results": 10})["experiments"]
            assert [experiment["name"] for experiment in experiments] == ["Default"]


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        children = psutil.Process(server.process.pid).children(recursive=True)
        assert len(children) >= 2
        server.process.kill()
        server.process.wait()
        _, alive = psutil.wait_procs(children, timeout=30)
        for process in alive:
            process.kill()
        assert not alive
