"""Logged models in MongoDB (MLflow 3). The points of their metrics stand in a collection of their own."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from bson import ObjectId
from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from genesis_flow.errors import InvalidParameter, LoggedModelNotFound, StoreBusy, TagNotFound
from genesis_flow.rules.ids import new_model_id
from genesis_flow.rules.locations import model_artifacts
from genesis_flow.rules.run_names import random_run_name
from genesis_flow.rules.stages import ACTIVE, DELETED, REMOVED
from genesis_flow.stores.mongo import experiments
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.experiments import ATTEMPTS, texts
from genesis_flow.stores.mongo.head import pairs
from genesis_flow.values.logged_models import (
    LoggedModel,
    LoggedModelData,
    LoggedModelInfo,
    LoggedModelParameter,
    LoggedModelTag,
)
from genesis_flow.values.metrics import Metric
from genesis_flow.wire import codec
from genesis_flow.wire.messages import logged_models as messages

POINT_ORDER = ("key", "dataset_name", "dataset_digest", "timestamp", "step", "run", "text")


async def create(
    database: Database, message: messages.CreateLoggedModel, *, now_ms: int
) -> messages.CreateLoggedModelResponse:
    """Inserts a pending model."""
    experiment = await experiments.require_active(database, message.experiment_id)
    model_id = new_model_id()
    document: Document = {
        "_id": model_id,
        "experiment": experiment["_id"],
        "revision": ObjectId(),
        "stage": ACTIVE,
        "name": message.name or random_run_name(),
        "model_type": message.model_type or "",
        "source_run_id": message.source_run_id or "",
        "status": "LOGGED_MODEL_PENDING",
        "status_message": None,
        "uri": model_artifacts(experiment["location"], model_id),
        "created": now_ms,
        "updated": now_ms,
        "params": pairs(_merged({}, message.params, replace=False)),
        "tags": pairs(_merged({}, message.tags, replace=True)),
    }
    with contextlib.suppress(DuplicateKeyError):  # ids are never made twice: an attempt whose answer was lost made it
        await database.insert("models", document)
    return messages.CreateLoggedModelResponse(model=_entity(document, ()))


async def get(database: Database, message: messages.GetLoggedModel) -> messages.GetLoggedModelResponse:
    """Reads a model that is not deleted."""
    found = await require(database, message.model_id)
    return messages.GetLoggedModelResponse(model=(await with_points(database, [found]))[0])


async def finalize(
    database: Database, message: messages.FinalizeLoggedModel, *, now_ms: int
) -> messages.FinalizeLoggedModelResponse:
    """Sets the status."""
    found = await edit(database, message.model_id, lambda _: {"status": message.status, "updated": now_ms})
    return messages.FinalizeLoggedModelResponse(model=(await with_points(database, [found]))[0])


async def delete(
    database: Database, message: messages.DeleteLoggedModel, *, now_ms: int
) -> messages.DeleteLoggedModelResponse:
    """Marks a model as deleted."""
    await edit(database, message.model_id, lambda _: {"stage": DELETED, "updated": now_ms})
    return messages.DeleteLoggedModelResponse()


async def set_tags(database: Database, message: messages.SetLoggedModelTags) -> messages.SetLoggedModelTagsResponse:
    """Writes or replaces tags."""

    def change(found: Document) -> Document:
        return {"tags": pairs(_merged(texts(found["tags"]), message.tags, replace=True))}

    await edit(database, message.model_id, change)
    return messages.SetLoggedModelTagsResponse()  # COMPAT: mlflow 3.17 does not answer the model either


async def delete_tag(
    database: Database, message: messages.DeleteLoggedModelTag
) -> messages.DeleteLoggedModelTagResponse:
    """Removes a tag."""

    def change(found: Document) -> Document:
        tags = texts(found["tags"])
        if tags.pop(message.tag_key, None) is None:
            raise TagNotFound(message.tag_key, f"The logged model '{message.model_id}'")
        return {"tags": pairs(tags)}

    await edit(database, message.model_id, change)
    return messages.DeleteLoggedModelTagResponse()


async def log_params(
    database: Database, message: messages.LogLoggedModelParamsRequest
) -> messages.LogLoggedModelParamsRequestResponse:
    """Adds params; one that is there keeps its value, and another value is refused."""

    def change(found: Document) -> Document:
        known = texts(found["params"])
        for param in message.params:
            if known.get(param.key or "", param.value) != param.value:
                allowed = "a param that the model does not have with another value"
                raise InvalidParameter("params", param.key, allowed)
        return {"params": pairs(_merged(known, message.params, replace=False))}

    await edit(database, message.model_id, change)
    return messages.LogLoggedModelParamsRequestResponse()


def _merged(
    known: Mapping[str, str], given: Iterable[LoggedModelParameter | LoggedModelTag], *, replace: bool
) -> dict[str, str]:
    merged = dict(known)
    for one in given:
        if replace:
            merged[one.key or ""] = one.value or ""
        else:
            merged.setdefault(one.key or "", one.value or "")
    return merged


async def edit(database: Database, model_id: str, change: Callable[[Document], Document]) -> Document:
    """Changes fields of a model, on what another server wrote meanwhile too; the document as it is then."""
    made: set[ObjectId] = set()
    for _ in range(ATTEMPTS):
        found = await require(database, model_id)
        if found["revision"] in made:
            return found  # an attempt whose answer was lost
        fields = change(found) | {"revision": ObjectId()}
        made.add(fields["revision"])
        of_revision = {"experiment": found["experiment"], "_id": model_id, "revision": found["revision"]}
        if await database.update("models", of_revision, {"$set": fields}):
            return found | fields
    raise StoreBusy


async def require(database: Database, model_id: str) -> Document:
    """The document of a model that is not deleted; ``LoggedModelNotFound``."""
    found = await database.find_one("models", {"_id": model_id, "stage": ACTIVE})
    if found is None:
        raise LoggedModelNotFound(model_id)
    return found


# --- the points of their metrics ----------------------------------------------------------------------------------


async def experiments_of(database: Database, model_ids: Collection[str]) -> dict[str, int]:
    """The experiment of each of these models that exists, deleted or not."""
    if not model_ids:
        return {}
    found = await database.find("models", {"_id": {"$in": sorted(model_ids)}}, {"experiment": True, "stage": True})
    return {one["_id"]: int(one["experiment"]) for one in found if one["stage"] != REMOVED}


def require_all(known: Collection[str], metrics: Iterable[Metric]) -> None:
    """Raises ``LoggedModelNotFound`` if a metric names a model that is not among the known ones."""
    for metric in metrics:
        if metric.model_id and metric.model_id not in known:
            raise LoggedModelNotFound(metric.model_id)


async def add_points(
    database: Database, experiments_: Mapping[str, int], run_id: str, metrics: Sequence[Metric]
) -> None:
    """Adds the points that a run logged with models; one that is there stays one."""
    writes: list[Any] = []
    for metric in metrics:
        model_id, value = metric.model_id or "", float(metric.value or 0.0)
        point = {
            "model": model_id,
            "key": metric.key or "",
            "dataset_name": metric.dataset_name or "",
            "dataset_digest": metric.dataset_digest or "",
            "timestamp": metric.timestamp or 0,
            "step": metric.step or 0,
            "run": run_id,
            "text": codec.number(value),
        }
        key = hashlib.blake2b(msgspec.json.encode(point), digest_size=16).hexdigest()
        of_point = {"experiment": experiments_[model_id], "_id": key}
        writes.append(UpdateOne(of_point, {"$setOnInsert": point | {"value": value}}, upsert=True))
    await database.bulk_again("model_points", writes)


async def with_points(database: Database, found: Sequence[Document]) -> list[LoggedModel]:
    """The models of these documents, in their order, with their metrics."""
    if not found:
        return []
    experiments_, ids = sorted({one["experiment"] for one in found}), [one["_id"] for one in found]
    points: dict[str, list[Document]] = {}
    for point in await database.find("model_points", {"experiment": {"$in": experiments_}, "model": {"$in": ids}}):
        points.setdefault(point["model"], []).append(point)
    return [_entity(one, points.get(one["_id"], ())) for one in found]


def _entity(found: Document, points: Iterable[Document]) -> LoggedModel:
    return LoggedModel(
        info=LoggedModelInfo(
            model_id=found["_id"],
            experiment_id=str(int(found["experiment"])),
            name=found["name"],
            creation_timestamp_ms=int(found["created"]),
            last_updated_timestamp_ms=int(found["updated"]),
            artifact_uri=found["uri"],
            status=found["status"],
            model_type=found["model_type"],
            source_run_id=found["source_run_id"],
            status_message=found["status_message"],
            tags=tuple(LoggedModelTag(key=k, value=v) for k, v in sorted(texts(found["tags"]).items())),
        ),
        data=LoggedModelData(
            params=tuple(LoggedModelParameter(key=k, value=v) for k, v in sorted(texts(found["params"]).items())),
            metrics=tuple(map(_metric, sorted(points, key=lambda point: [point[name] for name in POINT_ORDER]))),
        ),
    )


def _metric(point: Document) -> Metric:
    return Metric(
        key=point["key"],
        value=point["value"],
        timestamp=int(point["timestamp"]),
        step=int(point["step"]),
        dataset_name=point["dataset_name"] or None,
        dataset_digest=point["dataset_digest"] or None,
        model_id=point["model"],
        run_id=point["run"],
    )
