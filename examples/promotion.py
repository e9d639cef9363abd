"""Promotion: a model is registered, and becomes the champion if it is better than the one that is; it is loaded."""

from __future__ import annotations

import genesis_flow as mlflow
from genesis_flow.entities.model_registry import ModelVersion
from genesis_flow.exceptions import MlflowException

NAME = "greeter"
client = mlflow.MlflowClient()


def train(greeting: str) -> ModelVersion:
    """A new version, whose score is how long its greeting is."""
    with mlflow.start_run() as run:
        mlflow.log_metric("score", len(greeting))
        mlflow.log_dict({"greeting": greeting}, "model/greeter.json")
    return mlflow.register_model(f"runs:/{run.info.run_id}/model", NAME)


def score(version: ModelVersion) -> float:
    """What the run of a version measured."""
    assert version.run_id is not None
    return client.get_run(version.run_id).data.metrics["score"]


def champion() -> ModelVersion | None:
    """The version that is in use."""
    try:
        return client.get_model_version_by_alias(NAME, "champion")
    except MlflowException:
        return None


def main() -> None:
    mlflow.set_experiment("greetings")
    for greeting in ("Hi", "Good morning", "Hey"):
        challenger, current = train(greeting), champion()
        if current is None or score(challenger) > score(current):
            client.set_registered_model_alias(NAME, "champion", challenger.version)
            print(f"version {challenger.version} is the champion now")
        else:
            print(f"version {challenger.version} is not better than version {current.version}")
    print(mlflow.artifacts.load_dict(f"models:/{NAME}@champion/greeter.json")["greeting"])


if __name__ == "__main__":
    main()
