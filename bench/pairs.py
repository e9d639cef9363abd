"""Clients with their servers: ours with ours, MLflow's with FastTrackML, the same program through both."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.progress import Progress

from bench import data
from bench.findings import Finding
from bench.load import BadAnswer
from bench.rows import QUICK, Subject, expect_points
from bench.systems import Server, System

RUNS = 10_000
TURNS, POINTS = 7, 300
SEARCH_TURNS, SEARCHES = 3, 1
"""MLflow's client needs half a minute for one."""
LOG_METRIC, SEARCH_RUNS = 0.6, 1 / 3
TIMEOUT_S = 600

_LOG_METRIC = """
import json, sys, time
import {module} as mlflow
mlflow.set_tracking_uri(sys.argv[1])
spent = []
with mlflow.start_run() as run:
    for step in range(30):
        mlflow.log_metric("before", 0.5, step=step)
    for step in range(int(sys.argv[2])):
        begin = time.perf_counter()
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
        spent.append(time.perf_counter() - begin)
with open("/proc/self/status") as status:
    peak_kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
print(json.dumps({{"spent_s": spent, "run_id": run.info.run_id, "peak_mb": peak_kb * 1024 / 1e6}}))
"""
# A tag is changed before each search, so that no answer may come from a cache.
_SEARCH_RUNS = """
import json, sys, time
import {module} as mlflow
mlflow.set_tracking_uri(sys.argv[1])
where, most = [sys.argv[2]], int(sys.argv[3])
newest = mlflow.search_runs(where, max_results=1).loc[0, "run_id"]
spent = []
for turn in range(int(sys.argv[4])):
    mlflow.MlflowClient().set_tag(newest, "touched", str(turn))
    begin = time.perf_counter()
    frame = mlflow.search_runs(where, max_results=most)
    spent.append(time.perf_counter() - begin)
rows = [frame.iloc[number].to_dict() for number in (0, len(frame) // 2, len(frame) - 1)]
starts = [round(1000 * start.timestamp()) for start in frame["start_time"]]  # FastTrackML has no tag of the name
print(json.dumps({{"spent_s": spent, "starts_ms": starts, "rows": rows}}, default=str))
"""


@dataclass
class Pair:
    """A client and the server that it is measured with.

    Attributes:
        title: how the pair is called.
        python: has the client and pandas.
        module: what a program imports.
        environment: of the program.
        subject: the server.
    """

    title: str
    python: str
    module: str
    environment: dict[str, str]
    subject: Subject
    samples_s: dict[str, list[float]] = field(default_factory=dict)
    peak_mb: float = 0.0

    @classmethod
    def of(cls, title: str, python: str, module: str, environment: dict[str, str], server: Server) -> Pair:
        """A pair with nothing in its server yet."""
        settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}
        return cls(title, python, module, environment | settings, Subject(server, QUICK))

    def p50_s(self, work: str) -> float:
        """Of all turns."""
        return statistics.median(self.samples_s[work])

    def log_metric(self) -> None:
        """One turn: a program that logs points one by one, each on the server before the next."""
        found = self._found(_LOG_METRIC, str(POINTS))
        expect_points(self.subject, found["run_id"], "loss", POINTS)
        self.samples_s.setdefault("log_metric", []).extend(found["spent_s"])
        self.peak_mb = max(self.peak_mb, found["peak_mb"])

    def search_runs(self) -> None:
        """One turn: a program that makes a table of all runs."""
        found = self._found(_SEARCH_RUNS, self.subject.experiment_id(), str(RUNS), str(SEARCHES))
        if found["starts_ms"] != [data.run(index).start_ms for index in range(RUNS - 1, -1, -1)]:
            raise BadAnswer(f"{len(found['starts_ms']):,} runs instead of {RUNS:,}, or not the right ones")
        for row, index in zip(found["rows"], (RUNS - 1, RUNS - 1 - RUNS // 2, 0), strict=True):
            _expect_whole(row, data.run(index))
        self.samples_s.setdefault("search_runs", []).extend(found["spent_s"])

    def _found(self, program: str, *arguments: str) -> dict[str, Any]:
        server = self.subject.server
        done = subprocess.run(
            [self.python, "-c", program.format(module=self.module), f"http://127.0.0.1:{server.port}", *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            env=self.environment,
            cwd=server.folder,
        )
        if done.returncode:
            raise BadAnswer(f"the program of {self.title} failed: {done.stderr[-300:]}")
        found: dict[str, Any] = json.loads(done.stdout)
        return found


def compare(ours: Pair, theirs: Pair, others: Sequence[Pair], progress: Progress) -> Iterator[Finding]:
    """Both works through each pair, turn by turn.

    Args:
        ours: our client and our server.
        theirs: what it is compared with.
        others: what is told of beside.
        progress: shows what is being done.
    """
    pairs = [ours, theirs, *others]
    task = progress.add_task("clients with their servers", total=len(pairs) * (TURNS + 1 + SEARCH_TURNS))
    with ExitStack() as stack:
        for pair in pairs:
            stack.callback(pair.subject.server.stop)
            if not pair.subject.server.running:
                pair.subject.server.start()
        for _ in range(TURNS):
            for pair in pairs:
                pair.log_metric()
                progress.advance(task)
        yield _compared("log_metric, synchronous, p50", "log_metric", "ms", ours, theirs, others, LOG_METRIC)
        peaks = ", ".join(f"{pair.title} {pair.peak_mb:.0f} MB" for pair in pairs[1:])
        yield Finding("peak memory of that program", f"{ours.peak_mb:.1f} MB ({peaks})")
        for pair in pairs:
            pair.subject.fill(RUNS)
            progress.advance(task)
        for _ in range(SEARCH_TURNS):
            for pair in pairs:
                pair.search_runs()
                progress.advance(task)
        work = f"search_runs of {RUNS:,} runs to pandas"
        yield _compared(work, "search_runs", "s", ours, theirs, others, SEARCH_RUNS)


def pairs_of(
    ours: System, fasttrackml: System, environment: dict[str, str], our_python: str, skinny: str, folder: Path
) -> tuple[Pair, Pair, list[Pair]]:
    """Ours, MLflow's client with FastTrackML, and MLflow's client with our server, each server with its own data."""
    server = Server(ours, folder / "pair-ours")
    return (
        Pair.of("ours", our_python, "genesis_flow", ours.environment, server),
        Pair.of(
            "mlflow-skinny on FastTrackML", skinny, "mlflow", environment, Server(fasttrackml, folder / "pair-fml")
        ),
        [Pair.of("mlflow-skinny on ours", skinny, "mlflow", environment, Server(ours, folder / "pair-both"))],
    )


def _compared(
    title: str, work: str, unit: str, ours: Pair, theirs: Pair, others: Sequence[Pair], most: float
) -> Finding:
    factor = {"ms": 1e3, "s": 1.0}[unit]
    told = ", ".join(f"{pair.title} {factor * pair.p50_s(work):.3g} {unit}" for pair in (theirs, *others))
    ratio = ours.p50_s(work) / theirs.p50_s(work)
    figure = f"{factor * ours.p50_s(work):.3g} {unit}, {ratio:.2f} × ({told})"
    return Finding(title, figure, f"≤ {most:.2g} ×", ratio <= most)


def _expect_whole(row: dict[str, Any], expected: data.Run) -> None:
    for kind, values in (("params", expected.params), ("metrics", expected.metrics), ("tags", expected.tags)):
        if {key: row[f"{kind}.{key}"] for key in values} != values:
            raise BadAnswer(f"{expected.name}: wrong {kind}")
