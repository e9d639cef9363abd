"""The lines of metrics in MLflow's directory form: ``time value step``, in a model's file with run and dataset."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from genesis_flow.errors import InvalidParameter, MalformedFile
from genesis_flow.rules.points import Triple, rank
from genesis_flow.stores.file.meta import INT64
from genesis_flow.stores.memory.state import PointKey
from genesis_flow.values.metrics import Metric
from genesis_flow.wire import codec

METRIC_BYTES = 2**40
"""No file of points is too large."""

_TICK_NS = 2_000_000_000  # longer than the clock of any file system ticks


def line(point: Metric) -> bytes:
    """A point in a run's file."""
    return f"{point.timestamp or 0} {point.value or 0.0!r} {point.step or 0}".encode()


def model_line(key: PointKey, point: Metric) -> bytes:
    """A point in a logged model's file.

    Raises:
        InvalidParameter: the dataset's name or digest has a blank, which would end it.
    """
    _, name, digest, _, _, run_id, _ = key
    for field, text in (("dataset_name", name), ("dataset_digest", digest)):
        if len(text.split()) > 1 or text != text.strip():
            raise InvalidParameter(field, text, "without blanks, which divide the fields of a point in this store")
    return b" ".join((line(point), *(text.encode() for text in (run_id, name, digest) if text)))


def is_line(text: bytes) -> bool:
    """Whether this is a whole line, and not what a crash left of one."""
    try:
        return text.count(b" ") > 1 and bool(_parsed(text))
    except ValueError:
        return False


def _parsed(text: bytes) -> Triple:
    timestamp, value, *rest = text.split(b" ")
    # COMPAT: mlflow 3.17 takes a line without a step, as its first versions wrote them, for step 0.
    point = int(timestamp), int(rest[0]) if rest else 0, float(value)
    if point[0] not in INT64 or point[1] not in INT64:
        raise ValueError
    return point


def trusted_ns() -> int:
    """Who last wrote before this time has finished, and may not write again at what a clock takes for the same time."""
    return time.time_ns() - _TICK_NS


def settled(data: bytes, status: os.stat_result) -> bytes:
    """What a file held, without the beginning of a line that somebody is just writing."""
    return data if status.st_mtime_ns < trusted_ns() else data[: data.rfind(b"\n") + 1]


def parse(data: bytes, name: str) -> list[Triple]:
    """Every point in what a file holds, as often as it stands there.

    A last line without a break counts if it is whole, as it does for MLflow; otherwise it is what a crash left.

    Args:
        data: the file.
        name: what it is called in an error.

    Raises:
        MalformedFile
    """
    lines = data.split(b"\n")
    if not is_line(lines[-1]):
        lines.pop()
    try:
        return [_parsed(text) for text in lines]
    except ValueError:
        raise MalformedFile(name, "it has a line that is no point of a metric") from None


def latest(points: Iterable[Triple], known: Triple | None = None) -> Triple | None:
    """The first point of the highest rank."""
    for point in points:
        if known is None or rank(point) > rank(known):
            known = point
    return known


def metric(key: str, point: Triple) -> Metric:
    """A point as it is answered."""
    timestamp, step, value = point
    return Metric(key=key, value=value, timestamp=timestamp, step=step)


def place(key: str, point: Triple) -> tuple[str, int, int, str]:
    """What a point is known by among those of a run."""
    timestamp, step, value = point
    return key, timestamp, step, codec.number(value)


def model_points(key: str, text: str, name: str) -> dict[PointKey, Metric]:
    """The points of a metric of a logged model.

    Args:
        key: of the metric.
        text: the file.
        name: what it is called in an error.
    """
    found: dict[PointKey, Metric] = {}
    lines = text.split("\n")
    for written, point in zip(lines, parse(text.encode(), name), strict=False):
        _, _, _, *rest = written.split(" ")
        run_id, *dataset = rest or ("",)
        # The name of a dataset may have blanks, if MLflow wrote it; a digest has none.
        names = (" ".join(dataset[:-1]), dataset[-1]) if len(dataset) > 1 else (dataset[0] if dataset else "", "")
        timestamp, at_step, value = point
        found.setdefault((key, *names, timestamp, at_step, run_id, codec.number(value)), metric(key, point))
    return found
