"""The systems under test: how each is installed, started, weighed and stopped.

POSIX only: a server is started as the leader of a session of its own, and stopped with all of it.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from bench.backends import Backend
from bench.load import HOST, BadAnswer, Connection
from bench.ports import free_port

MLFLOW = "3.17.2"
MLFLOW_MONGODB = "mlflow-mongodb==0.1.0b2"
FASTTRACKML = "0.6.0"
START_LIMIT_S = 120.0
STOP_LIMIT_S = 10.0
# Above 0.08 s of the fastest start by little; much finer would compete for the processor with the start.
POLL_S = 0.002
MB = 1e6


class DidNotStart(Exception):
    """A server ended, or answered no search in time."""


@dataclass(frozen=True)
class System:
    """One server under test."""

    key: str
    title: str
    command: Callable[[Path, int], list[str]]
    """Arguments for a folder to keep data in (also the working directory) and a port."""
    environment: dict[str, str]


def install(key: str, cache: Path, backend: Backend) -> System:
    """The system of that key on a kind of database, installed into the cache if it is not yet.

    Raises:
        DidNotStart: the system is not installed and cannot be.
    """
    if key == "fasttrackml":
        if backend.name != "sqlite":
            raise DidNotStart("FastTrackML is measured on SQLite only")
        return _fasttrackml(cache)
    return {"ours": _ours, "mlflow": _mlflow}[key](cache, backend)


def _ours(_: Path, backend: Backend) -> System:
    if importlib.util.find_spec("genesis_flow") is None:
        raise DidNotStart(f"genesis_flow is not installed for {sys.executable}")

    store_of = _stores("ours", backend)

    def command(folder: Path, port: int) -> list[str]:
        store = store_of(folder)
        server = [sys.executable, "-m", "genesis_flow", "server"]
        return [*server, "--backend-store-uri", store, "--host", HOST, "--port", str(port)]

    # The server runs in a folder of its own, where a relative PYTHONPATH would lead elsewhere.
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    given = {"PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in paths)} if paths else {}
    return System("ours", "Genesis-Flow", command, environment() | given)


def _fasttrackml(cache: Path) -> System:
    # The wheel carries a static binary; its Python dependencies are for the client only.
    given = os.environ.get("GENESIS_BENCH_FML")
    binary = given or str(installed(cache, f"fasttrackml=={FASTTRACKML}", "--no-deps") / "fml")

    def command(_: Path, port: int) -> list[str]:
        return [binary, "server", "--listen-address", f"{HOST}:{port}"]

    return System("fasttrackml", f"FastTrackML {FASTTRACKML}", command, environment())


def _mlflow(cache: Path, backend: Backend) -> System:
    module, *more = {"mongodb": ("mlflow_mongodb", MLFLOW_MONGODB), "postgresql": ("psycopg2", "psycopg2-binary")}.get(
        backend.name, ("mlflow",)
    )
    given = os.environ.get("GENESIS_BENCH_MLFLOW_PYTHON")
    if given and not _has(given, module):
        given = None
    python = given or str(installed(cache, f"mlflow=={MLFLOW}", *more) / "python")
    store_of = _stores("mlflow", backend)

    def command(folder: Path, port: int) -> list[str]:
        store = store_of(folder)
        server = [python, "-m", "mlflow", "server"]
        return [*server, "--backend-store-uri", store, "--host", HOST, "--port", str(port)]

    return System("mlflow", f"MLflow {MLFLOW}", command, environment())


def _has(python: str, module: str) -> bool:
    """Whether an environment that was given has what MLflow needs for a database; nothing is installed into it."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([python, "-c", code], env=environment()).returncode == 0


def _stores(key: str, backend: Backend) -> Callable[[Path], str]:
    """The store of a system for each folder that it runs in: made at the first start, the same at the next."""
    made: dict[Path, str] = {}

    def store(folder: Path) -> str:
        if folder not in made:
            made[folder] = backend.store(key, folder)
        return made[folder]

    return store


