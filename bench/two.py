"""Two servers on one database against one: what both do together, and who was busy meanwhile."""

from __future__ import annotations

import itertools
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

import psutil
from rich.progress import Progress

from bench import data
from bench.backends import Backend
from bench.findings import Finding
from bench.load import Connection, Script, drive, post
from bench.systems import Server, System

CONNECTIONS = 16
SECONDS = 8.0
ROUNDS = 3
RUNS = 2_000
ASKED = 1.5

Load: TypeAlias = Callable[[int, str, int, float], int]
"""Puts load on the server at a port through so many connections until an end; answers how many answers came.

The second argument is the experiment that holds the filled runs.
"""


class Round(NamedTuple):
    """Answers a second, and the processor time that each took meanwhile, in cores."""

    rate: float
    used: dict[str, float]


def compare_servers(system: System, folder: Path, backend: Backend, progress: Progress) -> Iterator[Finding]:
    """Yields what one and two servers answer a second, the ratio, and the processor time of everyone concerned.

    Args:
        system: the one to measure; both servers get the store that it gives to the first.
        folder: where the servers may keep their data.
        backend: its database, whose processor time is told too.
        progress: shows what is being done.
    """
    shared = replace(system, command=lambda _, port: system.command(folder / "first", port))
    servers = [Server(shared, folder / name) for name in ("first", "second")]
    works: tuple[tuple[str, Load], ...] = (("log-metric", _log), ("search of 100 by a metric", _search))
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.stop)
            server.start()
        experiment = _filled(servers[0].port)
        for name, load in works:
            rounds = _rounds(name, load, servers, experiment, backend, progress)
            yield from _findings(name, rounds)


def _filled(port: int) -> str:
    """The id of an experiment with some runs."""
    with Connection(port) as connection:
        experiment: str = connection.post("experiments/create", {"name": "two"}).json()["experiment_id"]
    waiting = iter(range(RUNS))
    drive(port, [_runs(experiment, waiting) for _ in range(4)])
    return experiment


def _runs(experiment: str, waiting: Iterator[int]) -> Script:
    for index in waiting:
        run = data.run(index)
        answer = yield post("runs/create", json.dumps(run.create_message(experiment)).encode())
        message = {"run_id": json.loads(answer)["run"]["info"]["run_id"], **run.batch_message()}
        yield post("runs/log-batch", json.dumps(message).encode())


def _rounds(
    name: str, load: Load, servers: Sequence[Server], experiment: str, backend: Backend, progress: Progress
) -> dict[int, list[Round]]:
    """Rounds with one server and with two, in turns, so that a noisy minute of the machine falls on both."""
    rounds: dict[int, list[Round]] = {1: [], 2: []}
    task = progress.add_task("", total=2 * ROUNDS)
    for _ in range(ROUNDS):
        for number in rounds:
            progress.update(task, description=f"{name} · {_servers(number)}")
            rounds[number].append(_round(load, servers[:number], experiment, backend))
            progress.advance(task)
    progress.remove_task(task)
    return rounds


def _round(load: Load, servers: Sequence[Server], experiment: str, backend: Backend) -> Round:
    processes = {f"server {number}": [server.pid] for number, server in enumerate(servers, 1)}
    processes |= {backend.name: [backend.pid]} if backend.pid else {}
    before = {name: sum(map(_cpu_s, pids)) for name, pids in processes.items()}
    bench, machine, begin = time.process_time(), _machine_s(), time.perf_counter()
    end = begin + SECONDS
    share = CONNECTIONS // len(servers)
    with ThreadPoolExecutor(len(servers)) as threads:
        answers = list(threads.map(lambda server: load(server.port, experiment, share, end), servers))
    seconds = time.perf_counter() - begin
    used = {name: sum(map(_cpu_s, pids)) - before[name] for name, pids in processes.items()}
    used |= {"bench": time.process_time() - bench}
    used |= {"others": max(_machine_s() - machine - sum(used.values()), 0.0)}
    return Round(sum(answers) / seconds, {name: spent / seconds for name, spent in used.items()})


def _findings(name: str, rounds: dict[int, list[Round]]) -> Iterator[Finding]:
    for number, found in rounds.items():
        names = found[0].used
        shares = ", ".join(f"{who} {100 * statistics.median(one.used[who] for one in found):.0f} %" for who in names)
        spread = f"{min(one.rate for one in found):,.0f}–{max(one.rate for one in found):,.0f}"
        title = f"{name}, {CONNECTIONS} connections, {_servers(number)}"
        yield Finding(title, f"{_rate(found):,.0f} /s ({spread}); of a core: {shares}")
    ratio = _rate(rounds[2]) / _rate(rounds[1])
    busy = statistics.median(sum(one.used.values()) for one in rounds[2])
    figure = f"{ratio:.2f} × ({busy:.1f} of {os.cpu_count()} cores were busy)"
    yield Finding(f"{name}, two servers to one", figure, f"≥ {ASKED:g} ×", ratio >= ASKED)


def _rate(rounds: Sequence[Round]) -> float:
    return statistics.median(one.rate for one in rounds)


def _servers(number: int) -> str:
    return "one server" if number == 1 else "two servers"


def _cpu_s(pid: int) -> float:
    """Processor seconds of a process and those that it started."""
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def _machine_s() -> float:
    """Processor seconds that all programs of the machine have used."""
    times = psutil.cpu_times()
    return float(times.user + times.system + getattr(times, "nice", 0.0))


def _log(port: int, _: str, connections: int, end: float) -> int:
    message = {"experiment_id": "0", "start_time": data.BASE_MS}
    with Connection(port) as connection:
        created = [connection.post("runs/create", message).json() for _ in range(connections)]
    return drive(port, [_metrics(one["run"]["info"]["run_id"], end) for one in created])


def _metrics(run_id: str, end: float) -> Script:
    message = '{"run_id":"%s","key":"loss","value":%r,"timestamp":%d,"step":%d}'
    for step in itertools.count():
        if time.perf_counter() >= end:
            return
        yield post("runs/log-metric", (message % (run_id, 1 / (step + 1), data.BASE_MS + step, step)).encode())


def _search(port: int, experiment: str, connections: int, end: float) -> int:
    return drive(port, [_questions(experiment, first, end) for first in range(connections)])


def _questions(experiment: str, first: int, end: float) -> Script:
    for turn in itertools.count(first):
        if time.perf_counter() >= end:
            return
        metric, direction = data.ORDERS[turn % len(data.ORDERS)]
        message = {"experiment_ids": [experiment], "max_results": 100, "order_by": [f"metrics.{metric} {direction}"]}
        yield post("runs/search", json.dumps(message).encode())
