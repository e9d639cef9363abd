"""The JSON of a run, kept in its document so that a page of runs is answered without building their values.

The first write to a quiet run takes it away; readers that find none build it from the rest of the document, and it is
put back when the run is quiet again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence

from bson import Binary, ObjectId

from genesis_flow.stores.mongo.database import Database, Document, Filter
from genesis_flow.stores.mongo.head import Head, head_of
from genesis_flow.values.datasets import Dataset, DatasetInput, InputTag
from genesis_flow.values.logged_models import ModelInput, ModelOutput
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, Run, RunData, RunInfo, RunInputs, RunOutputs, RunTag
from genesis_flow.wire import codec

WITHOUT_LOOKUP = {"lookup": False, "json": False}
LONG_TEXT = 2**18
"""A description of a dataset longer than this is kept compressed, so that the longest fit into a document."""


async def of_runs(
    database: Database, found: Sequence[tuple[str, bytes | None]], within: Filter | None = None
) -> list[bytes]:
    """The JSON of runs, in this order; what a document did not hold is built.

    Args:
        within: holds for all of them, and names their shards.
    """
    missing = [run_id for run_id, json in found if json is None]
    built = await build(database, missing, within)
    return [json if json is not None else built[run_id] for run_id, json in found if json or run_id in built]


async def build(database: Database, run_ids: Sequence[str], within: Filter | None = None) -> dict[str, bytes]:
    """The JSON of these runs from their documents."""
    if not run_ids:
        return {}
    of_ids = database.of_runs(run_ids) | dict(within or {})
    heads = [head_of(one) for one in await database.find("runs", of_ids, WITHOUT_LOOKUP)]
    datasets = await described(database, heads)
    return {head.run_id: codec.encode(run(head, datasets)) for head in heads}


async def described(database: Database, heads: Iterable[Head]) -> dict[str, Dataset]:
    """The datasets that these runs read, by the id of their document, the older ones first."""
    wanted = {(head.experiment, dataset) for head in heads for dataset in head.inputs}
    if not wanted:
        return {}
    experiments, keys = sorted({experiment for experiment, _ in wanted}), sorted({key for _, key in wanted})
    found = await database.find("datasets", {"experiment": {"$in": experiments}, "_id": {"$in": keys}})
    return {one["_id"]: dataset(one) for one in sorted(found, key=lambda one: one["made"])}


def run(head: Head, datasets: Mapping[str, Dataset]) -> Run:
    """A run as it is answered."""
    return Run(
        info=info(head),
        data=RunData(
            metrics=tuple(
                Metric(key=key, value=latest.point[2], timestamp=latest.point[0], step=latest.point[1])
                for key, latest in sorted(head.metrics.items())
            ),
            params=tuple(Param(key=key, value=text) for key, text in sorted(head.params.items())),
            tags=tuple(RunTag(key=key, value=text) for key, text in sorted(head.tags.items())),
        ),
        inputs=RunInputs(
            dataset_inputs=tuple(
                DatasetInput(
                    tags=tuple(InputTag(key=name, value=text) for name, text in head.inputs[key].tags), dataset=one
                )
                for key, one in datasets.items()
                if key in head.inputs
            ),
            model_inputs=tuple(
                ModelInput(model_id=model_id) for way, model_id in sorted(head.models) if way == "input"
            ),
        ),
        outputs=RunOutputs(
            model_outputs=tuple(
                ModelOutput(model_id=model_id, step=step)
                for (way, model_id), step in sorted(head.models.items())
                if way == "output"
            )
        ),
    )


def info(head: Head) -> RunInfo:
    """The description of a run."""
    stored = head.info
    end = stored["end"]
    return RunInfo(
        run_id=head.run_id,
        run_uuid=head.run_id,
        run_name=stored["name"],
        experiment_id=str(head.experiment),
        user_id=stored["user"],
        status=stored["status"],
        start_time=head.start,
        end_time=int(end) if end else None,  # COMPAT: mlflow 3.17 leaves an end at 0 out, like no end
        artifact_uri=stored["uri"],
        lifecycle_stage=head.stage,
    )


def stored_dataset(key: str, experiment: int, given: Dataset) -> Document:
    """The document of a dataset."""
    return {
        "_id": key,
        "made": ObjectId(),
        "experiment": experiment,
        "name": given.name,
        "digest": given.digest,
        "source_type": given.source_type,
        "source": given.source,
        "schema": _stored_text(given.schema),
        "profile": _stored_text(given.profile),
    }


def dataset(stored: Document) -> Dataset:
    """The dataset of a document."""
    return Dataset(
        name=stored["name"],
        digest=stored["digest"],
        source_type=stored["source_type"],
        source=stored["source"],
        schema=_read_text(stored["schema"]),
        profile=_read_text(stored["profile"]),
    )


def _stored_text(text: str | None) -> str | Binary | None:
    return Binary(zlib.compress(text.encode())) if text is not None and len(text) > LONG_TEXT else text


def _read_text(stored: str | bytes | None) -> str | None:
    return zlib.decompress(stored).decode() if isinstance(stored, bytes) else stored