def environment() -> dict[str, str]:
    """This process's environment without what would change a server's defaults."""
    changing = ("MLFLOW_", "FML_", "GENESIS_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(changing)}


def installed(cache: Path, requirement: str, *options: str) -> Path:
    """The `bin` folder of an environment of its own that holds the requirement."""
    folder = cache / "-".join([requirement, *(one for one in options if not one.startswith("-"))]).replace("==", "-")
    done = folder / "installed"
    if not done.exists():
        log = cache / f"{folder.name}.log"
        with log.open("wb") as output:
            venv = [sys.executable, "-m", "venv", "--clear", str(folder)]
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
            for command in (venv, [*pip, *options, requirement]):
                if subprocess.run(command, stdout=output, stderr=subprocess.STDOUT).returncode:
                    raise DidNotStart(f"cannot install {requirement}: see {log}")
        done.touch()
    return folder / "bin"


class Server:
    """A running server with data in `folder`; starting again continues on the same data."""

    def __init__(self, system: System, folder: Path) -> None:
        self.system = system
        self.folder = folder
        self.port = 0
        self._broken = ""
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        """Of the process that was started."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> float:
        """Starts the server.

        Returns:
            Seconds from the spawn to the first search that was answered with 200.

        Raises:
            DidNotStart: it ended or stayed silent, now or at an earlier try.
        """
        if self._broken:
            raise DidNotStart(self._broken)
        self.port = free_port()
        command = self.system.command(self.folder, self.port)
        with (self.folder / "server.log").open("ab") as log:
            begin = time.perf_counter()
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.system.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        while not self._answers():
            if self._process.poll() is not None or time.perf_counter() - begin > START_LIMIT_S:
                self.stop()
                self._broken = f"{self.system.title} did not start: {self.log_tail()}"
                raise DidNotStart(self._broken)
            time.sleep(POLL_S)
        return time.perf_counter() - begin

    def stop(self) -> None:
        """Ends every process of the server, gently first."""
        if self._process is None:
            return
        tree = self._tree()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_LIMIT_S)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        # A child that made a session of its own is not in the group; its number is compared with its birth.
        for pid, born in tree.items():
            if _stat(pid)[2:] == (born,):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def memory_mb(self) -> float:
        """Proportional set size of the whole process tree in megabytes (10^6 bytes)."""
        if self._process is None:
            return 0.0
        if not Path("/proc/self/smaps_rollup").exists():
            return _memory_by_psutil(self._process.pid) / MB
        return sum(map(_pss, self._tree())) / MB

    def log_tail(self) -> str:
        lines = (self.folder / "server.log").read_text(errors="replace").strip().splitlines()
        return " | ".join(lines[-3:])[-400:]

    def _answers(self) -> bool:
        try:
            with Connection(self.port) as connection:
                connection.post("runs/search", {"experiment_ids": ["0"], "max_results": 1})
        except (OSError, HTTPException, BadAnswer):
            return False
        return True

    def _tree(self) -> dict[int, int]:
        """Every process of the server and when it was born: descendants, and orphans of its session."""
        assert self._process is not None
        root = self._process.pid
        found: dict[int, int] = {}
        table = dict(_processes())
        grew = True
        while grew:
            new = {
                pid: born
                for pid, (parent, session, born) in table.items()
                if pid not in found and (pid == root or session == root or parent in found)
            }
            found |= new
            grew = bool(new)
        return found


def _processes() -> Iterator[tuple[int, tuple[int, int, int]]]:
    proc = Path("/proc")
    for entry in proc.iterdir() if proc.is_dir() else ():
        if entry.name.isdigit():
            match _stat(int(entry.name)):
                case (parent, session, born):
                    yield int(entry.name), (parent, session, born)


def _stat(pid: int) -> tuple[int, ...]:
    """Parent, session and birth (in clock ticks) of a process; empty when it is gone or a zombie."""
    try:
        # The name, in parentheses, may hold anything: the fields begin after the last one.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ()
    return () if fields[0] == "Z" else (int(fields[1]), int(fields[3]), int(fields[19]))


def _pss(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _memory_by_psutil(pid: int) -> int:
    psutil: Any = importlib.import_module("psutil")
    root = psutil.Process(pid)
    total = 0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.Error):
            memory = process.memory_full_info()
            total += getattr(memory, "pss", memory.uss)
    return total
