"""One function for each row of the table: what one round of it does to one system."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from bench import data
from bench.load import BadAnswer, Connection, Script, drive, post
from bench.systems import Server

T = TypeVar("T")

PAGE = 1000
POINTS = 100_000
CONNECTIONS = 16
WRITERS = 4

Unit = Literal["ms", "s", "/s", "MB"]


@dataclass(frozen=True)
class Scale:
    """How much is asked of every system."""

    rounds: int
    calls: int
    """Calls a round of a slow row; quick rows make five times as many."""
    rate_s: float
    """Length of a round with 16 connections."""
    budget_s: float
    """A row ends early on a system that has spent this; it makes one round at least."""


QUICK = Scale(rounds=3, calls=20, rate_s=3.0, budget_s=20.0)
DEFAULT = Scale(rounds=5, calls=20, rate_s=5.0, budget_s=60.0)


@dataclass
class Subject:
    """A system under test and what it has been given so far."""

    server: Server
    scale: Scale
    run_ids: dict[int, str] = field(default_factory=dict)
    turn: int = 0
    _experiment_id: str = ""
    _history: tuple[str, str] = ("", "")
    _prepared: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return self.server.system.title

    def connect(self) -> Connection:
        """A fresh connection that has made one call: servers close those that idled through other rounds."""
        connection = Connection(self.server.port)
        connection.post("runs/search", {"experiment_ids": ["0"], "max_results": 1})
        return connection

    def experiment_id(self) -> str:
        """The experiment that holds the filled runs; the other rows write into experiment 0."""
        if not self._experiment_id:
            with self.connect() as connection:
                answer = connection.post("experiments/create", {"name": "bench"})
                self._experiment_id = answer.json()["experiment_id"]
        return self._experiment_id

    def new_run(self, connection: Connection) -> str:
        answer = connection.post("runs/create", {"experiment_id": "0", "start_time": data.BASE_MS})
        run_id: str = answer.json()["run"]["info"]["run_id"]
        return run_id

    def history(self) -> tuple[str, str]:
        """Run and key of the last metric of 100,000 points; writes one if there is none."""
        if not self._history[0]:
            history_write(self)
        return self._history

    def fill(self, runs: int) -> None:
        """Fills the experiment up to that many runs."""
        if (missing := runs - len(self.run_ids)) > 0:
            _fill(self, missing)

    def prepared(self, what: str, prepare: Callable[[], T]) -> T:
        """What a row needs beforehand, made once on each system."""
        if what not in self._prepared:
            self._prepared[what] = prepare()
        found: T = self._prepared[what]
        return found

    def remember_history(self, run_id: str, key: str) -> None:
        self._history = run_id, key


@dataclass(frozen=True)
class Asked:
    """What the project asks of its own figure."""

    sign: Literal["≤", "≥"]
    limit: float
    of_peer: bool = True
    """The limit is a ratio to the peer in the same sitting; otherwise a figure in the row's unit."""

    def met(self, value: float) -> bool:
        return value <= self.limit if self.sign == "≤" else value >= self.limit


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    key: str
    title: str
    unit: Unit
    measure: Callable[[Subject], list[float]]
    """One round on one system: its samples, in the unit."""
    asked: Asked | None = None
    runs: int = 0
    """Runs that the experiment must hold before the row is measured."""
    rounds: int | None = None
    """Rounds where the scale's number would not do."""


def ready(subject: Subject) -> list[float]:
    """From the spawn to the first answered search. The first round meets an empty folder."""
    subject.server.stop()
    return [subject.server.start()]


def memory(subject: Subject) -> list[float]:
    """Memory once it has come to rest: some servers are still importing when they answer."""
    last = subject.server.memory_mb()
    for _ in range(20):
        time.sleep(1.0)
        now = subject.server.memory_mb()
        if abs(now - last) < 0.01 * last:
            return [now]
        last = now
    return [last]


