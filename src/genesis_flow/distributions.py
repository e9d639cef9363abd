"""Which distributions of MLflow are installed beside this one."""

from __future__ import annotations

import os
import sys

OURS = "genesis-flow-mlflow"
THEIRS = ("mlflow", "mlflow-skinny", "mlflow-tracing")
"""Each of them writes the folder ``mlflow`` that ours writes, too."""

BOTH = (
    "MLflow ({}) is installed in the environment of genesis-flow-mlflow, and both provide the package mlflow: parts of "
    "one may stand in for the other. Keep one of them; `genesis-flow doctor` says how."
)


def distributions_of_mlflow() -> list[str]:
    """The names of MLflow's own distributions that Python finds here."""
    # PERF: by the names of folders; importing importlib.metadata takes longer than importing all of genesis_flow.
    found = {name for folder in dict.fromkeys(sys.path) for name in _distributions_in(folder or ".")}
    return [name for name in THEIRS if name in found]


def _distributions_in(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:  # not a folder, or not there
        return []
    return [name.partition("-")[0].replace("_", "-") for name in names if name.endswith(".dist-info")]
