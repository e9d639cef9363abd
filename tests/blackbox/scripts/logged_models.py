"""Logged models of MLflow 3: their life cycle, values, artifacts and search."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient

from tests.blackbox.script import check_if, finish, fresh_experiment, fresh_name, refused

client = MlflowClient()
has_logged_models = hasattr(client, "create_logged_model")
experiment_id = mlflow.set_experiment(fresh_name("models")).experiment_id


def new_model(name: str = "model", **values: object) -> str:
    return str(client.create_logged_model(experiment_id, name=name, **values).model_id)


@check_if(has_logged_models)
def a_created_model_is_read_back() -> None:
    run_id = client.create_run(experiment_id).info.run_id
    created = client.create_logged_model(
        experiment_id,
        name="forest",
        source_run_id=run_id,
        tags={"stage": "draft"},
        params={"depth": "3"},
        model_type="classifier",
    )
    read = client.get_logged_model(created.model_id)
    for model in (created, read):
        assert model.model_id.startswith("m-")
        assert (model.name, model.experiment_id, model.source_run_id) == ("forest", experiment_id, run_id)
        assert model.model_type == "classifier"
        assert model.tags["stage"] == "draft"
        assert model.params == {"depth": "3"}
        assert str(model.status) == "PENDING"
        assert model.artifact_location.endswith(f"/{experiment_id}/models/{model.model_id}/artifacts")
        assert model.model_uri == f"models:/{model.model_id}"
        assert model.creation_timestamp > 0


@check_if(has_logged_models)
def a_model_without_a_name_is_given_one() -> None:
    assert client.create_logged_model(experiment_id).name


@check_if(has_logged_models)
def a_model_is_finalized_as_ready_or_failed() -> None:
    assert str(client.finalize_logged_model(new_model(), "READY").status) == "READY"
    model_id = new_model()
    client.finalize_logged_model(model_id, "FAILED")
    assert str(client.get_logged_model(model_id).status) == "FAILED"


@check_if(has_logged_models)
def tags_are_set_overwritten_and_deleted() -> None:
    model_id = new_model(tags={"gone": "1", "kept": "1"})
    client.set_logged_model_tags(model_id, {"kept": "2", "number": 3})
    client.delete_logged_model_tag(model_id, "gone")
    assert client.get_logged_model(model_id).tags == {"kept": "2", "number": "3"}


@check_if(has_logged_models)
def params_are_logged_after_creation() -> None:
    model_id = new_model(params={"first": "1"})
    client.log_model_params(model_id, {f"key {number}": str(number) for number in range(150)})
    params = client.get_logged_model(model_id).params
    assert params == {"first": "1"} | {f"key {number}": str(number) for number in range(150)}


@check_if(has_logged_models)
def more_params_than_one_call_takes_are_given_at_creation() -> None:
    many = {f"key {number}": str(number) for number in range(250)}
    assert client.get_logged_model(new_model(params=many)).params == many


@check_if(has_logged_models)
def a_deleted_model_is_gone() -> None:
    model_id = new_model()
    client.delete_logged_model(model_id)
    with refused("RESOURCE_DOES_NOT_EXIST", model_id):
        client.get_logged_model(model_id)
    found = client.search_logged_models([experiment_id])
    assert model_id not in {model.model_id for model in found}


@check_if(has_logged_models)
def a_missing_model_is_not_found_by_any_call() -> None:
    missing = "m-" + "0" * 32
    calls: tuple[Callable[[], object], ...] = (
        lambda: client.get_logged_model(missing),
        lambda: client.finalize_logged_model(missing, "READY"),
        lambda: client.delete_logged_model_tag(missing, "a"),
        lambda: client.delete_logged_model(missing),
        lambda: client.list_logged_model_artifacts(missing),
    )
    for call in calls:
        with refused("RESOURCE_DOES_NOT_EXIST", missing):
            call()


@check_if(has_logged_models)
def metrics_of_a_run_are_linked_to_a_model() -> None:
    model_id = new_model()
    dataset = mlflow.data.from_pandas(pd.DataFrame({"x": [1, 2]}), name="numbers")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="eval")
        mlflow.log_metric("accuracy", 0.5, step=1, model_id=model_id, dataset=dataset)
        mlflow.log_metrics({"accuracy": 0.75, "recall": 0.25}, step=2, model_id=model_id)
        mlflow.log_metric("of the run alone", 1.0)
    metrics = client.get_logged_model(model_id).metrics
    values = {(metric.key, metric.step): metric.value for metric in metrics}
    assert values[("accuracy", 2)] == 0.75
    assert values[("recall", 2)] == 0.25
    assert {metric.run_id for metric in metrics} == {run.info.run_id}
    assert {metric.model_id for metric in metrics} == {model_id}
    assert "of the run alone" not in {metric.key for metric in metrics}
    of_dataset = {(metric.dataset_name, metric.dataset_digest) for metric in metrics if metric.step == 1}
    assert of_dataset == {("numbers", dataset.digest)}
    assert mlflow.get_run(run.info.run_id).data.metrics["accuracy"] == 0.75


@check_if(has_logged_models)
def a_run_has_models_as_inputs_and_outputs() -> None:
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    made, used = new_model("made"), new_model("used")
    run_id = client.create_run(experiment_id).info.run_id
    client.log_inputs(run_id, models=[LoggedModelInput(used)])
    client.log_outputs(run_id, models=[LoggedModelOutput(made, step=4)])
    run = client.get_run(run_id)
    assert [model.model_id for model in run.inputs.model_inputs] == [used]
    assert [(model.model_id, model.step) for model in run.outputs.model_outputs] == [(made, 4)]


@check_if(has_logged_models)
def models_are_searched_filtered_and_ordered() -> None:
    own_experiment_id = fresh_experiment("search-models")
    run_id = client.create_run(own_experiment_id).info.run_id
    for number, name in enumerate(("ash", "birch", "cedar")):
        model = client.create_logged_model(
            own_experiment_id,
            name=name,
            source_run_id=run_id,
            tags={"kind": "soft" if name == "cedar" else "hard"},
            params={"depth": str(number)},
            model_type="tree",
        )
        client.log_metric(run_id, "height", 10.0 * number, step=number, model_id=model.model_id)

    def found(filter_string: str | None = None, order_by: list[dict[str, object]] | None = None) -> list[str]:
        models = client.search_logged_models([own_experiment_id], filter_string, order_by=order_by)
        return [model.name for model in models]

    by_name: list[dict[str, object]] = [{"field_name": "name", "ascending": True}]
    assert found() == ["cedar", "birch", "ash"]
    assert found(order_by=by_name) == ["ash", "birch", "cedar"]
    assert found("name = 'birch'") == ["birch"]
    assert found("name LIKE '%r%'", by_name) == ["birch", "cedar"]
    assert found("tags.kind = 'hard'", by_name) == ["ash", "birch"]
    assert found("params.depth = '2'") == ["cedar"]
    assert found("metrics.height >= 10", by_name) == ["birch", "cedar"]
    assert found(f"source_run_id = '{run_id}' AND model_type = 'tree' AND name != 'ash'", by_name) == [
        "birch",
        "cedar",
    ]
    assert found("creation_timestamp > 0 AND name ILIKE 'C%'") == ["cedar"]
    assert found(order_by=[{"field_name": "metrics.height", "ascending": False}]) == ["cedar", "birch", "ash"]
    with refused("INVALID_PARAMETER_VALUE"):
        found("no filter at all")


@check_if(has_logged_models)
def models_come_in_pages() -> None:
    own_experiment_id = fresh_experiment("model-pages")
    made = [client.create_logged_model(own_experiment_id, name=f"m{number}").model_id for number in range(7)]
    seen: list[str] = []
    sizes: list[int] = []
    token = None
    while not sizes or token:
        page = client.search_logged_models([own_experiment_id], max_results=3, page_token=token)
        seen += [model.model_id for model in page]
        sizes.append(len(page))
        token = page.token
    assert sizes == [3, 3, 1]
    assert sorted(seen) == sorted(made)


@check_if(has_logged_models)
def a_model_keeps_artifacts_of_its_own() -> None:
    model_id = new_model()
    Path("weights/all").mkdir(parents=True)
    Path("w.bin").write_bytes(b"\x01\x02\x03")
    Path("weights/all/w.bin").write_bytes(b"\x04")
    client.log_model_artifact(model_id, "w.bin")
    client.log_model_artifacts(model_id, "weights")
    client.finalize_logged_model(model_id, "READY")
    top = [(file.path, file.is_dir) for file in client.list_logged_model_artifacts(model_id)]
    assert sorted(top) == [("all", True), ("w.bin", False)]
    assert [file.path for file in client.list_logged_model_artifacts(model_id, "all")] == ["all/w.bin"]
    local = Path(mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{model_id}"))
    assert (local / "w.bin").read_bytes() == b"\x01\x02\x03"
    assert (local / "all/w.bin").read_bytes() == b"\x04"


@check_if(has_logged_models)
def the_fluent_calls_do_the_same() -> None:
    with mlflow.start_run() as run:
        external = mlflow.create_external_model(name="external", tags={"a": "1"}, params={"p": "1"}, model_type="agent")
        begun = mlflow.initialize_logged_model(name="begun")
    assert (str(external.status), external.source_run_id) == ("READY", run.info.run_id)
    assert str(begun.status) == "PENDING"
    mlflow.log_model_params({"q": "2"}, model_id=begun.model_id)
    mlflow.set_logged_model_tags(begun.model_id, {"b": "2", "gone": "x"})
    mlflow.delete_logged_model_tag(begun.model_id, "gone")
    mlflow.finalize_logged_model(begun.model_id, "READY")
    read = mlflow.get_logged_model(begun.model_id)
    assert (str(read.status), read.params) == ("READY", {"q": "2"})
    assert (read.tags["b"], read.tags.get("gone")) == ("2", None)
    assert mlflow.last_logged_model().model_id == begun.model_id
    names = [model.name for model in mlflow.search_logged_models([experiment_id], output_format="list")]
    assert {"external", "begun"} <= set(names)
    frame = mlflow.search_logged_models([experiment_id], "name = 'begun'")
    assert list(frame["model_id"]) == [begun.model_id]
    assert read.source_run_id == run.info.run_id


@check_if(hasattr(mlflow, "set_active_model"))
def an_active_model_takes_the_metrics() -> None:
    with mlflow.set_active_model(name=fresh_name("active")) as active, mlflow.start_run():
        mlflow.log_metric("score", 0.5)
    (metric,) = client.get_logged_model(active.model_id).metrics
    assert (metric.key, metric.value) == ("score", 0.5)
    mlflow.clear_active_model()


finish()
