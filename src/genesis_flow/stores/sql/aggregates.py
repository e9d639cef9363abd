"""How the row of a metric takes in new points: in the statement that writes them, without a look at the row before.

The columns behind the latest point are NULL for a metric with one point, which then says everything. Otherwise NULL
stands for NaN. The rule is that of ``rules/aggregates.py``.

PERF: a merge in Python takes three times as long: a point 85 instead of 30 µs, 1,000 metrics 46 instead of 13 ms.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

from genesis_flow.stores.sql.upsert import Row

Column = sa.ColumnElement[Any]
Columns = Mapping[str, Column]

OF_ONE = ("run", "key", "value", "timestamp", "step", "experiment_id")
"""What is written of a single point; the rest follows from it."""
LATEST = {"value": "last", "timestamp": "last_time", "step": "last_step"}
ZERO: Column = sa.literal_column("0")
ONE: Column = sa.literal_column("1")
NOTHING: Column = sa.literal_column("0.0")


def of_one(old: Row, new: Row, dialect: Dialect) -> dict[str, Column]:
    """The row with a further point, which it does not count yet."""
    return _merged(_whole(old), _one(new), dialect)


def of_several(old: Row, new: Row, dialect: Dialect) -> dict[str, Column]:
    """The row with several further points, none of which it counts yet."""
    return _merged(_whole(old), _whole(new), dialect)


def _one(row: Row) -> dict[str, Column]:
    """What a row's latest point comes to, if there is no other."""
    value = row["value"]
    found: dict[str, Column] = {
        "count": ONE,
        "numbers": sa.case((value.is_(None), ZERO), else_=ONE),
        "total": sa.func.coalesce(value, NOTHING),
    }
    for name in ("last", "first", "min", "max"):
        found |= zip(_parts(name), (value, row["step"], row["timestamp"]), strict=True)
    return found


def _whole(row: Row) -> dict[str, Column]:
    """What all points of a row come to."""
    return {
        name: of_one if name.startswith("last") else sa.case((row["count"].is_(None), of_one), else_=row[name])
        for name, of_one in _one(row).items()
    }


def _parts(name: str) -> tuple[str, str, str]:
    return name, f"{name}_step", f"{name}_time"


def _merged(old: Columns, new: Columns, dialect: Dialect) -> dict[str, Column]:
    later = _rank(new, "last") > _rank(old, "last")
    earlier = _rank(new, "first") < _rank(old, "first")
    only_nan = sa.and_(new["min"].is_(None), old["min"].is_(None), earlier)
    lower = sa.or_(only_nan, _is_further(old, new, "min", new["min"] < old["min"]))
    higher = sa.or_(only_nan, _is_further(old, new, "max", new["max"] > old["max"]))
    count, numbers = old["count"] + new["count"], old["numbers"] + new["numbers"]
    total = _sum(old["total"], new["total"], dialect)
    merged = {column: sa.case((later, new[name]), else_=old[name]) for column, name in LATEST.items()}
    for name, better in {"first": earlier, "min": lower, "max": higher}.items():
        merged |= {part: sa.case((better, new[part]), else_=old[part]) for part in _parts(name)}
    return merged | {"count": count, "numbers": numbers, "total": total, "mean": _mean(total, numbers, dialect)}


def _rank(of: Columns, name: str) -> Any:
    return sa.tuple_(of[f"{name}_step"], of[f"{name}_time"], sa.func.coalesce(of[name], NOTHING))


def _is_further(old: Columns, new: Columns, name: str, is_beyond: Column) -> Column:
    """Whether a new extreme takes the place of the old one; of equals the one at the lower step, then time."""
    value, *place = _parts(name)
    sooner = sa.tuple_(*(new[part] for part in place)) < sa.tuple_(*(old[part] for part in place))
    beaten = sa.or_(old[value].is_(None), is_beyond, sa.and_(new[value] == old[value], sooner))
    return sa.and_(new[value].is_not(None), beaten)


# --- arithmetic that PostgreSQL refuses ---------------------------------------------------------------------------

LARGEST: Column = sa.literal_column(repr(sys.float_info.max))
INFINITY: Column = sa.literal_column("float8 'Infinity'")
TINY: Column = sa.literal_column("1e-300")
SCALE: Column = sa.literal_column("1e300")
HALF_OF_THE_LEAST: Column = sa.literal_column(repr(5e-324 * 1e300 / 2))


def _sum(one: Column, other: Column, dialect: Dialect) -> Column:
    """The sum of two doubles, NULL for NaN. PostgreSQL refuses one that overflows, and knows NaN as a number."""
    if dialect.name != "postgresql":
        return one + other
    opposite = sa.or_(
        sa.and_(one > LARGEST, other < -LARGEST),
        sa.and_(one < -LARGEST, other > LARGEST),
    )
    return sa.case(
        (opposite, sa.null()),
        (sa.and_(other > ZERO, one > LARGEST - other), INFINITY),
        (sa.and_(other < ZERO, one < -LARGEST - other), -INFINITY),
        else_=one + other,
    )


def _mean(total: Column, numbers: Column, dialect: Dialect) -> Column:
    """NULL, where there are no numbers. PostgreSQL refuses a quotient that rounds to 0."""
    if dialect.name != "postgresql":
        return total / numbers  # by 0 it is NULL
    vanishes = sa.func.abs(total) * SCALE <= numbers * HALF_OF_THE_LEAST
    tiny = sa.case((vanishes, NOTHING), else_=total / numbers)
    return sa.case((numbers == ZERO, sa.null()), (sa.func.abs(total) < TINY, tiny), else_=total / numbers)
