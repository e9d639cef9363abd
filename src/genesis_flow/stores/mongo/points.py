"""Every point of every metric: buckets of about a thousand, with an outline of each in an index.

Points are written with the run's document (``pending``) and moved here later, by whichever server comes first. That
they are copied before they are taken away, and that readers count equal points once, makes any move safe: one that was
cut off, one that two servers make at once.

A bucket says where its points begin and end, in time and in steps, and which are lowest and highest. The index holds
all of that, so the outline of ten million points is read without one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from bson import Binary
from pymongo import InsertOne, UpdateOne

from genesis_flow.rules.points import Triple
from genesis_flow.rules.thinning import Parts, Point, thin, thinned
from genesis_flow.stores.mongo import packing
from genesis_flow.stores.mongo.database import Database, Document
from genesis_flow.stores.mongo.head import Head, pending_points

BUCKET = 1_000
"""Points in a bucket, more or less."""
OWN_BUCKET = BUCKET // 2
READ_WHOLE = 20_000
"""A curve of at most so many points is read as a whole."""

_OUTLINE = {"_id": False, "count": True, "first": True, "last": True, "lowest": True, "highest": True}


class Stored(NamedTuple):
    """What a run's document says of a metric.

    Attributes:
        loose: packed points that are not in buckets, perhaps not yet taken away after a move.
        in_buckets: whether there may be more in buckets.
    """

    loose: list[bytes]
    in_buckets: bool


# --- moving ------------------------------------------------------------------------------------------------------


async def move(database: Database, head: Head) -> None:
    """Moves the points that wait in a run's document to buckets."""
    if not head.pending:
        return
    # Those that are copied, and no others, are taken away: more may be written while this goes on.
    moving = dict(head.pending)
    by_key: dict[str, list[bytes]] = {}
    for chunk in moving.values():
        for key, raw in chunk.items():
            by_key.setdefault(key, []).append(raw)
    writes = [write for key, parts in by_key.items() for write in _into_buckets(head.run_id, key, b"".join(parts))]
    await database.bulk_again("points", writes)
    await database.update(
        "runs",
        {"experiment": head.experiment, "_id": head.run_id},
        {"$pull": {"pending": {"revision": {"$in": list(moving)}}}},
    )
    for revision in moving:
        head.moved(revision)


def _into_buckets(run_id: str, key: str, raw: bytes) -> Iterable[InsertOne[Document] | UpdateOne]:
    size = BUCKET * packing.SIZE
    for start in range(0, len(raw), size):
        part = raw[start : start + size]
        least, most = outline(part)
        count = len(part) // packing.SIZE
        if count >= OWN_BUCKET:
            yield InsertOne({"run": run_id, "key": key, "count": count, **least, **most, "chunks": [Binary(part)]})
        else:
            yield UpdateOne(
                {"run": run_id, "key": key, "count": {"$lt": BUCKET}},
                {"$inc": {"count": count}, "$min": least, "$max": most, "$push": {"chunks": Binary(part)}},
                upsert=True,
            )


def outline(raw: bytes) -> tuple[dict[str, Binary], dict[str, Binary]]:
    """The bounds of packed points: those that are the least, and those that are the greatest of their kind."""
    points: list[Triple] = list(packing.POINT.iter_unpack(raw))
    first, last, low, high = extremes(points)
    least = {
        "earliest": packing.in_time(*packing.earliest(points)),
        "first": packing.in_steps(*first),
        "lowest": packing.as_lowest(*low),
    }
    most = {
        "latest": packing.in_time(*packing.latest(points)),
        "last": packing.in_steps(*last),
        "highest": packing.as_highest(*high),
    }
    return {k: Binary(v) for k, v in least.items()}, {k: Binary(v) for k, v in most.items()}


