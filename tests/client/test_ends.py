"""However the program that logs ends or forks: what reached its spool arrives, in order, once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_flow.client.sync import sync
from genesis_flow.wire.transport import HttpTransport, Retrying
from tests.client.between import CUT, between
from tests.serving import Server, serving

TIMEOUT_S = 60
NOWHERE = "http://127.0.0.1:1"

PROGRAM = """
import logging, os, sys
from pathlib import Path
from genesis_flow.client.background import Background
from genesis_flow.client.pipeline import Limits
from genesis_flow.entities import RunTag
from genesis_flow.wire.transport import HttpTransport, Retrying
uri, folder, run_id, *more = sys.argv[1:]
logging.basicConfig()
background = Background(
    lambda: HttpTransport(uri, retrying=Retrying(0)), Path(folder), tracking_uri=uri,
    limits=Limits(exit_s=20.0, exit_stall_s=0.5 if uri.endswith(":1") else 10.0),
)
def log(key, steps):
    for step in steps:
        background.log_metric(run_id, key, step, 1, step)
"""
# What it says, it said after it had reached the spool.
ENDLESS = """
step = 0
while True:
    log("m", range(step, step + 500))
    step += 500
    background.log(run_id, tags=[RunTag("step", str(step))])
    print(background._pipeline.spool.end, flush=True)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as running:
        yield running


def command(code: str, uri: str, folder: Path, run_id: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM + code, uri, str(folder), run_id]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def run(code: str, uri: str, folder: Path, run_id: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(code, uri, folder, run_id),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment(),
    )


def steps(server: Server, run_id: str, key: str = "m") -> list[int]:
    return [point["step"] for point in server.history(run_id, key)]


def sync_to(server: Server, folder: Path) -> int:
    """Sends what is left; how many points that were."""
    done = list(sync(folder, lambda _: HttpTransport(server.uri, retrying=Retrying(0))))
    assert [one.waiting for one in done] == [0] * len(done)
    assert not list(folder.rglob("*.spool"))
    return sum(one.counts.points for one in done)


def tag(server: Server, run_id: str, key: str) -> str | None:
    answer = server.send("GET", f"/api/2.0/mlflow/runs/get?run_id={run_id}")
    return next((one["value"] for one in answer.json["run"]["data"]["tags"] if one["key"] == key), None)


