"""The registry: models, versions, aliases, stages and tags."""

from __future__ import annotations

import sys
import warnings

import mlflow
from mlflow import MlflowClient

warnings.filterwarnings("ignore", category=FutureWarning)  # stages are deprecated, and used

NAME = sys.argv[1]
client = MlflowClient()


def main() -> None:
    mlflow.set_experiment(NAME)
    with mlflow.start_run(run_name="source") as run:
        pass
    client.create_registered_model(NAME, tags={"task": "vision", "gone": "soon"}, description="A model.")
    source = f"{run.info.artifact_uri}/model"
    for number in range(1, 4):
        client.create_model_version(
            NAME, source, run.info.run_id, tags={"number": str(number)}, description="A version."
        )
    client.update_model_version(NAME, "2", "The second.")
    client.set_model_version_tag(NAME, "1", "checked", "yes")
    mlflow.set_model_version_tag(NAME, "1", "gone", "soon")
    client.delete_model_version_tag(NAME, "1", "gone")
    client.set_registered_model_alias(NAME, "champion", "1")
    client.set_registered_model_alias(NAME, "challenger", "2")
    client.set_registered_model_alias(NAME, "champion", "2")
    client.delete_registered_model_alias(NAME, "challenger")
    client.transition_model_version_stage(NAME, "1", "Staging")
    client.transition_model_version_stage(NAME, "2", "Production")
    client.transition_model_version_stage(NAME, "1", "Production", archive_existing_versions=True)
    client.delete_model_version(NAME, "3")
    client.update_registered_model(NAME, "A better model.")
    client.set_registered_model_tag(NAME, "size", "small")
    client.delete_registered_model_tag(NAME, "gone")
    client.copy_model_version(f"models:/{NAME}/2", f"{NAME}-copy")
    client.create_registered_model(f"{NAME}-old")
    client.rename_registered_model(f"{NAME}-old", f"{NAME}-new")
    client.create_registered_model(f"{NAME}-gone")
    client.delete_registered_model(f"{NAME}-gone")


if __name__ == "__main__":
    main()
