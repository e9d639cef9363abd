"""Real object stores for tests: processes of their own on free ports of this machine, empty at the start.

S3 is moto's server, from a wheel. Azure Blob Storage is Azurite, from npm, kept where the tests keep what they download;
without Node or without npm its tests are skipped, though not in continuous integration.
"""

from __future__ import annotations

import http.client
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.serving import free_port

START_TIMEOUT_S = 60


@dataclass
class Cloud:
    """A running object store.

    Attributes:
        port: where it listens, on the loopback address.
        environment: the variables that lead its clients to it.
        process: the running one.
    """

    port: int
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] = field(repr=False)

    def pause(self) -> None:
        """Stops it where it stands: its connections stay open and nobody answers."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets it go on."""
        self.process.send_signal(signal.SIGCONT)

    def send(self, method: str, target: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Asks it for something, past its clients; status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_TIMEOUT_S)
        try:
            connection.request(method, target, headers=dict(headers or {}))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def new_bucket(self) -> str:
        """Makes a bucket that nothing else uses; its name."""
        name = f"tests-{secrets.token_hex(6)}"
        status, _ = self.send("PUT", f"/{name}")
        assert status == 200, status
        return name


@contextmanager
def s3(folder: Path) -> Iterator[Cloud]:
    """An S3 that ends with the block."""
    port = free_port()
    environment = {
        "AWS_ACCESS_KEY_ID": "an-id",
        "AWS_SECRET_ACCESS_KEY": "a-very-secret-key",
        "AWS_DEFAULT_REGION": "us-east-1",
        "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "s3.log").open("wb") as log:
        cloud = Cloud(port, environment, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
    try:
        _wait(cloud)
        yield cloud
    finally:
        cloud.process.kill()
        cloud.process.wait()


def _wait(cloud: Cloud) -> None:
    """Waits until a cloud that was just started answers."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and cloud.process.poll() is None:
        try:
            cloud.send("GET", "/")
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the object store did not start")
