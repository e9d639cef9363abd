"""The server under test: a process of its own, on an empty database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0


class ServerNotReady(Exception):
    """The server ended or stayed silent; the text has the end of its log."""


@contextmanager
def running_server(directory: Path) -> Iterator[str]:
    """Start a server that keeps everything in `directory`, and give its address once it answers."""
    port = _free_port()
    log_path = directory / "server.log"
    command = [
        sys.executable,
        "-m",
        "genesis_flow",
        "server",
        "--backend-store-uri",
        f"sqlite:///{directory / 'tracking.db'}",
        "--artifacts-destination",
        str(directory / "artifacts"),
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, cwd=directory, env=_environment(), stdout=log, stderr=log)
    try:
        uri = f"http://127.0.0.1:{port}"
        _wait_until_healthy(uri, process, log_path)
        yield uri
    finally:
        _stop(process)


def _environment() -> dict[str, str]:
    # A developer's own MLflow settings would configure the server too.
    return {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(uri: str, process: subprocess.Popen[bytes], log_path: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{uri}/health", timeout=1):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    log = log_path.read_text(errors="replace")[-4000:]
    raise ServerNotReady(f"no answer from {uri}/health (exit code {process.poll()})\n{log}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
