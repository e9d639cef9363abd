"""The thread that looks at the machine while a run is going on."""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from genesis_flow.entities import Metric
from genesis_flow.environment_variables import (
    MLFLOW_SYSTEM_METRICS_NODE_ID,
    MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING,
    MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL,
)
from genesis_flow.errors import InvalidParameter, MissingExtra
from genesis_flow.rules.clock import now_ms
from genesis_flow.system_metrics.probes import Probe, probes

if TYPE_CHECKING:
    from genesis_flow.client.client import MlflowClient

log = logging.getLogger("genesis_flow")

PREFIX = "system/"
INTERVAL_S = 10.0
FINISH_S = 5.0
"""A run that ends waits no longer than this for a point that is on its way."""

Log = Callable[[dict[str, float], int], object]


class SystemMetricsMonitor:
    """Looks at the machine in the background, and hands on the means of its samples.

    It never raises into the program: what fails is told of once, and left out. In a process that is forked it is as if
    it had ended.

    Args:
        log: is called with the metrics and their step, in the background.
        first_step: gives the step of the first point, when there is one; it is asked in the background. Steps count
            points.
        interval_s: seconds from one sample to the next; by default what the environment says, or 10.
        samples: of how many samples the mean is handed on; by default what the environment says, or 1.
        node_id: the name of this machine in the names of its metrics; by default what the environment says.

    Raises:
        MissingExtra: psutil is not installed.
        InvalidParameter: interval or samples are not above 0.
        ValueError: a variable of the environment cannot be read.
    """

    def __init__(
        self,
        log: Log,
        *,
        first_step: Callable[[], int] = lambda: 0,
        interval_s: float | None = None,
        samples: int | None = None,
        node_id: str | None = None,
    ) -> None:
        if importlib.util.find_spec("psutil") is None:
            raise MissingExtra("Logging what the machine does", "system-metrics")
        self._interval_s = interval_s or MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL.get() or INTERVAL_S
        self._samples = samples or MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING.get() or 1
        if not self._interval_s > 0 or self._samples < 1:
            raise InvalidParameter("interval or samples", f"{self._interval_s}, {self._samples}", "above 0")
        self._prefix = prefix_of(MLFLOW_SYSTEM_METRICS_NODE_ID.get() if node_id is None else node_id)
        self._log, self._first_step = log, first_step
        self._over = threading.Event()
        self._told: set[str] = set()
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._run, name="genesis-flow-system-metrics", daemon=True)

    def start(self) -> None:
        """Begins; may be called once."""
        self._thread.start()

    def finish(self) -> None:
        """Ends; nothing is logged afterwards, except by a call of ``log`` that has begun and takes very long."""
        if self._pid == os.getpid():  # a fork has neither the thread, nor a lock that it could trust
            self._over.set()
            if self._thread.is_alive() and self._thread is not threading.current_thread():
                self._thread.join(FINISH_S)

    def _run(self) -> None:
        try:
            looking = probes()
        except Exception as error:
            self._tell("The machine cannot be looked at", error)
            return
        taken: list[dict[str, float]] = []
        step: int | None = None
        while not self._over.wait(self._interval_s):
            taken.append(self._sample(looking))
            if len(taken) == self._samples:
                try:
                    step = self._first_step() if step is None else step
                    self._log({f"{self._prefix}{key}": value for key, value in means(taken).items()}, step)
                    step += 1
                except Exception as error:
                    self._tell("What the machine does cannot be logged", error)
                taken = []

    def _sample(self, looking: Sequence[Probe]) -> dict[str, float]:
        sample: dict[str, float] = {}
        for probe in looking:
            try:
                sample.update(probe())
            except Exception as error:
                self._tell("Something of the machine cannot be looked at", error)
        return sample

    def _tell(self, sentence: str, error: Exception) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            log.warning("%s: %s", sentence, error)


def prefix_of(node_id: str | None) -> str:
    """What the names of a machine's metrics begin with."""
    return f"{PREFIX}{node_id}/" if node_id else PREFIX


def means(samples: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each metric over the samples that have it: to one decimal, and of the network to the byte."""
    keys = dict.fromkeys(key for sample in samples for key in sample)
    there = {key: [sample[key] for sample in samples if key in sample] for key in keys}
    digits = {key: 6 if key.startswith("network_") else 1 for key in keys}
    return {key: round(sum(values) / len(values), digits[key]) for key, values in there.items()}


def start_monitor(run_id: str, client: MlflowClient) -> SystemMetricsMonitor | None:
    """Looks at the machine until the run ends, and logs to the run; goes on with the steps that the run has already.

    Returns:
        What has to be finished before the run ends; None if it cannot be done, which is told of as a warning.
    """

    def write(metrics: dict[str, float], step: int) -> None:
        now = now_ms()
        client.log_batch(run_id, metrics=[Metric(key, value, now, step) for key, value in metrics.items()])

    def first_step() -> int:
        logged = client.get_run(run_id).data._metric_objs
        return max((one.step for one in logged if one.key.rpartition("/")[0] + "/" == prefix), default=-1) + 1

    try:
        prefix = prefix_of(MLFLOW_SYSTEM_METRICS_NODE_ID.get())
        monitor = SystemMetricsMonitor(write, first_step=first_step)
        monitor.start()
    except Exception as error:
        log.warning("What the machine does is not logged: %s", error)
        return None
    return monitor
