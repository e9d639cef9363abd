"""A disk without room: a clear error, nothing half-written, and recovery when there is room again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.serving import API, FILES, Answer, Server, serving

LIMIT = 2**20

if sys.platform != "linux":
    pytest.skip("limits of a running process can only be lifted on Linux", allow_module_level=True)


def _lift_limit(server: Server) -> None:
    psutil.Process(server.process.pid).rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))


def _fill(server: Server, run_id: str) -> int:
    """Writes until there is no room for even one point more; how many params were acknowledged."""
    acknowledged = 0
    for batch in range(1_000):
        params = [{"key": f"p{batch}.{i}", "value": f"{batch}.{i} " * 500} for i in range(10)]
        if server.post("runs/log-batch", {"run_id": run_id, "params": params}).status != 200:
            break
        acknowledged += 10
    for step in range(10_000):
        point = {"run_id": run_id, "key": "fill", "value": 1, "timestamp": step, "step": step}
        answer = server.post("runs/log-metric", point)
        if answer.status != 200:
            _assert_says_full(answer)
            return acknowledged
    raise AssertionError("the disk never got full")


def _assert_says_full(answer: Answer) -> None:
    assert (answer.status, answer.error_code) == (503, "TEMPORARILY_UNAVAILABLE")
    assert "full" in answer.message
    assert answer.headers["retry-after"]


def _check(server: Server, make_room: Callable[[], None]) -> None:
    run_id = server.create_run()
    acknowledged = _fill(server, run_id)
    assert acknowledged > 0
    for verb, message in {
        "runs/log-metric": {"run_id": run_id, "key": "m", "value": 1, "timestamp": 1},
        "runs/create": {"experiment_id": "0"},
        "experiments/create": {"name": "no room"},
        "runs/set-tag": {"run_id": run_id, "key": "t", "value": "v" * 8_000},
    }.items():
        _assert_says_full(server.post(verb, message))
    _assert_says_full(server.send("PUT", f"{FILES}/large.bin", b"x" * (2 * LIMIT)))
    assert server.files() == {}

    # What is there can still be read.
    run = server.send("GET", f"{API}runs/get?run_id={run_id}").json["run"]["data"]
    assert len(run["params"]) == acknowledged
    assert server.ask("runs/search", {"experiment_ids": ["0"], "filter": "params.`p0.0` LIKE '0.0 %'"})["runs"]

    make_room()
    server.ask("runs/log-metric", {"run_id": run_id, "key": "m", "value": 2, "timestamp": 1})
    server.create_run()
    assert server.send("PUT", f"{FILES}/large.bin", b"x" * (2 * LIMIT)).status == 200
    run = server.send("GET", f"{API}runs/get?run_id={run_id}").json["run"]["data"]
    assert len(run["params"]) == acknowledged
    assert [point["value"] for point in server.history(run_id, "m")] == [2]
    assert server.files() == {"large.bin": 2 * LIMIT}


def test_a_file_that_cannot_grow_is_a_clear_error_and_passes(tmp_path: Path) -> None:
    with serving(tmp_path, file_size_limit=LIMIT) as server:
        _check(server, lambda: _lift_limit(server))
    with serving(tmp_path) as again:
        assert again.files() == {"large.bin": 2 * LIMIT}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB, if this user can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("this user cannot mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_a_clear_error_and_passes(small_disk: Path) -> None:
    def grow() -> None:
        subprocess.run(["mount", "-o", "remount,size=32m", str(small_disk)], check=True)

    with serving(small_disk) as server:
        _check(server, grow)