def killed_at_random(server: Server, folder: Path, seed: int) -> None:
    """Kills a program that logs and compares what it said, what is stored, and what it logged."""
    run_id = server.create_run()
    process = subprocess.Popen(
        command(ENDLESS, server.uri, folder, run_id), stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout is not None
    said = [int(process.stdout.readline())]
    time.sleep(random.Random(seed).uniform(0.0, 0.6))
    process.kill()
    said += [int(line) for line in process.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    sync_to(server, folder)
    stored = steps(server, run_id)
    assert stored == list(range(len(stored)))
    tags = len(stored) // 500
    reached = int(tag(server, run_id, "step") or 0)
    # After each five hundred points stands a tag; the last of them may or may not have reached the spool.
    assert reached in {500 * tags, 500 * (tags - 1) if len(stored) % 500 == 0 else 500 * tags}
    assert len(stored) + reached // 500 >= max(said)


@pytest.mark.parametrize("seed", range(8))
def test_a_program_that_is_killed_loses_nothing_that_reached_its_spool(
    server: Server, tmp_path: Path, seed: int
) -> None:
    killed_at_random(server, tmp_path, seed)


@pytest.mark.compat
def test_fifty_programs_that_are_killed_lose_nothing_that_reached_their_spools(server: Server, tmp_path: Path) -> None:
    for seed in range(100, 150):
        killed_at_random(server, tmp_path, seed)


LEFT_OPEN = """
import sys
import genesis_flow as mlflow
mlflow.set_tracking_uri(sys.argv[1])
print(mlflow.start_run().info.run_id, flush=True)
sys.stdin.readline()
for step in range(100):
    mlflow.log_metric("m", step, step=step, synchronous=False)
"""


def test_a_run_that_a_program_left_open_is_ended_by_sync_if_the_server_is_away(server: Server, tmp_path: Path) -> None:
    with between(server.port) as way:
        process = subprocess.Popen(
            [sys.executable, "-c", LEFT_OPEN, way.uri],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment() | {"GENESIS_FLOW_SPOOL_DIR": str(tmp_path), "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"},
        )
        assert process.stdout is not None
        run_id = process.stdout.readline().strip()
        way.plan = [CUT] * 10_000
        process.communicate("go on\n", TIMEOUT_S)
        assert process.returncode == 0
    assert steps(server, run_id) == []
    assert sync_to(server, tmp_path) == 100
    assert steps(server, run_id) == list(range(100))
    answer = server.send("GET", f"/api/2.0/mlflow/runs/get?run_id={run_id}")
    assert answer.json["run"]["info"]["status"] == "FINISHED"


def test_a_program_that_ends_waits_for_the_server(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    done = run('log("m", range(20_000))', server.uri, tmp_path, run_id)
    assert (done.returncode, done.stderr) == (0, "")
    assert steps(server, run_id) == list(range(20_000))
    assert not list(tmp_path.glob("*"))


def test_a_program_that_ends_without_a_server_leaves_a_spool_and_says_so(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    done = run('log("m", range(20_000))', NOWHERE, tmp_path, run_id)
    assert done.returncode == 0
    assert "20,000 items that were logged wait" in done.stderr
    assert "genesis-flow sync" in done.stderr
    assert sync_to(server, tmp_path) == 20_000
    assert steps(server, run_id) == list(range(20_000))


def test_an_error_of_the_program_is_its_own_and_loses_nothing(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    done = run('log("m", range(5_000)); raise ValueError("mine")', server.uri, tmp_path, run_id)
    assert done.returncode == 1
    assert "ValueError: mine" in done.stderr
    assert steps(server, run_id) == list(range(5_000))


@pytest.mark.parametrize("uri", ["", NOWHERE])
def test_an_interrupted_program_loses_nothing(server: Server, tmp_path: Path, uri: str) -> None:
    run_id = server.create_run()
    # A job in the background of a shell, as the tests may be, hands on that it ignores this signal.
    hears = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f'{hears}; print("go", flush=True); step = 0\nwhile True: log("m", [step]); step += 1'
    process = subprocess.Popen(
        command(f"try:\n exec({code!r})\nexcept KeyboardInterrupt: print(step, flush=True); raise", uri or server.uri, tmp_path, run_id),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "go\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    try:
        out, err = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
    assert process.returncode != 0
    assert "KeyboardInterrupt" in err
    sync_to(server, tmp_path)
    assert len(steps(server, run_id)) in (int(out), int(out) + 1)
    assert steps(server, run_id) == list(range(len(steps(server, run_id))))


def test_a_handler_of_a_signal_may_log_whatever_is_interrupted(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    code = """
import signal, itertools, threading, time
count = itertools.count()
def handler(*_):
    log("handler", [next(count)])
    signal.setitimer(signal.ITIMER_REAL, 0.0005)
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0005)
log("m", range(100_000))
signal.signal(signal.SIGALRM, signal.SIG_IGN)
print(next(count))
"""
    done = run(code, server.uri, tmp_path, run_id)
    assert (done.returncode, done.stderr) == (0, "")
    assert steps(server, run_id) == list(range(100_000))
    assert steps(server, run_id, "handler") == list(range(int(done.stdout)))
    assert int(done.stdout) > 10


def test_a_forked_child_logs_for_itself(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    code = """
log("m", range(3_000))
child = os.fork()
log("child" if child == 0 else "parent", range(3_000))
if child:
    os.waitpid(child, 0)
"""
    done = run(code, server.uri, tmp_path, run_id)
    assert (done.returncode, done.stderr) == (0, "")
    for key in ("m", "parent", "child"):
        assert steps(server, run_id, key) == list(range(3_000))
    assert not list(tmp_path.glob("*"))


def test_a_child_that_ends_at_once_leaves_its_spool(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    code = """
log("m", range(3_000))
if (child := os.fork()) == 0:
    log("child", range(3_000))
    while background._pipeline.spool.end < 3_000: pass
    os._exit(0)
os.waitpid(child, 0)
"""
    done = run(code, NOWHERE, tmp_path, run_id)
    assert done.returncode == 0
    assert len(list(tmp_path.iterdir())) == 2
    assert sync_to(server, tmp_path) == 6_000
    assert steps(server, run_id, "m") == steps(server, run_id, "child") == list(range(3_000))


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_workers_of_a_data_loader_log(server: Server, tmp_path: Path, method: str) -> None:
    run_id = server.create_run()
    program = tmp_path / "program.py"
    code = f"""
def work(worker):
    log(f"worker{{worker}}", range(2_000))

if __name__ == "__main__":
    import multiprocessing
    log("m", range(2_000))
    context = multiprocessing.get_context({method!r})
    workers = [context.Process(target=work, args=(i,)) for i in range(2)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
"""
    program.write_text(PROGRAM + code)
    done = subprocess.run(
        [sys.executable, str(program), server.uri, str(tmp_path / "spool"), run_id],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=environment(),
    )
    assert (done.returncode, done.stderr) == (0, "")
    for key in ("m", "worker0", "worker1"):
        assert steps(server, run_id, key) == list(range(2_000))
    assert not list((tmp_path / "spool").glob("*"))


def test_what_is_logged_when_the_interpreter_ends_is_not_lost(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    code = 'import atexit; log("m", range(10)); atexit.register(log, "last", range(10))'
    done = run(code, server.uri, tmp_path, run_id)
    assert done.returncode == 0
    code = "atexit.unregister(bg._close_all); atexit.register(log, 'late', range(10)); atexit.register(bg._close_all)"
    done = run(f"import atexit; import genesis_flow.client.background as bg; log('m', range(20)); {code}", server.uri, tmp_path, run_id)  # fmt: skip
    assert done.returncode == 0
    sync_to(server, tmp_path)
    assert steps(server, run_id, "last") == list(range(10))
    assert steps(server, run_id) == list(range(20))
    assert steps(server, run_id, "late") == list(range(10))


def test_a_child_that_outlives_its_parent_does_not_hold_its_spool(server: Server, tmp_path: Path) -> None:
    run_id = server.create_run()
    code = """
import signal, time
log("m", range(3_000))
while background._pipeline.spool.end < 3_000: pass
if (child := os.fork()) == 0:
    os.close(1)
    os.close(2)
    time.sleep(60)
print(child, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = run(code, NOWHERE, tmp_path, run_id)
    assert done.returncode == -signal.SIGKILL
    try:
        assert sync_to(server, tmp_path) == 3_000
    finally:
        os.kill(int(done.stdout), signal.SIGKILL)
    assert steps(server, run_id) == list(range(3_000))
