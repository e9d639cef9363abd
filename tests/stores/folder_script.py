"""Writes a folder with MLflow itself, or tells as JSON what MLflow finds in one; runs in MLflow's own environment.

python folder_script.py write|more|read FOLDER
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    ViewType,
)

TEXTS = [
    "",
    "x\n",
    "\n\n",
    "a\r\nb\rc",
    " x ",
    "a\u2028b\x85c\x0b",
    "it's: \"quoted\" # 'yes'",
    "- ? : {}[]",
    "é😀",
    "null",
    "5",
]
LONG = "word " * 100 + "\n\n  tail: #x\n"

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


def write(client: MlflowClient) -> None:
    """Everything that a folder can hold."""
    experiment = client.create_experiment("é😀: # " + "lo ng " * 20, tags={"a/b": LONG, "k": "v"})
    client.rename_experiment(experiment, "renamed: \x85\u2028\tx " + "lo ng " * 20)
    run = client.create_run(experiment, run_name="näme: 'x'\n2", start_time=5, tags={"mlflow.user": "ann"}).info.run_id
    for number, text in enumerate(TEXTS):
        client.log_param(run, f"p/{number}", text)
        client.set_tag(run, f"t {number}", text)
    for step, value in enumerate([0.5, float("nan"), float("inf"), -float("inf"), 1e300, 3]):
        client.log_metric(run, "m/loss", value, step=step * 2**40 - 3, timestamp=1000 - step)
    client.set_tag(run, "gone/tag", "x")
    client.delete_tag(run, "gone/tag")
    inputs = [
        DatasetInput(
            Dataset("iris", "d1", "local", "s", schema="{}", profile=LONG), [InputTag("mlflow.data.context", "x")]
        ),
        DatasetInput(Dataset("wine it's", "d2", "http", LONG), [InputTag("k" * 200, "v: '"), InputTag("b", "")]),
    ]
    model = client.create_logged_model(experiment, "model", run, {"tag": LONG}, {"p": "1"}, "kind").model_id
    deleted = client.create_logged_model(experiment).model_id
    client.delete_logged_model(deleted)
    client.log_inputs(run, inputs, [LoggedModelInput(model)])
    client.log_outputs(run, [LoggedModelOutput(model, 3)])
    client.log_metric(run, "score", 0.1, step=0, timestamp=7, model_id=model, dataset_name="iris", dataset_digest="d1")
    client.log_metric(run, "score", 0.2, step=0, timestamp=8, model_id=model)
    client.finalize_logged_model(model, "READY")
    client.set_terminated(run, "FAILED", 99)
    client.delete_run(client.create_run(experiment).info.run_id)
    dropped = client.create_experiment("dropped", artifact_location="s3://bucket/x")
    client.create_run(dropped, start_time=6)
    client.delete_experiment(dropped)
    registry(client, run, model)


def registry(client: MlflowClient, run: str, model: str) -> None:
    """Registered models."""
    client.create_registered_model("a b.c", tags={"k/l": LONG}, description="de\nsc: '")
    client.create_model_version("a b.c", f"models:/{model}", run, {"t": "1"}, description=LONG, model_id=model)
    for _ in range(3):
        client.create_model_version("a b.c", "s3://bucket/model")
    client.delete_model_version("a b.c", "4")
    client.transition_model_version_stage("a b.c", "2", "Production")
    client.set_registered_model_alias("a b.c", "champion", "2")
    client.set_registered_model_alias("a b.c", "moved", "1")
    client.set_registered_model_alias("a b.c", "moved", "3")
    client.create_registered_model("old")
    client.create_model_version("old", "s3://bucket/other")
    client.rename_registered_model("old", "new")
    client.create_registered_model("gone")
    client.delete_registered_model("gone")


def more(client: MlflowClient) -> None:
    """A little more of everything that is there already."""
    for experiment in client.search_experiments():
        client.set_experiment_tag(experiment.experiment_id, "more", "1")
        for run in client.search_runs([experiment.experiment_id]):
            run_id = run.info.run_id
            client.log_metric(run_id, "m/loss", 7.5, step=2**50, timestamp=2**40)
            client.log_param(run_id, "more", "1")
            client.set_tag(run_id, "t 1", "written over")
            client.update_run(run_id, "FINISHED", "renamed")
        for model in client.search_logged_models([experiment.experiment_id]):
            client.set_logged_model_tags(model.model_id, {"more": "1"})
    for model in client.search_registered_models():
        version = client.create_model_version(model.name, "s3://bucket/more").version
        client.set_registered_model_alias(model.name, "champion", version)
        client.set_model_version_tag(model.name, version, "more", "1")


def read(client: MlflowClient) -> dict[str, Any]:
    """What there is, as plain values in an order of their own."""
    experiments = client.search_experiments(view_type=ViewType.ALL)
    ids = [one.experiment_id for one in experiments]
    found = client.search_runs(ids, run_view_type=ViewType.ALL, max_results=1000)
    registered = client.search_registered_models()
    return {
        "experiments": sorted(
            [
                e.experiment_id,
                e.name,
                e.lifecycle_stage,
                e.artifact_location,
                e.tags,
                e.creation_time,
                e.last_update_time,
            ]
            for e in experiments
        ),
        "runs": sorted((run_as_told(client, run) for run in found), key=str),
        "models": sorted(map(model_as_told, client.search_logged_models(ids)), key=str),
        "registered": sorted(
            [
                [m.name, m.description or "", m.tags, {k: str(v) for k, v in m.aliases.items()}, m.creation_timestamp]
                for m in registered
            ],
            key=str,
        ),
        "versions": sorted(
            (version_as_told(client, m.name, v.version) for m in registered for v in versions(client, m.name)), key=str
        ),
    }


def versions(client: MlflowClient, name: str) -> list[Any]:
    """The versions of a model."""
    return list(client.search_model_versions(f"name = '{name}'"))


def run_as_told(client: MlflowClient, run: Any) -> list[Any]:
    """A run with all that was written to it."""
    info, data, inputs, outputs = run.info, run.data, run.inputs, run.outputs
    return [
        *(info.run_id, info.run_name, info.status, info.start_time, info.end_time, info.lifecycle_stage),
        *(info.artifact_uri, info.user_id, info.experiment_id, data.params, data.tags),
        {key: repr(float(value)) for key, value in data.metrics.items()},
        {key: history(client, info.run_id, key) for key in data.metrics},
        sorted(
            [[*dataset_as_told(one.dataset), {t.key: t.value for t in one.tags}] for one in inputs.dataset_inputs],
            key=str,
        ),
        sorted(one.model_id for one in inputs.model_inputs),
        sorted([one.model_id, one.step] for one in outputs.model_outputs),
    ]


def history(client: MlflowClient, run_id: str, key: str) -> list[tuple[Any, ...]]:
    """The points of a metric, each once: MLflow keeps one as often as it is logged."""
    found = client.get_metric_history(run_id, key)
    return sorted({(point.timestamp, repr(float(point.value)), point.step) for point in found})


def dataset_as_told(one: Any) -> list[Any]:
    """What is known of a dataset."""
    return [one.name, one.digest, one.source_type, one.source, one.schema, one.profile]


def model_as_told(model: Any) -> list[Any]:
    """A logged model with its metrics."""
    points = sorted(
        [
            [m.key, repr(float(m.value)), m.step, m.timestamp, m.dataset_name, m.dataset_digest, m.run_id]
            for m in model.metrics or []
        ],
        key=str,
    )
    return [
        *(model.model_id, model.name, str(model.status), model.params, model.tags, model.artifact_location),
        *(model.source_run_id or "", model.model_type or "", model.experiment_id, model.creation_timestamp),
        *(model.last_updated_timestamp, points),
    ]


def version_as_told(client: MlflowClient, name: str, number: str) -> list[Any]:
    """A version of a registered model."""
    one = client.get_model_version(name, str(number))
    return [
        *(one.name, str(one.version), one.description or "", one.source, one.run_id or "", one.current_stage, one.tags),
        *(sorted(one.aliases), one.creation_timestamp, client.get_model_version_download_uri(name, str(number))),
    ]


if __name__ == "__main__":
    what, folder = sys.argv[1:]
    asked = MlflowClient(folder, folder)
    if what == "read":
        json.dump(read(asked), sys.stdout)
    else:
        {"write": write, "more": more}[what](asked)
