"""The same script with MLflow's client and with ours leaves the same files; each reads what the other one wrote."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import genesis_flow
from genesis_flow.client.client import MlflowClient
from tests.blackbox.clients import CLIENTS, NEWEST, REPOSITORY
from tests.serving import serving

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


def run(package: str, uri: str, *arguments: str) -> str:
    """The last line that the script prints, with the client of this package."""
    python = str(CLIENTS[NEWEST].python) if package == "mlflow" else sys.executable
    source = str(Path(genesis_flow.__file__).parents[1])
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("MLFLOW_", "PYTHON"))}
    done = subprocess.run(
        [python, "-W", "ignore", "-m", "tests.client.files_script", package, *arguments],
        env={
            **kept,
            "PYTHONPATH": f"{source}{os.pathsep}{REPOSITORY}",
            "MLFLOW_TRACKING_URI": uri,
            "MPLBACKEND": "agg",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.splitlines()[-1]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def meaning(name: str, content: bytes) -> Any:
    """What a file says, whatever version of a library wrote it, with ids that are not by chance."""
    if name.endswith(".json"):
        return json.loads(UUID.sub("<uuid>", content.decode()))
    if name.endswith(".png"):
        with PIL.Image.open(io.BytesIO(content)) as image:
            # Two versions of Matplotlib may draw a line differently.
            return (image.mode, image.size, None if name.startswith("figure") else image.tobytes())
    if name.endswith(".webp"):
        with PIL.Image.open(io.BytesIO(content)) as image:
            return (image.format, image.mode, image.size)
    return content


def normal(files: Mapping[str, bytes]) -> dict[str, Any]:
    return {UUID.sub("<uuid>", name): meaning(name, content) for name, content in files.items()}


@pytest.mark.compat
def test_both_clients_leave_and_read_the_same_files(tmp_path: Path) -> None:
    CLIENTS[NEWEST].install()
    local = tmp_path / "local"
    (local / "sub" / "deep é").mkdir(parents=True)
    for name in ("one.txt", ".hidden", "sub/100%.txt", "sub/deep é/two three.bin"):
        (local / name).write_bytes(os.urandom(100))
    packages = ("mlflow", "genesis_flow")
    with serving(tmp_path / "server") as server:
        runs = {package: run(package, server.uri, "write", str(local)) for package in packages}
        found = {
            (writer, reader): contents(
                Path(run(reader, server.uri, "read", runs[writer], str(tmp_path / writer / reader)))
            )
            for writer in packages
            for reader in packages
        }
        tags = [MlflowClient(server.uri).get_run(runs[package]).data.tags for package in packages]
    theirs, ours = found["mlflow", "mlflow"], found["genesis_flow", "genesis_flow"]
    assert len(theirs) == 32
    assert normal(ours) == normal(theirs)
    assert found["mlflow", "genesis_flow"] == theirs
    assert found["genesis_flow", "mlflow"] == ours
    assert tags[0].pop("mlflow.runName")
    assert tags[1].pop("mlflow.runName")
    assert tags[0] == tags[1]
