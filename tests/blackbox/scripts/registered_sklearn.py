"""A scikit-learn model is logged, registered, promoted, copied and loaded, by each of its names."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.blackbox.script import check, check_if, failing, finish, fresh_name, refused

warnings.filterwarnings("ignore", category=FutureWarning)  # stages are deprecated, and used
client = MlflowClient()
experiment_id = mlflow.set_experiment(fresh_name("registered")).experiment_id
MLFLOW_3 = int(mlflow.__version__.split(".")[0]) >= 3
MODEL_ARGUMENT = "name" if MLFLOW_3 else "artifact_path"
x, y = load_iris(return_X_y=True)
FIRST, SECOND = (LogisticRegression(max_iter=300, C=c).fit(x, y) for c in (0.01, 100.0))


def log(model: Any, registered_name: str | None = None) -> Any:
    """Logs a model in a run of its own."""
    with mlflow.start_run():
        return mlflow.sklearn.log_model(
            model,
            **{MODEL_ARGUMENT: "model"},
            registered_model_name=registered_name,
            signature=infer_signature(x, model.predict(x)),
            pip_requirements=["scikit-learn"],
        )


def same(model: Any, *uris: str) -> None:
    """Checks that a model is what these URIs load, with both loaders."""
    for uri in uris:
        assert np.array_equal(mlflow.sklearn.load_model(uri).predict(x), model.predict(x)), uri
        assert np.array_equal(mlflow.pyfunc.load_model(uri).predict(x), model.predict(x)), uri


@check
def a_model_is_registered_when_it_is_logged_and_loaded_by_each_of_its_names() -> None:
    assert not np.array_equal(FIRST.predict(x), SECOND.predict(x))
    name = fresh_name("iris")
    first, second = log(FIRST, name), log(SECOND, name)
    assert (int(first.registered_model_version), int(second.registered_model_version)) == (1, 2)
    client.set_registered_model_alias(name, "champion", "1")
    client.transition_model_version_stage(name, "1", "Production")
    same(FIRST, f"models:/{name}/1", f"models:/{name}@champion", f"models:/{name}/Production", first.model_uri)
    same(SECOND, f"models:/{name}/2", f"models:/{name}/latest", second.model_uri)
    same(FIRST, f"runs:/{first.run_id}/model")
    client.set_registered_model_alias(name, "champion", "2")
    same(SECOND, f"models:/{name}@champion")


@check
def a_version_knows_its_run_and_its_files() -> None:
    name = fresh_name("iris")
    info = log(FIRST, name)
    version = client.get_model_version(name, "1")
    assert (version.run_id, version.status, version.current_stage) == (info.run_id, "READY", "None")
    source = client.get_model_version_download_uri(name, "1")
    files = {Path(file.path).name for file in mlflow.artifacts.list_artifacts(artifact_uri=source)}
    assert {"MLmodel", "requirements.txt"} <= files
    local = Path(mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{name}/1", dst_path="."))
    assert info.run_id in (local / "MLmodel").read_text()
    text = mlflow.artifacts.load_text(f"{source}/MLmodel")
    assert info.run_id in text
    assert mlflow.models.get_model_info(f"models:/{name}/1").run_id == info.run_id


@check
def a_model_is_registered_after_it_was_logged() -> None:
    name = fresh_name("iris")
    info = log(FIRST)
    by_run = mlflow.register_model(f"runs:/{info.run_id}/model", name, tags={"how": "by its run"})
    by_uri = mlflow.register_model(info.model_uri, name)
    assert (int(by_run.version), int(by_uri.version)) == (1, 2)
    same(FIRST, f"models:/{name}/1", f"models:/{name}/2")
    found = client.search_model_versions(f"run_id = '{info.run_id}'", order_by=["version_number ASC"])
    assert [int(version.version) for version in found] == [1, 2]
    assert client.get_model_version(name, "1").tags == {"how": "by its run"}


@check_if(hasattr(client, "copy_model_version"))
def a_copy_is_the_same_model_also_when_the_original_moves_on() -> None:
    name, staging, production = fresh_name("iris"), fresh_name("staging"), fresh_name("production")
    info = log(FIRST, name)
    client.copy_model_version(f"models:/{name}/1", staging)
    client.set_registered_model_alias(staging, "tested", "1")
    copied = client.copy_model_version(f"models:/{staging}@tested" if MLFLOW_3 else f"models:/{staging}/1", production)
    again = client.copy_model_version(f"models:/{name}/1", production)
    assert (copied.name, int(copied.version), int(again.version)) == (production, 1, 2)
    log(SECOND, name)
    same(FIRST, f"models:/{staging}/1", f"models:/{production}/1", f"models:/{production}/2")
    same(SECOND, f"models:/{name}/latest")
    assert (copied.run_id, again.run_id) == (info.run_id, info.run_id)
    with failing("runs:/"):
        client.copy_model_version(f"runs:/{info.run_id}/model", production)
    with failing("RESOURCE_DOES_NOT_EXIST"):
        client.copy_model_version(f"models:/{name}/99", production)


@check_if(MLFLOW_3)
def a_logged_model_knows_its_versions_and_what_was_measured() -> None:
    name = fresh_name("iris")
    info = log(FIRST, name)
    mlflow.log_metric("accuracy", FIRST.score(x, y), model_id=info.model_id, run_id=info.run_id)
    mlflow.log_model_params({"C": "0.01"}, model_id=info.model_id)
    same(FIRST, f"models:/{info.model_id}")
    assert name in client.get_logged_model(info.model_id).tags["mlflow.modelVersions"]
    (found,) = client.search_logged_models([experiment_id], "params.C = '0.01' AND metrics.accuracy > 0.5")
    assert found.model_id == info.model_id


@check
def a_model_that_is_gone_is_not_loaded() -> None:
    name = fresh_name("iris")
    log(FIRST, name)
    client.set_registered_model_alias(name, "champion", "1")
    client.delete_model_version(name, "1")
    for uri, words in (
        ("/1", "RESOURCE_DOES_NOT_EXIST"),
        ("@champion", "INVALID_PARAMETER"),
        ("/latest", "No versions"),
    ):
        with failing(words):
            mlflow.pyfunc.load_model(f"models:/{name}{uri}")
    client.delete_registered_model(name)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        mlflow.pyfunc.load_model(f"models:/{name}/1")


finish()
