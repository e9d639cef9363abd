"""Logging in the background: the loop never waits for the server, and nothing is lost if the server is away."""

from __future__ import annotations

import time

import genesis_flow as mlflow

STEPS = 2_000


def main() -> None:
    mlflow.set_experiment("loops")
    mlflow.config.enable_async_logging()
    with mlflow.start_run() as run:
        start = time.perf_counter()
        for step in range(STEPS):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        looped = time.perf_counter()
        mlflow.flush_async_logging()
        sent = time.perf_counter()
    history = mlflow.MlflowClient().get_metric_history(run.info.run_id, "loss")
    print(f"{1e6 * (looped - start) / STEPS:.0f} µs a step; {len(history)} points kept {sent - looped:.1f} s later")


if __name__ == "__main__":
    main()
