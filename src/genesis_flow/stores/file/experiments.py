"""An experiment in MLflow's directory form; a deleted one is below ``.trash``."""

from __future__ import annotations

import dataclasses

from genesis_flow.errors import MalformedFile
from genesis_flow.folders import Folder
from genesis_flow.rules.stages import ACTIVE, DELETED
from genesis_flow.stores.file import meta
from genesis_flow.stores.file.fields import Fields
from genesis_flow.stores.file.runs import updated_meta
from genesis_flow.stores.file.snapshots import META, Said
from genesis_flow.stores.file.texts import check_keys, save_texts, texts_in
from genesis_flow.stores.memory.state import StoredExperiment
from genesis_flow.values.experiments import Experiment

PARTS = ("tags",)


def copied(experiment: StoredExperiment) -> StoredExperiment:
    """A copy that stays as it is when the experiment is changed."""
    return dataclasses.replace(experiment, tags=dict(experiment.tags))


def experiment_of(said: Said, name: str, *, deleted: bool) -> StoredExperiment:
    """The experiment in a folder.

    Args:
        said: what its files say.
        name: of the folder, for errors; its last part is the id.
        deleted: whether it lies below ``.trash``, which alone decides that.

    Raises:
        MalformedFile
    """
    fields = Fields(said[META], f"{name}/{META}")
    experiment_id = name.rpartition("/")[2]
    if fields.text("experiment_id") != experiment_id:
        raise MalformedFile(f"{name}/{META}", "its 'experiment_id' is not the name of its folder")
    updated = fields.number("last_update_time")
    value = Experiment(
        experiment_id=experiment_id,
        name=fields.text("name"),
        artifact_location=fields.text("artifact_location"),
        lifecycle_stage=DELETED if deleted else ACTIVE,
        creation_time=fields.number("creation_time"),
        last_update_time=updated,
        workspace="default",
    )
    return StoredExperiment(value, texts_in(said, "tags"), updated if deleted else None)


def check_experiment(before: StoredExperiment | None, after: StoredExperiment) -> None:
    """Refuses what the folder of an experiment cannot hold, before anything is written."""
    known = before.tags if before else {}
    check_keys("tags", after.tags.keys() - known, known)


def save_experiment(folder: Folder, before: StoredExperiment | None, after: StoredExperiment) -> None:
    """Writes what has changed of an experiment into its folder; where the folder is, is another matter."""
    save_texts(folder, "tags", before.tags if before else {}, after.tags)
    if before is None or before.value != after.value:
        value = after.value
        values: meta.Meta = {
            "artifact_location": value.artifact_location,
            "creation_time": value.creation_time,
            "experiment_id": value.experiment_id,
            "last_update_time": value.last_update_time,
            "lifecycle_stage": value.lifecycle_stage,
            "name": value.name,
        }
        updated_meta(folder, values)
