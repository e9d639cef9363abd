"""The model registry: models, versions, stages, aliases, tags, search, copies, and prompts."""

from __future__ import annotations

import warnings

import mlflow
from mlflow import MlflowClient

from tests.blackbox.script import check, check_if, finish, fresh_experiment, fresh_name, refused

warnings.filterwarnings("ignore", category=FutureWarning)  # stages are deprecated, and used
client = MlflowClient()
REMOTE = "s3://bucket/model"


def new_model(versions: int = 0) -> str:
    name = fresh_name("model")
    client.create_registered_model(name, tags={"team": "blue"}, description="a text")
    for _ in range(versions):
        client.create_model_version(name, REMOTE)
    return name


@check
def a_model_is_created_read_renamed_and_deleted() -> None:
    name, new = new_model(), fresh_name("renamed")
    model = client.get_registered_model(name)
    assert (model.name, model.description, model.tags) == (name, "a text", {"team": "blue"})
    assert model.creation_timestamp > 0
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_registered_model(name)
    client.rename_registered_model(name, new)
    client.update_registered_model(new, "another")
    assert client.get_registered_model(new).description == "another"
    client.delete_registered_model(new)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_registered_model(new)


@check
def versions_are_numbered_and_keep_what_they_were_told() -> None:
    name = new_model()
    run_id = client.create_run(fresh_experiment("registry")).info.run_id
    first = client.create_model_version(name, f"runs:/{run_id}/model", run_id, tags={"k": "v"}, description="d")
    second = client.create_model_version(name, REMOTE)
    assert (first.version, second.version) in ((1, 2), ("1", "2"))
    read = client.get_model_version(name, "1")
    assert (read.run_id, read.tags, read.description, read.status) == (run_id, {"k": "v"}, "d", "READY")
    assert client.get_model_version_download_uri(name, "1") == f"runs:/{run_id}/model"
    client.delete_model_version(name, "2")
    assert str(client.create_model_version(name, REMOTE).version) == "3"


@check
def stages_move_and_push_others_out() -> None:
    name = new_model(versions=2)
    client.transition_model_version_stage(name, "1", "Production")
    moved = client.transition_model_version_stage(name, "2", "production", archive_existing_versions=True)
    assert moved.current_stage == "Production"
    assert client.get_model_version(name, "1").current_stage == "Archived"
    latest = client.get_latest_versions(name, ["Production"])
    assert [str(version.version) for version in latest] == ["2"]


@check
def tags_are_set_and_deleted() -> None:
    name = new_model(versions=1)
    client.set_registered_model_tag(name, "team", "red")
    client.set_model_version_tag(name, "1", "checked", "yes")
    assert client.get_registered_model(name).tags == {"team": "red"}
    assert client.get_model_version(name, "1").tags == {"checked": "yes"}
    client.delete_registered_model_tag(name, "team")
    client.delete_model_version_tag(name, "1", "checked")
    assert client.get_registered_model(name).tags == client.get_model_version(name, "1").tags == {}


@check
def aliases_are_set_read_and_deleted() -> None:
    name = new_model(versions=2)
    client.set_registered_model_alias(name, "champion", "2")
    assert str(client.get_model_version_by_alias(name, "champion").version) == "2"
    assert client.get_model_version(name, "2").aliases == ["champion"]
    assert {alias: str(version) for alias, version in client.get_registered_model(name).aliases.items()} == {
        "champion": "2"
    }
    client.delete_registered_model_alias(name, "champion")
    with refused("INVALID_PARAMETER_VALUE"):
        client.get_model_version_by_alias(name, "champion")


@check
def models_and_versions_are_searched() -> None:
    name = new_model(versions=3)
    (model,) = client.search_registered_models(f"name = '{name}'")
    assert [str(version.version) for version in model.latest_versions] == ["3"]
    found = client.search_model_versions(f"name = '{name}'", order_by=["version_number ASC"], max_results=2)
    assert [str(version.version) for version in found] == ["1", "2"]
    rest = client.search_model_versions(
        f"name = '{name}'", order_by=["version_number ASC"], max_results=2, page_token=found.token
    )
    assert [str(version.version) for version in rest] == ["3"]


@check_if(hasattr(client, "copy_model_version"))
def a_version_is_copied() -> None:
    name, copy = new_model(versions=1), fresh_name("copy")
    copied = client.copy_model_version(f"models:/{name}/1", copy)
    assert (copied.name, str(copied.version), copied.source) == (copy, "1", f"models:/{name}/1")
    assert client.get_model_version_download_uri(copy, "1") == REMOTE


@check_if(hasattr(client, "create_logged_model"))
def a_logged_model_is_registered() -> None:
    experiment_id, name = fresh_experiment("registry"), new_model()
    model = client.create_logged_model(experiment_id, name="forest")
    client.finalize_logged_model(model.model_id, "READY")
    version = mlflow.register_model(model.model_uri, name)
    assert str(version.version) == "1"
    assert client.get_model_version_download_uri(name, "1") == model.artifact_location
    assert name in client.get_logged_model(model.model_id).tags["mlflow.modelVersions"]


finish()
