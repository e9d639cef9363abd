"""What becomes of one experiment as it grows, and of one run: 100,000 runs of 150 values, ten million points.

Everything is written through the server's own interface. What the values look like is said in ``data``.
"""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.progress import Progress

from bench import data
from bench.findings import Finding
from bench.load import Answer, BadAnswer, Connection, Script, drive, post
from bench.systems import Server, System

WRITERS = 8
PROCESSES = 2
POINTS_A_RUN = 100
"""Points of the long run for each run of the experiment: ten million for 100,000."""
BATCH = 1_000
POINT_WRITERS = 4
BUCKETS = 320
PAGE = 100
LAST_PAGE = 500
SETTLE_S = 5.0
REPEATS = 40
PATIENCE_S = 60.0
"""A question that has taken this long in all is not repeated any more."""

FIRST_PAGE_MS, FILTER_MS, INTERVAL_MS, POINTS_PER_S, PAGE_RATIO = 150.0, 300.0, 150.0, 50_000.0, 1.5

# From one run in all to half of them; the last five ask for what no index gives directly.
QUESTIONS: tuple[tuple[str, str], ...] = (
    ("params.p49 = 'run-{index}'", "metrics.m9 DESC"),
    ("metrics.m5 > 0.999", "start_time DESC"),
    ("params.p7 = '3' and params.p12 = '4' and metrics.m5 < 0.4", "metrics.m9 DESC"),
    ("params.p7 = '3' and metrics.m5 < 0.4", "metrics.m9 DESC"),
    ("params.p7 = '3' and metrics.m5 < 0.4", "metrics.m9 ASC"),
    ("metrics.m5 < 0.5", "metrics.m9 DESC"),
    ("params.p3 = '1'", "start_time DESC"),
    ("params.p7 != '3'", "metrics.m60 ASC"),
    ("attributes.run_name = 'run-{index}'", "start_time DESC"),
    ("metrics.m5.min < 0.01", "metrics.m9 DESC"),
    ("params.p7 = '3'", "params.p49 ASC"),
    ("params.p7 = '3'", "metrics.m9.max DESC"),
    ("params.p7 = '3'", "metrics.m3 ASC, metrics.m4 DESC"),
)


def grow(system: System, runs: int, folder: Path, progress: Progress) -> Iterator[Finding]:
    """Fills one experiment and one run, and yields what was measured as soon as it is known.

    Args:
        system: the one to fill, in a database that nothing else uses.
        runs: how many runs; the long run gets a hundred points for each.
        folder: where the server may keep its data.
        progress: shows what is being done.
    """
    server = Server(system, folder / "growth")
    server.start()
    try:
        with Connection(server.port) as connection:
            experiment = connection.post("experiments/create", {"name": "growth"}).json()["experiment_id"]
        values = data.GROWN_PARAMS + data.GROWN_METRICS
        seconds = _fill(server.port, experiment, runs, progress)
        yield Finding(f"{runs:,} runs of {values} values", f"{runs / seconds:,.0f} runs/s ({seconds:,.0f} s)")
        time.sleep(SETTLE_S)
        yield from _ask(server.port, experiment, runs, progress)
        yield from _one_long_run(server.port, POINTS_A_RUN * runs, progress)
        yield Finding("memory of the server, after all of it", f"{server.memory_mb():,.0f} MB")
    finally:
        server.stop()


def _fill(port: int, experiment: str, runs: int, progress: Progress) -> float:
    """Seconds of several processes, so that making the messages does not hold the server up.

    Raises:
        BadAnswer: a process met an answer that may not be counted, and said it on its standard error.
    """
    context = multiprocessing.get_context("spawn")
    done = context.Value("q", 0)
    shares = [range(part, runs, PROCESSES) for part in range(PROCESSES)]
    writers = [context.Process(target=_write, args=(port, experiment, share, done)) for share in shares]
    task = progress.add_task("runs", total=runs)
    begin = time.perf_counter()
    for writer in writers:
        writer.start()
    try:
        while any(writer.is_alive() for writer in writers):
            writers[0].join(0.2) if writers[0].is_alive() else writers[-1].join(0.2)
            progress.update(task, completed=done.value)
    finally:
        for writer in writers:
            writer.kill()
            writer.join()
    seconds = time.perf_counter() - begin
    progress.remove_task(task)
    if done.value != runs:
        raise BadAnswer(f"{done.value} of {runs} runs were written")
    return seconds