def create_run(subject: Subject) -> list[float]:
    def once(connection: Connection, turn: int) -> float:
        message = {"experiment_id": "0", "run_name": f"one-{turn}", "start_time": data.BASE_MS + turn}
        answer = connection.post("runs/create", message)
        if answer.json()["run"]["info"]["run_name"] != f"one-{turn}":
            raise BadAnswer(f"another run than the one created: {answer.body[:200]!r}")
        return answer.seconds

    return calls(subject, once, 5 * subject.scale.calls)


def log_metric(subject: Subject) -> list[float]:
    with subject.connect() as connection:
        run_id = subject.new_run(connection)

    def once(connection: Connection, turn: int) -> float:
        metric = {"key": "loss", "value": 1 / (turn + 1), "timestamp": data.BASE_MS + turn, "step": turn}
        return connection.post("runs/log-metric", {"run_id": run_id, **metric}).seconds

    samples = calls(subject, once, 5 * subject.scale.calls)
    expect_points(subject, run_id, "loss", len(samples))
    return samples


def log_batch(subject: Subject) -> list[float]:
    """1,000 metrics in one call: 10 keys of 100 steps."""
    with subject.connect() as connection:
        run_id = subject.new_run(connection)

    def once(connection: Connection, turn: int) -> float:
        steps = range(100 * turn, 100 * turn + 100)
        metrics = [_point(f"metric-{key}", step) for step in steps for key in range(10)]
        return connection.post("runs/log-batch", {"run_id": run_id, "metrics": metrics}).seconds

    samples = calls(subject, once, subject.scale.calls)
    expect_points(subject, run_id, "metric-9", 100 * len(samples))
    return samples


def log_metric_16(subject: Subject) -> list[float]:
    """16 trainings, each logging its own metric as fast as it is answered."""
    with subject.connect() as connection:
        run_ids = [subject.new_run(connection) for _ in range(CONNECTIONS)]
    counts = dict.fromkeys(run_ids, 0)
    begin = time.perf_counter()
    end = begin + subject.scale.rate_s
    answers = drive(subject.server.port, [_log_metrics(run_id, counts, end) for run_id in run_ids])
    rate = answers / (time.perf_counter() - begin)
    for run_id, count in counts.items():
        expect_points(subject, run_id, "loss", count)
    return [rate]


def fill_2k(subject: Subject) -> list[float]:
    return [_fill(subject, 500)]


def fill_10k(subject: Subject) -> list[float]:
    return [_fill(subject, 2000)]


def search_1000(subject: Subject) -> list[float]:
    return _newest(subject, 1000)


def search_100(subject: Subject) -> list[float]:
    return _newest(subject, 100)


def filter_and_order(subject: Subject) -> list[float]:
    def once(connection: Connection, turn: int) -> float:
        model, team = data.filter_of(turn)
        limit = f"metrics.val_loss < {data.LOSS_LIMIT}"
        question = {
            "filter": f"{limit} and params.model = '{model}' and tags.team = '{team}'",
            "order_by": ["metrics.accuracy DESC"],
        }
        names = data.filtered(len(subject.run_ids), model, team, 100)
        return _search(subject, connection, question, 100, names)

    return calls(subject, once, 2 * subject.scale.calls)


def order_by_metric(subject: Subject) -> list[float]:
    def once(connection: Connection, turn: int) -> float:
        metric, direction = data.ORDERS[turn % len(data.ORDERS)]
        names = data.ordered(len(subject.run_ids), metric, direction, 100)
        return _search(subject, connection, {"order_by": [f"metrics.{metric} {direction}"]}, 100, names)

    return calls(subject, once, subject.scale.calls)


def history_write(subject: Subject) -> list[float]:
    """A new metric of 100,000 points, 1,000 in a call."""
    key = "long"
    with subject.connect() as connection:
        run_id = subject.new_run(connection)
        seconds = 0.0
        for first in range(0, POINTS, PAGE):
            metrics = [_point(key, step) for step in range(first, first + PAGE)]
            seconds += connection.post("runs/log-batch", {"run_id": run_id, "metrics": metrics}).seconds
    subject.remember_history(run_id, key)
    return [seconds]


