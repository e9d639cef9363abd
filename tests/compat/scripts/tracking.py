"""Experiments, runs and what is logged to them, in every way there is."""

from __future__ import annotations

import sys

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

NAME = sys.argv[1]
TIME_MS = 1_700_000_000_000
client = MlflowClient()


def main() -> None:
    client.create_experiment(NAME, tags={"team": "vision", "size": "small"})
    mlflow.set_experiment(NAME)
    mlflow.set_experiment_tags({"size": "large", "mlflow.note.content": "What both clients write."})
    mlflow.delete_experiment_tag("team")
    fluent()
    children()
    values()
    batches()
    endings()
    models()


def fluent() -> None:
    with mlflow.start_run(run_name="fluent", tags={"by": "hand"}, description="A *description*."):
        mlflow.log_params({"depth": 3, "rate": 1e-05, "on": True, "none": None, "list": [1, "a"], "long": "x" * 7_000})
        mlflow.log_param("of numpy", np.float32(0.1))
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step, timestamp=TIME_MS + step)
        mlflow.log_metrics({"accuracy": np.float64(0.25), "count": np.int64(7), "whole": 3, "yes": True}, step=4)
        mlflow.log_metric("loss", 0.5, step=-1, timestamp=TIME_MS)
        mlflow.set_tags({"number": 3, "list": [1, 2], "é": "ü", "gone": "soon"})
        mlflow.set_tag("long", "y" * 6_000)
        mlflow.delete_tag("gone")


def children() -> None:
    with mlflow.start_run(run_name="parent"):
        for number in range(2):
            with mlflow.start_run(run_name=f"child {number}", nested=True, tags={"number": str(number)}):
                mlflow.log_metric("score", number)
        with mlflow.start_run(run_name="grandparent's", nested=True), mlflow.start_run(nested=True):
            mlflow.log_param("depth", 2)


def values() -> None:
    with mlflow.start_run(run_name="values"):
        for step, value in enumerate([float("nan"), float("inf"), float("-inf"), 1e308, -0.0, 5e-324, 2**53]):
            mlflow.log_metric("odd", value, step=step, timestamp=TIME_MS)
        mlflow.log_metric("big step", 1, step=2**62, timestamp=TIME_MS)
        mlflow.log_param("empty", "")
        mlflow.set_tag("empty", "")
        mlflow.log_metric("a/b c.d-e_f:g", 1, timestamp=TIME_MS)


def batches() -> None:
    run_id = client.create_run(
        client.get_experiment_by_name(NAME).experiment_id,
        start_time=TIME_MS,
        tags={"made": "by hand"},
        run_name="batch",
    ).info.run_id
    client.log_batch(
        run_id,
        [Metric("curve", step / 10, TIME_MS + step, step) for step in range(900)],
        [Param(f"param {number}", str(number)) for number in range(50)],
        [RunTag(f"tag {number}", str(number)) for number in range(50)],
    )
    client.log_metric(run_id, "curve", 90.0, TIME_MS + 900, 900)
    client.log_param(run_id, "last", 1.5)
    client.update_run(run_id, name="batch, renamed")
    client.set_terminated(run_id, "KILLED", TIME_MS + 1_000)


def endings() -> None:
    try:
        with mlflow.start_run(run_name="failed"):
            mlflow.log_metric("loss", 1, timestamp=TIME_MS)
            raise RuntimeError("as it happens")
    except RuntimeError:
        pass
    with mlflow.start_run(run_name="deleted") as deleted:
        pass
    mlflow.delete_run(deleted.info.run_id)
    with mlflow.start_run(run_name="brought back") as back:
        pass
    mlflow.delete_run(back.info.run_id)
    client.restore_run(back.info.run_id)
    with mlflow.start_run(run_id=back.info.run_id, tags={"again": "yes"}):
        mlflow.log_metric("later", 2, timestamp=TIME_MS)


def models() -> None:
    with mlflow.start_run(run_name="with a model"):
        model = mlflow.initialize_logged_model(
            name="net", tags={"kind": "cnn"}, params={"depth": 3}, model_type="agent"
        )
        mlflow.log_metric("loss", 0.25, step=1, timestamp=TIME_MS, model_id=model.model_id)
        mlflow.log_model_params({"width": "4"}, model.model_id)
        mlflow.set_logged_model_tags(model.model_id, {"state": "of the art", "gone": "soon"})
        mlflow.delete_logged_model_tag(model.model_id, "gone")
        mlflow.finalize_logged_model(model.model_id, "READY")
    failed = mlflow.initialize_logged_model(name="net")
    mlflow.finalize_logged_model(failed.model_id, "FAILED")


if __name__ == "__main__":
    main()
