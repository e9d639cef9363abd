"""A MongoDB that is slow, or fails in the middle of a command: the caller is told in time, and nothing happens twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests import mongod
from tests.serving import API, Answer, Server, serving

DEADLINE_MS = 1_500
SLOW_MS = 6_000
HEARTBEAT_S = 15
READS = ["find", "aggregate", "getMore", "count"]
WRITES = ["insert", "update", "findAndModify", "delete"]

Fail = Callable[..., Any]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A MongoDB that can be told to fail."""
    with mongod.mongod(tmp_path_factory.mktemp("failing"), *mongod.TEST_COMMANDS) as uri:
        yield mongod.database(uri)


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), store=f"{database}&timeoutMS={DEADLINE_MS}") as running:
        yield running
        assert "Traceback" not in running.log, running.log[-4_000:]


@pytest.fixture
def fail(database: str) -> Iterator[Fail]:
    """Has the commands of a block fail, until its end or so many times."""
    with mongod.Client(database) as client:

        @contextmanager
        def failing(commands: list[str], times: int = 0, **how: Any) -> Iterator[None]:
            mode: Any = {"times": times} if times else "alwaysOn"
            data = {"failCommands": commands, "appName": "genesis-flow", **how}
            client.admin.command("configureFailPoint", "failCommand", mode=mode, data=data)
            try:
                yield
            finally:
                client.admin.command("configureFailPoint", "failCommand", mode="off")

        yield failing


def _assert_asked_to_wait(answer: Answer) -> None:
    assert (answer.status, answer.error_code) == (503, "TEMPORARILY_UNAVAILABLE"), answer
    assert int(answer.headers["retry-after"]) > 0


def _wait_for_database(server: Server) -> None:
    """The driver asks a member that it was refused by again when its heartbeat is due, every 10 s."""
    deadline = time.monotonic() + HEARTBEAT_S
    while server.send("GET", "/readyz").status != 200 and time.monotonic() < deadline:
        time.sleep(0.1)


def test_a_slow_query_is_cut_at_its_deadline(server: Server, fail: Fail) -> None:
    run_id = server.create_run()
    search = {"experiment_ids": ["0"], "filter": "metrics.m > 1 OR params.p LIKE '%x%'", "order_by": ["metrics.m"]}
    with fail(READS, blockConnection=True, blockTimeMS=SLOW_MS):
        _assert_asked_to_wait(server.post("runs/search", search))
        _assert_asked_to_wait(server.post("experiments/search", {"max_results": 10, "filter": "name LIKE '%a%'"}))
        _assert_asked_to_wait(server.send("GET", f"{API}metrics/get-history?run_id={run_id}&metric_key=m"))
    server.ask("runs/search", search)


def test_a_slow_query_holds_no_other_up(server: Server, fail: Fail) -> None:
    run_id = server.create_run()
    with fail(["aggregate", "find"], times=1, blockConnection=True, blockTimeMS=SLOW_MS):
        slow = server.connect()
        slow.sendall(f"GET {API}runs/get?run_id={run_id} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert server.send("GET", f"{API}runs/get?run_id={run_id}").status in (200, 503)
        assert server.send("GET", f"{API}runs/get?run_id={run_id}").status == 200
        slow.close()


# What a driver tries again, and what it does not.
FAILURES: list[dict[str, Any]] = [
    {"closeConnection": True},
    {"errorCode": 10107, "errorLabels": ["RetryableWriteError"]},  # not the primary any more
    {"errorCode": 50},  # out of time
    {"errorCode": 16500},  # too many requests
    {"writeConcernError": {"code": 91, "errmsg": "it shuts down"}, "errorLabels": ["RetryableWriteError"]},
    {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}},
]


@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_a_write_whose_fate_is_open_is_done_once(
    server: Server, fail: Fail, failure: dict[str, Any], times: int
) -> None:
    run_id = server.create_run()
    name = f"{failure} {times}"
    points = [{"key": "batch", "value": n, "timestamp": n, "step": n} for n in range(50)]
    answers = {}
    for verb, message in {
        "runs/log-metric": {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1},
        "runs/log-batch": {"run_id": run_id, "metrics": points, "params": [{"key": "p", "value": "v"}]},
        "runs/set-tag": {"run_id": run_id, "key": "t", "value": "v"},
        "runs/create": {"experiment_id": "0", "run_name": name},
        "experiments/create": {"name": name},
        "logged-models": {"experiment_id": "0", "name": f"m{FAILURES.index(failure)}-{times}"},
        "runs/update": {"run_id": run_id, "status": "FINISHED", "end_time": 5},
    }.items():
        with fail(WRITES, times=times, **failure):
            answers[verb] = server.post(verb, message)
    for verb, answer in answers.items():
        if answer.status != 200:
            assert (verb, answer.status) == (verb, 503), answer
            _assert_asked_to_wait(answer)
    done = {verb for verb, answer in answers.items() if answer.status == 200}
    _wait_for_database(server)

    def counts(verb: str, found: int, whole: int = 1) -> None:
        assert found == whole or (found == 0 and verb not in done), (verb, found, answers[verb])

    counts("runs/log-metric", len(server.history(run_id, "m")))
    counts("runs/log-batch", len(server.history(run_id, "batch")), len(points))
    run = server.send("GET", f"{API}runs/get?run_id={run_id}").json["run"]
    counts("runs/log-batch", len(run["data"].get("params", [])))
    counts("runs/set-tag", sum(tag["key"] == "t" for tag in run["data"]["tags"]))
    counts("runs/update", run["info"]["status"] == "FINISHED")
    search = {"experiment_ids": ["0"], "filter": f'attributes.run_name = "{name}"', "max_results": 100}
    counts("runs/create", len(server.ask("runs/search", search).get("runs", [])))
    search = {"max_results": 100, "filter": f'name = "{name}"'}
    counts("experiments/create", len(server.ask("experiments/search", search).get("experiments", [])))
    search = {"experiment_ids": ["0"], "filter": f"name = 'm{FAILURES.index(failure)}-{times}'"}
    counts("logged-models", len(server.ask("logged-models/search", search).get("models", [])))
