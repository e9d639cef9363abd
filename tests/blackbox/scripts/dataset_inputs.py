"""Data sets: the inputs of a run, and search by them."""

from __future__ import annotations

import json

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag

from tests.blackbox.script import check, finish, fresh_name

client = MlflowClient()
experiment_id = mlflow.set_experiment(fresh_name("inputs")).experiment_id
frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": ["a", "b", "c"]})


@check
def a_data_frame_is_an_input_of_the_run() -> None:
    dataset = mlflow.data.from_pandas(frame, source="https://example.org/data.csv", name="little", targets="y")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training", tags={"split": "a"})
    (logged,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    assert (logged.dataset.name, logged.dataset.digest) == ("little", dataset.digest)
    assert {tag.key: tag.value for tag in logged.tags} == {"mlflow.data.context": "training", "split": "a"}
    assert json.loads(logged.dataset.profile) == {"num_rows": 3, "num_elements": 6}
    columns = json.loads(logged.dataset.schema)["mlflow_colspec"]
    assert [column["name"] for column in columns] == ["x", "y"]
    assert json.loads(logged.dataset.source)["url"] == "https://example.org/data.csv"


@check
def an_array_is_an_input_of_the_run() -> None:
    dataset = mlflow.data.from_numpy(np.arange(6).reshape(2, 3), targets=np.array([0, 1]), name="array")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset)
    (logged,) = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    assert (logged.dataset.name, logged.tags) == ("array", [])
    assert json.loads(logged.dataset.profile)["features_shape"] == [2, 3]


@check
def one_data_set_is_shared_and_logged_once_a_run() -> None:
    dataset = mlflow.data.from_pandas(frame, name=fresh_name("shared"))
    run_ids = []
    for _ in range(2):
        with mlflow.start_run() as run:
            mlflow.log_input(dataset, context="training")
            mlflow.log_input(dataset, context="training")
        run_ids.append(run.info.run_id)
        assert len(mlflow.get_run(run.info.run_id).inputs.dataset_inputs) == 1
    found = client.search_runs([experiment_id], f"dataset.name = '{dataset.name}'")
    assert {run.info.run_id for run in found} == set(run_ids)


@check
def several_inputs_are_logged_at_once() -> None:
    run_id = client.create_run(experiment_id).info.run_id
    inputs = [
        DatasetInput(
            Dataset(name=f"part {number}", digest=f"digest{number}", source_type="local", source="{}"),
            tags=[InputTag("mlflow.data.context", "eval")] if number else [],
        )
        for number in range(3)
    ]
    client.log_inputs(run_id, datasets=inputs)
    logged = client.get_run(run_id).inputs.dataset_inputs
    assert sorted(each.dataset.name for each in logged) == ["part 0", "part 1", "part 2"]
    assert sorted(len(each.tags) for each in logged) == [0, 1, 1]
    assert {each.dataset.source_type for each in logged} == {"local"}


@check
def runs_are_searched_by_name_digest_and_context() -> None:
    runs = {}
    for name, context in (("wine", "training"), ("wine", "eval"), ("beer", "training")):
        dataset = Dataset(name=name, digest=f"of-{name}", source_type="local", source="{}")
        run_id = client.create_run(experiment_id).info.run_id
        client.log_inputs(run_id, datasets=[DatasetInput(dataset, [InputTag("mlflow.data.context", context)])])
        runs[name, context] = run_id

    def found(filter_string: str) -> set[str]:
        return {run.info.run_id for run in client.search_runs([experiment_id], filter_string)} & set(runs.values())

    assert found("dataset.name = 'wine'") == {runs["wine", "training"], runs["wine", "eval"]}
    assert found("datasets.name LIKE 'w%' AND dataset.context = 'eval'") == {runs["wine", "eval"]}
    assert found("dataset.digest = 'of-beer'") == {runs["beer", "training"]}
    assert found("dataset.name IN ('beer', 'water')") == {runs["beer", "training"]}
    assert found("dataset.context = 'training'") == {runs["wine", "training"], runs["beer", "training"]}
    assert found("dataset.name = 'water'") == set()


@check
def a_search_answers_the_inputs_too() -> None:
    dataset = mlflow.data.from_pandas(frame, name=fresh_name("found"))
    with mlflow.start_run():
        mlflow.log_input(dataset, context="training")
    (run,) = client.search_runs([experiment_id], f"dataset.name = '{dataset.name}'")
    (logged,) = run.inputs.dataset_inputs
    assert (logged.dataset.name, logged.dataset.digest) == (dataset.name, dataset.digest)


finish()
