"""What Prometheus reads at ``/metrics``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

LATENCIES_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
COMMIT_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
PROBES = frozenset({"/health", "/livez", "/readyz", "/metrics", "/version"})
"""What machines ask all the time."""
_WHAT = "kind", "outcome"
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Monitor:
    """Counts requests, commits, and what was removed for good.

    Args:
        waiting: how many writes wait at the moment.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "genesis_flow_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._latency = Histogram(
            "genesis_flow_request_seconds",
            "Time from a request's head to its answer.",
            ("route",),
            buckets=LATENCIES_S,
            registry=self._registry,
        )
        self._commits = Histogram(
            "genesis_flow_commit_size", "Writes in a commit.", buckets=COMMIT_SIZES, registry=self._registry
        )
        self._waiting = waiting
        self._queue = Gauge(
            "genesis_flow_write_queue_depth",
            "Writes that wait for a commit.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self._collected = self._counter("collected", "Things removed for good, and what became of the others.", *_WHAT)
        self._objects = self._counter("collected_objects", "Files removed for good.")
        self._bytes = self._counter("collected_bytes", "Their size.")
        self._errors = self._counter("collection_errors", "Failures to remove what was deleted.")
        self._asked_at = 0.0
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"genesis_flow_{name}", text, labels, registry=self._registry)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request."""
        if route not in PROBES:
            self._asked_at = time.monotonic()
        key = method, route, status
        children = self._children.get(key)
        if children is None:
            # PERF: labels() formats and locks; the pair is looked up once for each route and status.
            children = self._children[key] = (
                self._requests.labels(method, route, str(status)),
                self._latency.labels(route),
            )
        children[0].inc()
        children[1].observe(seconds)

    def committed(self, writes: int) -> None:
        """Counts a commit."""
        self._commits.observe(writes)
        self._queue.set(self._waiting())

    def is_busy(self, within_s: float) -> bool:
        """Whether this process has answered something within so many seconds, looks at itself aside."""
        return time.monotonic() - self._asked_at < within_s

    def collected(self, kind: str, outcome: str, objects: int, size_bytes: int) -> None:
        """Counts something that was due to be removed."""
        self._collected.labels(kind, outcome).inc()
        self._objects.inc(objects)
        self._bytes.inc(size_bytes)
        if outcome == "failed":
            self.collection_failed()

    def collection_failed(self) -> None:
        """Counts a failure to remove what was deleted."""
        self._errors.inc()

    def text(self) -> bytes:
        """Everything counted so far, in all worker processes."""
        self._queue.set(self._waiting())
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
