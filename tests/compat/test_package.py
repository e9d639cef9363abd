"""The package ``mlflow`` of Genesis-Flow: the same objects, nothing else, and a clear word for what is missing."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import genesis_flow
from genesis_flow.distributions import THEIRS, distributions_of_mlflow
from genesis_flow.errors import NotYet

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "compat" / "mlflow"
CONTRACT = json.loads((ROOT / "contract" / "python.json").read_text(encoding="utf-8"))["modules"]

SAME = {
    "mlflow": "genesis_flow",
    "mlflow.client": "genesis_flow.client",
    "mlflow.config": "genesis_flow.config",
    "mlflow.entities": "genesis_flow.entities",
    "mlflow.entities.model_registry": "genesis_flow.entities.model_registry",
    "mlflow.exceptions": "genesis_flow.exceptions",
    "mlflow.tracking": "genesis_flow.tracking",
    "mlflow.tracking.client": "genesis_flow.tracking",
    "mlflow.tracking.fluent": "genesis_flow",
    "mlflow.environment_variables": "genesis_flow.environment_variables",
    "mlflow.protos.databricks_pb2": "genesis_flow.exceptions",
    "mlflow.tracking.request_auth.abstract_request_auth_provider": "genesis_flow.client.providers",
    "mlflow.tracking.request_header.abstract_request_header_provider": "genesis_flow.client.providers",
    "mlflow.tracking.context.abstract_context": "genesis_flow.client.providers",
}
"""Modules of MLflow's interface, and ours with the same objects."""


def names_of(module: str) -> Iterator[tuple[str, Any]]:
    """The names of MLflow's module that ours has, and what they are there."""
    ours = importlib.import_module(SAME[module])
    for name, facts in CONTRACT[module].items():
        if not name.startswith("_") and facts["kind"] != "module" and hasattr(ours, name):
            yield name, getattr(ours, name)


@pytest.mark.parametrize("module", SAME)
def test_a_name_is_the_same_object_in_both_packages(module: str) -> None:
    theirs = importlib.import_module(module)
    names = dict(names_of(module))
    assert names, "nothing is compared"
    assert [name for name, ours in names.items() if getattr(theirs, name, None) is not ours] == []


def test_every_entity_has_the_module_that_mlflow_has_for_it() -> None:
    from mlflow.entities.model_registry.model_version import ModelVersion
    from mlflow.entities.run_info import RunInfo
    from mlflow.entities.view_type import ViewType

    from genesis_flow import entities

    assert (RunInfo, ViewType) == (entities.RunInfo, entities.ViewType)
    assert ModelVersion is importlib.import_module("genesis_flow.entities.model_registry").ModelVersion


def test_modules_are_there_without_being_imported() -> None:
    script = (
        "import mlflow; mlflow.utils.validation.MAX_PARAM_VAL_LENGTH; mlflow.utils.mlflow_tags.MLFLOW_RUN_NAME; "
        "mlflow.tracking.fluent.start_run; mlflow.tracking.context.registry.resolve_tags; "
        "mlflow.protos.databricks_pb2.ErrorCode; mlflow.exceptions.MlflowException; mlflow.entities.model_registry"
    )
    assert run(script).stderr == ""


def test_every_name_of_a_tag_is_there() -> None:
    tags = importlib.import_module("mlflow.utils.mlflow_tags")
    assert [name for name in CONTRACT["mlflow.utils.mlflow_tags"] if not hasattr(tags, name)] == []


def test_codes_and_states_have_numbers() -> None:
    from mlflow.entities.model_registry.model_version_status import ModelVersionStatus
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, ErrorCode

    assert ErrorCode.Name(INVALID_PARAMETER_VALUE) == "INVALID_PARAMETER_VALUE"
    assert ErrorCode.Value("INVALID_PARAMETER_VALUE") == INVALID_PARAMETER_VALUE
    assert ModelVersionStatus.from_string("READY") == ModelVersionStatus.READY
    assert ModelVersionStatus.to_string(ModelVersionStatus.READY) == "READY"
    with pytest.raises(ValueError, match="no code"):
        ErrorCode.Name(77_777)
    with pytest.raises(ValueError, match="no code"):
        ErrorCode.Value("NOTHING")
    with pytest.raises(MlflowException, match="READY"):
        ModelVersionStatus.from_string("DONE")


@pytest.mark.parametrize(
    "statement",
    [
        "import mlflow.sklearn",
        "import mlflow.genai.scorers",
        "from mlflow import pyfunc",
        "from mlflow import trace",
        "from mlflow.entities import Trace",
        "from mlflow.models import infer_signature",
        "from mlflow.server import app",
        "from mlflow.entities.model_registry import nothing",
    ],
)
def test_an_import_of_what_is_missing_names_the_page(statement: str) -> None:
    with pytest.raises(ImportError, match=r"docs/compatibility\.md"):
        exec(statement)


def test_an_attribute_that_comes_later_is_not_there_and_says_why() -> None:
    mlflow = importlib.import_module("mlflow")
    assert not hasattr(mlflow, "sklearn")
    with pytest.raises(NotYet, match=r"docs/compatibility\.md"):
        mlflow.sklearn.autolog()


def test_packages_of_others_are_left_alone() -> None:
    assert importlib.util.find_spec("no_such_package_of_anybody") is None


def run(script: str, *folders: Path) -> subprocess.CompletedProcess[str]:
    """A program of its own that has nothing but both packages, and these folders."""
    path = ":".join(map(str, (*folders, ROOT / "src", PACKAGE)))
    return subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )


def test_the_import_loads_nothing_but_itself() -> None:
    script = "import sys; before = set(sys.modules); import mlflow; print(*set(sys.modules) - before)"
    loaded = {name for name in run(script).stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names}
    assert loaded == {"genesis_flow", "genesis_flow.distributions", "mlflow", "mlflow._finder", "mlflow.version"}


def test_mlflow_beside_it_is_told_of_once(tmp_path: Path) -> None:
    (tmp_path / "mlflow_skinny-3.17.2.dist-info").mkdir()
    done = run("import mlflow; import mlflow.entities; import importlib; importlib.import_module('mlflow')", tmp_path)
    assert done.stderr.count("genesis-flow doctor") == 1
    assert "MLflow (mlflow-skinny)" in done.stderr
    assert run("import mlflow").stderr == ""


def test_distributions_are_found_by_their_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "missing"), str(tmp_path)])
    assert distributions_of_mlflow() == []
    for name in ("mlflow-3.17.2.dist-info", "mlflow_skinny-3.17.2.dist-info", "mlflow_plugin-1.0.dist-info"):
        (tmp_path / name).mkdir()
    assert distributions_of_mlflow() == list(THEIRS[:2])


def test_both_distributions_have_one_version() -> None:
    text = (PACKAGE / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{genesis_flow.__version__}"\n' in text
    assert f'"genesis-flow=={genesis_flow.__version__}"' in text
