"""A run in MLflow's directory form: read into what the store in memory holds, and what has changed of it written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from genesis_flow.errors import InvalidParameter
from genesis_flow.folders import Folder
from genesis_flow.rules.locations import run_artifacts
from genesis_flow.rules.points import Triple
from genesis_flow.rules.stages import ACTIVE, DELETED
from genesis_flow.rules.tags import RUN_NAME
from genesis_flow.stores.file import meta, points
from genesis_flow.stores.file.disk import append, key_names, read, write
from genesis_flow.stores.file.fields import Fields
from genesis_flow.stores.file.places import ID
from genesis_flow.stores.file.snapshots import META, Said
from genesis_flow.stores.file.texts import check_keys, save_texts, texts_in
from genesis_flow.stores.memory.state import DatasetKey, StoredRun
from genesis_flow.values.datasets import Dataset, InputTag
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import RunInfo, RunStatus
from genesis_flow.wire import codec

PARTS = ("params", "tags", "metrics", "inputs", "outputs")
STATUSES = codec.numbers_of(RunStatus)
NUMBERS = {name: number for number, name in STATUSES.items()}

_POSITION = "genesis_flow_position"
"""Where a dataset stands among those of a run; MLflow does not look at it."""
_NEW: meta.Meta = {"entry_point_name": "", "source_name": "", "source_type": 4, "source_version": "", "tags": {}}
"""What MLflow writes of every run besides."""


def no_points(_: str) -> list[Metric]:
    """What a run has that is not stored yet."""
    return []


@dataclass(eq=False)
class FileRun(StoredRun):
    """A run of which ``points`` are the latest ones, and those that are to be written.

    Attributes:
        read_points: reads every point of a metric from its file.
    """

    read_points: Callable[[str], list[Metric]] = field(default=no_points)

    def points_of(self, key: str) -> list[Metric]:
        return self.read_points(key)


def copied(run: StoredRun) -> StoredRun:
    """A copy that stays as it is when the run is changed."""
    return replace(
        run,
        params=dict(run.params),
        tags=dict(run.tags),
        points=dict(run.points),
        inputs=dict(run.inputs),
        models=dict(run.models),
    )


def run_of(
    said: Said,
    name: str,
    experiment: int,
    dataset: Callable[[str], Dataset | None],
    read_points: Callable[[str], list[Metric]],
    location: Callable[[], str],
) -> FileRun:
    """The run in a folder.

    Args:
        said: what its files say.
        name: of the folder, for errors; its last part is the id.
        experiment: the key of its experiment.
        dataset: finds a dataset of the experiment by what MLflow calls its id.
        read_points: reads every point of a metric.
        location: where the artifacts of its experiment are, in case the run does not say where its own are.

    Raises:
        MalformedFile
    """
    run_id = name.rpartition("/")[2]
    fields = Fields(said[META], f"{name}/{META}")
    tags = texts_in(said, "tags")
    info = RunInfo(
        run_id=run_id,
        run_uuid=run_id,
        run_name=fields.text("run_name") or tags.get(RUN_NAME) or fields.text("name"),
        experiment_id=str(experiment),
        user_id=fields.text("user_id"),
        status=cast("RunStatus", fields.name_of("status", STATUSES)),
        start_time=fields.number("start_time"),
        end_time=fields.number_or_none("end_time"),
        artifact_uri=fields.text("artifact_uri") or run_artifacts(location(), run_id),
        lifecycle_stage=DELETED if fields.text("lifecycle_stage") == DELETED else ACTIVE,
    )
    latest = {path[8:]: tuple(point) for path, point in said.items() if path.startswith("metrics/") and point}
    return FileRun(
        experiment,
        info,
        params=texts_in(said, "params"),
        tags=tags,
        points={points.place(key, point): points.metric(key, point) for key, point in latest.items()},
        inputs=_inputs(said, name, experiment, dataset),
        models=_models(said, name),
        deleted=fields.number_or_none("deleted_time"),
        read_points=read_points,
    )


def _inputs(
    said: Said, name: str, experiment: int, dataset: Callable[[str], Dataset | None]
) -> dict[DatasetKey, tuple[InputTag, ...]]:
    found = []
    for path, values in said.items():
        if not (path.startswith("inputs/") and path.endswith(f"/{META}")):
            continue
        fields = Fields(values, f"{name}/{path}")
        one = dataset(fields.text("source_id")) if fields.text("source_type") == "DATASET" else None
        if one is not None:
            tags = tuple(InputTag(key=k, value=v) for k, v in fields.texts("tags").items())
            found.append((fields.number(_POSITION), path, (experiment, one.name, one.digest), tags))
    return {key: tags for _, _, key, tags in sorted(found)}


def _models(said: Said, name: str) -> dict[tuple[str, str], int]:
    found = {}
    for path, values in said.items():
        part = path.partition("/")[0]
        if part in ("inputs", "outputs") and path.endswith(f"/{META}"):
            fields = Fields(values, f"{name}/{path}")
            if part == "inputs" and fields.text("source_type") == "MODEL":
                found["input", fields.text("source_id")] = 0
            elif part == "outputs" and fields.text("destination_type") == "MODEL_OUTPUT":
                found["output", fields.text("destination_id")] = fields.number("step")
    return found


def dataset_id(key: DatasetKey) -> str:
    """What MLflow calls a dataset in the folder of its experiment."""
    return _digest(key[1], key[2])


def _digest(*texts: str) -> str:
    return hashlib.md5("".join(texts).encode(), usedforsecurity=False).hexdigest()


# --- writing ------------------------------------------------------------------------------------------------------


def check_run(before: StoredRun | None, after: StoredRun) -> None:
    """Refuses what the folder of a run cannot hold, before anything is written.

    Raises:
        InvalidParameter
    """
    was = before or StoredRun(after.experiment, after.info)
    for part, old, new in (("params", was.params, after.params), ("tags", was.tags, after.tags)):
        check_keys(part, new.keys() - old.keys(), old)
    for way, model_id in after.models.keys() - was.models.keys():
        if way == "output" and not ID.fullmatch(model_id):
            raise InvalidParameter("model_id", model_id, "the id of a logged model")
    known = {key for key, *_ in was.points}
    check_keys("metrics", {key for key, *_ in after.points} - known, known)


def save_run(folder: Folder, before: StoredRun | None, after: StoredRun) -> None:
    """Writes what has changed of a run into its folder; ``meta.yaml``, which makes it a run, comes last."""
    was = before or StoredRun(after.experiment, after.info)
    for part in () if before else ("artifacts", "metrics", "params", "tags"):
        folder.make(part, sync=False)
    save_texts(folder, "params", was.params, after.params)
    save_texts(folder, "tags", was.tags, after.tags)
    _save_points(folder, {key: point for key, point in after.points.items() if key not in was.points})
    _save_inputs(folder, was, after)
    if before is None or (was.info, was.deleted) != (after.info, after.deleted):
        _save_info(folder, after, is_new=before is None)


def _save_points(folder: Folder, new: Mapping[tuple[str, int, int, str], Metric]) -> None:
    lines: dict[str, list[bytes]] = {}
    for (key, *_), point in new.items():
        lines.setdefault(key, []).append(points.line(point))
    for key, of_key in lines.items():
        *names, name = "metrics", *key_names("metrics", key)
        with folder.again().walk(names, make=True) as inner:
            is_new = inner.stat_or_none(name) is None
            append(inner, name, of_key, points.is_line)
            if is_new:
                inner.sync()


def _save_inputs(folder: Folder, was: StoredRun, after: StoredRun) -> None:
    run_id = after.info.run_id or ""
    for position, (key, tags) in enumerate(after.inputs.items()):
        if key not in was.inputs:
            source = dataset_id(key)
            values: meta.Meta = {
                "destination_id": source,
                "destination_type": "RUN",
                "source_id": source,
                "source_type": "DATASET",
                "tags": {tag.key: tag.value or "" for tag in tags},
                _POSITION: position,
            }
            save_meta(folder, ("inputs", _digest(source, run_id)), values)
    for (way, model_id), step in after.models.items():
        if (way, model_id) in was.models:
            continue
        if way == "input":
            ends: meta.Meta = {"source_id": model_id, "source_type": "MODEL", "destination_type": "RUN"}
            place = "inputs", _digest(model_id, run_id)
        else:
            ends = {"source_id": run_id, "source_type": "RUN_OUTPUT", "destination_type": "MODEL_OUTPUT", "step": step}
            place = "outputs", model_id
        save_meta(folder, place, {**ends, "destination_id": model_id, "tags": {}})


def save_meta(folder: Folder, place: tuple[str, ...], values: meta.Meta) -> None:
    """Writes a ``meta.yaml`` below a folder."""
    with folder.again().walk(place, make=True) as inner:
        write(inner, META, meta.dump(values))
        inner.sync()


def updated_meta(folder: Folder, values: meta.Meta) -> None:
    """Writes values into the ``meta.yaml`` of a folder, and leaves what else another program wrote there."""
    before = meta.parse(read(folder, META) or b"")
    write(folder, META, meta.dump({**before, **values}))
    folder.sync()


def _save_info(folder: Folder, run: StoredRun, *, is_new: bool) -> None:
    info = run.info
    values: meta.Meta = {
        "artifact_uri": info.artifact_uri,
        "end_time": info.end_time,
        "experiment_id": info.experiment_id,
        "lifecycle_stage": info.lifecycle_stage,
        "run_id": info.run_id,
        "run_name": info.run_name,
        "start_time": info.start_time,
        "status": NUMBERS[info.status or "RUNNING"],
        "user_id": info.user_id,
    }
    if run.deleted is not None:
        values["deleted_time"] = run.deleted
    updated_meta(folder, {**(_NEW if is_new else {}), **values})


def stored_points(folder: Folder, key: str, name: str) -> list[Triple]:
    """Every point of a metric, each once."""
    *names, last = "metrics", *key_names("metric_key", key)
    with folder.again().walk(names) as inner:
        status = inner.stat_or_none(last)
        data = read(inner, last, most=points.METRIC_BYTES)
        if status is None or data is None:
            return []
    found = points.parse(points.settled(data, status), f"{name}/metrics/{key}")
    return list({points.place(key, point): point for point in reversed(found)}.values())