def extremes(points: list[Triple]) -> tuple[Triple, Triple, Triple, Triple]:
    """The first and the last point by step, the lowest and the highest one, of at least one."""
    if packing.is_plain(points):
        # PERF: no call in Python for a point: 1,000 points in 0.4 ms instead of 8.
        by_step = [(step, time, value) for time, step, value in points]
        (first_step, first_time, first), (last_step, last_time, last) = min(by_step), max(by_step)
        low, low_step, low_time = min([(value, step, time) for step, time, value in by_step])
        high, high_step, high_time = min([(-value, step, time) for step, time, value in by_step])
        return (
            (first_time, first_step, first),
            (last_time, last_step, last),
            (low_time, low_step, low),
            (high_time, high_step, -high),
        )
    return (
        min(points, key=lambda point: packing.in_steps(*point)),
        max(points, key=lambda point: packing.in_steps(*point)),
        min(points, key=lambda point: packing.as_lowest(*point)),
        max(points, key=lambda point: packing.as_highest(*point)),
    )


async def learn(database: Database, head: Head, spans: Mapping[str, tuple[bytes, bytes]]) -> None:
    """Has the head know the stored points of these metrics between these places in time."""
    for key, (start, end) in spans.items():
        if known := head.known.get(key):
            start, end = min(start, known.start), max(end, known.end)
        found = await database.find(
            "points",
            {"run": head.run_id, "key": key, "latest": {"$gte": start}, "earliest": {"$lte": end}},
            {"_id": False, "chunks": True},
        )
        chunks = [raw for one in found for raw in one["chunks"]]
        chunks += [chunk[key] for chunk in head.pending.values() if key in chunk]
        chunks += head.points.get(key, [])
        head.know(key, start, end, {one for raw in chunks for one in packing.split(raw)})


# --- reading -----------------------------------------------------------------------------------------------------


async def stored(database: Database, run_id: str, key: str) -> Stored | None:
    """What the run's document says of a metric; None, if there is no such run or metric.

    It must be read before the buckets: what is moved in between is then found twice, and not missed.
    """
    found = await database.find_run(run_id, {"metrics": {"$elemMatch": {"k": key}}, "pending": True})
    if found is None or not found.get("metrics"):
        return None
    entry = found["metrics"][0]
    if "a" not in entry:
        return Stored([packing.packed(int(entry["t"]), int(entry["s"]), entry["v"])], False)
    chunks = map(pending_points, found["pending"])
    return Stored([chunk[key] for chunk in chunks if key in chunk], True)


async def history(database: Database, run_id: str, key: str) -> list[Triple]:
    """All points of a metric in their order."""
    said = await stored(database, run_id, key)
    if said is None:
        return []
    found = await _buckets(database, {"run": run_id, "key": key}) if said.in_buckets else []
    return packing.distinct([*found, *said.loose])


async def page(
    database: Database, run_id: str, key: str, behind: tuple[int, int, float, str] | None, most: int
) -> list[Triple]:
    """The first ``most`` points behind a place in the history."""
    said = await stored(database, run_id, key)
    if said is None:
        return []
    start = packing.in_time(*behind[:3]) if behind else b""
    of_metric: dict[str, Any] = {"run": run_id, "key": key, "latest": {"$gte": Binary(start)}}
    outlines: list[Document] = []
    if said.in_buckets:
        fields = {"_id": False, "count": True, "earliest": True}
        outlines = sorted(await database.find("points", of_metric, fields), key=lambda one: bytes(one["earliest"]))
    taken, count = 0, 0
    while True:
        # As many buckets as may fill the page; points before the next bucket's first are complete.
        while taken < len(outlines) and count <= most:
            count += outlines[taken]["count"]
            taken += 1
        end = outlines[taken]["earliest"] if taken < len(outlines) else None
        within = {"$lt": end} if end is not None else {"$exists": True}
        raw = await _buckets(database, of_metric | {"earliest": within}) if taken else []
        points = packing.distinct([*raw, *said.loose])
        if behind:
            points = [point for point in points if packing.in_history(point) > behind]
        if end is None:
            return points[:most]
        complete = [point for point in points if packing.in_time(*point) < end]
        if len(complete) >= most:
            return complete[:most]
        count = len(complete)
        count += outlines[taken]["count"]
        taken += 1


async def curve(database: Database, run_id: str, key: str, steps: tuple[int, int], most: int) -> list[Point]:
    """The thinned curve of a metric between two steps, which belong to it."""
    said = await stored(database, run_id, key)
    if said is None:
        return []
    within = {"run": run_id, "key": key, "last": {"$gte": _step(steps[0], b"\0")}, "first": {"$lte": _step(steps[1])}}
    outlines = await database.find("points", within, _OUTLINE) if said.in_buckets else []
    if sum(one["count"] for one in outlines) > READ_WHOLE:
        return thin(await _essence(database, within, outlines, said.loose, steps, most), most)
    raw = await _buckets(database, within) if outlines else []
    return thinned(_between([*raw, *said.loose], steps), most)


