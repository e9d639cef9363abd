"""The tags that MLflow's interface gives a meaning."""

from __future__ import annotations

RUN_NAME = "mlflow.runName"
LOGGED_MODELS = "mlflow.log-model.history"
DATASET_CONTEXT = "mlflow.data.context"
