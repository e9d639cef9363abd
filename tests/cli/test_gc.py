"""The command that removes the deleted for good."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner, Result

import genesis_flow
from genesis_flow.artifact_stores.digests import DIGESTS_NAME
from genesis_flow.artifact_stores.open import open_artifacts
from genesis_flow.cli.main import main
from genesis_flow.errors import RunNotFound
from genesis_flow.stores.open import open_store
from genesis_flow.testing.calls import new_experiment, run_of
from genesis_flow.testing.collection import delete_experiment, delete_model, delete_run, restore_run
from tests.collection.filling import ROOT, Filling

T = TypeVar("T")


class Place:
    """A store and a folder that a server would have."""

    def __init__(self, uri: str, folder: Path) -> None:
        self.uri, self.folder = uri, folder
        folder.mkdir()

    def do(self, work: Callable[[Filling], Coroutine[Any, Any, T]]) -> T:
        """Does something to them, with both open."""

        async def opened() -> T:
            store, files = open_store(self.uri, artifact_root=ROOT), open_artifacts(str(self.folder))
            try:
                return await work(Filling(store, files))
            finally:
                await store.close()
                await files.close()

        return asyncio.run(opened())

    @property
    def options(self) -> list[str]:
        return ["--backend-store-uri", self.uri, "--artifacts-destination", str(self.folder)]

    def gc(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["gc", *self.options, *arguments])

    @property
    def files(self) -> list[Path]:
        """The artifacts. Their digests stand beside them, and none stays behind the last."""
        every = [Path(folder, name) for folder, _, names in os.walk(self.folder) for name in names]
        found = [path for path in every if DIGESTS_NAME not in path.parts]
        assert found or not every
        return found


@pytest.fixture
def place(any_uri: str, tmp_path: Path) -> Place:
    return Place(any_uri, tmp_path / "artifacts")


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Place:
    return Place(f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "artifacts")


async def deleted_run(filling: Filling) -> str:
    return await delete_run(filling.store, await filling.run(await new_experiment(filling.store), "a", "b/c"))


def test_what_was_deleted_today_stays_for_thirty_days(place: Place) -> None:
    run_id = place.do(deleted_run)
    ended = place.gc("--yes")
    assert (ended.exit_code, ended.output) == (0, "Nothing is due.\n")
    place.do(lambda filling: restore_run(filling.store, run_id))
    assert len(place.files) == 2


def test_a_dry_run_tells_and_a_real_one_does(place: Place) -> None:
    run_id = place.do(deleted_run)
    told = place.gc("--older-than", "0", "--dry-run")
    assert told.exit_code == 0
    assert run_id in told.output
    assert "1 removed; 2 files of 2 bytes would go." in told.output
    assert len(place.files) == 2
    done = place.gc("--older-than", "0")
    assert done.exit_code == 0, done.output
    assert "2 files of 2 bytes are gone." in done.output
    assert place.files == []
    with pytest.raises(RunNotFound):
        place.do(lambda filling: run_of(filling.store, run_id))
    assert place.gc("--older-than", "0").output == "Nothing is due.\n"


def test_the_retention_of_the_environment_counts(on_sqlite: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    on_sqlite.do(deleted_run)
    monkeypatch.setenv("GENESIS_FLOW_RETENTION", "0")
    assert "1 removed" in on_sqlite.gc().output


def test_what_is_named_goes_at_once_and_nothing_else(place: Place) -> None:
    async def fill(filling: Filling) -> list[str]:
        experiment, other = [await new_experiment(filling.store) for _ in range(2)]
        await filling.run(other, "f")
        return [
            await delete_run(filling.store, await filling.run(experiment, "f")),
            await delete_run(filling.store, await filling.run(experiment, "f")),
            await delete_model(filling.store, await filling.model(experiment, "f")),
            await delete_experiment(filling.store, other),
        ]

    run_id, kept, model_id, experiment = place.do(fill)
    assert len(place.files) == 4
    for arguments in (["--run-ids", run_id], ["--logged-model-ids", model_id], ["--experiment-ids", f" {experiment},"]):
        done = place.gc(*arguments)
        assert done.exit_code == 0, done.output
        assert "1 files of 1 bytes are gone." in done.output.replace("byte ", "bytes ")
    assert [path.parent.parent.name for path in place.files] == [kept]


def test_what_is_named_and_was_deleted_too_late_is_refused(place: Place) -> None:
    async def fill(filling: Filling) -> list[str]:
        experiment, other = [await new_experiment(filling.store) for _ in range(2)]
        return [
            await delete_run(filling.store, await filling.run(experiment, "f")),
            await delete_model(filling.store, await filling.model(experiment, "f")),
            await delete_experiment(filling.store, other),
        ]

    for option, id_ in zip(("--run-ids", "--logged-model-ids", "--experiment-ids"), place.do(fill), strict=True):
        refused = place.gc(option, id_, "--older-than", "1h")
        assert (refused.exit_code, "older-than" in refused.output) == (1, True)
        assert option.strip("-") in refused.output
        assert "1 removed" in place.gc(option, id_, "--older-than", "0").output
    assert place.files == []


def test_options_about_what_there_is_not_change_nothing(on_sqlite: Place) -> None:
    on_sqlite.do(deleted_run)
    without = ["--jobs", "--job-ids", "x", "--all-workspaces", "--workspace", "default", "--tracking-uri", "http://x"]
    assert "1 removed" in on_sqlite.gc("--older-than", "0", *without).output


def test_another_workspace_is_refused(on_sqlite: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    on_sqlite.do(deleted_run)
    assert on_sqlite.gc("--older-than", "0", "--workspace", "red").exit_code == 2
    monkeypatch.setenv("MLFLOW_WORKSPACE", "red")
    assert on_sqlite.gc("--older-than", "0").exit_code == 2
    assert len(on_sqlite.files) == 2


@pytest.mark.compat
def test_every_option_of_mlflow_is_taken(mlflow_python: str) -> None:
    shown = subprocess.run([mlflow_python, "-m", "mlflow", "gc", "--help"], capture_output=True, text=True, timeout=120)
    theirs = set(re.findall(r"^  (--[a-z-]+)", shown.stdout, re.MULTILINE))
    own = {name for parameter in main.commands["gc"].params for name in parameter.opts}
    assert {"--older-than", "--run-ids", "--jobs"} <= theirs
    assert theirs - own == {"--help"}


def test_what_is_not_deleted_or_not_there_is_refused(place: Place) -> None:
    run_id = place.do(lambda filling: _active_run(filling))
    for arguments, reason in (
        (["--run-ids", run_id], "deleted"),
        (["--run-ids", "nope"], "nope"),
        (["--experiment-ids", "0"], "deleted"),
        (["--experiment-ids", "x'; --"], "x'; --"),
        (["--logged-model-ids", "m-1"], "m-1"),
        (["--older-than", "soon"], "30d"),
        (["--older-than", "-1d"], "30d"),
    ):
        refused = place.gc(*arguments)
        assert refused.exit_code == 1
        assert refused.output.startswith("Error: ")
        assert reason in refused.output
    assert len(place.files) == 1


async def _active_run(filling: Filling) -> str:
    return await filling.run(await new_experiment(filling.store), "f")


def test_json_is_a_line_for_each_thing(on_sqlite: Place) -> None:
    run_id = on_sqlite.do(deleted_run)
    (line,) = on_sqlite.gc("--older-than", "0", "--json").output.splitlines()
    said = json.loads(line)
    assert (said["id"], said["outcome"], said["objects"], said["bytes"]) == (run_id, "removed", 2, 2)


def test_a_folder_that_is_not_there_is_refused(on_sqlite: Place, tmp_path: Path) -> None:
    run_id = on_sqlite.do(deleted_run)
    options = ["--backend-store-uri", on_sqlite.uri, "--artifacts-destination", str(tmp_path / "none")]
    refused = CliRunner().invoke(main, ["gc", *options, "--older-than", "0"])
    assert refused.exit_code == 1
    assert "where the server keeps files" in refused.output
    on_sqlite.do(lambda filling: restore_run(filling.store, run_id))


def test_a_store_behind_a_server_is_refused(tmp_path: Path) -> None:
    options = ["--backend-store-uri", "http://127.0.0.1:9", "--artifacts-destination", str(tmp_path)]
    refused = CliRunner().invoke(main, ["gc", *options])
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")


def test_help_names_the_options_of_mlflow(tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["gc", "--help"])
    for option in ("--older-than", "--backend-store-uri", "--run-ids", "--experiment-ids", "--logged-model-ids"):
        assert option in shown.output


RUNS, FILES = 60, 5


def test_one_that_is_killed_on_the_way_is_finished_by_the_next(place: Place) -> None:
    async def fill(filling: Filling) -> None:
        for _ in range(2):
            experiment = await new_experiment(filling.store)
            for _ in range(RUNS // 2):
                run_id = await filling.run(experiment, *(f"d{number}/f" for number in range(FILES)))
                await delete_run(filling.store, run_id)
        await delete_experiment(filling.store, experiment)

    place.do(fill)
    assert len(place.files) == RUNS * FILES
    environment = os.environ | {"PYTHONPATH": str(Path(genesis_flow.__file__).parents[1])}
    command = [sys.executable, "-m", "genesis_flow", "gc", *place.options, "--older-than", "0", "--yes"]
    killed = 0
    for _ in range(3):
        before = len(place.files)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while process.poll() is None and len(place.files) > before - 30 and time.monotonic() < deadline:
            pass
        process.send_signal(signal.SIGKILL)
        killed += process.wait() == -signal.SIGKILL
        _check_ledger(place)
    assert killed
    last = place.gc("--older-than", "0")
    assert last.exit_code == 0, last.output
    assert place.files == []
    assert place.gc("--older-than", "0").output == "Nothing is due.\n"


def _check_ledger(place: Place) -> None:
    """Whatever can be restored has all of its files, and every file belongs to something that the next one finds."""

    async def look(filling: Filling) -> None:
        store = filling.collector()._store
        known = {one.id: one.stage for one in await store.list_deleted("run", 2**62, 1_000)}
        for experiment in await store.list_deleted("experiment", 2**62, 10):
            known |= {one.id: one.stage for one in await store.list_within("run", experiment.id, 1_000)}
        left: dict[str, int] = {}
        for path in await filling.left():
            left[path.split("/")[1]] = left.get(path.split("/")[1], 0) + 1
        assert left.keys() <= known.keys()
        assert {left.get(id_) for id_, stage in known.items() if stage == "deleted"} <= {FILES}

    place.do(look)