def history_read(subject: Subject) -> list[float]:
    run_id, key = subject.history()
    with subject.connect() as connection:
        seconds, points = _history(connection, run_id, key)
    if sorted(int(point["step"]) for point in points) != list(range(POINTS)):
        raise BadAnswer(f"{len(points)} points of {POINTS}, or not the right ones")
    return [1000 * seconds]


def calls(subject: Subject, once: Callable[[Connection, int], float], count: int) -> list[float]:
    """Milliseconds of up to `count` calls, fewer when a round's share of the budget is spent."""
    end = time.perf_counter() + subject.scale.budget_s / subject.scale.rounds
    samples: list[float] = []
    with subject.connect() as connection:
        while len(samples) < count and (len(samples) < 3 or time.perf_counter() < end):
            samples.append(1000 * once(connection, len(samples)))
    return samples


def _newest(subject: Subject, limit: int) -> list[float]:
    names = data.newest(len(subject.run_ids), limit)

    def once(connection: Connection, _: int) -> float:
        return _search(subject, connection, {}, limit, names)

    return calls(subject, once, subject.scale.calls)


def _search(subject: Subject, connection: Connection, question: dict[str, Any], limit: int, names: list[str]) -> float:
    """Seconds of one search, after a small write that makes a remembered answer a wrong one."""
    subject.turn += 1
    touched = subject.run_ids[len(subject.run_ids) - 1 - subject.turn % 100]
    connection.post("runs/set-tag", {"run_id": touched, "key": "touched", "value": str(subject.turn)})
    message = {"experiment_ids": [subject.experiment_id()], "max_results": limit, **question}
    answer = connection.post("runs/search", message)
    runs = answer.json().get("runs", [])
    if [run["info"]["run_name"] for run in runs] != names:
        raise BadAnswer(f"{question}: {len(runs)} runs instead of {len(names)}, or not the right ones")
    for run in runs:
        _expect_whole(run)
    return answer.seconds


def _expect_whole(answered: dict[str, Any]) -> None:
    expected = data.run(int(answered["info"]["run_name"].removeprefix("run-")))
    values = answered["data"]
    if {param["key"]: param["value"] for param in values["params"]} != expected.params:
        raise BadAnswer(f"{expected.name}: wrong params")
    if {metric["key"]: metric["value"] for metric in values["metrics"]} != expected.metrics:
        raise BadAnswer(f"{expected.name}: wrong metrics")
    if not expected.tags.items() <= {tag["key"]: tag["value"] for tag in values["tags"]}.items():
        raise BadAnswer(f"{expected.name}: wrong tags")


def _fill(subject: Subject, count: int) -> float:
    """Runs a second from 4 writers: each creates a run and logs its values in one batch."""
    first = len(subject.run_ids)
    experiment_id = subject.experiment_id()
    prepared = [_prepare(experiment_id, index) for index in range(first, first + count)]
    waiting = iter(prepared)
    begin = time.perf_counter()
    drive(subject.server.port, [_write_runs(waiting, subject.run_ids) for _ in range(WRITERS)])
    return count / (time.perf_counter() - begin)


def _prepare(experiment_id: str, index: int) -> tuple[int, bytes, bytes]:
    run = data.run(index)
    create = post("runs/create", json.dumps(run.create_message(experiment_id)).encode())
    return index, create, json.dumps(run.batch_message()).encode()


def _write_runs(waiting: Iterator[tuple[int, bytes, bytes]], run_ids: dict[int, str]) -> Script:
    for index, create, batch in waiting:
        answer = yield create
        run_id = json.loads(answer)["run"]["info"]["run_id"]
        yield post("runs/log-batch", b'{"run_id":"%b",%b' % (run_id.encode(), batch[1:]))
        run_ids[index] = run_id


def _log_metrics(run_id: str, counts: dict[str, int], end: float) -> Script:
    for step in itertools.count():
        if time.perf_counter() >= end:
            return
        body = '{"run_id":"%s","key":"loss","value":%r,"timestamp":%d,"step":%d}'
        yield post("runs/log-metric", (body % (run_id, 1 / (step + 1), data.BASE_MS + step, step)).encode())
        counts[run_id] += 1


