"""Tables in a file: JSON with their columns and rows, and what is added to one that is there already."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from genesis_flow.client.images import Image
from genesis_flow.errors import InvalidParameter, MissingPackage

ENDINGS = (".json", ".parquet")
DATA = "a dictionary of columns or a pandas.DataFrame"
VALUES = "values that JSON has: text, numbers, dates, lists and dictionaries"

Place = Callable[[Image], dict[str, str]]
"""Stores an image of a table, and answers what stands for it."""


@dataclass(frozen=True)
class Table:
    """Columns with names, and rows of values that JSON has."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    @classmethod
    def of(cls, data: Any, place: Place) -> Table:
        """A table from what a program has.

        Args:
            data: a dictionary of columns or a ``pandas.DataFrame``. Columns of unequal length are one row of lists,
                as MLflow takes them.
            place: stores the images in it.

        Raises:
            InvalidParameter: it is neither, or holds what JSON cannot.
        """
        if isinstance(data, Mapping):
            return cls._of_columns({str(name): values for name, values in data.items()}, place)
        if hasattr(data, "to_dict") and hasattr(data, "columns"):
            if len(set(data.columns)) != len(data.columns):
                raise InvalidParameter("data", list(data.columns), "a table whose columns have different names")
            return cls._of_columns({str(name): data[name].tolist() for name in data.columns}, place)
        raise InvalidParameter("data", type(data).__name__, DATA)

    @classmethod
    def _of_columns(cls, columns: Mapping[str, Any], place: Place) -> Table:
        lists = {name: _list_of(values) for name, values in columns.items()}
        lengths = {len(values) for values in lists.values() if values is not None}
        if len(lengths) > 1:
            rows = [list(columns.values())]
        else:
            length = lengths.pop() if lengths else 1
            filled = [[columns[name]] * length if values is None else values for name, values in lists.items()]
            rows = [list(row) for row in zip(*filled, strict=True)]
        return cls(list(columns), [[_plain(value, place) for value in row] for row in rows])

    @classmethod
    def parse(cls, content: bytes) -> Table:
        """A table from the content of a file.

        Raises:
            InvalidParameter: it holds something else.
        """
        try:
            read = json.loads(content)
            return cls(list(read["columns"]), [list(row) for row in read["data"]])
        except (ValueError, KeyError, TypeError):
            raise InvalidParameter("artifact_file", "its content", "a table of columns and data in JSON") from None

    def __add__(self, other: Table) -> Table:
        """The rows of both; a value that one of them has no column for is null."""
        columns = [*self.columns, *(name for name in other.columns if name not in self.columns)]
        return Table(columns, [*self._rows_in(columns), *other._rows_in(columns)])

    def _rows_in(self, columns: Sequence[str]) -> Sequence[Sequence[Any]]:
        if columns == self.columns:
            return self.rows
        return [
            [found.get(name) for name in columns]
            for found in (dict(zip(self.columns, row, strict=False)) for row in self.rows)
        ]

    def content(self) -> bytes:
        """The content of its file."""
        return json.dumps({"columns": self.columns, "data": self.rows}, separators=(",", ":")).encode()

    def frame(self) -> Any:
        """The same as a ``pandas.DataFrame``."""
        return pandas("A table in memory").DataFrame(list(self.rows), columns=list(self.columns))


def pandas(what: str, otherwise: str = "") -> Any:
    """The package.

    Args:
        what: what needs it, as the beginning of a sentence.
        otherwise: what to do without it.

    Raises:
        MissingPackage: it is not installed.
    """
    try:
        import pandas
    except ImportError:
        raise MissingPackage(what, "pandas", otherwise) from None
    return pandas


def _list_of(values: Any) -> list[Any] | None:
    """The values of a column; None for one value that stands in each row."""
    if isinstance(values, (list, tuple)):
        return list(values)
    return list(values.tolist()) if hasattr(values, "tolist") and getattr(values, "ndim", False) else None


def _plain(value: Any, place: Place) -> Any:
    """A value as JSON has it; what is no number is null, as MLflow and pandas write it."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Image():
            return place(value)
        case Mapping():
            return {str(key): _plain(one, place) for key, one in value.items()}
        case list() | tuple() | set():
            return [_plain(one, place) for one in value]
        case datetime():
            return _time(value)
    if hasattr(value, "tolist"):  # NumPy's scalars and arrays
        return _plain(value.tolist(), place)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if type(value).__name__ == "NAType":  # pandas.NA
        return None
    raise InvalidParameter("data", type(value).__name__, VALUES)


def _time(value: datetime) -> str | None:
    if value != value:  # pandas.NaT
        return None
    if value.tzinfo is None:
        return value.isoformat(timespec="milliseconds")
    return value.astimezone(timezone.utc).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