def _write(port: int, experiment: str, indexes: range, done: Any) -> None:
    waiting = iter(indexes)
    drive(port, [_runs(experiment, waiting, done) for _ in range(WRITERS // PROCESSES)])


def _runs(experiment: str, waiting: Iterator[int], done: Any) -> Script:
    for index in waiting:
        start = data.BASE_MS + index * 1000
        create = {"experiment_id": experiment, "run_name": f"run-{index}", "start_time": start}
        answer = yield post("runs/create", json.dumps(create).encode())
        run_id = json.loads(answer)["run"]["info"]["run_id"]
        yield post("runs/log-batch", b'{"run_id":"%b",%b' % (run_id.encode(), data.grown(index)[1:]))
        with done.get_lock():
            done.value += 1


def _ask(port: int, experiment: str, runs: int, progress: Progress) -> Iterator[Finding]:
    task = progress.add_task("questions", total=len(QUESTIONS) + 3)
    with Connection(port) as connection:

        def search(**question: Any) -> Answer:
            message = {"experiment_ids": [experiment], "max_results": PAGE, **question}
            return connection.post("runs/search", message)

        newest = [f"run-{index}" for index in range(runs - 1, max(runs - PAGE, 0) - 1, -1)]
        if _names(search()) != newest:
            raise BadAnswer("the first page does not hold the runs that were started last")
        yield _percentiles("first page of 100", lambda _: search(), FIRST_PAGE_MS)
        progress.advance(task)
        for text, order in QUESTIONS:
            yield _question(search, text, order, runs)
            progress.advance(task)
        for order in ("start_time DESC", "metrics.m9 DESC"):
            yield _pages(search, order, min(LAST_PAGE, runs // PAGE))
            progress.advance(task)
    progress.remove_task(task)


def _question(search: Callable[..., Answer], text: str, order: str, runs: int) -> Finding:
    def ask(turn: int) -> Answer:
        question = text.format(index=turn * 97 % runs)
        return search(filter=question, order_by=order.split(", "))

    found = len(_names(ask(0)))
    return _percentiles(f"{text.format(index='…')} by {order} ({found} runs)", ask, FILTER_MS)


def _names(answer: Answer) -> list[str]:
    return [run["info"]["run_name"] for run in answer.json().get("runs", [])]


def _pages(search: Callable[..., Answer], order: str, number: int) -> Finding:
    """What the last five of so many pages cost, in terms of the first five, all walked in turn."""
    token: str | None = None
    times: list[float] = []
    seen: set[str] = set()
    while len(times) < number:
        answer = search(order_by=[order], **({"page_token": token} if token else {}))
        times.append(1000 * answer.seconds)
        seen.update(_names(answer))
        token = answer.json().get("next_page_token")
        if not token:
            break
    if len(seen) != PAGE * number:
        raise BadAnswer(f"{number} pages by {order} hold {len(seen)} runs")
    first, last = statistics.median(times[:5]), statistics.median(times[-5:])
    figure = f"{last / first:.2f} × ({first:.1f} ms, {last:.1f} ms)"
    return Finding(f"page {number} by {order}, of page 1", figure, f"≤ {PAGE_RATIO:g} ×", last <= PAGE_RATIO * first)


def _one_long_run(port: int, points: int, progress: Progress) -> Iterator[Finding]:
    task = progress.add_task("points", total=points)
    with Connection(port) as connection:
        created = connection.post("runs/create", {"experiment_id": "0", "run_name": "long", "start_time": data.BASE_MS})
        run_id = created.json()["run"]["info"]["run_id"]
        waiting = iter(range(0, points, BATCH))
        begin = time.perf_counter()
        drive(port, [_points(run_id, waiting, lambda: progress.advance(task, BATCH)) for _ in range(POINT_WRITERS)])
        rate = points / (time.perf_counter() - begin)
        progress.remove_task(task)
        what = f"{points:,} points into one run, {BATCH:,} at a time, {POINT_WRITERS} connections"
        yield Finding(what, f"{rate:,.0f} points/s", f"≥ {POINTS_PER_S:,.0f}", rate >= POINTS_PER_S)
    with Connection(port) as connection:
        query = {"run_ids": run_id, "metric_key": "loss", "max_results": str(BUCKETS)}

        def interval(_: int) -> Answer:
            return connection.get("metrics/get-history-bulk-interval", query)

        steps = [int(point["step"]) for point in interval(0).json()["metrics"]]
        # Each part of the curve keeps its ends and extremes: of this falling one two points of four, half of the most.
        if not BUCKETS // 4 <= len(steps) <= BUCKETS or (steps[0], steps[-1]) != (0, points - 1):
            raise BadAnswer(f"an interval of {len(steps)} points from step {steps[:1]} to {steps[-1:]}")
        yield _percentiles(f"interval of {BUCKETS} of {points:,} points", interval, INTERVAL_MS)


def _points(run_id: str, waiting: Iterator[int], wrote: Callable[[], None]) -> Script:
    for first in waiting:
        metrics = ",".join(
            f'{{"key":"loss","value":{1 / (step + 1)!r},"timestamp":{data.BASE_MS + step},"step":{step}}}'
            for step in range(first, first + BATCH)
        )
        yield post("runs/log-batch", f'{{"run_id":"{run_id}","metrics":[{metrics}]}}'.encode())
        wrote()


def _percentiles(what: str, ask: Callable[[int], Answer], limit_ms: float) -> Finding:
    ask(0)
    end = time.perf_counter() + PATIENCE_S
    times: list[float] = []
    while len(times) < REPEATS and (len(times) < 3 or time.perf_counter() < end):
        times.append(1000 * ask(len(times) + 1).seconds)
    times.sort()
    p50, p95 = statistics.median(times), times[-(-len(times) * 95 // 100) - 1]
    return Finding(what, f"p95 {p95:.1f} ms (p50 {p50:.1f})", f"p95 ≤ {limit_ms:.0f} ms", p95 <= limit_ms)