def _point(key: str, step: int) -> dict[str, Any]:
    return {"key": key, "value": 1 / (step + 1), "timestamp": data.BASE_MS + step, "step": step}


def _history(connection: Connection, run_id: str, key: str) -> tuple[float, list[dict[str, Any]]]:
    """Seconds and points of a whole history; follows page tokens where the server gives them."""
    query = {"run_id": run_id, "metric_key": key}
    seconds, points = 0.0, []
    while True:
        answer = connection.get("metrics/get-history", query)
        page = answer.json()
        seconds += answer.seconds
        points += page.get("metrics", [])
        if not (token := page.get("next_page_token")):
            return seconds, points
        query["page_token"] = token


def expect_points(subject: Subject, run_id: str, key: str, count: int) -> None:
    """Raises ``BadAnswer`` unless the server has so many points of a metric."""
    with subject.connect() as connection:
        _, points = _history(connection, run_id, key)
    if len(points) != count:
        raise BadAnswer(f"{count} points were acknowledged, {len(points)} are there")


_SEARCHES: tuple[tuple[str, str, Callable[[Subject], list[float]], Asked], ...] = (
    ("search-1000", "search 1,000 runs, all data", search_1000, Asked("≤", 1 / 10)),
    ("search-100", "search 100", search_100, Asked("≤", 1 / 6)),
    ("filter", "filter on metric, param and tag, ordered", filter_and_order, Asked("≤", 1)),
    ("order", "order by a metric, first 100", order_by_metric, Asked("≤", 1 / 2)),
)

# The order matters: an idle server is weighed before any load, and the experiment only grows.
ROWS: tuple[Row, ...] = (
    Row("ready", "ready after start", "s", ready, Asked("≤", 1.0, of_peer=False)),
    Row("memory-idle", "memory, idle", "MB", memory, Asked("≤", 64, of_peer=False), rounds=1),
    Row("create", "create run", "ms", create_run, Asked("≤", 1)),
    Row("log-metric", "log-metric, one at a time", "ms", log_metric, Asked("≤", 0.6)),
    Row("log-metric-16", "log-metric, 16 connections", "/s", log_metric_16, Asked("≥", 3)),
    Row("log-batch", "log-batch of 1,000 metrics", "ms", log_batch, Asked("≤", 0.5)),
    Row("history-write", "write 100,000 points of history", "s", history_write, rounds=2),
    Row("history-read", "read 100,000 points of history", "ms", history_read, Asked("≤", 1 / 8)),
    Row("fill", "runs written a second, to 2,000", "/s", fill_2k, Asked("≥", 3), rounds=4),
    *(Row(key, title, "ms", measure, asked, runs=2000) for key, title, measure, asked in _SEARCHES),
    Row("fill-10k", "runs written a second, to 10,000", "/s", fill_10k, Asked("≥", 3), runs=2000, rounds=4),
    *(Row(f"{key}-10k", f"{title}, of 10,000", "ms", measure, runs=10_000) for key, title, measure, _ in _SEARCHES),
    Row("memory-loaded", "memory, after the load", "MB", memory, Asked("≤", 130, of_peer=False), rounds=1),
)

_ON_A_SERVER = {
    "memory-idle": Asked("≤", 80, of_peer=False),
    "log-metric": Asked("≤", 1 / 10),
    "log-metric-16": Asked("≥", 15),
    "log-batch": Asked("≤", 1 / 5),
    "history-read": Asked("≤", 1 / 20),
    "fill": Asked("≥", 10),
    "search-1000": Asked("≤", 1 / 15),
    "order": Asked("≤", 1 / 8),
}


def rows_of(backend: str) -> tuple[Row, ...]:
    """The rows, with what is asked on this kind of database: of FastTrackML on SQLite, of MLflow elsewhere."""
    if backend == "sqlite":
        return ROWS
    return tuple(replace(row, asked=_ON_A_SERVER.get(row.key)) for row in ROWS)


GROWTH = "filter", "filter-10k", Asked("≤", 3, of_peer=False)
"""How much slower a row may get on five times the runs."""
