"""The types of MLflow's schemas, found in the values of a data frame or an array.

A type is a dictionary, as the schema tells it in JSON: ``{"type": "long"}``, an array of ``items``, an object with
``properties``. ``any`` is what nothing but missing values has.

Source: the schemas that mlflow 3.17.2 logs for the same data.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Any

from genesis_flow.data.schema import Schema

if TYPE_CHECKING:
    import numpy
    import pandas

Type = dict[str, Any]

ANY: Type = {"type": "any"}
_OF_PYTHON = {
    bool: "boolean",
    int: "long",
    float: "double",
    str: "string",
    bytes: "binary",
    bytearray: "binary",
    datetime.date: "datetime",
    datetime.datetime: "datetime",
}
_OF_NUMPY = {
    **{"b1": "boolean", "i1": "integer", "i2": "integer", "i4": "integer", "i8": "long"},
    **{"u1": "integer", "u2": "integer", "u4": "long", "f2": "float", "f4": "float", "f8": "double"},
}
_OF_KIND = {"M": "datetime", "U": "string", "S": "binary"}


class NoType(Exception):
    """Values that MLflow's schemas have no word for."""


def schema_of_frame(frame: pandas.DataFrame) -> Schema | None:
    """The columns of a data frame; None if MLflow's schemas have no word for one of them, or it has none."""
    if frame.columns.empty or frame.columns.has_duplicates:
        return None
    try:
        return Schema([_column(name, frame[name]) for name in frame.columns])
    except NoType:
        return None


def schema_of_arrays(arrays: numpy.ndarray[Any, Any] | Mapping[Any, numpy.ndarray[Any, Any]]) -> Schema | None:
    """The form of an array, or of arrays by name; None if one has no dimension."""
    named = {"": arrays} if not isinstance(arrays, Mapping) else arrays
    if any(array.ndim == 0 for array in named.values()):
        return None
    names = [{"name": name} for name in named] if isinstance(arrays, Mapping) else [{}]
    return Schema([{**name, **_tensor(array)} for name, array in zip(names, named.values(), strict=True)])


def _tensor(array: numpy.ndarray[Any, Any]) -> Type:
    # The length of a text is no part of its type.
    dtype = {"U": "str", "S": "bytes"}.get(array.dtype.kind, array.dtype.name)
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": [-1, *array.shape[1:]]}}


def _column(name: Any, values: pandas.Series[Any]) -> Type:
    return {**_of_series(values), "name": name, "required": not bool(values.isna().any())}


def _of_series(values: pandas.Series[Any]) -> Type:
    categories = getattr(values.dtype, "categories", None)
    if categories is not None:
        if getattr(categories.dtype, "kind", "O") in "mM":
            raise NoType
        return _of_objects(values.astype(object))
    dtype = getattr(values.dtype, "numpy_dtype", values.dtype)  # nullable types and those of Arrow have one
    return _of_objects(values.astype(object)) if dtype.kind == "O" else _of_dtype(dtype)


def _of_dtype(dtype: Any) -> Type:
    name = _OF_KIND.get(dtype.kind) or _OF_NUMPY.get(f"{dtype.kind}{dtype.itemsize}")
    if name is None:
        raise NoType
    return {"type": name}


def _of_objects(values: pandas.Series[Any]) -> Type:
    """The type of a column of Python objects."""
    import numpy
    import pandas

    missing = values.isna()
    there = values[~missing]
    classes = set(map(type, there))
    if not classes:
        return ANY
    if classes <= {list, dict, numpy.ndarray} or all(issubclass(one, dict) for one in classes):
        return _common(_of_value(value) for value in values)
    if all(issubclass(one, str) for one in classes):
        return {"type": "string"}
    if len(classes) == 1 and issubclass(next(iter(classes)), (datetime.date, numpy.datetime64)):
        return {"type": "datetime"}
    types = {_of_scalar(value)["type"] for value in there}
    if len(types) == 1 and types <= {"boolean", "binary"}:
        return {"type": types.pop()}
    if not types <= {"integer", "long", "float", "double"}:
        raise NoType
    # COMPAT: mlflow 3.17 lets pandas make numbers of them first, for which None is NaN, and pandas.NA is not.
    if any(value is not pandas.NA for value in values[missing]):
        return {"type": "double"}
    if len(classes) == 1:
        return {"type": types.pop()}
    return {"type": "long" if types <= {"integer", "long"} else "double"}


def _of_value(value: Any) -> Type:
    """The type of a value that may hold others."""
    import numpy

    if _is_missing(value):
        return ANY
    if isinstance(value, dict):
        return _of_properties(value)
    if isinstance(value, numpy.ndarray):
        return _of_array(value)
    if isinstance(value, list):
        items = _common(_of_value(item) for item in value)
        return ANY if items == ANY else {"type": "array", "items": items}
    return _of_scalar(value)


def _of_properties(value: Mapping[Any, Any]) -> Type:
    if not all(isinstance(key, str) for key in value):
        raise NoType
    found = {key: {**_of_value(value[key]), "required": not _is_missing(value[key])} for key in sorted(value)}
    return {"type": "object", "properties": found} if found else ANY


def _of_array(value: numpy.ndarray[Any, Any]) -> Type:
    if value.size == 0 or value.ndim == 0:
        raise NoType
    if value.dtype.kind == "O":
        return _of_value(value.tolist())
    return reduce(lambda items, _: {"type": "array", "items": items}, range(value.ndim), _of_dtype(value.dtype))


def _of_scalar(value: Any) -> Type:
    import numpy

    if isinstance(value, numpy.generic):
        return _of_dtype(value.dtype)
    name = _OF_PYTHON.get(type(value))
    if name is None:
        raise NoType
    return {"type": name}


def _is_missing(value: Any) -> bool:
    import pandas

    return value is None or value is pandas.NA or (isinstance(value, float) and value != value)


def _common(types: Iterable[Type]) -> Type:
    """The one type that all of them are of."""
    found = list(types)
    return reduce(_both, found) if found else ANY


def _both(one: Type, other: Type) -> Type:
    if one == other:
        return one
    if ANY in (one, other):
        return _optional(other if one == ANY else one)
    match one["type"], other["type"]:
        case "array", "array":
            return {"type": "array", "items": _both(one["items"], other["items"])}
        case "object", "object":
            return {"type": "object", "properties": _merged(one["properties"], other["properties"])}
    raise NoType


def _optional(one: Type) -> Type:
    """The type of a value that may be missing: of an object, none of its properties is certain."""
    if one["type"] != "object":
        return one
    return {**one, "properties": {key: {**its, "required": False} for key, its in one["properties"].items()}}


def _merged(one: Mapping[str, Type], other: Mapping[str, Type]) -> dict[str, Type]:
    merged = {}
    for key in sorted({*one, *other}):
        if key in one and key in other:
            its = [{name: fact for name, fact in side[key].items() if name != "required"} for side in (one, other)]
            required = one[key]["required"] and other[key]["required"]
            merged[key] = {**_both(*its), "required": required}
        else:
            merged[key] = {**(one.get(key) or other[key]), "required": False}
    return merged
