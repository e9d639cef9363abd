"""Each script is one test for each client on each backend. Two run at a time, as users do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.blackbox.clients import REPOSITORY, Client, cache_directory

SCRIPTS = sorted(path for path in (Path(__file__).parent / "scripts").glob("*.py") if path.stem != "__init__")
TIMEOUT_S = 300
AT_ONCE = 2


Finished = subprocess.CompletedProcess[str]
ByScript = dict[Path, Future[Finished]]


@pytest.fixture(scope="session")
def finished(
    request: pytest.FixtureRequest, client: Client, server_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ByScript]:
    """What becomes of each script that the session is asked for with this client on this server."""
    with started(client.python, server_uri, request, tmp_path_factory) as scripts:
        yield scripts


@contextmanager
def started(
    python: Path, server_uri: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ByScript]:
    """Runs the scripts that the session is asked for in an environment, some at a time."""
    asked = {item.callspec.params.get("script") for item in request.session.items if hasattr(item, "callspec")}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield {
            script: threads.submit(_run, python, script, server_uri, tmp_path_factory.mktemp(script.stem))
            for script in SCRIPTS
            if script in asked
        }
        threads.shutdown(cancel_futures=True)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_an_unmodified_client_finishes_the_script(script: Path, finished: ByScript) -> None:
    require_ok(finished[script].result())


def require_ok(done: Finished) -> None:
    """Fails if a script did, and skips if the client has nothing of it."""
    last_line = done.stdout.rstrip().rpartition("\n")[2]
    if done.returncode == 0 and last_line.startswith("skip: "):
        pytest.skip(last_line.removeprefix("skip: "))
    assert (done.returncode, last_line) == (0, "ok"), done.stdout[-20_000:]


def _run(python: Path, script: Path, server_uri: str, folder: Path) -> Finished:
    return subprocess.run(
        # As a module: the folder of a script on sys.path would shadow libraries of the same name.
        [str(python), "-m", f"tests.blackbox.scripts.{script.stem}"],
        cwd=folder,
        env=environment_for(server_uri),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
    )


def environment_for(server_uri: str) -> dict[str, str]:
    """What a script of a client runs with."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MLFLOW_", "PYTHON", "GENESIS_", "VIRTUAL_ENV"))
    }
    return inherited | {
        "MLFLOW_TRACKING_URI": server_uri,
        # A repeated request would hide an answer of 500.
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "GIT_PYTHON_REFRESH": "quiet",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": str(cache_directory() / "matplotlib"),
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONIOENCODING": "utf-8",
    }
