"""One look at the machine.

Source: the names, units and meanings of mlflow 3.17.2's metrics. Megabytes are millions of bytes.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable
from typing import Any

log = logging.getLogger("genesis_flow")

Probe = Callable[[], dict[str, float]]

MEGABYTE = 1e6


def probes() -> list[Probe]:
    """What there is to look at; differences, as of the processors' times, count from now on, in this thread."""
    import psutil

    psutil.cpu_percent()  # the first call has nothing to compare with
    return [_processors, _memory, _disk, _network(), *_gpus()]


def _processors() -> dict[str, float]:
    import psutil

    return {"cpu_utilization_percentage": psutil.cpu_percent()}


def _memory() -> dict[str, float]:
    import psutil

    memory = psutil.virtual_memory()
    return {
        "system_memory_usage_megabytes": memory.used / MEGABYTE,
        "system_memory_usage_percentage": memory.percent,
    }


def _disk() -> dict[str, float]:
    import psutil

    disk = psutil.disk_usage(os.sep)
    return {
        "disk_usage_percentage": disk.percent,
        "disk_usage_megabytes": disk.used / MEGABYTE,
        "disk_available_megabytes": disk.free / MEGABYTE,
    }


def _network() -> Probe:
    """What was received and sent since now."""
    import psutil

    before = psutil.net_io_counters()

    def probe() -> dict[str, float]:
        now = psutil.net_io_counters()
        return {
            "network_receive_megabytes": (now.bytes_recv - before.bytes_recv) / MEGABYTE,
            "network_transmit_megabytes": (now.bytes_sent - before.bytes_sent) / MEGABYTE,
        }

    return probe


def _gpus() -> list[Probe]:
    """The GPUs of NVIDIA, if there are any and their library is installed."""
    try:
        import pynvml

        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
    except Exception as error:  # no package, no driver, no permission: the machine is looked at without them
        log.debug("No GPUs are looked at: %s", error)
        return []
    return [_gpu(pynvml, index, handle) for index, handle in enumerate(handles)]


def _gpu(nvml: Any, index: int, handle: Any) -> Probe:
    def probe() -> dict[str, float]:
        measured: dict[str, float] = {}
        for part in (_gpu_memory, _gpu_load, _gpu_power):
            with contextlib.suppress(nvml.NVMLError):  # not every GPU can tell everything
                measured.update(part(nvml, handle))
        return {f"gpu_{index}_{name}": value for name, value in measured.items()}

    return probe


def _gpu_memory(nvml: Any, handle: Any) -> dict[str, float]:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    return {
        "memory_usage_percentage": memory.used / memory.total * 100,
        "memory_usage_megabytes": memory.used / MEGABYTE,
    }


def _gpu_load(nvml: Any, handle: Any) -> dict[str, float]:
    return {"utilization_percentage": nvml.nvmlDeviceGetUtilizationRates(handle).gpu}


def _gpu_power(nvml: Any, handle: Any) -> dict[str, float]:
    milliwatts = nvml.nvmlDeviceGetPowerUsage(handle)
    limit = nvml.nvmlDeviceGetEnforcedPowerLimit(handle)
    return {"power_usage_watts": milliwatts / 1000, "power_usage_percentage": milliwatts / limit * 100}
