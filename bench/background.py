"""Logging in the background, beside MLflow's asynchronous logging on the same server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from bench.findings import Finding
from bench.load import BadAnswer, Connection
from bench.systems import Server, System, environment

POINTS, POINTS_MLFLOW = 1_000_000, 10_000
"""MLflow's client logs some hundred points a second: a million of them would take more than an hour."""
P50_US, P99_US, GROWTH_MB, FACTOR = 20.0, 200.0, 64.0, 10.0
TIMEOUT_S = 600

# Both programs do the same: log points as fast as they can, each call timed, and wait until the server has them.
_PROGRAM = """
import json, sys, time
from array import array
import {module} as mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.config.enable_async_logging(True)
run_id = mlflow.start_run().info.run_id
def hwm_mb(name="VmHWM:"):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) / 1e3
count = int(sys.argv[2])
spent = array("q", bytes(8 * count))
clock = time.perf_counter_ns
before_mb = hwm_mb("VmRSS:")
begin = clock()
for i in range(count):
    at = clock()
    mlflow.log_metric("loss", i * 0.37, step=i)
    spent[i] = clock() - at
logged = clock()
mlflow.flush_async_logging()
confirmed = clock()
grown_mb = hwm_mb() - before_mb
mlflow.end_run()
order = sorted(spent)
print(json.dumps({{
    "p50_us": order[count // 2] / 1e3, "p99_us": order[count * 99 // 100] / 1e3, "logged_s": (logged - begin) / 1e9,
    "rate": count / (confirmed - begin) * 1e9, "grown_mb": grown_mb, "run_id": run_id,
}}))
"""


def _program(module: str) -> str:
    return _PROGRAM.format(module=module)


@dataclass(frozen=True)
class Logged:
    """What a program found out about itself."""

    p50_us: float
    p99_us: float
    logged_s: float
    rate: float
    grown_mb: float
    run_id: str


def in_background(system: System, skinny: str, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Logs a million points in the background with our client, and fewer with MLflow's.

    Args:
        system: our server.
        skinny: the Python that has MLflow's client.
        folder: where server and spool are.
        progress: shows what is being done.
    """
    task = progress.add_task("in the background", total=2)
    server = Server(system, folder / "server")
    server.start()
    try:
        ours = _run(sys.executable, _program("genesis_flow"), server, POINTS, folder, system.environment)
        progress.advance(task)
        theirs = _run(skinny, _program("mlflow"), server, POINTS_MLFLOW, folder, environment())
        progress.advance(task)
    finally:
        server.stop()
    yield _compared("log_metric in the background, p50", ours.p50_us, theirs.p50_us, "µs", P50_US)
    yield _compared("log_metric in the background, p99", ours.p99_us, theirs.p99_us, "µs", P99_US)
    yield Finding(
        f"{POINTS:,} points confirmed",
        f"{POINTS / ours.rate:.1f} s, {ours.rate:,.0f} /s (mlflow-skinny {theirs.rate:,.0f} /s, of {POINTS_MLFLOW:,})",
        f"≥ {FACTOR:.0f} ×",
        ours.rate >= FACTOR * theirs.rate,
    )
    yield _compared(f"growth of memory, {POINTS:,} points", ours.grown_mb, theirs.grown_mb, "MB", GROWTH_MB)
    yield Finding("until all is logged", f"{ours.logged_s:.2f} s (mlflow-skinny {theirs.logged_s:.1f} s)")


def _compared(work: str, ours: float, theirs: float, unit: str, most: float) -> Finding:
    figure = f"{ours:.1f} {unit} (mlflow-skinny {theirs:,.1f} {unit})"
    return Finding(work, figure, f"≤ {most:.0f} {unit}", ours <= most)


def _run(python: str, code: str, server: Server, count: int, folder: Path, given: dict[str, str]) -> Logged:
    """Runs a program and counts what the server has of it."""
    settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "GENESIS_FLOW_SPOOL_DIR": str(folder / "spool")}
    done = subprocess.run(
        [python, "-c", code, f"http://127.0.0.1:{server.port}", str(count)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        env=given | settings,
        cwd=folder,
    )
    if done.returncode:
        raise BadAnswer(f"the program failed: {done.stderr[-300:]}")
    found = Logged(**json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{"))))
    with Connection(server.port) as connection:
        answer = connection.get("metrics/get-history", {"run_id": found.run_id, "metric_key": "loss"})
    if (there := len(answer.json()["metrics"])) != count:
        raise BadAnswer(f"{there:,} of {count:,} points are there")
    return found
