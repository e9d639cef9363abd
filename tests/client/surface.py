"""How much of MLflow's Python interface the client has: every public name, its members and its signatures.

``docs/generate.py`` prints the result; ``test_surface.py`` holds it against what is written here.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from genesis_flow.client.later import LATER
from genesis_flow.entities import Run

CONTRACT = Path(__file__).parents[2] / "contract" / "python.json"

COMPARED = (
    "mlflow",
    "mlflow.client",
    "mlflow.tracking",
    "mlflow.artifacts",
    "mlflow.config",
    "mlflow.data",
    "mlflow.entities",
    "mlflow.entities.model_registry",
    "mlflow.exceptions",
    "mlflow.system_metrics",
)
"""The modules that the client has."""

ELSEWHERE = {
    "models and flavors": "mlflow.models mlflow.pyfunc mlflow.sklearn mlflow.pytorch mlflow.transformers mlflow.types "
    "mlflow.types.schema mlflow.types.llm mlflow.metrics mlflow.projects mlflow.deployments",
    "traces": "mlflow.tracing",
    "GenAI": "mlflow.genai mlflow.genai.datasets mlflow.genai.scorers mlflow.genai.judges mlflow.genai.prompts",
}
"""Modules that come later, by what they belong to."""

DIFFERENT = {
    "from_proto": "messages are not made of Protocol Buffers here; `from_dictionary` reads a dictionary",
    "to_proto": "messages are not made of Protocol Buffers here; `to_dictionary` writes a dictionary",
}
"""Members that are left out on purpose, wherever they stand, and why."""


SUBJECTS = {
    "traces": r"ExperimentLocation|LiveSpan|Trace|Span|Assessment|Feedback|Expectation|Session|NoOp|Link|Document|Issue|IssueReference|Tracing",
    "the AI gateway": r"Gateway|Budget|Guardrail|Fallback|Routing",
    "the registry of MCP servers": r"MCP|ConnectOptionSettings",
    "prompts": r"Prompt",
    "workspaces": r"Workspace",
    "diagnosis": r"doctor",
    "evaluation datasets": r"DatasetRecord|EntityAssociation|ScorerVersion|EvaluationDataset",
    "Databricks": r"UC|Unity|InferenceTable|add_databricks|login",
}
"""What the classes that come later belong to, by the beginnings of their names."""

MLFLOW_ONLY = {
    "ErrorClass": "classes of errors of Databricks' services; `serialize_as_json` tells those that it was given",
    "SqlState": "states of Databricks' services; `serialize_as_json` tells those that it was given",
    "gateway": "a module of the AI gateway",
    "aliases": "a method that refuses in MLflow, because a search does not find it there; here it is what a search found",
    "tags": "a method that refuses in MLflow, because a search does not find it there; here it is what a search found",
}
"""Names that are left out on purpose, and why."""


class Status(Enum):
    """How far a name is."""

    DONE = "done"
    DIFFERENT = "different"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Name:
    """A public name, and how far it is.

    Attributes:
        name: ``mlflow.log_metric``, ``mlflow.entities.Run.info``.
        status: whether it is there, and the same.
        why: what is different about it, or what it belongs to.
    """

    name: str
    status: Status
    why: str = ""


def compare() -> list[Name]:
    """Every public name of the modules that are compared."""
    modules = json.loads(CONTRACT.read_text())["modules"]
    return [name for module in COMPARED for name in _module(module, modules[module])]


def _module(name: str, contract: Mapping[str, Any]) -> Iterator[Name]:
    ours = importlib.import_module(name.replace("mlflow", "genesis_flow", 1))
    for attribute, facts in contract.items():
        if not attribute.startswith("_"):
            yield from _compared(f"{name}.{attribute}", ours, attribute, facts)


def _compared(name: str, owner: object, attribute: str, facts: Mapping[str, Any]) -> Iterator[Name]:
    try:
        found = inspect.getattr_static(owner, attribute) if inspect.isclass(owner) else getattr(owner, attribute)
    except AttributeError as error:
        reason = DIFFERENT.get(attribute) or MLFLOW_ONLY.get(attribute)
        if reason:
            yield Name(name, Status.DIFFERENT, reason)
        else:
            yield Name(name, Status.NOT_YET, getattr(error, "subject", "") or _subject(attribute))
        return
    if facts["kind"] == "class":
        yield Name(name, Status.DONE)
        for member, its in facts["members"].items():
            if not member.startswith("_") or member == "__init__":
                yield from _member(f"{name}.{member}", found, member, its)
    else:
        yield _callable(name, found, facts)


def _subject(attribute: str) -> str:
    if attribute in LATER:
        return LATER[attribute]
    return next((subject for subject, names in SUBJECTS.items() if re.match(f"(Mlflow)?({names})", attribute)), "")


def _member(name: str, owner: Any, member: str, facts: Mapping[str, Any]) -> Iterator[Name]:
    if member == "__init__":
        if issubclass(owner, Enum):
            return
        yield _signature(name, _parameters(owner), facts)
    elif member in _attributes(owner) and not callable(getattr(owner, member, None)):
        different = facts["kind"] not in ("property", "attribute")
        yield Name(name, Status.DIFFERENT, MLFLOW_ONLY[member]) if different else Name(name, Status.DONE)
    else:
        yield from _compared(name, owner, member, facts)


def _attributes(owner: type) -> set[str]:
    """What objects of a class have: also what only the constructor gives them."""
    named = {*dir(owner), *getattr(owner, "__struct_fields__", ())}
    return (
        named
        | {parameter.name for ancestor in owner.__mro__ for parameter in _parameters(ancestor) or ()}
        | {
            name.removeprefix("run_")
            for name in ("run_info", "run_data", "run_inputs", "run_outputs")
            if issubclass(owner, Run)
        }
    )


def _callable(name: str, found: Any, facts: Mapping[str, Any]) -> Name:
    if facts["kind"] not in ("function", "method"):
        return Name(name, Status.DONE)
    if not callable(found) and not isinstance(found, (classmethod, staticmethod)):
        return Name(name, Status.DIFFERENT, MLFLOW_ONLY[name.rpartition(".")[2]])
    target = found.__func__ if isinstance(found, (classmethod, staticmethod)) else found
    parameters = _parameters(target)
    if isinstance(found, classmethod) and parameters is not None:
        parameters = parameters[1:]
    return _signature(name, parameters, facts)


def _parameters(target: Any) -> list[inspect.Parameter] | None:
    try:
        return list(inspect.signature(target).parameters.values())
    except (TypeError, ValueError):
        return None


def _signature(name: str, parameters: list[inspect.Parameter] | None, facts: Mapping[str, Any]) -> Name:
    expected = facts.get("signature")
    if expected is None or parameters is None:
        return Name(name, Status.DONE)
    theirs = [_fact(one) for one in expected if one["name"] != "self"]
    ours = [_shown(one) for one in parameters if one.name != "self"]
    if len(theirs) == 2 and [one[0] for one in theirs] == ["args", "kwargs"]:  # no constructor of its own
        return Name(name, Status.DONE)
    if len(ours) != len(theirs) or not all(map(_same, ours, theirs)):
        return Name(name, Status.DIFFERENT, f"takes ({', '.join(one[0] for one in ours)})")
    return Name(name, Status.DONE)


_Parameter = tuple[str, str, Any]
_NONE = "no default"


def _fact(parameter: Mapping[str, Any]) -> _Parameter:
    return parameter["name"], parameter["kind"], parameter.get("default", _NONE)


def _shown(parameter: inspect.Parameter) -> _Parameter:
    default = parameter.default
    return parameter.name, parameter.kind.name, _NONE if default is inspect.Parameter.empty else default


def _same(ours: _Parameter, theirs: _Parameter) -> bool:
    """Whether a call that is written for one parameter means the same with the other."""
    told = theirs[2]
    opaque = isinstance(told, str) and told.startswith("<")
    return ours[:2] == theirs[:2] and (opaque or ours[2] == told)
