"""What becomes of one experiment as it grows: 100,000 runs with 150 values each, and one run with ten million points.

Everything is written through the server's own interface. Values are spread as trainings spread them: a param has few
values or many, a metric is a number between 0 and 1 that differs in every run.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from bench import data
from bench.backends import Backend
from bench.load import Connection, Script, drive, post
from bench.systems import Server, System

METRICS, PARAMS = 100, 50
WRITERS = 8
PROCESSES = 2
POINTS = 10_000_000
BATCH = 1_000
LIMITS_MS = {"first page of 100": 150.0, "filter + order": 300.0, "interval of 320": 150.0}
REPEATS = 40

# By how many of the runs they find: one in a hundred thousand, in two hundred, in twenty, half of them.
FILTERS = (
    ("params.p49 = '{one}'", "metrics.m9 DESC"),
    ("params.p7 = '3' and params.p12 = '4' and metrics.m5 < 0.5", "metrics.m9 DESC"),
    ("params.p7 = '3' and metrics.m5 < 0.5", "metrics.m9 ASC"),
    ("metrics.m5 < 0.5", "metrics.m9 DESC"),
    ("metrics.m5 > 0.999", "start_time DESC"),
    ("params.p3 = '1'", "start_time DESC"),
)


def grow(system: System, runs: int, folder: Path, backend: Backend, console: Console) -> None:
    """Fills one experiment and prints how long its questions take."""
    server = Server(system, folder / "growth")
    server.start()
    try:
        with Connection(server.port) as connection:
            experiment = connection.post("experiments/create", {"name": "growth"}).json()["experiment_id"]
        seconds = _fill(server.port, experiment, runs, console)
        console.print(
            f"{runs:,} runs × {METRICS + PARAMS} values on {backend.name}: {seconds:.0f} s, {runs / seconds:.0f} runs/s"
        )
        time.sleep(5)
        with Connection(server.port) as connection:
            _ask(connection, experiment, runs, console)
            _one_long_run(connection, server.port, console)
        console.print(f"memory of the server: {server.memory_mb():.0f} MB")
    finally:
        server.stop()


def body(index: int) -> bytes:
    """The `log-batch` message of a run without its `run_id`."""
    dice = random.Random(index)
    params = [{"key": f"p{n}", "value": str(dice.randrange(2 + n // 2))} for n in range(PARAMS - 1)]
    params.append({"key": f"p{PARAMS - 1}", "value": f"run-{index}"})
    start = data.BASE_MS + index * 1000
    metrics = [{"key": f"m{n}", "value": dice.random(), "timestamp": start, "step": 0} for n in range(METRICS)]
    return json.dumps({"params": params, "metrics": metrics}).encode()


def _fill(port: int, experiment: str, runs: int, console: Console) -> float:
    """Seconds of several processes, so that making the messages does not hold the server up."""
    begin = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("runs", total=runs)
        done = context.Value("q", 0)
        workers = [
            context.Process(target=_write, args=(port, experiment, range(part, runs, PROCESSES), done))
            for part in range(PROCESSES)
        ]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            time.sleep(0.5)
            progress.update(task, completed=done.value)
        for worker in workers:
            worker.join()
            if worker.exitcode:
                raise SystemExit("a writer failed")
    return time.perf_counter() - begin


def _write(port: int, experiment: str, indexes: range, done: Any) -> None:
    waiting = iter(indexes)
    drive(port, [_runs(experiment, waiting, done) for _ in range(WRITERS // PROCESSES)])


def _runs(experiment: str, waiting: Iterator[int], done: Any) -> Script:
    for index in waiting:
        start = data.BASE_MS + index * 1000
        create = {"experiment_id": experiment, "run_name": f"run-{index}", "start_time": start}
        answer = yield post("runs/create", json.dumps(create).encode())
        run_id = json.loads(answer)["run"]["info"]["run_id"]
        yield post("runs/log-batch", b'{"run_id":"%b",%b' % (run_id.encode(), body(index)[1:]))
        with done.get_lock():
            done.value += 1


def _ask(connection: Connection, experiment: str, runs: int, console: Console) -> None:
    def search(**question: Any) -> Any:
        return connection.post("runs/search", {"experiment_ids": [experiment], "max_results": 100, **question})

    _print(console, "first page of 100", _times(lambda turn: search()), LIMITS_MS["first page of 100"])
    for text, order in FILTERS:

        def ask(turn: int, text: str = text, order: str = order) -> Any:
            return search(filter=text.format(one=f"run-{turn * 97 % runs}"), order_by=[order])

        _print(console, f"{text} by {order}", _times(ask), LIMITS_MS["filter + order"])
    for order in ("start_time DESC", "metrics.m9 DESC"):
        first, last = _pages(search, order, min(500, runs // 100))
        console.print(f"  by {order}: page 1 {first:.1f} ms, page {min(500, runs // 100)} {last:.1f} ms")


def _pages(search: Callable[..., Any], order: str, number: int) -> tuple[float, float]:
    token: str | None = None
    times: list[float] = []
    for _ in range(number):
        question = {"order_by": [order], **({"page_token": token} if token else {})}
        answer = search(**question)
        times.append(1000 * answer.seconds)
        token = answer.json().get("next_page_token")
    return statistics.median(times[:5]), statistics.median(times[-5:])


def _one_long_run(connection: Connection, port: int, console: Console) -> None:
    created = connection.post("runs/create", {"experiment_id": "0", "run_name": "long", "start_time": data.BASE_MS})
    run_id = created.json()["run"]["info"]["run_id"]
    begin = time.perf_counter()
    waiting = iter(range(0, POINTS, BATCH))
    drive(port, [_points(run_id, waiting) for _ in range(4)])
    seconds = time.perf_counter() - begin
    console.print(f"{POINTS:,} points in one run: {seconds:.0f} s, {POINTS / seconds:,.0f} points/s (asked ≥ 50,000)")
    query = {"run_ids": run_id, "metric_key": "loss", "max_results": "320"}
    path = "metrics/get-history-bulk-interval"
    _print(console, "interval of 320", _times(lambda turn: connection.get(path, query)), LIMITS_MS["interval of 320"])


def _points(run_id: str, waiting: Iterator[int]) -> Script:
    for first in waiting:
        metrics = ",".join(
            f'{{"key":"loss","value":{1 / (step + 1)!r},"timestamp":{data.BASE_MS + step},"step":{step}}}'
            for step in range(first, first + BATCH)
        )
        yield post("runs/log-batch", f'{{"run_id":"{run_id}","metrics":[{metrics}]}}'.encode())


def _times(ask: Callable[[int], Any]) -> list[float]:
    ask(0)
    return sorted(1000 * ask(turn).seconds for turn in range(1, REPEATS + 1))


def _print(console: Console, what: str, times: list[float], limit_ms: float) -> None:
    p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95) - 1]
    met = "met" if p95 <= limit_ms else "NOT MET"
    console.print(f"  {what}: p50 {p50:.1f} ms, p95 {p95:.1f} ms (asked ≤ {limit_ms:.0f}: {met})", highlight=False)
