"""The import package of MLflow, from Genesis-Flow: the same objects, under the names that others import.

Nothing is loaded before it is used.
"""

from __future__ import annotations

import sys
from importlib import import_module

import genesis_flow
from genesis_flow.distributions import BOTH, distributions_of_mlflow

from mlflow import _finder
from mlflow.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:  # PERF: as in genesis_flow
    from typing import Any

    from genesis_flow import *

    from mlflow import (
        artifacts as artifacts,
        client as client,
        config as config,
        data as data,
        entities as entities,
        environment_variables as environment_variables,
        exceptions as exceptions,
        protos as protos,
        store as store,
        system_metrics as system_metrics,
        tracking as tracking,
        utils as utils,
        version as version,
    )

__version__ = VERSION
_MODULES = frozenset(
    "artifacts client config data entities environment_variables exceptions protos store system_metrics tracking utils "
    "version".split()
)

sys.meta_path.append(_finder)
if _theirs := distributions_of_mlflow():
    import warnings

    warnings.warn(BOTH.format(", ".join(_theirs)), stacklevel=2)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"mlflow.{name}")
    return getattr(genesis_flow, name)


def __dir__() -> list[str]:
    return sorted({*dir(genesis_flow), *_MODULES})
