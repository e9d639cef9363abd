"""The collections, their shard keys and their indexes: all that a database must have, said once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from genesis_flow.stores.mongo import lookup

PROPERTIES = "genesis_properties"

SHARD_KEYS = {
    "runs": "experiment",
    "points": "run",
    "run_blocks": "experiment",
    "datasets": "experiment",
    "models": "experiment",
    "model_points": "experiment",
    "model_history": "model",
}
"""What an operator shards a large collection by; every frequent query names it."""


@dataclass(frozen=True)
class Index:
    """An index.

    Attributes:
        collection: where it stands.
        name: what it is called, in the database and in reports.
        keys: fields and directions.
        purpose: what is asked of it.
        unique: whether it keeps a second document with the same keys out.
    """

    collection: str
    name: str
    keys: tuple[tuple[str, int], ...]
    purpose: str
    unique: bool = False


INDEXES = (
    Index("experiments", "by_name", (("name", 1),), "an experiment by its name, which none other has", unique=True),
    Index("experiments", "by_creation", (("stage", 1), ("created", -1), ("_id", 1)), "the list of experiments"),
    Index(
        "runs",
        "by_start",
        (("experiment", 1), ("stage", 1), ("start", -1), ("_id", 1)),
        "a page of runs in the default order",
    ),
    Index("runs", "by_name", (("experiment", 1), ("name", 1)), "a run by its name"),
    Index("experiments", "by_deletion", (("stage", 1), ("updated", 1), ("_id", 1)), "experiments to remove for good"),
    Index("runs", "by_deletion", (("deleted", 1), ("_id", 1)), "runs to remove for good"),
    Index("runs", "by_dataset", (("inputs.dataset", 1),), "whether a run still needs a dataset"),
    Index("models", "by_deletion", (("stage", 1), ("updated", 1), ("_id", 1)), "models to remove for good"),
    Index("runs", "by_value", ((lookup.INDEX, 1),), "runs by a param, tag or metric, and the order of a metric"),
    Index("runs", "by_open", (("unsettled", 1), ("experiment", 1)), "runs whose last writes wait to be put in order"),
    Index("runs", "by_block", (("experiment", 1), ("block", 1)), "runs that are counted together"),
    Index("run_blocks", "by_number", (("experiment", 1), ("block", 1)), "what the runs of an experiment have"),
    Index("run_blocks", "by_uncounted", (("uncounted", 1),), "blocks of runs that nobody has counted"),
    Index(
        "points",
        "by_metric",
        (
            ("run", 1), ("key", 1), ("count", 1),
            ("earliest", 1), ("latest", 1), ("first", 1), ("last", 1), ("lowest", 1), ("highest", 1),
        ),
        "the history of a metric, and its outline without its points",
    ),
    Index("datasets", "by_name", (("experiment", 1), ("name", 1), ("digest", 1)), "the datasets of experiments"),
    Index("models", "by_creation", (("experiment", 1), ("stage", 1), ("created", -1), ("_id", 1)), "a page of models"),
    Index("model_points", "by_model", (("experiment", 1), ("model", 1)), "the metrics of a model"),
    Index("model_points", "by_value", (("experiment", 1), ("key", 1), ("value", 1)), "models by a metric"),
    Index("registered", "by_name", (("name", 1),), "a registered model by its name, which none other has", unique=True),
    Index("registered", "in_order", (("gone", 1), ("name", 1)), "the list of registered models"),
    Index("registered", "by_update", (("gone", 1), ("updated", 1), ("name", 1)), "the last updated registered models"),
    Index("registered", "by_former", (("former", 1),), "a deleted registered model"),
    Index("registered", "by_unsettled", (("unsettled", 1),), "registered models whose last change is not carried out"),
    Index("versions", "by_stage", (("model", 1), ("stage", 1), ("version", 1)), "the latest versions of models"),
    Index("versions", "by_number", (("name", 1), ("version", -1)), "the versions of a registered model"),
    Index(
        "versions",
        "by_update_of_name",
        (("gone", 1), ("name", 1), ("updated", -1), ("version", -1)),
        "the last updated versions of a registered model",
    ),
    Index("versions", "by_run", (("run_id", 1),), "the versions that a run made"),
    Index(
        "versions",
        "by_update",
        (("gone", 1), ("updated", -1), ("name", 1), ("version", -1)),
        "the last updated versions",
    ),
    Index("model_history", "by_time", (("model", 1), ("at", 1), ("number", 1)), "the history of a registered model"),
    Index(
        "model_history",
        "by_key",
        (("model", 1), ("kind", 1), ("key", 1), ("at", 1), ("number", 1)),
        "an alias at a time",
    ),
    Index("webhooks", "by_event", (("events", 1),), "who listens to an event"),
    Index("webhook_deliveries", "by_due", (("webhook", 1), ("due", 1)), "deliveries that are due"),
    Index("webhook_deliveries", "by_end", (("webhook", 1), ("due", 1), ("ended", 1)), "deliveries that have ended"),
    Index("webhook_deliveries", "by_place", (("webhook", 1), ("place", 1)), "the newest deliveries of a webhook"),
)  # fmt: skip


def sort_of(collection: str, order: Sequence[tuple[str, int]], fixed: Collection[str]) -> list[tuple[str, int]] | None:
    """The sort by an index that gives an order to documents which have one value of each field in ``fixed``.

    It is the index with most of those fields, and it names all fields of that, since some databases find an index only
    so. None, if no index gives this order.
    """
    turned = [(path, -direction) for path, direction in order]
    for index in sorted(INDEXES, key=lambda index: -len(index.keys)):
        first, last = index.keys[: -len(order)], list(index.keys[-len(order) :])
        if index.collection != collection or not {path for path, _ in first} <= set(fixed):
            continue
        if last == list(order):
            return list(index.keys)
        if last == turned:
            return [(path, -direction) for path, direction in index.keys]
    return None
