"""Runs in MongoDB: their life, and everything written to them, as edits of a run's head."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence

import msgspec
from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from genesis_flow.errors import (
    MissingParameter,
    ParameterChanged,
    RunNotActive,
    RunNotFound,
    TagNotFound,
)
from genesis_flow.rules.ids import new_run_id
from genesis_flow.rules.locations import run_artifacts
from genesis_flow.rules.run_names import random_run_name
from genesis_flow.rules.stages import ACTIVE, DELETED
from genesis_flow.rules.tags import DATASET_CONTEXT, LOGGED_MODELS, RUN_NAME, with_model
from genesis_flow.rules.webhooks import RUN, Kind
from genesis_flow.stores.mongo import documents, experiments, logged_models, outbox
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.head import Head, Input, head_of, new_document
from genesis_flow.stores.mongo.writer import Writer
from genesis_flow.stores.webhook_events import ENDED, run_ended
from genesis_flow.values.datasets import DatasetInput
from genesis_flow.values.runs import Param, Run, RunData, RunInputs, RunTag
from genesis_flow.wire.codec import Encoded
from genesis_flow.wire.messages import runs as messages


async def create(database: Database, writer: Writer, message: messages.CreateRun) -> messages.CreateRunResponse:
    """Inserts a run with its tags."""
    if not message.experiment_id:
        raise MissingParameter("experiment_id")
    experiment = await experiments.require_active(database, message.experiment_id)
    tags = {tag.key or "": tag.value or "" for tag in message.tags}
    name = message.run_name or tags.get(RUN_NAME) or random_run_name()
    tags[RUN_NAME] = name
    run_id = new_run_id()
    document = new_document(
        run_id=run_id,
        experiment=experiment["_id"],
        name=name,
        user=message.user_id or "",
        start=message.start_time or 0,
        uri=run_artifacts(experiment["location"], run_id),
        tags=tags,
    )
    head = head_of(document)
    await writer.create(document)
    database.remember(run_id, head.experiment)
    data = RunData(tags=tuple(RunTag(key=k, value=v) for k, v in sorted(tags.items())))
    return messages.CreateRunResponse(run=Run(info=documents.info(head), data=data, inputs=RunInputs()))


async def get(database: Database, message: messages.GetRun) -> Encoded[messages.GetRunResponse]:
    """Reads a run."""
    run_id = message.run_id or message.run_uuid or ""
    found = await database.find_run(run_id, {"json": True})
    json = (await documents.of_runs(database, [(run_id, found.get("json"))])) if found is not None else []
    if not json:
        raise RunNotFound(run_id)
    return Encoded(b'{"run":' + json[0] + b"}", messages.GetRunResponse)


async def update(
    database: Database, writer: Writer, message: messages.UpdateRun, *, now_ms: int
) -> messages.UpdateRunResponse:
    """Changes what the message gives and leaves the rest; deliveries of an end are part of that."""
    run_id = message.run_id or message.run_uuid or ""
    ends = message.status in ENDED
    listeners = await outbox.listening(database, [Kind(RUN, str(message.status))]) if ends else {}

    def edit(head: Head) -> tuple[messages.UpdateRunResponse, int, dict[str, Document]]:
        require_active(head)
        before = head.info["status"]
        if message.run_name:
            head.put(name=message.run_name)
            head.put_tags({RUN_NAME: message.run_name})
        if message.status:
            head.put(status=message.status)
        if message.end_time is not None:
            # COMPAT: mlflow 3.17 shows an end at 0 as none, and keeps it so when something else changes.
            head.put(end=message.end_time)
        info = documents.info(head)
        ended = run_ended(info, before) if listeners else None
        told = {one["_id"]: one for one in outbox.deliveries_of([ended] if ended else [], listeners, now_ms)}
        head.changes |= {f"outbox.{id_}": one for id_, one in told.items()}
        return messages.UpdateRunResponse(run_info=info), head.experiment, told

    reply, experiment, told = await writer.edit(run_id, edit)
    await outbox.move_of_run(database, {"experiment": experiment, "_id": run_id}, told)
    return reply


async def delete(writer: Writer, message: messages.DeleteRun, *, now_ms: int) -> messages.DeleteRunResponse:
    """Marks a run as deleted."""
    await writer.edit(message.run_id, lambda head: head.put(stage=DELETED, deleted=now_ms))
    return messages.DeleteRunResponse()


async def restore(writer: Writer, message: messages.RestoreRun) -> messages.RestoreRunResponse:
    """Brings a run back."""
    await writer.edit(message.run_id, lambda head: head.put(stage=ACTIVE, deleted=None))
    return messages.RestoreRunResponse()


async def log_batch(database: Database, writer: Writer, message: messages.LogBatch) -> messages.LogBatchResponse:
    """Writes params, metrics and tags of a run, after every check that can refuse them."""
    run_id = message.run_id or ""
    with_models = [metric for metric in message.metrics if metric.model_id]
    models = await logged_models.experiments_of(database, {metric.model_id or "" for metric in with_models})

    def edit(head: Head) -> None:
        require_active(head)
        params = new_params(head, message.params)
        logged_models.require_all(models, with_models)
        head.add_points(message.metrics)
        head.add_params(params)
        tags = {tag.key or "": tag.value or "" for tag in message.tags}
        head.put_tags(tags)
        if RUN_NAME in tags:
            head.put(name=tags[RUN_NAME])

    await writer.edit(run_id, edit)
    if with_models:
        # If this is cut off, the caller is not told of success, and repeats both.
        await logged_models.add_points(database, models, run_id, with_models)
    return messages.LogBatchResponse()


def new_params(head: Head, params: Sequence[Param]) -> dict[str, str]:
    """Those params that the run does not have yet.

    Raises:
        ParameterChanged: the run has one of them with another value.
    """
    wanted = {param.key or "": param.value or "" for param in params}
    for name, text in wanted.items():
        if head.params.get(name, text) != text:
            raise ParameterChanged(name, head.params[name], text)
    return {name: text for name, text in wanted.items() if name not in head.params}


async def delete_tag(writer: Writer, message: messages.DeleteTag) -> messages.DeleteTagResponse:
    """Removes a tag."""

    def edit(head: Head) -> None:
        require_active(head)
        if message.key not in head.tags:
            raise TagNotFound(message.key, f"The run '{message.run_id}'")
        head.delete_tag(message.key)

    await writer.edit(message.run_id, edit)
    return messages.DeleteTagResponse()


async def log_inputs(database: Database, writer: Writer, message: messages.LogInputs) -> messages.LogInputsResponse:
    """Links datasets and models that the run read."""
    run = await database.find_run(message.run_id, {"stage": True})
    if run is None:
        raise RunNotFound(message.run_id)
    if run["stage"] != ACTIVE:
        raise RunNotActive(message.run_id)
    experiment = int(run["experiment"])
    # A dataset that no run is linked with is never shown, so it may stand there before the link does.
    for given in message.datasets:
        await _describe(database, experiment, given)
    links = [_link(experiment, given) for given in message.datasets]

    def edit(head: Head) -> list[Input]:
        require_active(head)
        for link in links:
            head.add_input(link)
        for model in message.models:
            head.add_model("input", model.model_id, 0)
        return [head.inputs[link.dataset] for link in links]

    for given, kept in zip(message.datasets, await writer.edit(message.run_id, edit), strict=True):
        of_dataset = {"experiment": experiment, "_id": kept.dataset}
        # If it was removed before it was linked, because no run had it, it is described once more.
        while not await database.update(
            "datasets", of_dataset, {"$addToSet": {"contexts": kept.context}, "$set": {"used": ObjectId()}}
        ):
            await _describe(database, experiment, given)
    return messages.LogInputsResponse()


async def _describe(database: Database, experiment: int, given: DatasetInput) -> None:
    stored = documents.stored_dataset(_dataset_id(experiment, given), experiment, given.dataset)
    of_dataset = {"experiment": experiment, "_id": stored.pop("_id")}
    stored.pop("experiment")
    with contextlib.suppress(DuplicateKeyError):  # another call describes it at the same moment
        await database.update("datasets", of_dataset, {"$setOnInsert": stored}, upsert=True)


def _dataset_id(experiment: int, given: DatasetInput) -> str:
    named = msgspec.json.encode([experiment, given.dataset.name, given.dataset.digest])
    return hashlib.blake2b(named, digest_size=16).hexdigest()


def _link(experiment: int, given: DatasetInput) -> Input:
    tags = tuple((tag.key or "", tag.value or "") for tag in given.tags)
    dataset = given.dataset
    return Input(
        _dataset_id(experiment, given), dataset.name or "", dataset.digest or "", dict(tags).get(DATASET_CONTEXT), tags
    )


async def log_outputs(writer: Writer, message: messages.LogOutputs) -> messages.LogOutputsResponse:
    """Links models that the run made."""

    def edit(head: Head) -> None:
        require_active(head)
        for model in message.models:
            head.add_model("output", model.model_id, model.step)

    await writer.edit(message.run_id, edit)
    return messages.LogOutputsResponse()


async def log_model(writer: Writer, message: messages.LogModel) -> messages.LogModelResponse:
    """Appends a model's description to the list in the run's tag."""

    def edit(head: Head) -> None:
        require_active(head)
        head.put_tags({LOGGED_MODELS: with_model(head.tags.get(LOGGED_MODELS), message.model_json)})

    await writer.edit(message.run_id or "", edit)
    return messages.LogModelResponse()


def require_active(head: Head) -> None:
    """Raises ``RunNotActive`` if the run is deleted."""
    if head.stage != ACTIVE:
        raise RunNotActive(head.run_id)
