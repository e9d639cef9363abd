"""Where MLflow is, for those of these tests that run its server."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def mlflow_python() -> str:
    """The Python of an environment with MLflow."""
    python = os.environ.get("GENESIS_MLFLOW_PYTHON")
    if not python:
        pytest.skip("GENESIS_MLFLOW_PYTHON does not name the Python of an environment with MLflow")
    return python
