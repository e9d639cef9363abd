"""Items to the bytes that are spooled, and those to the batches that are sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Union

import msgspec

from genesis_flow.client.items import END, NOTHING, PARAM, POINT, TAG, Item, plain
from genesis_flow.journals.framing import Record
from genesis_flow.rules.limits import ITEMS_A_BATCH, PARAMS_A_BATCH, TAGS_A_BATCH
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, RunStatus, RunTag
from genesis_flow.wire.messages.runs import LogBatch, UpdateRun

ITEMS_A_RECORD = 1_000
MOST_TEXT = 2**20
"""Characters of params and tags in a batch; one alone may have more."""

_encode = msgspec.msgpack.Encoder().encode


class _Point(msgspec.Struct, array_like=True, tag=POINT):
    run_id: str
    key: str
    value: float
    timestamp: int
    step: int
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None


class _Param(msgspec.Struct, array_like=True, tag=PARAM):
    run_id: str
    key: str
    value: str


class _Tag(msgspec.Struct, array_like=True, tag=TAG):
    run_id: str
    key: str
    value: str


class _End(msgspec.Struct, array_like=True, tag=END):
    run_id: str
    status: RunStatus
    end_time: int


class _Nothing(msgspec.Struct, array_like=True, tag=NOTHING):
    pass


_Logged = Union[_Point, _Param, _Tag]
_Item = Union[_Logged, _End]
_decode = msgspec.msgpack.Decoder(list[Union[_Item, _Nothing]]).decode


# --- to the spool -------------------------------------------------------------------------------------------------


def records(items: Sequence[Item], first: int) -> tuple[list[Record], list[tuple[int, Exception]]]:
    """Items in a row as records, and the numbers of those that cannot be written, with the reason.

    Args:
        items: what was logged.
        first: the number of the first of them.
    """
    made: list[Record] = []
    unwritable: list[tuple[int, Exception]] = []
    for at in range(0, len(items), ITEMS_A_RECORD):
        part = items[at : at + ITEMS_A_RECORD]
        try:
            # PERF: a thousand points in 0.1 ms, in C, while nobody else gets the interpreter.
            payload = _encode(part)
        except (TypeError, ValueError, OverflowError):
            payload = _encode([_writable(item, first + at + i, unwritable) for i, item in enumerate(part)])
        made.append(Record(first + at, len(part), payload))
    return made, unwritable


def _writable(item: Item, number: int, unwritable: list[tuple[int, Exception]]) -> Item:
    try:
        simple = plain(item)
        _encode(simple)
    except (TypeError, ValueError, OverflowError) as error:
        unwritable.append((number, error))
        return (NOTHING,)
    return simple


# --- to the server ------------------------------------------------------------------------------------------------


@dataclass
class Batch:
    """Items of one run that are sent together, in the order in which they were logged; its end is sent alone.

    Attributes:
        run_id: the run.
        items: with their numbers.
    """

    run_id: str
    items: list[tuple[int, _Item]] = field(default_factory=list)

    @property
    def first(self) -> int:
        """The number of its first item."""
        return self.items[0][0]

    @property
    def message(self) -> LogBatch | UpdateRun:
        """The batch as it is sent: a param once, a tag with its last value."""
        if isinstance(end := self.items[0][1], _End):
            return UpdateRun(run_id=self.run_id, status=end.status, end_time=end.end_time)
        params = {item.key: item.value for _, item in self.items if type(item) is _Param}
        tags = {item.key: item.value for _, item in self.items if type(item) is _Tag}
        return LogBatch(
            run_id=self.run_id,
            metrics=tuple([_metric(item) for _, item in self.items if type(item) is _Point]),
            params=tuple(Param(key=key, value=value) for key, value in params.items()),
            tags=tuple(RunTag(key=key, value=value) for key, value in tags.items()),
        )

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many points, params and tags were logged."""
        kinds = [type(item) for _, item in self.items]
        return kinds.count(_Point), kinds.count(_Param), kinds.count(_Tag)

    def halves(self) -> tuple[Batch, Batch]:
        """The same in two batches."""
        middle = len(self.items) // 2
        return Batch(self.run_id, self.items[:middle]), Batch(self.run_id, self.items[middle:])


def _metric(point: _Point) -> Metric:
    if point.model_id is None and point.dataset_name is None and point.dataset_digest is None:
        return Metric(key=point.key, value=point.value, timestamp=point.timestamp, step=point.step)
    return Metric(
        key=point.key,
        value=point.value,
        timestamp=point.timestamp,
        step=point.step,
        model_id=point.model_id,
        dataset_name=point.dataset_name,
        dataset_digest=point.dataset_digest,
    )


@dataclass
class _Open:
    """A batch that takes more, and what it has of that which is limited."""

    batch: Batch
    params: dict[str, str] = field(default_factory=dict)
    tags: int = 0
    text: int = 0

    def takes(self, item: _Logged) -> bool:
        """Whether the item may be added."""
        if len(self.batch.items) >= ITEMS_A_BATCH:
            return False
        if isinstance(item, _Point):
            return True
        if self.text + len(item.value) > MOST_TEXT:
            return False
        if isinstance(item, _Tag):
            return self.tags < TAGS_A_BATCH
        known = self.params.get(item.key)
        return known == item.value or (known is None and len(self.params) < PARAMS_A_BATCH)

    def add(self, number: int, item: _Logged) -> None:
        self.batch.items.append((number, item))
        if isinstance(item, _Tag):
            self.tags += 1
            self.text += len(item.value)
        elif isinstance(item, _Param):
            self.params[item.key] = item.value
            self.text += len(item.value)


def batches(spooled: Iterable[Record], settled: int) -> list[Batch]:
    """The items of records in batches of one run each, ordered by their first numbers.

    So everything in front of a batch's first number is in the batches before it, and each run keeps its order.

    Args:
        spooled: records in a row.
        settled: items with lower numbers are left out.

    Raises:
        msgspec.MsgspecError: a record is not what this version writes.
    """
    made: list[Batch] = []
    taking: dict[str, _Open] = {}
    for record in spooled:
        for number, item in enumerate(_decode(record.payload), record.first):
            if type(item) is _Nothing or number < settled:
                continue
            assert not isinstance(item, _Nothing)
            if isinstance(item, _End):
                made.append(Batch(item.run_id, [(number, item)]))
                taking.pop(item.run_id, None)
                continue
            found = taking.get(item.run_id)
            if found is None or not found.takes(item):
                found = taking[item.run_id] = _Open(Batch(item.run_id))
                made.append(found.batch)
            found.add(number, item)
    return made
