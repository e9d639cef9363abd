"""A run as a server knows it, and the changes to it that wait to be written.

A run is one document, so everything that is written to it is one update of that document: all of a batch or none of
it. The update is guarded by the document's ``revision``, which every write replaces by a new one: if another server
wrote first, nothing matches, and the change is made again on what is there now. So positions in the arrays are known,
plain ``$set`` operators suffice, and no transaction is needed.

The last few revisions stay in the document. When an acknowledgement is lost, they tell whether the write was done.

New points of a metric go into the document too (``pending``), in the same update; from there they are moved to the
buckets of ``points`` without haste. A metric with one point has no more history than its latest value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
from bson import Binary, ObjectId
from pymongo import UpdateOne

from genesis_flow.rules.aggregates import Aggregate, Summary
from genesis_flow.rules.points import Triple, rank
from genesis_flow.rules.stages import ACTIVE
from genesis_flow.search.ast import Kind
from genesis_flow.stores.mongo import lookup, packing
from genesis_flow.stores.mongo.database import Document
from genesis_flow.values.metrics import Metric

REVISIONS_KEPT = 8
ARRAYS = frozenset({"params", "tags", "metrics", "lookup"})
MANY_CHANGES = 8
"""If at least so many of a run's values change, and half of them, all are written anew."""


class Latest(NamedTuple):
    """A metric as a run's document has it.

    Attributes:
        place: its place in the array.
        summary: the latest point, and what all come to.
    """

    place: int
    summary: Summary

    @property
    def point(self) -> Triple:
        """The latest point."""
        return self.summary.latest

    @property
    def aggregate(self) -> Aggregate | None:
        """Of all points; None, if the latest is the only one."""
        return self.summary.aggregate

    def stored(self, key: str) -> Document:
        """The element of the array."""
        timestamp, step, value = self.point
        element: Document = {"k": key, "v": value, "t": timestamp, "s": step}
        if self.aggregate is not None:
            element["a"] = msgspec.structs.asdict(self.aggregate)
        return element


class Input(NamedTuple):
    """A dataset that a run read: the dataset's document, what it is called, and the tags of this use."""

    dataset: str
    name: str
    digest: str
    context: str | None
    tags: tuple[tuple[str, str], ...]

    def stored(self) -> Document:
        """The element of the array."""
        return self._asdict() | {"tags": [list(tag) for tag in self.tags]}


class Known(NamedTuple):
    """The stored points of a metric between two places in time, which belong to it."""

    start: bytes
    end: bytes
    points: set[bytes]


ALL_TIMES = b"", b"\xff" * 25


class HistoryNeeded(Exception):
    """Whether points are new can only be told with the stored points of these metrics; nothing was changed."""

    def __init__(self, spans: dict[str, tuple[bytes, bytes]]) -> None:
        super().__init__(f"{len(spans)} metrics")
        self.spans = spans
        """By key the first and the last of the points in question, as places in time."""


