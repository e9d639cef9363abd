"""A logged model in MLflow's directory form."""

from __future__ import annotations

import dataclasses
from typing import cast

from genesis_flow.folders import Folder
from genesis_flow.rules.locations import model_artifacts
from genesis_flow.rules.stages import ACTIVE, DELETED
from genesis_flow.stores.file import meta, points
from genesis_flow.stores.file.disk import append, key_names
from genesis_flow.stores.file.fields import Fields
from genesis_flow.stores.file.runs import updated_meta
from genesis_flow.stores.file.snapshots import META, Said
from genesis_flow.stores.file.texts import check_keys, save_texts, texts_in
from genesis_flow.stores.memory.state import PointKey, StoredModel
from genesis_flow.values.logged_models import LoggedModelInfo, LoggedModelStatus
from genesis_flow.values.metrics import Metric
from genesis_flow.wire import codec

PARTS = ("params", "tags", "metrics")
STATUSES = codec.numbers_of(LoggedModelStatus)
NUMBERS = {name: number for number, name in STATUSES.items()}


def copied(model: StoredModel) -> StoredModel:
    """A copy that stays as it is when the model is changed."""
    return dataclasses.replace(model, params=dict(model.params), tags=dict(model.tags), points=dict(model.points))


def model_of(said: Said, name: str, experiment: int, location: str) -> StoredModel:
    """The logged model in a folder.

    Args:
        said: what its files say.
        name: of the folder, for errors; its last part is the id.
        experiment: the key of its experiment.
        location: where the artifacts of its experiment are, in case the model does not say where its own are.

    Raises:
        MalformedFile
    """
    fields = Fields(said[META], f"{name}/{META}")
    model_id = name.rpartition("/")[2]
    info = LoggedModelInfo(
        model_id=model_id,
        experiment_id=str(experiment),
        name=fields.text("name"),
        creation_timestamp_ms=fields.number("creation_timestamp"),
        last_updated_timestamp_ms=fields.number("last_updated_timestamp"),
        artifact_uri=fields.text("artifact_location") or model_artifacts(location, model_id),
        status=cast("LoggedModelStatus", fields.name_of("status", STATUSES)),
        model_type=fields.text("model_type"),
        source_run_id=fields.text("source_run_id"),
        status_message=fields.text_or_none("status_message"),
    )
    found: dict[PointKey, Metric] = {}
    for key, text in texts_in(said, "metrics").items():
        found |= points.model_points(key, text, f"{name}/metrics/{key}")
    stage = DELETED if fields.text("lifecycle_stage") == DELETED else ACTIVE
    return StoredModel(
        experiment, info, stage, params=texts_in(said, "params"), tags=texts_in(said, "tags"), points=found
    )


def check_model(before: StoredModel | None, after: StoredModel) -> None:
    """Refuses what the folder of a model cannot hold, before anything is written.

    Raises:
        InvalidParameter
    """
    was = before or StoredModel(after.experiment, after.info)
    for part, old, new in (("params", was.params, after.params), ("tags", was.tags, after.tags)):
        check_keys(part, new.keys() - old.keys(), old)
    known = {key[0] for key in was.points}
    check_keys("metrics", {key[0] for key in after.points} - known, known)
    for key in after.points.keys() - was.points.keys():
        points.model_line(key, after.points[key])


def save_model(folder: Folder, before: StoredModel | None, after: StoredModel) -> None:
    """Writes what has changed of a model into its folder; ``meta.yaml``, which makes it a model, comes last."""
    was = before or StoredModel(after.experiment, after.info)
    for part in () if before else PARTS:
        folder.make(part, sync=False)
    save_texts(folder, "params", was.params, after.params)
    save_texts(folder, "tags", was.tags, after.tags)
    lines: dict[str, list[bytes]] = {}
    for key, point in after.points.items():
        if key not in was.points:
            lines.setdefault(key[0], []).append(points.model_line(key, point))
    for metric, of_metric in lines.items():
        *names, last = "metrics", *key_names("metrics", metric)
        with folder.again().walk(names, make=True) as inner:
            append(inner, last, of_metric, points.is_line)
            inner.sync()
    if before is None or (was.info, was.stage) != (after.info, after.stage):
        _save_info(folder, after)


def _save_info(folder: Folder, model: StoredModel) -> None:
    info = model.info
    values: meta.Meta = {
        "artifact_location": info.artifact_uri,
        "creation_timestamp": info.creation_timestamp_ms,
        "experiment_id": info.experiment_id,
        # COMPAT: mlflow 3.17 notes here when a model was deleted.
        "last_updated_timestamp": model.deleted or info.last_updated_timestamp_ms,
        "model_id": info.model_id,
        "model_type": info.model_type or None,
        "name": info.name,
        "source_run_id": info.source_run_id or None,
        "status": NUMBERS[info.status or "LOGGED_MODEL_STATUS_UNSPECIFIED"],
        "status_message": info.status_message,
    }
    if model.stage != ACTIVE:
        values["lifecycle_stage"] = model.stage
    updated_meta(folder, values)
