"""Prints what MLflow logs of the machine in a run that is continued once: keys with their steps and values, as JSON."""

from __future__ import annotations

import json
import sys
import time

import mlflow
import psutil  # noqa: F401  # without it nothing is logged


def main(tracking_uri: str) -> None:
    """Prints the history of each metric."""
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_system_metrics_sampling_interval(0.2)
    mlflow.set_system_metrics_samples_before_logging(2)
    mlflow.set_system_metrics_node_id("node")
    with mlflow.start_run(log_system_metrics=True) as run:
        time.sleep(2)
    with mlflow.start_run(run_id=run.info.run_id, log_system_metrics=True):
        time.sleep(2)
    client = mlflow.MlflowClient()
    print(
        json.dumps(
            {
                key: [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, key)]
                for key in client.get_run(run.info.run_id).data.metrics
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
