"""What the machine does, in the metrics of a run."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

import genesis_flow as mlflow
from genesis_flow import system_metrics
from genesis_flow.entities import Run
from genesis_flow.errors import InvalidParameter
from genesis_flow.system_metrics.monitor import SystemMetricsMonitor, means
from genesis_flow.system_metrics.probes import probes

WAIT_S = 60
OF_A_MACHINE = {
    "cpu_utilization_percentage",
    "system_memory_usage_megabytes",
    "system_memory_usage_percentage",
    "disk_usage_percentage",
    "disk_usage_megabytes",
    "disk_available_megabytes",
    "network_receive_megabytes",
    "network_transmit_megabytes",
}


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith("MLFLOW_"):
            monkeypatch.delenv(name)
    yield
    for name in list(os.environ):
        if "SYSTEM_METRICS" in name:
            del os.environ[name]


class Points:
    """What a monitor hands on, in order."""

    def __init__(self, wanted: int, fails_at: int | None = None) -> None:
        self.points: list[tuple[dict[str, float], int]] = []
        self._wanted, self._fails_at = wanted, fails_at
        self._there = threading.Event()

    def log(self, metrics: dict[str, float], step: int) -> None:
        if len(self.points) == self._fails_at:
            self._fails_at = None
            raise OSError("no server")
        self.points.append((metrics, step))
        if len(self.points) == self._wanted:
            self._there.set()

    def wait(self) -> None:
        assert self._there.wait(WAIT_S)


def test_points_are_numbered_and_named_as_in_mlflow() -> None:
    points = Points(3)
    monitor = SystemMetricsMonitor(points.log, interval_s=0.01)
    monitor.start()
    points.wait()
    monitor.finish()
    assert [step for _, step in points.points[:3]] == [0, 1, 2]
    assert points.points[0][0].keys() == {f"system/{name}" for name in OF_A_MACHINE}
    assert not [thread for thread in threading.enumerate() if "system-metrics" in thread.name]


def test_a_point_is_the_mean_of_the_samples_that_have_it() -> None:
    assert means([{"a": 1.0}, {"a": 2.0, "b": 7.123}, {"a": 2.0}]) == {"a": 1.7, "b": 7.1}
    assert means([{"network_receive_megabytes": 0.000123}]) == {"network_receive_megabytes": 0.000123}


def test_a_node_has_a_name_and_steps_go_on() -> None:
    points = Points(2)
    monitor = SystemMetricsMonitor(points.log, first_step=lambda: 7, interval_s=0.01, samples=2, node_id="node-1")
    monitor.start()
    points.wait()
    monitor.finish()
    assert [step for _, step in points.points[:2]] == [7, 8]
    assert points.points[0][0].keys() == {f"system/node-1/{name}" for name in OF_A_MACHINE}


def test_what_cannot_be_logged_is_told_once_and_does_not_stop_it(caplog: pytest.LogCaptureFixture) -> None:
    points = Points(3, fails_at=1)
    with caplog.at_level(logging.WARNING, "genesis_flow"):
        monitor = SystemMetricsMonitor(points.log, interval_s=0.01)
        monitor.start()
        points.wait()
        monitor.finish()
    assert [step for _, step in points.points[:3]] == [0, 1, 2]
    assert [record.getMessage() for record in caplog.records] == ["What the machine does cannot be logged: no server"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork_has_no_monitor_and_can_end_it() -> None:
    points = Points(1)
    monitor = SystemMetricsMonitor(points.log, interval_s=0.01)
    monitor.start()
    points.wait()
    child = os.fork()
    if not child:
        monitor.finish()
        os._exit(0 if not [one for one in threading.enumerate() if "system-metrics" in one.name] else 1)
    try:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert monitor._thread.is_alive()
    finally:
        monitor.finish()


class NvmlError(Exception):
    """What the library of NVIDIA raises."""


def no_power(_: object) -> int:
    raise NvmlError("not supported")


def test_gpus_are_looked_at_if_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = ModuleType("pynvml")
    vars(nvml).update(
        NVMLError=NvmlError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetMemoryInfo=lambda _: SimpleNamespace(used=3 * 2**30, total=12 * 2**30),
        nvmlDeviceGetUtilizationRates=lambda _: SimpleNamespace(gpu=37, memory=11),
        nvmlDeviceGetPowerUsage=lambda index: no_power(index) if index else 123_456,
        nvmlDeviceGetEnforcedPowerLimit=lambda _: 250_000,
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    sample = means([{key: value for probe in probes() for key, value in probe().items()}])
    assert {key: value for key, value in sample.items() if key.startswith("gpu")} == {
        "gpu_0_memory_usage_percentage": 25.0,
        "gpu_0_memory_usage_megabytes": 3221.2,
        "gpu_0_utilization_percentage": 37.0,
        "gpu_0_power_usage_watts": 123.5,
        "gpu_0_power_usage_percentage": 49.4,
        "gpu_1_memory_usage_percentage": 25.0,
        "gpu_1_memory_usage_megabytes": 3221.2,
        "gpu_1_utilization_percentage": 37.0,
    }


@pytest.mark.parametrize("value", [0, -1, "x", float("nan"), float("inf"), [], 0.0])
def test_settings_that_mean_nothing_are_refused(value: Any) -> None:
    for setting in (
        system_metrics.set_system_metrics_sampling_interval,
        system_metrics.set_system_metrics_samples_before_logging,
    ):
        with pytest.raises(InvalidParameter, match="above 0"):
            setting(value)
    assert [name for name in os.environ if "SYSTEM_METRICS" in name] == []
    with pytest.raises(InvalidParameter, match="whole number"):
        system_metrics.set_system_metrics_samples_before_logging(1.5)  # type: ignore[arg-type]


def test_settings_are_variables_of_the_environment_as_in_mlflow() -> None:
    system_metrics.set_system_metrics_sampling_interval(0.5)
    system_metrics.set_system_metrics_samples_before_logging(3)
    system_metrics.set_system_metrics_node_id("n")
    system_metrics.enable_system_metrics_logging()
    assert {name: value for name, value in os.environ.items() if "SYSTEM_METRICS" in name} == {
        "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "0.5",
        "MLFLOW_SYSTEM_METRICS_SAMPLES_BEFORE_LOGGING": "3",
        "MLFLOW_SYSTEM_METRICS_NODE_ID": "n",
        "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING": "True",
    }
    system_metrics.set_system_metrics_sampling_interval(None)
    system_metrics.set_system_metrics_samples_before_logging(None)
    system_metrics.set_system_metrics_node_id(None)
    system_metrics.disable_system_metrics_logging()
    assert [name for name in os.environ if "SYSTEM_METRICS" in name] == ["MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"]


WITHOUT_PSUTIL = """
import sys; sys.modules["psutil"] = None
import genesis_flow as mlflow
from genesis_flow.errors import MissingExtra
from genesis_flow.system_metrics import SystemMetricsMonitor
try: SystemMetricsMonitor(print)
except (MissingExtra, ValueError) as error: print(error)
with mlflow.start_run(log_system_metrics=True) as run: pass
print(mlflow.get_run(run.info.run_id).info.status)
"""


@pytest.mark.parametrize("variable", [{}, {"MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL": "often"}])
def test_a_run_goes_on_without_psutil_or_with_a_bad_setting(
    server_uri: str, variable: dict[str, str], tmp_path: Path
) -> None:
    script = WITHOUT_PSUTIL if not variable else WITHOUT_PSUTIL.replace('sys.modules["psutil"] = None', "")
    package = str(Path(mlflow.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env={**os.environ, "PYTHONPATH": package, "MLFLOW_TRACKING_URI": server_uri, **variable},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )
    assert "FINISHED" in done.stdout, done.stderr
    assert "What the machine does is not logged" in done.stderr


def _logged(run: Run, least: int) -> dict[str, list[int]]:
    """The steps of each metric, once each has so many points."""
    client, deadline = mlflow.MlflowClient(), time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        keys = client.get_run(run.info.run_id).data.metrics
        steps = {key: [p.step for p in client.get_metric_history(run.info.run_id, key)] for key in keys}
        if steps and min(map(len, steps.values())) >= least:
            return steps
        time.sleep(0.02)
    raise AssertionError("nothing was logged")


@pytest.mark.usefixtures("tracking_uri")
def test_a_switch_that_cannot_be_read_is_refused_before_a_run_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow.set_experiment(f"of {uuid4().hex}")
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "perhaps")
    monkeypatch.setenv("MLFLOW_RUN_ID", "of somebody")
    with pytest.raises(ValueError, match=r"MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING .* must be true, false, 1 or 0"):
        mlflow.start_run()
    assert mlflow.active_run() is None
    assert os.environ.pop("MLFLOW_RUN_ID") == "of somebody"
    assert mlflow.search_runs(output_format="list") == []
    with mlflow.start_run(log_system_metrics=False):  # nobody asks the switch
        pass


@pytest.mark.usefixtures("tracking_uri")
def test_a_run_logs_the_machine_and_goes_on_where_it_was() -> None:
    mlflow.set_experiment(f"of {uuid4().hex}")
    system_metrics.set_system_metrics_sampling_interval(0.02)
    with mlflow.start_run(log_system_metrics=True) as run:
        _logged(run, 2)
    before = _logged(run, 2)
    system_metrics.enable_system_metrics_logging()
    most = max(map(len, before.values()))
    with mlflow.start_run(run_id=run.info.run_id):
        _logged(run, most + 2)
    system_metrics.disable_system_metrics_logging()
    with mlflow.start_run(run_id=run.info.run_id):
        assert not [thread for thread in threading.enumerate() if "system-metrics" in thread.name]
    after = _logged(run, most + 2)
    assert after.keys() == {f"system/{name}" for name in OF_A_MACHINE}
    assert all(steps == list(range(len(steps))) for steps in after.values())
