"""Real object stores for tests: processes of their own on free ports of this machine, empty at the start.

S3 is moto's server, from a wheel. Azure Blob Storage is Azurite, from npm, kept where the tests keep what they download;
without Node or without npm its tests are skipped, though not in continuous integration.
"""

from __future__ import annotations

import hmac
import http.client
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

from tests.blackbox.clients import cache_directory, one_at_a_time
from tests.serving import free_port

START_TIMEOUT_S = 60

AZURITE = "3.35.0"
AZURITE_OPTIONS = ("--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent")
AZURE_VERSION = "2021-08-06"
NOTHING_ELSE = "\n" * 12
# Every Azurite has this account with this key, which its manual tells: no secret.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


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

    def send(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Asks it for something, past its clients; status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_TIMEOUT_S)
        try:
            connection.request(method, target, body, dict(headers or {}))
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


C = TypeVar("C", bound=Cloud)


@contextmanager
def _running(kind: type[C], port: int, environment: dict[str, str], command: list[str], folder: Path) -> Iterator[C]:
    """A cloud whose server ends with the block."""
    with (folder / f"{kind.__name__.lower()}.log").open("wb") as log:
        cloud = kind(port, environment, subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
    try:
        _wait(cloud)
        yield cloud
    finally:
        cloud.process.kill()
        cloud.process.wait()


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
    with _running(Cloud, port, environment, command, folder) as cloud:
        yield cloud


@dataclass
class Azure(Cloud):
    """A running Azure Blob Storage, with one account that every Azurite has."""

    def new_bucket(self) -> str:
        """Makes a container that nothing else uses; its name."""
        name = f"tests-{secrets.token_hex(6)}"
        date = formatdate(usegmt=True)
        told = f"x-ms-date:{date}\nx-ms-version:{AZURE_VERSION}"
        text = f"PUT{NOTHING_ELSE}{told}\n/{ACCOUNT}/{ACCOUNT}/{name}\nrestype:container"
        signature = b64encode(hmac.digest(b64decode(KEY), text.encode(), "sha256")).decode()
        headers = {
            "x-ms-date": date,
            "x-ms-version": AZURE_VERSION,
            "Authorization": f"SharedKey {ACCOUNT}:{signature}",
            "Content-Length": "0",
        }
        status, body = self.send("PUT", f"/{ACCOUNT}/{name}?restype=container", headers)
        assert status == 201, body
        return name


@contextmanager
def azure(folder: Path) -> Iterator[Azure]:
    """An Azure Blob Storage that ends with the block; without Azurite the test is skipped."""
    program, port = azurite(), free_port()
    endpoint = f"http://127.0.0.1:{port}/{ACCOUNT}"
    environment = {
        "AZURE_STORAGE_CONNECTION_STRING": f"AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={endpoint};",
    }
    command = [str(program), "--blobHost", "127.0.0.1", "--blobPort", str(port), *AZURITE_OPTIONS]
    with _running(Azure, port, environment, command, folder) as cloud:
        yield cloud


def azurite() -> Path:
    """Azurite's server of blobs, installed if need be; where it cannot be, the test is skipped, but not in CI."""
    folder = cache_directory() / f"azurite-{AZURITE}"
    program = folder / "node_modules" / ".bin" / "azurite-blob"
    with one_at_a_time(folder):
        reason = "" if program.exists() else _install(folder)
        if reason and os.environ.get("CI"):
            pytest.fail(reason)
        if reason:
            pytest.skip(reason)
    return program


@cache
def _install(folder: Path) -> str:
    """Installs Azurite; why it could not."""
    if shutil.which("npm") is None:
        return "Azurite needs Node, which is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", f"azurite@{AZURITE}"]
    done = subprocess.run(command, capture_output=True, text=True)
    return f"Azurite could not be installed: {done.stderr.strip()[-200:]}" if done.returncode else ""


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
