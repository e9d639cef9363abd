"""A sweep: a run for each rate, all below one parent, several at a time; the parent keeps what was best."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import genesis_flow as mlflow

RATES = (0.01, 0.03, 0.1, 0.3, 1.1)


def descend(rate: float, parent_run_id: str) -> tuple[float, str]:
    """Walks down a parabola; how far from the bottom it ends, and the run that tells."""
    with mlflow.start_run(run_name=f"rate {rate}", nested=True, parent_run_id=parent_run_id) as run:
        mlflow.log_param("rate", rate)
        x = 1.0
        for step in range(30):
            x -= rate * 2 * x
            mlflow.log_metrics({"x": x, "loss": x**2}, step=step)
    return x**2, run.info.run_id


def main() -> None:
    mlflow.set_experiment("sweeps")
    with mlflow.start_run(run_name="sweep") as parent, ThreadPoolExecutor(2) as threads:
        results = list(threads.map(descend, RATES, repeat(parent.info.run_id)))
        loss, run_id = min(results)
        mlflow.log_metric("best loss", loss)
        mlflow.set_tag("best run", run_id)
    rate = mlflow.get_run(run_id).data.params["rate"]
    diverged = mlflow.search_runs(
        filter_string=f"tags.`mlflow.parentRunId` = '{parent.info.run_id}' AND metrics.loss > 1", output_format="list"
    )
    print(f"best of {len(RATES)}: rate {rate}, loss {loss:.2g}; {len(diverged)} ran away")


if __name__ == "__main__":
    main()
