"""A table of runs: its columns as they were asked for, filled in as a store finds their values, and the reply."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Union

import msgspec

from genesis_flow.errors import InvalidColumn, InvalidSearch
from genesis_flow.rules.points import LARGEST
from genesis_flow.search.ast import Field, Kind, Type
from genesis_flow.search.fields import RUNS
from genesis_flow.search.parse import parse_field
from genesis_flow.wire.codec import Encoded, named_nonfinite
from genesis_flow.wire.messages.run_tables import ColumnType, GetRunsTable, GetRunsTableResponse

Cell = Union[int, float, str, None]
Cells = list[Cell]

_encode = msgspec.json.Encoder().encode
_TYPES: dict[Type, ColumnType] = {Type.NUMBER: "number", Type.STRING: "text"}


def number(value: float) -> Cell:
    """A double as it stands in a cell."""
    if -LARGEST <= value <= LARGEST:
        return value
    return named_nonfinite(value)


def fields_of(message: GetRunsTable) -> list[Field]:
    """The field of each column.

    Raises:
        InvalidColumn: one is none that orders runs.
    """
    fields = []
    for place, text in enumerate(message.columns):
        try:
            fields.append(parse_field(text, RUNS))
        except InvalidSearch as error:
            raise InvalidColumn(f"columns[{place}]", error) from None
    return fields


def reply(
    message: GetRunsTable, fields: Sequence[Field], total: int, run_ids: Sequence[str], values: Sequence[Cells]
) -> Encoded[GetRunsTableResponse]:
    """The answer.

    Args:
        fields: those of the message.
        total: how many runs the search finds.
        run_ids: of those that are in the block.
        values: of each field the cells of these runs, in the same order.
    """
    columns = [
        {"field": text, "type": _TYPES[field.type], "values": cells}
        for text, field, cells in zip(message.columns, fields, values, strict=True)
    ]
    table = {"total": total, "offset": message.offset, "run_ids": run_ids, "columns": columns}
    return Encoded(_encode(table), GetRunsTableResponse)


class Columns:
    """The cells of some fields, of a number of runs; each is null until it is filled in.

    Args:
        fields: perhaps one of them several times.
        size: how many runs there are.

    Attributes:
        aggregates: the columns of aggregates, by the key of the metric and the name of the aggregate.
    """

    def __init__(self, fields: Sequence[Field], size: int) -> None:
        self._fields = fields
        self._of_kind: dict[Kind, dict[str, Cells]] = {}
        self.aggregates: dict[str, dict[str, Cells]] = {}
        for field in fields:
            self._of_kind.setdefault(field.kind, {}).setdefault(field.key, [None] * size)
            if field.aggregate is not None:
                of_metric = self.aggregates.setdefault(field.aggregate.key, {})
                of_metric.setdefault(field.aggregate.name, [None] * size)

    def of(self, kind: Kind) -> dict[str, Cells]:
        """The columns of a kind, by key. Of an aggregate here stand the metrics of that very name, which go first."""
        return self._of_kind.get(kind, {})

    @property
    def metrics(self) -> Collection[str]:
        """The keys of all metrics that are to be read."""
        return self.of(Kind.METRIC).keys() | self.aggregates.keys()

    def values(self) -> list[Cells]:
        """The columns in the order in which they were asked for."""
        return [self._values(field) for field in self._fields]

    def _values(self, field: Field) -> Cells:
        values = self._of_kind[field.kind][field.key]
        if field.aggregate is None:
            return values
        others = self.aggregates[field.aggregate.key][field.aggregate.name]
        return [other if value is None else value for value, other in zip(values, others, strict=True)]
