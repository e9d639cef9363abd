"""What the collector of the deleted does in a second, and what those who ask meanwhile notice of it."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from rich.progress import Progress

from bench import data
from bench.findings import Finding
from bench.load import HOST, Connection
from bench.ports import free_port

RUNS, FILES, FILE_BYTES = 2_000, 10, 1_000
ASKED_RATE = 500
SECONDS = 10.0
ROUNDS = 4
ASKED_RISE = 1.10
PATIENCE_S = 300.0


def collect(folder: Path, progress: Progress) -> Iterator[Finding]:
    """Yields the p95 of an API that is asked without a pause, without and with a collector, and the collector's rate.

    Args:
        folder: where the server may keep its data.
        progress: shows what is being done.
    """
    task = progress.add_task("deleting runs", total=2 * ROUNDS + 2)
    with _server(folder, "--no-collect") as port:
        experiment = _fill(port, folder)
    progress.advance(task)
    p95: dict[str, list[float]] = {"--no-collect": [], "--collect": []}
    gone = 0
    for _ in range(ROUNDS):
        for flag, found in p95.items():
            progress.update(task, description=f"asking with {flag}")
            with _server(folder, flag) as port:
                before_runs = _runs(folder)
                found.append(_asked(port, experiment))
                gone += (before_runs - _runs(folder)) * FILES
            progress.advance(task)
    before, during = (statistics.median(found) for found in p95.values())
    yield Finding("p95 of log-metric, get and search without a collector", _spread(p95["--no-collect"]))
    rise = during / before
    yield Finding(
        f"with one, which removed {gone:,} files meanwhile",
        f"{_spread(p95['--collect'])}, × {rise:.2f}",
        f"× {ASKED_RISE:.2f}",
        rise <= ASKED_RISE and gone > 0,
    )
    progress.update(task, description="collecting")
    with _server(folder, "--collect"):
        rate = _rate(folder)
    yield Finding("files removed in a second while nobody asks", f"{rate:,.0f}", f"{ASKED_RATE}", rate >= ASKED_RATE)


@contextmanager
def _server(folder: Path, *flags: str) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, "-m", "genesis_flow", "server", "--port", str(port)]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder / 'store.db'}",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    command += ["--retention", "0", "--collect-every", "1s", *flags]
    with (folder / "server.log").open("ab") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()
            process.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port)).close()
            return
        except OSError:
            time.sleep(0.02)
    raise OSError("the server did not start")


def _fill(port: int, folder: Path) -> str:
    """Deleted runs with files, and an experiment that is not deleted."""
    with Connection(port) as connection:
        names = [
            connection.post("experiments/create", {"name": name}).json()["experiment_id"] for name in ("gone", "kept")
        ]
        for index in range(RUNS):
            run = data.run(index)
            made = connection.post("runs/create", run.create_message(names[0])).json()
            run_id = made["run"]["info"]["run_id"]
            connection.post("runs/log-batch", {"run_id": run_id, **run.batch_message()})
            artifacts = folder / "files" / names[0] / run_id / "artifacts" / "model"
            artifacts.mkdir(parents=True)
            for number in range(FILES):
                (artifacts / f"f{number}").write_bytes(b"x" * FILE_BYTES)
            connection.post("runs/delete", {"run_id": run_id})
    return str(names[1])


def _asked(port: int, experiment: str) -> float:
    """The p95 of calls, one at a time, in milliseconds."""
    seconds: list[float] = []
    with Connection(port) as connection:
        run_id = connection.post("runs/create", {"experiment_id": experiment}).json()["run"]["info"]["run_id"]
        end = time.perf_counter() + SECONDS
        for step in count():
            metric = {"run_id": run_id, "key": "m", "value": 1.0, "timestamp": 1, "step": step}
            seconds.append(connection.post("runs/log-metric", metric).seconds)
            seconds.append(connection.get("runs/get", {"run_id": run_id}).seconds)
            asked = {"experiment_ids": [experiment], "max_results": 10}
            seconds.append(connection.post("runs/search", asked).seconds)
            if time.perf_counter() > end:
                break
    return 1000 * statistics.quantiles(seconds, n=20)[-1]


def _runs(folder: Path) -> int:
    """How many runs have files."""
    return sum(len(os.listdir(experiment)) for experiment in (folder / "files").iterdir() if experiment.name.isdigit())


def _rate(folder: Path) -> float:
    """Files a second, from the first to the last."""
    begin, all_runs = time.perf_counter(), _runs(folder)
    first = all_runs
    while time.perf_counter() < begin + PATIENCE_S:
        left = _runs(folder)
        if first == all_runs and left < first:
            begin, first = time.perf_counter(), left
        if not left:
            return first * FILES / max(time.perf_counter() - begin, 1e-9)
        time.sleep(0.02)
    raise OSError("the collector did not end")


def _spread(found: list[float]) -> str:
    return f"{statistics.median(found):.2f} ms ({min(found):.2f}–{max(found):.2f})"
