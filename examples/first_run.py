"""A training, tracked: a line is fitted to points, and the best of all such runs is looked up."""

from __future__ import annotations

import genesis_flow as mlflow

POINTS = [(x / 10, 3 * x / 10 + 1) for x in range(20)]


def train(rate: float, steps: int) -> None:
    """Fits slope and offset by gradient descent."""
    slope = offset = 0.0
    for step in range(steps):
        errors = [(slope * x + offset - y, x) for x, y in POINTS]
        slope -= rate * sum(error * x for error, x in errors) / len(POINTS)
        offset -= rate * sum(error for error, _ in errors) / len(POINTS)
        mlflow.log_metric("loss", sum(error**2 for error, _ in errors) / len(POINTS), step=step)
    mlflow.log_dict({"slope": slope, "offset": offset}, "line.json")


def main() -> None:
    experiment = mlflow.set_experiment("lines")
    with mlflow.start_run(tags={"data": "made up"}, description="A line through twenty points."):
        mlflow.log_params({"rate": 0.5, "steps": 100})
        train(rate=0.5, steps=100)
    best = mlflow.MlflowClient().search_runs(
        [experiment.experiment_id],
        filter_string="attributes.status = 'FINISHED'",
        order_by=["metrics.loss"],
        max_results=1,
    )[0]
    line = mlflow.artifacts.load_dict(f"{best.info.artifact_uri}/line.json")
    print(
        f"{best.info.run_name}: loss {best.data.metrics['loss']:.2g}, y = {line['slope']:.2f} x + {line['offset']:.2f}"
    )


if __name__ == "__main__":
    main()
