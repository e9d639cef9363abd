"""A server for the tests of the client, and a client that knows nothing of other tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from genesis_flow.client import uris
from genesis_flow.client.connection import close_connections
from genesis_flow.fluent import active, experiments, models
from tests.serving import serving


@pytest.fixture(scope="session")
def server_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server on SQLite that all these tests share; each makes experiments of its own."""
    with serving(tmp_path_factory.mktemp("client-server")) as server:
        yield server.uri


@pytest.fixture(params=["server", "in process", "in a folder", "offline"])
def tracking_uri(
    request: pytest.FixtureRequest, server_uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Where the client keeps its runs, set as a program does; everything is forgotten afterwards."""
    for name in os.environ:
        if name.startswith("MLFLOW_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    monkeypatch.setenv("GENESIS_FLOW_SPOOL_DIR", str(tmp_path / "spool"))
    monkeypatch.chdir(tmp_path)
    uri = {
        "server": server_uri,
        "in process": "sqlite:///runs.db",
        "in a folder": "./runs",
        "offline": "offline:./runs",
    }[request.param]
    uris.set_tracking_uri(uri)
    yield uri
    while active.active_run() is not None:
        active.end_run()
    models.clear_active_model()
    experiments.forget_experiment()
    uris.set_tracking_uri("")
    uris.set_registry_uri(None)
    for name in ("MLFLOW_EXPERIMENT_ID", "MLFLOW_TRACKING_URI"):
        os.environ.pop(name, None)
    if request.param != "server":
        close_connections()
