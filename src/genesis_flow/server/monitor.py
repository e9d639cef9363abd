"""What Prometheus reads at ``/metrics``."""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

LATENCIES_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
COMMIT_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Monitor:
    """Counts requests and commits.

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
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request."""
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

    def text(self) -> bytes:
        """Everything counted so far, in all worker processes."""
        self._queue.set(self._waiting())
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
