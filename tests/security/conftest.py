"""One server for all attacks, with secrets around it, and the proof that an attack changed nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.backends import new_store
from tests.serving import Server, serving

SECRET = "the canary sings"


@pytest.fixture(scope="package")
def backend(request: pytest.FixtureRequest) -> str:
    """What the server keeps things in: SQLite, or each of those that a module is parametrized with."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture(scope="package")
def server(backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with default settings; whatever is sent to it, it must not fail in a way that nobody foresaw."""
    folder = tmp_path_factory.mktemp("attacked")
    with new_store(backend, request) as store, serving(folder, store=store) as running:
        outside = running.folder / "outside"
        outside.mkdir()
        (outside / "canary.txt").write_text(SECRET)
        (running.folder / "secret.txt").write_text(SECRET)
        yield running
        assert running.process.poll() is None, "it died"
        assert "Traceback" not in running.log, running.log


@pytest.fixture(scope="package")
def run_id(server: Server) -> str:
    """A run with a metric, a param, a tag and a file."""
    run_id = server.create_run()
    server.ask("runs/log-metric", {"run_id": run_id, "key": "m", "value": 1.5, "timestamp": 1, "step": 0})
    server.ask("runs/log-parameter", {"run_id": run_id, "key": "p", "value": "v"})
    server.ask("runs/set-tag", {"run_id": run_id, "key": "t", "value": "v"})
    answer = server.send("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run_id}&path=file.txt", b"content")
    assert answer.status == 200
    return run_id


@pytest.fixture(scope="package")
def model_id(server: Server, run_id: str) -> str:
    """A logged model of that run."""
    model = server.ask("logged-models", {"experiment_id": "0", "name": "model", "source_run_id": run_id})["model"]
    model_id = model["info"]["model_id"]
    assert isinstance(model_id, str)
    return model_id


@pytest.fixture(scope="package")
def links(server: Server, run_id: str) -> None:
    """Symbolic links out of the artifact folder and a pipe in it, as somebody with access to the disk may leave them."""
    for folder in (server.artifacts, server.artifacts / "0" / run_id / "artifacts"):
        (folder / "link.txt").symlink_to(server.folder / "secret.txt")
        (folder / "link").symlink_to(server.folder / "outside")
        (folder / "dangling").symlink_to(server.folder / "outside" / "new.txt")
        os.mkfifo(folder / "pipe")


@pytest.fixture
def unchanged(server: Server, run_id: str, model_id: str) -> Iterator[None]:
    """What the server keeps is the same after the test, and it still answers."""
    before = server.contents()
    yield
    assert server.contents() == before
