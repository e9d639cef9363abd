"""How much of MLflow's Python interface the client has, and what it costs to import."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import genesis_flow
from tests.client.surface import Name, Status, compare

TRACES = [f"mlflow.log_{one}" for one in ("trace", "assessment", "expectation", "feedback", "issue")]
FINISHED = ("Experiment", "Run", "Metric", "Param", "LoggedModel", "RegisteredModel", "ModelVersion", "Webhook")


def names(status: Status) -> list[Name]:
    return [name for name in compare() if name.status is status]


def test_what_is_missing_belongs_to_something_that_comes_later() -> None:
    assert [name.name for name in names(Status.NOT_YET) if not name.why] == []


def test_what_is_different_has_a_reason() -> None:
    assert [name for name in names(Status.DIFFERENT) if name.why.startswith("takes (")] == []


def test_tracking_and_registry_are_done() -> None:
    unfinished = [name.name for name in compare() if name.status is not Status.DONE and "proto" not in name.name]
    assert [name for name in unfinished if name.startswith(tuple(f"mlflow.entities.{one}." for one in FINISHED))] == []
    assert [name for name in unfinished if name.startswith(("mlflow.log_", "mlflow.MlflowClient.log_"))] == TRACES


def _typed(source: str) -> Iterator[tuple[str, str]]:
    block = [node for node in ast.parse(source).body if isinstance(node, ast.If)][-1]
    for node in block.body:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            yield str(node.module), str(alias.asname)


def test_the_names_for_the_type_checker_are_those_at_run_time() -> None:
    source = Path(genesis_flow.__file__).read_text(encoding="utf-8")
    typed = {name: module for module, name in _typed(source)}
    modules = {name for name, module in typed.items() if module == "genesis_flow"}
    assert {name: module for name, module in typed.items() if name not in modules} == genesis_flow._HOME
    assert modules == genesis_flow._MODULES


def test_every_name_is_there() -> None:
    assert [name for name in dir(genesis_flow) if not hasattr(genesis_flow, name)] == []


def _loaded(statement: str) -> list[str]:
    script = f"import sys; before = set(sys.modules); {statement}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_import_loads_nothing_but_itself() -> None:
    loaded = [name for name in _loaded("import genesis_flow") if name.partition(".")[0] not in sys.stdlib_module_names]
    assert loaded == ["genesis_flow"]


def test_a_client_of_a_server_loads_no_server_and_no_framework() -> None:
    heavy = {"sqlalchemy", "uvicorn", "pandas", "numpy", "pymongo", "obstore", "rich", "click", "asyncio"}
    loaded = _loaded("import genesis_flow as m; m.MlflowClient; m.start_run; m.log_metric; m.search_runs")
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("genesis_flow.")}
    assert ours & {f"genesis_flow.{name}" for name in ("server", "service", "stores", "auth")} == set()
    assert {name.partition(".")[0] for name in loaded} & heavy == set()


def test_the_contract_is_that_of_the_version_we_speak() -> None:
    contract = json.loads((Path(__file__).parents[2] / "contract" / "python.json").read_text(encoding="utf-8"))
    assert contract["source"] == "mlflow 3.17.2"
