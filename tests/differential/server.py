"""Starts and stops the servers that are compared, each on its own store and artifact folder."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.differential.call import Request
from tests.serving import free_port, serving

START_TIMEOUT_S = 120
ANSWER_TIMEOUT_S = 60
NO_ANSWER = 0
ANYWHERE = {"MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true", "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http,https"}
"""Lets webhooks lead to this machine, for neither server can resolve a name of the Internet in a test."""


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
        """Sends the request as it is, to the server or along a link: no redirect is followed, no path is tidied."""
        host, target = f"127.0.0.1:{self.port}", request.target
        if target.startswith("http://"):
            host, _, target = target.removeprefix("http://").partition("/")
            target = "/" + target
        connection = http.client.HTTPConnection(host, timeout=ANSWER_TIMEOUT_S)
        try:
            connection.request(request.method, target, request.body, dict(request.headers))
            response = connection.getresponse()
            media_type = response.headers.get("Content-Type", "").partition(";")[0]
            is_file = response.headers.get("Content-Disposition", "").startswith("attachment")
            return Answer(response.status, media_type, is_file, response.read())
        except (OSError, http.client.HTTPException) as error:
            return Answer(NO_ANSWER, "", False, repr(error).encode())
        finally:
            connection.close()


@contextmanager
def ours(
    folder: Path, *flags: str, store: str | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Our server, on the store of that URI, with further flags and variables; without one it is a SQLite file."""
    variables = ANYWHERE | dict(environment or {})
    with serving(folder, "--no-webhook-delivery", *flags, store=store, environment=variables) as server:
        yield Server(server.port)


@contextmanager
def mlflow(python: str, folder: Path, *flags: str, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """MLflow's own server on a SQLite file, from the environment that `python` belongs to."""
    folder.mkdir(parents=True)
    port = free_port()
    command = [
        *(python, "-m", "mlflow", "server"),
        *("--backend-store-uri", f"sqlite:///{folder / 'store.db'}"),
        *("--artifacts-destination", str(folder / "artifacts")),
        *("--host", "127.0.0.1"),
        *("--port", str(port)),
        *("--workers", "1"),
        *flags,
    ]
    # No message to its makers while a test runs.
    settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    log_path = folder / "server.log"
    with log_path.open("wb") as log:
        # A session of its own: MLflow's server is a tree of processes, which must end together.
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            env=_environment() | settings | ANYWHERE | dict(environment or {}),
            start_new_session=True,
        )
        try:
            _wait_until_healthy(process, port, log_path)
            yield Server(port)
        finally:
            _stop(process)


def _environment() -> dict[str, str]:
    """The tests' own, without what would steer it."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "PYTHON"))}


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
