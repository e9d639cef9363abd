"""mlflow-export-import carries an experiment and a registered model from MLflow's server to ours, and back.

The tool, version 1.2.0, is older than MLflow 3 and does less than MLflow's own server could take:

- it knows no aliases, and nothing of logged models: a version whose source is `models:/…` stops it;
- it numbers versions anew, and imports runs as FINISHED at the time of the import, with what they were in tags;
- it takes a version only if the copy's source is a path that it can read itself, so that a server with
  `mlflow-artifacts:` locations can give models away, and receive only experiments.

All of this is the same between two of MLflow's own servers; everything else must arrive.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.backends import BACKENDS, new_store
from tests.blackbox.test_clients import environment_for
from tests.differential.server import mlflow
from tests.serving import serving

pytestmark = pytest.mark.compat

TIMEOUT_S = 300
Told = dict[str, Any]
"""By the place where it stands, what was told."""


class Mover:
    """The tool and the script that checks it, in the environment that `python` belongs to."""

    def __init__(self, python: str, folder: Path) -> None:
        self._python, self._folder = python, folder

    def fill(self, uri: str, name: str) -> Told:
        """Makes what is to be moved; all that there is of it."""
        return self._told(uri, "fill", name)

    def tell(self, uri: str, name: str) -> Told:
        """All that there is of a copy."""
        return self._told(uri, "tell", name)

    def export(self, uri: str, name: str) -> Path:
        """Writes what is to be moved into a folder."""
        folder = self._folder / name
        self._run_both(
            uri,
            ("experiment.export_experiment", "--experiment", name, "--output-dir", folder / "e"),
            ("model.export_model", "--model", name, "--output-dir", folder / "m"),
        )
        return folder

    def take(self, uri: str, name: str, folder: Path) -> None:
        """Writes what is in a folder to a server; the model brings its runs into an experiment of their own."""
        experiment = ("--experiment-name", name, "--input-dir", folder / "e", "--use-src-user-id", "True")
        model = ("--model", name, "--experiment-name", f"{name} models", "--input-dir", folder / "m")
        told = ("--import-source-tags", "True")
        self._run_both(
            uri,
            ("experiment.import_experiment", *experiment, *told),
            ("model.import_model", *model, *told),
        )

    def _told(self, uri: str, verb: str, name: str) -> Told:
        return dict(_leaves(json.loads(self._run(uri, "tests.blackbox.moving", verb, name).rpartition("\n")[2])))

    def _run_both(self, uri: str, *commands: tuple[str | Path, ...]) -> None:
        with ThreadPoolExecutor(len(commands)) as threads:
            list(
                threads.map(
                    lambda command: self._run(uri, f"mlflow_export_import.{command[0]}", *command[1:]), commands
                )
            )

    def _run(self, uri: str, module: str, *words: str | Path) -> str:
        done = subprocess.run(
            [self._python, "-m", module, *map(str, words)],
            cwd=self._folder,
            env=environment_for(uri),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
        )
        # The tool ends with 0 also where it failed.
        failed = done.returncode != 0 or "Traceback" in done.stdout or "ERROR" in done.stdout
        assert not failed, done.stdout[-20_000:]
        return done.stdout.rstrip()


def _leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield place, value
        return
    for key, item in value.items():
        yield from _leaves(item, f"{place}/{key}")


@pytest.fixture(scope="module")
def mover(mlflow_python: str, tmp_path_factory: pytest.TempPathFactory) -> Mover:
    return Mover(mlflow_python, tmp_path_factory.mktemp("moved"))


@pytest.fixture(scope="module")
def theirs(mlflow_python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("theirs")
    with mlflow(mlflow_python, folder / "server", "--default-artifact-root", str(folder / "files")) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(scope="module", params=BACKENDS)
def own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("ours")
    with (
        new_store(request.param, request) as store,
        serving(folder / "server", "--default-artifact-root", str(folder / "files"), store=store) as server,
    ):
        yield server.uri


@pytest.fixture(scope="module")
def moved_from(mover: Mover) -> Callable[[str], tuple[str, Told, Path]]:
    """Fills a server and exports it, once: the name, all that there was, and the folder."""
    known: dict[str, tuple[str, Told, Path]] = {}

    def moved(uri: str) -> tuple[str, Told, Path]:
        if uri not in known:
            name = f"moved {len(known)}"
            known[uri] = name, mover.fill(uri, name), mover.export(uri, name)
        return known[uri]

    return moved


@pytest.mark.parametrize("direction", ["to ours", "from ours"])
def test_all_that_the_tool_moves_arrives(
    direction: str, theirs: str, own: str, mover: Mover, moved_from: Callable[[str], tuple[str, Told, Path]]
) -> None:
    source, destination = (theirs, own) if direction == "to ours" else (own, theirs)
    name, original, folder = moved_from(source)
    mover.take(destination, name, folder)
    copy = mover.tell(destination, name)
    assert copy.keys() == original.keys()
    assert {place: (value, copy[place]) for place, value in original.items() if value != copy[place]} == {}
