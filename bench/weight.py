"""What the client weighs: packages and bytes once it is installed, time and memory of its import."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from bench.findings import Finding
from bench.systems import MB, MLFLOW, DidNotStart, environment

ROOT = Path(__file__).resolve().parent.parent
DROP_IN = ROOT / "compat" / "mlflow"
PACKAGES, INSTALLED_MB, PEAK_MB, SHARE = 4, 15.0, 22.0, 1 / 10
TURNS = 7

_INSTALLED = """
import importlib.metadata, json, pathlib, sysconfig
names = sorted(one.name for one in importlib.metadata.distributions())
files = pathlib.Path(sysconfig.get_path("purelib")).rglob("*")
print(json.dumps({"names": names, "size_bytes": sum(one.stat().st_size for one in files if one.is_file())}))
"""
# The peak is read inside: what the kernel tells a parent of its child begins with the parent's own memory.
_IMPORT = """
import {module}
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))
"""


@dataclass(frozen=True)
class Client:
    """An environment of its own that holds a client and what it needs, and nothing else."""

    python: Path
    names: tuple[str, ...]
    size_bytes: int

    @property
    def size_mb(self) -> float:
        return self.size_bytes / MB

    @classmethod
    def install(cls, folder: Path, *requirements: str) -> Client:
        """Installs the client into a new folder.

        Raises:
            DidNotStart: it cannot be installed.
        """
        python = folder / "bin" / "python"
        # Not even pip is in it: what is there afterwards was installed for the client.
        venv = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--disable-pip-version-check"]
        for command in (venv, [*pip, *requirements]):
            done = subprocess.run(command, capture_output=True, text=True, env=environment())
            if done.returncode:
                raise DidNotStart(f"cannot install {', '.join(requirements)}: {done.stderr[-300:]}")
        found = json.loads(_output(python, _INSTALLED))
        return cls(python, tuple(found["names"]), found["size_bytes"])


def weigh(folder: Path, progress: Progress) -> Iterator[Finding]:
    """Installs our client, ours with ``import mlflow``, and mlflow-skinny; counts, and imports each in turn.

    Args:
        folder: gets the three environments.
        progress: shows what is being done.
    """
    task = progress.add_task("installing three clients", total=3 + TURNS)
    clients = {}
    for name, requirements in (
        ("ours", [str(ROOT)]),
        ("drop-in", [str(ROOT), str(DROP_IN)]),
        ("skinny", [f"mlflow-skinny=={MLFLOW}"]),
    ):
        clients[name] = Client.install(folder / name, *requirements)
        progress.advance(task)
    ours, drop_in, skinny = clients.values()
    yield Finding(
        "packages of the client",
        f"{len(ours.names)}: {', '.join(ours.names)} (mlflow-skinny {len(skinny.names)})",
        f"≤ {PACKAGES}",
        len(ours.names) <= PACKAGES,
    )
    yield Finding(
        "the client, installed",
        f"{ours.size_mb:.1f} MB, with `import mlflow` {drop_in.size_mb:.1f} MB (mlflow-skinny {skinny.size_mb:.0f} MB)",
        f"≤ {INSTALLED_MB:.0f} MB",
        ours.size_mb <= INSTALLED_MB,
    )
    seconds, peaks = _imports(clients, progress)
    for name, module in (("ours", "genesis_flow"), ("drop-in", "mlflow")):
        share = seconds[name] / seconds["skinny"]
        yield Finding(
            f"`import {module}`, {'ours' if name == 'ours' else 'the drop-in'}",
            f"{seconds[name]:.3f} s, 1/{1 / share:.0f} (mlflow-skinny {seconds['skinny']:.2f} s)",
            f"≤ 1/{1 / SHARE:.0f}",
            share <= SHARE,
        )
        yield Finding(
            "its peak memory",
            f"{peaks[name]:.1f} MB (mlflow-skinny {peaks['skinny']:.0f} MB)",
            f"≤ {PEAK_MB:.0f} MB",
            peaks[name] <= PEAK_MB,
        )


def _imports(clients: dict[str, Client], progress: Progress) -> tuple[dict[str, float], dict[str, float]]:
    """Medians of seconds and megabytes, of a process that imports a client and does nothing else.

    They take turns. The first turn, which reads the disk, does not count.
    """
    (task,) = progress.task_ids[-1:]
    seconds: dict[str, list[float]] = {name: [] for name in clients}
    peaks: dict[str, list[float]] = {name: [] for name in clients}
    for turn in range(TURNS + 1):
        for name, client in clients.items():
            begin = time.perf_counter()
            peak = _output(client.python, _IMPORT.format(module="genesis_flow" if name == "ours" else "mlflow"))
            if turn:
                seconds[name].append(time.perf_counter() - begin)
                peaks[name].append(int(peak) * 1024 / MB)
        progress.advance(task)
    return {name: statistics.median(of) for name, of in seconds.items()}, {
        name: statistics.median(of) for name, of in peaks.items()
    }


def _output(python: Path, code: str) -> str:
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, env=environment())
    if done.returncode:
        raise DidNotStart(f"the program failed: {done.stderr[-300:]}")
    return done.stdout
