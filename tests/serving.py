"""A real server for tests: a process of its own on a free port."""

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

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30


@contextmanager
def serving(folder: Path, *options: str, store: str = "") -> Iterator[str]:
    """Starts a server that keeps everything in ``folder``; its address, once it answers.

    Args:
        folder: an existing folder.
        options: further ones of the command line.
        store: the URI of the store; without one it is the file ``store.db`` in the folder.
    """
    port = free_port()
    command = [sys.executable, "-m", "genesis_flow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", store or f"sqlite:///{folder / 'store.db'}", *options]
    # A developer's own settings would be the server's, too.
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MLFLOW_")}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process, folder / "server.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


@contextmanager
def stopped(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """Ends a process with the block."""
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a process, at last without asking."""
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise RuntimeError(f"the server does not answer:\n{log.read_text(errors='replace')[-4000:]}")