async def _essence(
    database: Database,
    within: Mapping[str, Any],
    outlines: Iterable[Document],
    loose: list[bytes],
    steps: tuple[int, int],
    most: int,
) -> list[Point]:
    """Those points that decide what the thinned curve is.

    Of a bucket within one part of the curve that is four points, which its outline holds. The points of a bucket that
    a border of a part goes through have to be read.
    """
    spans = [(packing.step_of(one["first"]), packing.step_of(one["last"]), one) for one in outlines]
    beyond = [one for first, last, one in spans if first < steps[0] or last > steps[1]]
    inside = [span for span in spans if span[0] >= steps[0] and span[1] <= steps[1]]
    raw = loose + await _read(database, within, beyond)
    ends = [step for first, last, _ in inside for step in (first, last)]
    ends += [point.step for point in _between(raw, steps)]
    if not ends:
        return []
    parts = Parts.of(min(ends), max(ends), most)
    whole: dict[int, list[Document]] = {}
    cut: list[Document] = []
    for first, last, one in inside:
        place = parts.place(first)
        if place == parts.place(last):
            whole.setdefault(place, []).append(one)
        else:
            cut.append(one)
    for points in await _unpacked(database, within, cut):
        raw += _essence_of(points, parts)
    for of_part in whole.values():
        # PERF: their bytes compare as the points do, so that only four of each part are unpacked.
        raw.append(_packed(packing.from_steps(min(one["first"] for one in of_part))))
        raw.append(_packed(packing.from_steps(max(one["last"] for one in of_part))))
        raw.append(_packed(packing.from_lowest(min(one["lowest"] for one in of_part))))
        raw.append(_packed(packing.from_highest(max(one["highest"] for one in of_part))))
    return _between(raw, steps)


def _essence_of(points: list[Triple], parts: Parts) -> Iterable[bytes]:
    """Of each part the points that decide, of those in one bucket."""
    by_part: dict[int, list[Triple]] = {}
    for point in points:
        by_part.setdefault(parts.place(point[1]), []).append(point)
    return [packing.packed(*point) for of_part in by_part.values() for point in extremes(of_part)]


async def _unpacked(database: Database, within: Mapping[str, Any], outlines: list[Document]) -> list[list[Triple]]:
    """The points of each of the buckets with these outlines."""
    if not outlines:
        return []
    firsts = {"run": within["run"], "key": within["key"], "first": {"$in": [one["first"] for one in outlines]}}
    found = await database.find("points", firsts, {"_id": False, "chunks": True})
    return [list(packing.POINT.iter_unpack(b"".join(one["chunks"]))) for one in found]


def _step(step: int, rest: bytes = b"\xff") -> Binary:
    """Before or behind all points of a step."""
    bound: Binary = Binary(packing.in_steps(0, step, 0.0)[:8] + rest * 24)
    return bound


def _packed(point: Point) -> bytes:
    return packing.packed(point.timestamp, point.step, point.value)


def _between(raw: Iterable[bytes], steps: tuple[int, int]) -> list[Point]:
    """The points between two steps, ordered by step, then as in a history."""
    points = [Point(step, time, value) for time, step, value in packing.distinct(raw) if steps[0] <= step <= steps[1]]
    points.sort(key=lambda point: point.step)
    return points


async def _buckets(database: Database, of: Mapping[str, Any]) -> list[bytes]:
    """The packed points of buckets, those of the earlier ones first."""
    found = await database.find("points", of, {"_id": False, "earliest": True, "chunks": True})
    found.sort(key=lambda one: bytes(one["earliest"]))
    return [raw for one in found for raw in one["chunks"]]


async def _read(database: Database, within: Mapping[str, Any], outlines: Iterable[Document]) -> list[bytes]:
    """The packed points of the buckets with these outlines."""
    firsts = [one["first"] for one in outlines]
    if not firsts:
        return []
    return await _buckets(database, {"run": within["run"], "key": within["key"], "first": {"$in": firsts}})
