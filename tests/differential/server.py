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

from tests.differential.call import Request

START_TIMEOUT_S = 120
ANSWER_TIMEOUT_S = 60


@dataclass(frozen=True)
class Answer:
    """What a server said to one request."""

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
        finally:
            connection.close()


@contextmanager
def mlflow(python: str, folder: Path) -> Iterator[Server]:
    """MLflow's own server, from the environment that `python` belongs to."""
    with _serving([python, "-m", "mlflow"], ["--workers", "1"], folder) as server:
        yield server


@contextmanager
def genesis_flow(folder: Path) -> Iterator[Server]:
    """Our server, from the environment that runs the tests."""
    with _serving([sys.executable, "-m", "genesis_flow"], [], folder) as server:
        yield server


@contextmanager
def _serving(program: list[str], flags: list[str], folder: Path) -> Iterator[Server]:
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
            command, cwd=folder, stdout=log, stderr=log, env=_environment(), start_new_session=True
        )
        try:
            _wait_until_healthy(process, port, log_path)
            yield Server(port)
        finally:
            _stop(process)


def _environment() -> dict[str, str]:
    """Ours without MLFLOW_* settings, and with no request to MLflow's makers."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    return own | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log_path: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if Server(port).send(Request("GET", "/health", None, {})).status == http.HTTPStatus.OK:
                return
        except OSError:
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
