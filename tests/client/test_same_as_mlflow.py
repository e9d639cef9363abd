"""What this client makes of a program, a dataset and a machine is what MLflow's client makes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import genesis_flow
from tests.client import repositories
from tests.client.repositories import SCRIPT, repository
from tests.client.test_system_metrics import OF_A_MACHINE

pytestmark = pytest.mark.compat

SCRIPTS = Path(__file__).parent / "scripts"
TIMEOUT_S = 300


def told(python: str, script: Path, folder: Path, *arguments: str) -> Any:
    """What a script prints, which is JSON."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MLFLOW_", "PYTHON", "GIT_"))}
    settings = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    path = {"PYTHONPATH": str(Path(genesis_flow.__file__).parents[1])} if python == sys.executable else {}
    done = subprocess.run(
        [python, str(script), *arguments],
        cwd=folder,
        env=kept | settings | path,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_datasets_have_the_same_digest_schema_profile_and_source(mlflow_python: str, tmp_path: Path) -> None:
    folder = repository(tmp_path / "code")
    script = folder / "datasets.py"
    script.write_text((SCRIPTS / "datasets.py").read_text())
    theirs = told(mlflow_python, script, folder, "mlflow")
    ours = told(sys.executable, script, folder, "genesis_flow")
    assert len(theirs) > 200
    different = {name for name in theirs if json.dumps(theirs[name]) != json.dumps(ours.get(name))}
    assert {name: (theirs[name], ours[name]) for name in different} == {}


def _situations(folder: Path) -> list[tuple[str | None, str, dict[str, str]]]:
    code = repository(folder / "code")
    (code / "deep" / "er").mkdir(parents=True)
    (code / "deep" / "er" / SCRIPT).touch()
    repositories.git(code, "remote", "add", "upstream", "https://ada:secret@example.org/code.git")
    repositories.git(code, "remote", "add", "origin", "git@example.org:code.git")
    repositories.git(code, "branch", "feature/ä")
    repositories.git(code, "worktree", "add", "--quiet", str(folder / "tree"), "feature/ä")
    repositories.git(code, "pack-refs", "--all")
    alone = repository(folder / "alone")
    repositories.git(alone, "checkout", "--quiet", "--detach")
    outer = repository(folder / "outer")
    repositories.git(outer, "submodule", "--quiet", "add", str(code), "inner")
    empty = folder / "empty"
    empty.mkdir()
    (empty / SCRIPT).touch()
    repositories.git(empty, "init", "--quiet")
    (folder / SCRIPT).touch()
    (folder / "link.py").symlink_to(code / SCRIPT)
    inside = [str(one / SCRIPT) for one in (code, code / "deep" / "er", alone, outer, outer / "inner", empty, folder)]
    return [
        *((program, str(folder), {}) for program in [*inside, str(folder / "tree"), str(folder / "link.py")]),
        (SCRIPT, str(code), {}),
        (f"../{SCRIPT}", str(code), {}),
        *((program, str(code), {}) for program in ("nothing.py", "-c", "-", "", None)),
        (SCRIPT, str(code), {"MLFLOW_RUN_CONTEXT": '{"job": 17, "mlflow.user": "batch", "mlflow.source.type": "JOB"}'}),
        (SCRIPT, str(code), {"LOGNAME": "ada", "USER": "bob"}),
        (SCRIPT, str(code), {"GIT_DIR": str(alone / ".git")}),
    ]


def test_a_run_comes_from_the_same_program_and_commit(mlflow_python: str, tmp_path: Path) -> None:
    situations = _situations(tmp_path)
    asked = json.dumps(situations)
    theirs = told(mlflow_python, SCRIPTS / "context.py", tmp_path, "mlflow", asked)
    ours = told(sys.executable, SCRIPTS / "context.py", tmp_path, "genesis_flow", asked)
    assert any("mlflow.source.git.commit" in tags for tags in theirs)
    assert list(zip(situations, ours, strict=True)) == list(zip(situations, theirs, strict=True))


def test_a_machine_has_the_same_metrics(mlflow_python: str, tmp_path: Path) -> None:
    if subprocess.run([mlflow_python, "-c", "import psutil"], capture_output=True).returncode:
        pytest.skip("the environment with MLflow has no psutil")
    theirs = told(mlflow_python, SCRIPTS / "machine.py", tmp_path, f"sqlite:///{tmp_path / 'runs.db'}")
    names = {key for key in theirs if "/gpu_" not in key}
    assert names == {f"system/node/{name}" for name in OF_A_MACHINE}
    for key, points in theirs.items():
        assert [step for step, _ in points] == list(range(len(points)))
        if "network" not in key:
            assert [value for _, value in points] == [round(value, 1) for _, value in points]
