"""Starts and stops the two servers that are compared, each on its own SQLite file and artifact folder."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import genesis_flow
from tests.differential.call import Request

START_TIMEOUT_S = 120
ANSWER_TIMEOUT_S = 60
NO_ANSWER = 0


@dataclass(frozen=True)
class Answer:
    """What a server said to one request; status 0 and the reason as body when it said nothing."""

    status: int
    media_type: str
    is_file: bool
    body: bytes


@dataclass(frozen=True)
class Server:
    """A running server, known by its port on the loopback address."""

    port: int

    def send(self, request: Request) -> Answer:
        """Sends the request as it is: no redirect is followed, no path is tidied."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            response = connection.getresponse()
            media_type = response.headers.get("Content-Type", "").partition(";")[0]
            is_file = response.headers.get("Content-Disposition", "").startswith("attachment")
            return Answer(response.status, media_type, is_file, response.read())
        except (OSError, http.client.HTTPException) as error:
            return Answer(NO_ANSWER, "", False, repr(error).encode())
        finally:
            connection.close()


@contextmanager
def mlflow(python: str, folder: Path) -> Iterator[Server]:
    """MLflow's own server, from the environment that `python` belongs to."""
    # No message to its makers while a test runs.
    settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    with _serving([python, "-m", "mlflow"], ["--workers", "1"], settings, folder) as server:
        yield server


@contextmanager
def ours(folder: Path) -> Iterator[Server]:
    """Our server: the package that the tests import, whether it is installed or a source tree."""
    settings = {"PYTHONPATH": str(Path(genesis_flow.__file__).parents[1])}
    with _serving([sys.executable, "-m", "genesis_flow"], [], settings, folder) as server:
        yield server


@contextmanager
def _serving(program: list[str], flags: list[str], settings: dict[str, str], folder: Path) -> Iterator[Server]:
    folder.mkdir(parents=True)
    port = _free_port()
    command = [
        *program,
        "server",
        *("--backend-store-uri", f"sqlite:///{folder / 'store.db'}"),
        *("--artifacts-destination", str(folder / "artifacts")),
        *("--host", "127.0.0.1"),
        *("--port", str(port)),
        *flags,
    ]
    log_path = folder / "server.log"
    with log_path.open("wb") as log:
        # A session of its own: MLflow's server is a tree of processes, which must end together.
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=_environment() | settings, start_new_session=True
        )
        try:
            _wait_until_healthy(process, port, log_path)
            yield Server(port)
        finally:
            _stop(process)


def _environment() -> dict[str, str]:
    """The tests' own, without what would steer one of the servers."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "PYTHON"))}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log_path: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if Server(port).send(Request("GET", "/health", None, {})).status == http.HTTPStatus.OK:
            return
        time.sleep(0.1)
    log = log_path.read_text(errors="replace")[-4000:]
    raise RuntimeError(f"{process.args!r} did not answer /health:\n{log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for step in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, step)
            process.wait(timeout=15)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