@dataclass
class Head:
    """A run, as it will be when the changes are written.

    Attributes:
        revisions: the last few that the document had, when it was read.
        pending: points that are in the document and not yet in buckets: by revision, the packed points of each key.
        pending_bytes: their size.
        known: of some metrics the points that are stored, as far as they were asked for.
        block: with which other runs of its experiment it is counted (``keys.py``), as far as that is known here.
    """

    run_id: str
    experiment: int
    revision: ObjectId
    revisions: Sequence[ObjectId]
    stage: str
    start: int
    info: Document
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, Latest]
    inputs: dict[str, Input]
    models: dict[tuple[str, str], int]
    pending: dict[ObjectId, dict[str, bytes]]
    block: int | None = None
    known: dict[str, Known] = field(default_factory=dict)
    changes: Document = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    points: dict[str, list[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pending_bytes = sum(map(_size, self.pending.values()))
        self._place = lookup.place_of_run(self.start, self.run_id)

    def moved(self, revision: ObjectId) -> None:
        """Notes that the points of a revision do not wait in the document any more."""
        if chunk := self.pending.pop(revision, None):
            self.pending_bytes -= _size(chunk)

    # --- changes ----------------------------------------------------------------------------------------------

    def put(self, **fields: Any) -> None:
        """Replaces plain fields."""
        self.info |= fields
        self.changes |= fields
        self.stage = self.info["stage"]

    def add_params(self, params: Mapping[str, str]) -> None:
        """Adds params that the run does not have."""
        for key, value in params.items():
            self._put(Kind.PARAM, "params", len(self.params), key, value)
            self.params[key] = value

    def put_tags(self, tags: Mapping[str, str]) -> None:
        """Writes or replaces tags."""
        places = {key: place for place, key in enumerate(self.tags)}
        for key, value in tags.items():
            self._put(Kind.TAG, "tags", places.setdefault(key, len(places)), key, value)
            self.tags[key] = value

    def _put(self, kind: Kind, array: str, place: int, key: str, value: str) -> None:
        self.changes[f"{array}.{place}"] = {"k": key, "v": value}
        self._look_up(kind, key, lookup.text(value))

    def _look_up(self, kind: Kind, key: str, entry: Any) -> None:
        where = lookup.path(self.experiment, kind, key)
        self.changes[where] = entry
        self.dropped.pop(where, None)

    def delete_tag(self, key: str) -> None:
        """Removes a tag that the run has; the places of the others change, so they are written again."""
        del self.tags[key]
        where = lookup.path(self.experiment, Kind.TAG, key)
        self.changes = {path: value for path, value in self.changes.items() if not path.startswith("tags.")}
        self.changes.pop(where, None)
        self.changes["tags"] = None  # what they are is known when all changes are
        self.dropped[where] = ""

    def add_input(self, given: Input) -> None:
        """Links a dataset, unless it is linked."""
        if given.dataset not in self.inputs:
            self.changes[f"inputs.{len(self.inputs)}"] = given.stored()
            self.inputs[given.dataset] = given

    def add_model(self, direction: str, model_id: str, step: int) -> None:
        """Links a model, unless it is linked in this direction."""
        if (direction, model_id) not in self.models:
            self.changes[f"models.{len(self.models)}"] = {"direction": direction, "model": model_id, "step": step}
            self.models[direction, model_id] = step

    def add_points(self, metrics: Iterable[Metric]) -> None:
        """Adds points; those that are there already stay as they are.

        Raises:
            HistoryNeeded: before any change.
        """
        given: dict[str, dict[bytes, Triple]] = {}
        for metric in metrics:
            point = metric.timestamp or 0, metric.step or 0, float(metric.value or 0.0)
            given.setdefault(metric.key or "", {})[packing.packed(*point)] = point
        doubtful = {key: spans for key, points in given.items() if (spans := self._doubt(key, points))}
        if doubtful:
            raise HistoryNeeded(doubtful)
        for key, points in given.items():
            known = self.known[key].points if key in self.known else ()
            new = {raw: point for raw, point in points.items() if raw not in known}
            if new:
                self._extend(key, new)

    def _doubt(self, key: str, points: Mapping[bytes, Triple]) -> tuple[bytes, bytes] | None:
        """What must be known of the stored points before any of these can be called new."""
        latest = self.metrics.get(key)
        if latest is None:
            return None
        if latest.aggregate is None:  # its only point is here
            self.know(key, *ALL_TIMES, {packing.packed(*latest.point)})
            return None
        end = rank(latest.point)
        places = [packing.in_time(*point) for point in points.values() if rank(point) <= end]
        known = self.known.get(key)
        if not places or (known and known.start <= min(places) and max(places) <= known.end):
            return None
        return min(places), max(places)

    def know(self, key: str, start: bytes, end: bytes, points: set[bytes]) -> None:
        """Remembers which points of a metric are stored between two places in time, until the head is kept."""
        self.known[key] = Known(start, end, points)

    def _extend(self, key: str, new: Mapping[bytes, Triple]) -> None:
        before = self.metrics.get(key)
        points = list(new.values())
        raw = b"".join(new)
        if before is None:
            latest = Latest(len(self.metrics), Summary.of(points))
        else:
            latest = Latest(before.place, before.summary.extended(points))
            if before.aggregate is None:  # so far the run's document was all there is of its history
                raw = packing.packed(*before.point) + raw
        if before is None or latest.point != before.point:
            self._look_up(Kind.METRIC, key, lookup.place(latest.point[2], self._place))
        if latest.aggregate is not None:
            self.points.setdefault(key, []).append(raw)
        if key in self.known:
            self.known[key].points.update(new)
        self.metrics[key] = latest
        self.changes[f"metrics.{latest.place}"] = latest.stored(key)

    def _changes(self) -> Document:
        """The fields to set."""
        changes = self.changes
        entries = len(self.params) + len(self.tags) + len(self.metrics)
        changed = sum(path.startswith("lookup.") for path in changes)
        if changed >= MANY_CHANGES and 2 * changed >= entries:
            # PERF: a new run's values as whole arrays: 45 values in 1.1 ms of MongoDB's time, as 90 paths in 2.4.
            kept = {path: value for path, value in changes.items() if path.partition(".")[0] not in ARRAYS}
            self.dropped.clear()
            return kept | self._arrays()
        if "tags" in changes:
            changes = {path: value for path, value in changes.items() if not path.startswith("tags.")}
            changes["tags"] = pairs(self.tags)
        return changes

    def _arrays(self) -> Document:
        """All values, as the document has them."""
        found: Document = {
            lookup.path(self.experiment, Kind.PARAM, key): lookup.text(text) for key, text in self.params.items()
        }
        found |= {lookup.path(self.experiment, Kind.TAG, key): lookup.text(text) for key, text in self.tags.items()}
        for key, latest in self.metrics.items():
            found[lookup.path(self.experiment, Kind.METRIC, key)] = lookup.place(latest.point[2], self._place)
        return {
            "params": pairs(self.params),
            "tags": pairs(self.tags),
            "metrics": [latest.stored(key) for key, latest in self.metrics.items()],
            "lookup": {_lookup(path): entry for path, entry in found.items()},
        }

    # --- writing ------------------------------------------------------------------------------------------------

    def write(self) -> UpdateOne:
        """The update that makes the changes; the head is then what it leaves behind."""
        before, self.revision = self.revision, ObjectId()
        changes = self._changes() | {"revision": self.revision, "unsettled": True}
        push: Document = {"revisions": {"$each": [self.revision], "$slice": -REVISIONS_KEPT}}
        if self.points:
            chunk = {key: b"".join(parts) for key, parts in self.points.items()}
            self.pending[self.revision] = chunk
            self.pending_bytes += _size(chunk)
            push["pending"] = {"revision": self.revision, "points": Binary(msgspec.msgpack.encode(chunk))}
        update: Document = {"$set": changes, "$push": push, "$unset": {"json": "", **self.dropped}}
        self.changes, self.dropped, self.points = {}, {}, {}
        return UpdateOne({"experiment": self.experiment, "_id": self.run_id, "revision": before}, update)


def _lookup(name: str) -> str:
    """The name of an entry within the object."""
    return name.partition(".")[2]


def _size(chunk: Mapping[str, bytes]) -> int:
    return sum(len(key) + len(raw) for key, raw in chunk.items())


def pairs(texts: Mapping[str, str]) -> list[Document]:
    """Params or tags as their array."""
    return [{"k": key, "v": value} for key, value in texts.items()]


def new_document(
    *, run_id: str, experiment: int, name: str, user: str, start: int, uri: str, tags: Mapping[str, str]
) -> Document:
    """The document of a new run."""
    revision = ObjectId()
    entries = {lookup.path(experiment, Kind.TAG, key): lookup.text(value) for key, value in tags.items()}
    return {
        "_id": run_id,
        "experiment": experiment,
        "revision": revision,
        "revisions": [revision],
        "stage": ACTIVE,
        "name": name,
        "user": user,
        "status": "RUNNING",
        "start": start,
        "end": None,
        "deleted": None,
        "uri": uri,
        "params": [],
        "tags": pairs(tags),
        "metrics": [],
        "inputs": [],
        "models": [],
        "lookup": {_lookup(path): entry for path, entry in entries.items()},
        "pending": [],
        "unsettled": True,
    }


def head_of(document: Document) -> Head:
    """The head of a run, from its whole document."""
    return Head(
        run_id=document["_id"],
        experiment=int(document["experiment"]),
        revision=document["revision"],
        revisions=document["revisions"],
        stage=document["stage"],
        start=int(document["start"]),
        info={name: document[name] for name in ("stage", "name", "user", "status", "start", "end", "deleted", "uri")},
        params={entry["k"]: entry["v"] for entry in document["params"]},
        tags={entry["k"]: entry["v"] for entry in document["tags"]},
        metrics={entry["k"]: _latest(place, entry) for place, entry in enumerate(document["metrics"])},
        inputs={entry["dataset"]: _input(entry) for entry in document["inputs"]},
        models={(entry["direction"], entry["model"]): int(entry["step"]) for entry in document["models"]},
        pending={chunk["revision"]: pending_points(chunk) for chunk in document["pending"]},
        block=None if document.get("block") is None else int(document["block"]),
    )


def pending_points(chunk: Mapping[str, Any]) -> dict[str, bytes]:
    """The packed points of each metric in a chunk that waits in a run's document."""
    return msgspec.msgpack.decode(chunk["points"], type=dict[str, bytes])


def _latest(place: int, entry: Document) -> Latest:
    stored = entry.get("a")
    aggregate = msgspec.convert({k: _plain(v) for k, v in stored.items()}, Aggregate) if stored else None
    return Latest(place, Summary((int(entry["t"]), int(entry["s"]), float(entry["v"])), aggregate))


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else value


def _input(entry: Document) -> Input:
    tags: Sequence[Sequence[str]] = entry["tags"]
    return Input(
        entry["dataset"], entry["name"], entry["digest"], entry["context"], tuple((key, value) for key, value in tags)
    )
