"""Runs a program with a client, and insists that it ends well."""

from __future__ import annotations

import os
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.blackbox.clients import Client, ClientNotInstalled
from tests.blackbox.test_clients import environment_for

TIMEOUT_S = 300


def fresh_name(subject: str) -> str:
    """The name of an experiment that no other test has."""
    return f"{subject}-{uuid.uuid4().hex[:12]}"


def installed(client: Client) -> Client:
    """The client, installed; the test is skipped where that is not possible, but not in continuous integration."""
    try:
        client.install()
    except ClientNotInstalled as error:
        if os.environ.get("CI"):
            pytest.fail(f"{client.version} could not be installed: {error}")
        pytest.skip(f"{client.version} could not be installed: {error}")
    return client


def run(client: Client, program: str, server_uri: str, name: str, folder: Path) -> None:
    """Runs a module of this package.

    Args:
        client: whose environment.
        program: the module's name below ``tests.compat``.
        server_uri: where it logs.
        name: the experiment, as the program's argument.
        folder: where it runs.
    """
    done = subprocess.run(
        [str(installed(client).python), "-m", f"tests.compat.{program}", name],
        cwd=folder,
        env=environment_for(server_uri) | {"CUDA_VISIBLE_DEVICES": "", "TOKENIZERS_PARALLELISM": "false"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stdout[-20_000:]
