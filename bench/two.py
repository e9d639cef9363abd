"""Two servers on one database against one: throughput together, and who was busy meanwhile."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import psutil
from rich.console import Console

from bench import data
from bench.backends import Backend
from bench.load import Connection, Script, drive, post
from bench.systems import Server, System

CONNECTIONS = 16
SECONDS = 8.0


def compare_servers(system: System, folder: Path, backend: Backend, console: Console) -> None:
    """Prints log-metric a second through one server and through two, on one store."""
    store: dict[str, str] = {}

    def command(place: Path, port: int) -> list[str]:
        made = system.command(place, port)
        at = made.index("--backend-store-uri") + 1
        made[at] = store.setdefault("uri", made[at])
        return made

    shared = System(system.key, system.title, command, system.environment)
    servers = [Server(shared, folder / name) for name in ("first", "second")]
    try:
        rates = []
        for number in (1, 2):
            for server in servers[:number]:
                if not server.running:
                    server.start()
            rates.append(_measure(servers[:number], backend, console))
        console.print(f"two servers: {rates[1] / rates[0]:.2f} × one (asked ≥ 1.5 where the cores allow)")
    finally:
        for server in servers:
            server.stop()


def _measure(servers: list[Server], backend: Backend, console: Console) -> float:
    busy = {"the bench": psutil.Process()}
    busy |= {f"server {number}": psutil.Process(server.pid) for number, server in enumerate(servers, 1)}
    if backend.pid:
        busy[backend.name] = psutil.Process(backend.pid)
    before = {name: _cpu_s(process) for name, process in busy.items()}
    begin = time.perf_counter()
    answers: list[int] = []
    share = CONNECTIONS // len(servers)
    threads = [
        threading.Thread(target=lambda port=server.port: answers.append(_log(port, share))) for server in servers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    rate = sum(answers) / seconds
    used = ", ".join(
        f"{name} {100 * (_cpu_s(process) - before[name]) / seconds:.0f} %" for name, process in busy.items()
    )
    console.print(f"{len(servers)} server(s): {rate:,.0f} log-metric/s; of one core: {used}")
    return rate


def _cpu_s(process: psutil.Process) -> float:
    times = (
        [one.cpu_times() for one in (process, *process.children(recursive=True))]
        if process.pid != psutil.Process().pid
        else [process.cpu_times()]
    )
    return sum(one.user + one.system for one in times)


def _log(port: int, connections: int) -> int:
    with Connection(port) as connection:
        created = [
            connection.post("runs/create", {"experiment_id": "0", "start_time": data.BASE_MS})
            for _ in range(connections)
        ]
    run_ids = [one.json()["run"]["info"]["run_id"] for one in created]
    end = time.perf_counter() + SECONDS
    return drive(port, [_metrics(run_id, end) for run_id in run_ids])


def _metrics(run_id: str, end: float) -> Script:
    for step in itertools.count():
        if time.perf_counter() >= end:
            return
        message = '{"run_id":"%s","key":"loss","value":%r,"timestamp":%d,"step":%d}'
        yield post("runs/log-metric", (message % (run_id, 1 / (step + 1), data.BASE_MS + step, step)).encode())
