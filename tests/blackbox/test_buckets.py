"""An unmodified client on a server whose artifacts are in a bucket: through the server, and past it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import buckets
from tests.blackbox.clients import NEWEST, Client
from tests.blackbox.test_clients import TIMEOUT_S, environment_for
from tests.buckets import Cloud
from tests.serving import Server, serving

IN_PARTS = {
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
    "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(6 * 2**20),
    "MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE": str(6 * 2**20),
    "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * 2**20),
    "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": str(5 * 2**20),
}


@pytest.fixture(scope="module", params=["s3", "azure"])
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    start = {"s3": buckets.s3, "azure": buckets.azure}[request.param]
    with start(tmp_path_factory.mktemp(request.param)) as running:
        yield running


@pytest.fixture(scope="module")
def server(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    scheme = "az" if isinstance(cloud, buckets.Azure) else "s3"
    where = f"{scheme}://{cloud.new_bucket()}/files"
    with serving(
        tmp_path_factory.mktemp("server"), "--artifacts-destination", where, environment=cloud.environment
    ) as running:
        yield running
        assert "Traceback" not in running.log, running.log
        assert not re.search("Signature|sig=|AccountKey", running.log)


def counted(server: Server, route: str) -> int:
    """How many requests to a route were answered with success."""
    lines = server.send("GET", "/metrics").body.decode().splitlines()
    found = [line for line in lines if line.startswith("genesis_flow_requests_total{") and route in line]
    return sum(int(float(line.rpartition(" ")[2])) for line in found if 'status="200"' in line)


def finish(client: Client, module: str, server: Server, folder: Path, **more: str) -> None:
    done = subprocess.run(
        [str(client.python), "-m", module],
        cwd=folder,
        env={**environment_for(server.uri), **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert (done.returncode, done.stdout.rstrip().rpartition("\n")[2]) == (0, "ok"), done.stdout[-20_000:]


def test_the_scripts_about_artifacts_finish(client: Client, server: Server, tmp_path: Path) -> None:
    finish(client, "tests.blackbox.scripts.artifacts", server, tmp_path)


def test_large_files_go_past_the_server_for_a_client_that_asks(client: Client, server: Server, tmp_path: Path) -> None:
    routes = ("mpu/create/", "mpu/complete/", "mpu/abort/", "mlflow-artifacts/presigned/")
    before = [counted(server, route) for route in routes]

    finish(client, "tests.blackbox.direct", server, tmp_path, **IN_PARTS)

    if client.version == NEWEST:  # older ones know no links
        begun, completed, ended, links = (
            counted(server, route) - number for route, number in zip(routes, before, strict=True)
        )
        assert (begun, completed, ended) == (3, 3, 0)
        assert links >= 3


def test_a_client_that_asks_falls_back_where_there_is_no_way_past_the_server(client: Client, tmp_path: Path) -> None:
    with serving(tmp_path / "server") as server:
        finish(client, "tests.blackbox.direct", server, tmp_path, **IN_PARTS)
