"""What is imported below ``mlflow`` and is no file here: MLflow's module of each entity, and whatever there is not yet.

A finder of ``sys.meta_path``, its last: it is asked only for what no other one has found.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.abc import Loader
    from types import ModuleType
else:
    Loader = object  # PERF: its module takes as long to import as all of this

_OF_ENTITIES = frozenset({"mlflow.entities", "mlflow.entities.model_registry"})
_OF_DATASETS = "mlflow.data"


def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None, /) -> ModuleSpec | None:
    """How to load a module.

    Raises:
        ModuleNotFoundError: there is nothing of that name below ``mlflow``, at least not yet.
    """
    if not name.startswith("mlflow."):
        return None
    names = _names(name)
    if not names:
        # Without the argument `name`: Python would take `from mlflow.entities import Trace` for a name that is merely
        # missing, and raise an error that explains nothing.
        raise ModuleNotFoundError(_explanation(name))
    return ModuleSpec(name, _Loader(names))


class _Loader(Loader):
    def __init__(self, names: dict[str, object]) -> None:
        self._names = names

    def create_module(self, spec: ModuleSpec) -> None:
        """An ordinary module."""

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(self._names)


def _names(module: str) -> dict[str, object]:
    parent, _, name = module.rpartition(".")
    if parent in _OF_ENTITIES:
        entity = name.title().replace("_", "")  # mlflow.entities.run_info has RunInfo
        found = getattr(sys.modules[parent], entity, None)
        return {} if found is None else {entity: found}
    if parent == _OF_DATASETS:
        try:
            ours = import_module(f"genesis_flow.data.{name}")
        except ModuleNotFoundError:
            return {}
        return {name: value for name, value in vars(ours).items() if not name.startswith("_")}
    return {}


def _explanation(name: str) -> str:
    from genesis_flow.client.later import FLUENT_LATER
    from genesis_flow.errors import NotYet

    subject = FLUENT_LATER.get(name.split(".")[1])
    if subject is not None:
        return str(NotYet(name, subject))
    return (
        f"{name} is not part of MLflow's interface as this version of Genesis-Flow's client has it: see "
        "docs/compatibility.md. MLflow's own client works with a Genesis-Flow server."
    )
