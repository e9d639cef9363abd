"""An experiment and a registered model that mlflow-export-import moves: makes them, and tells all that is to move.

    python -m tests.blackbox.moving fill|tell NAME

Runs where MLflow is installed; the last line that it prints is JSON, for `test_export_import.py`.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

client = MlflowClient()
PARENT, SOURCE_TAGS = "mlflow.parentRunId", "mlflow_exim."
OF_RUN, OF_FIELD = SOURCE_TAGS + "run_info.", SOURCE_TAGS + "field."


def fill(name: str) -> None:
    """Makes an experiment and a registered model of this name."""
    tags = {"team": "blue", "mlflow.note.content": "two\nlines, ünï 🧪"}
    # Through the server, where the copy's are in a folder beside it.
    experiment_id = client.create_experiment(name, f"mlflow-artifacts:/moved/{name}", tags)
    parent = _run(experiment_id, "parent")
    child = _run(experiment_id, "child", {PARENT: parent})
    client.set_terminated(parent)
    client.set_terminated(child, "FAILED", 1_700_000_001_000)
    _run(experiment_id, "still running")
    _register(name)


def _register(name: str) -> None:
    client.create_registered_model(name, {"owner": "ünï", "empty": ""}, "what it\nis for")
    # The tool takes the first "artifacts" in a source for the folder of the run, which it is not behind the proxy.
    experiment_id = client.create_experiment(f"{name} trained")
    first, second = _run(experiment_id, "first"), _run(experiment_id, "second")
    for run_id, stage in ((first, "Production"), (second, "Archived"), (first, "None"), (second, "Staging")):
        source = f"{client.get_run(run_id).info.artifact_uri}/a model"
        version = client.create_model_version(name, source, run_id, {"for": stage}, description=f"to be {stage}")
        client.transition_model_version_stage(name, version.version, stage)


def _run(experiment_id: str, name: str, tags: dict[str, str] | None = None) -> str:
    tags = {"mlflow.user": "ann", "colour": "green", **(tags or {})}
    run_id = str(client.create_run(experiment_id, 1_700_000_000_000, tags, name).info.run_id)
    for begin in (0, 900):
        points = [Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step, step) for step in range(begin, begin + 900)]
        client.log_batch(run_id, points)
    values = enumerate((math.nan, math.inf, -math.inf, -0.0, 5e-324, 0.1 + 0.2))
    client.log_batch(run_id, [Metric("odd/é", value, number, -number) for number, value in values])
    client.log_batch(run_id, params=[Param(f"p{number}", f"é {number} " * 100) for number in range(100)])
    client.log_batch(run_id, params=[Param("one more", "and 'quotes' \"of\" both kinds\\")])
    client.log_batch(run_id, tags=[RunTag(f"t{number}", "line\nend") for number in range(90)])
    with tempfile.TemporaryDirectory() as folder:
        _write_files(Path(folder), run_id)
        client.log_artifacts(run_id, folder)
    return run_id


def _write_files(folder: Path, run_id: str) -> None:
    for name, content in {
        "a model/MLmodel": f"flavors: {{}}\nrun_id: {run_id}\n".encode(),
        "a model/data/weights.bin": os.urandom(3_000_000),
        "ünï 🧪/100% of+it.txt": "ünï".encode(),
        "empty": b"",
        "page.html": b"<script>alert(1)</script>",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def tell(name: str) -> dict[str, Any]:
    """All that the tool says that it moves.

    Of a copy, what only a server can set (times, the status of a run) is what the tool wrote into tags.
    """
    experiment = client.get_experiment_by_name(name)
    runs = {run.info.run_id: run for run in client.search_runs(experiment.experiment_id)}
    return {
        "experiment": _own(experiment.tags),
        "created": experiment.tags.get(OF_FIELD + "creation_time", str(experiment.creation_time)),
        "runs": {run.info.run_name: _told_run(run, runs) for run in runs.values()},
        "model": _told_model(name),
    }


def _told_run(run: Run, runs: dict[str, Run]) -> dict[str, Any]:
    tags, run_id = dict(run.data.tags), run.info.run_id
    if PARENT in tags:
        tags[PARENT] = runs[tags[PARENT]].info.run_name
    histories = {key: client.get_metric_history(run_id, key) for key in run.data.metrics}
    said = {key.removeprefix(OF_RUN): value for key, value in tags.items() if key.startswith(OF_RUN)}
    facts = ("status", "start_time", "end_time", "lifecycle_stage", "user_id", "run_name")
    return {
        "info": {fact: said.get(fact, str(getattr(run.info, fact))) for fact in facts},
        "params": run.data.params,
        "tags": _own(tags),
        "last": {key: repr(_finite(value)) for key, value in run.data.metrics.items()},
        "metrics": {
            key: [(repr(_finite(point.value)), point.timestamp, point.step) for point in points]
            for key, points in histories.items()
        },
        "files": _told_files(run_id),
    }


def _own(tags: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith(SOURCE_TAGS)}


def _finite(value: float) -> float:
    """MLflow on SQL keeps the largest double for what is infinite."""
    return math.copysign(sys.float_info.max, value) if math.isinf(value) else value


def _told_files(run_id: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(client.download_artifacts(run_id, "", folder))
        contents = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    # The tool writes the copy's own run into it.
    contents["a model/MLmodel"] = contents["a model/MLmodel"].replace(run_id.encode(), b"RUN")
    return {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in contents.items()}


def _told_model(name: str) -> dict[str, Any]:
    model = client.get_registered_model(name)
    versions = client.search_model_versions(f"name = '{name}'")
    said = model.tags.get(OF_FIELD + "creation_timestamp", str(model.creation_timestamp))
    return {
        "description": model.description,
        "tags": _own(model.tags),
        "created": said,
        "versions": {str(version.version): _told_version(version) for version in versions},
    }


def _told_version(version: Any) -> dict[str, Any]:
    run = client.get_run(version.run_id)
    return {
        "description": version.description,
        "tags": _own(version.tags),
        "stage": version.current_stage,
        "status": version.status,
        "run": run.info.run_name,
        "files": version.source.removeprefix(run.info.artifact_uri),
        "created": version.tags.get(OF_FIELD + "creation_timestamp", str(version.creation_timestamp)),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # stages are deprecated, and used
    verb, moved = sys.argv[1:]
    if verb == "fill":
        fill(moved)
    print(json.dumps(tell(moved), sort_keys=True))
