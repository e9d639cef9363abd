"""A scikit-learn training script as users write it, with autologging and models."""

from __future__ import annotations

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import sklearn.metrics
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split

from tests.blackbox.script import check, check_if, finish, fresh_name

client = MlflowClient()
experiment_id = mlflow.set_experiment(fresh_name("sklearn")).experiment_id
MLFLOW_3 = int(mlflow.__version__.split(".")[0]) >= 3
# MLflow 3 asks for a name, MLflow 2 for a folder.
MODEL_ARGUMENT = "name" if MLFLOW_3 else "artifact_path"
iris = load_iris(as_frame=True)
train_x, test_x, train_y, test_y = train_test_split(iris.data, iris.target, random_state=0)


def files_of_model(run_id: str) -> set[str]:
    """The names in the model's folder, wherever this version of MLflow keeps it."""
    if MLFLOW_3:
        (output,) = client.get_run(run_id).outputs.model_outputs
        return {file.path for file in client.list_logged_model_artifacts(output.model_id)}
    return {file.path.removeprefix("model/") for file in client.list_artifacts(run_id, "model")}


@check
def autologging_records_a_classifier() -> None:
    mlflow.sklearn.autolog()
    try:
        with mlflow.start_run() as run:
            model = RandomForestClassifier(n_estimators=5, max_depth=3, random_state=0).fit(train_x, train_y)
            predicted = model.predict(test_x)
            # Only the name in its module is watched, not one imported before autologging began.
            sklearn.metrics.accuracy_score(test_y, predicted)
            model.score(test_x, test_y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    logged = mlflow.get_run(run.info.run_id)
    assert (logged.data.params["n_estimators"], logged.data.params["max_depth"]) == ("5", "3")
    assert logged.data.params["bootstrap"] == "True"
    assert logged.data.metrics["training_accuracy_score"] > 0.9
    assert any(key.startswith("accuracy_score") for key in logged.data.metrics), logged.data.metrics
    assert any(key.startswith("RandomForestClassifier_score") for key in logged.data.metrics)
    assert logged.data.tags["estimator_name"] == "RandomForestClassifier"
    contexts = {tag.value for each in logged.inputs.dataset_inputs for tag in each.tags}
    assert contexts == {"train", "eval"}, contexts
    plots = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert "training_confusion_matrix.png" in plots, plots
    assert "MLmodel" in files_of_model(run.info.run_id)


@check
def autologging_starts_and_ends_a_run_of_its_own() -> None:
    mlflow.sklearn.autolog(log_models=False)
    try:
        RandomForestRegressor(n_estimators=3, random_state=0).fit(*load_diabetes(return_X_y=True))
    finally:
        mlflow.sklearn.autolog(disable=True)
    assert mlflow.active_run() is None
    run = mlflow.last_active_run()
    assert run.info.status == "FINISHED"
    assert {"training_r2_score", "training_mean_squared_error"} <= set(run.data.metrics)


@check
def autologging_records_a_grid_search_as_nested_runs() -> None:
    mlflow.sklearn.autolog(log_models=False, max_tuning_runs=None)
    try:
        with mlflow.start_run() as run:
            search = GridSearchCV(LogisticRegression(max_iter=300), {"C": [0.1, 1.0, 10.0]}, cv=2)
            search.fit(train_x, train_y)
    finally:
        mlflow.sklearn.autolog(disable=True)
    parent = mlflow.get_run(run.info.run_id)
    assert parent.data.params["best_C"] == str(search.best_params_["C"])
    assert abs(parent.data.metrics["best_cv_score"] - search.best_score_) < 1e-9
    children = client.search_runs([experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    assert sorted(child.data.params["C"] for child in children) == ["0.1", "1.0", "10.0"]
    assert all("mean_test_score" in child.data.metrics for child in children)
    assert "cv_results.csv" in {file.path for file in client.list_artifacts(run.info.run_id)}


@check
def a_model_is_logged_and_loaded_from_its_run() -> None:
    model = LogisticRegression(max_iter=300).fit(train_x, train_y)
    with mlflow.start_run() as run:
        mlflow.sklearn.log_model(
            model,
            **{MODEL_ARGUMENT: "model"},
            signature=infer_signature(train_x, model.predict(train_x)),
            input_example=train_x.head(2),
            pip_requirements=["scikit-learn"],
        )
    loaded = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
    assert np.array_equal(loaded.predict(test_x), model.predict(test_x))
    generic = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    assert np.array_equal(generic.predict(test_x), model.predict(test_x))
    assert {"MLmodel", "requirements.txt"} <= files_of_model(run.info.run_id)
    info = mlflow.models.get_model_info(f"runs:/{run.info.run_id}/model")
    assert [column.name for column in info.signature.inputs] == list(train_x.columns)


@check_if(MLFLOW_3)
def a_logged_model_is_loaded_by_its_id() -> None:
    model = LogisticRegression(max_iter=300).fit(train_x, train_y)
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            model, name="by id", params={"family": "linear"}, pip_requirements=["scikit-learn"]
        )
        mlflow.log_metric("accuracy", model.score(test_x, test_y), model_id=info.model_id)
    logged = mlflow.get_logged_model(info.model_id)
    assert (logged.name, str(logged.status), logged.source_run_id) == ("by id", "READY", run.info.run_id)
    assert logged.params == {"family": "linear"}
    assert [metric.key for metric in logged.metrics] == ["accuracy"]
    loaded = mlflow.sklearn.load_model(f"models:/{info.model_id}")
    assert np.array_equal(loaded.predict(test_x), model.predict(test_x))
    best = mlflow.search_logged_models(
        [experiment_id],
        order_by=[{"field_name": "metrics.accuracy", "ascending": False}],
        output_format="list",
    )
    assert best[0].model_id == info.model_id


finish()
