"""Datasets and models that runs have read and written."""

from __future__ import annotations

import sys

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, LoggedModelInput, LoggedModelOutput

NAME = sys.argv[1]
client = MlflowClient()


def main() -> None:
    mlflow.set_experiment(NAME)
    table = pd.DataFrame({"x": [1, 2, 3], "y": [0.5, 1.5, 2.5], "z": ["a", "b", "c"]})
    with mlflow.start_run(run_name="inputs") as run:
        mlflow.log_input(
            mlflow.data.from_pandas(table, source="https://example.com/table.csv", name="table"), "training"
        )
        mlflow.log_input(mlflow.data.from_pandas(table, targets="y"), context="validation", tags={"split": "2"})
        features = np.arange(12, dtype=np.float32).reshape(3, 4)
        mlflow.log_input(mlflow.data.from_numpy(features, targets=np.array([0, 1, 0]), name="array"))
        dataset = Dataset("by hand", "d1", "local", '{"uri": "/data"}', schema="{}", profile="{}")
        client.log_inputs(run.info.run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "test")])])
    model = mlflow.initialize_logged_model(name="read and written")
    mlflow.finalize_logged_model(model.model_id, "READY")
    with mlflow.start_run(run_name="models") as run:
        client.log_inputs(run.info.run_id, models=[LoggedModelInput(model.model_id)])
        client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, 3)])


if __name__ == "__main__":
    main()
