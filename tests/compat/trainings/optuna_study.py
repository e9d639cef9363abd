"""A study of Optuna's, with its ``MLflowCallback``."""

from __future__ import annotations

import os
import sys

import mlflow
import optuna
from optuna_integration.mlflow import MLflowCallback

NAME = sys.argv[1]


def main() -> None:
    callback = MLflowCallback(
        tracking_uri=os.environ["MLFLOW_TRACKING_URI"],
        metric_name="loss",
        mlflow_kwargs={"nested": True, "tags": {"study": "small"}},
        tag_study_user_attrs=True,
        tag_trial_user_attrs=True,
    )

    @callback.track_in_mlflow()
    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", -2, 2)
        depth = trial.suggest_int("depth", 1, 4)
        kind = trial.suggest_categorical("kind", ["flat", "steep"])
        trial.set_user_attr("parity", depth % 2)
        for step in range(3):
            mlflow.log_metric("progress", x * step, step=step)
        return x**2 + depth + (kind == "steep")

    study = optuna.create_study(study_name=NAME, sampler=optuna.samplers.TPESampler(seed=7))
    study.set_user_attr("team", "vision")
    study.optimize(objective, n_trials=5, callbacks=[callback])


if __name__ == "__main__":
    main()
