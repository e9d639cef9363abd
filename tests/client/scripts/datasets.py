"""Prints what a client logs of many datasets, as JSON by name: ``python datasets.py mlflow``, or ``genesis_flow``."""

from __future__ import annotations

import collections
import datetime
import decimal
import importlib
import json
import logging
import sys
import uuid
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

TIME = pd.Timestamp("2020-01-01")
DAY = datetime.date(2020, 1, 1)


def objects(*values: Any) -> pd.Series[Any]:
    """A column of Python objects."""
    return pd.Series(list(values), dtype=object)


COLUMNS: dict[str, Any] = {
    **{dtype: np.array([1, 2], dtype) for dtype in "i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c16 ?".split()},
    **{dtype: pd.array([1, 2], dtype) for dtype in "Int8 Int32 Int64 UInt8 UInt32 UInt64 Float32 Float64".split()},
    **{f"{dtype} missing": pd.array([1, None], dtype) for dtype in "Int64 Float64 boolean".split()},
    **{f"{dtype} all missing": pd.array([None, None], dtype) for dtype in "Int64 boolean string".split()},
    "nan": [1.5, float("nan")],
    "all nan": [float("nan")] * 2,
    "none": [None, None],
    "text": ["a", "ü🙂"],
    "text missing": ["a", None],
    "text objects": objects("a", "b"),
    "text objects missing": objects("a", None),
    "text nan": objects("a", np.nan),
    "text string": pd.array(["a", "b"], "string"),
    "text string missing": pd.array(["a", None], "string"),
    "text subclass": objects(np.str_("a"), "b"),
    "time": [TIME, TIME],
    "time zone": [TIME.tz_localize("UTC")] * 2,
    "time missing": [TIME, None],
    "time objects": objects(datetime.datetime(2020, 1, 1), None),
    "time numpy": objects(np.datetime64("2020")),
    "dates": [DAY, DAY],
    "dates missing": [DAY, None],
    "dates and times": objects(DAY, TIME),
    "clock": [datetime.time(1)] * 2,
    "duration": [pd.Timedelta(1, "s")] * 2,
    "category text": pd.Categorical(["a", "b"]),
    "category text missing": pd.Categorical(["a", None]),
    "category int": pd.Categorical([1, 2]),
    "category float": pd.Categorical([1.5, 2]),
    "category bool": pd.Categorical([True, False]),
    "category time": pd.Categorical([TIME, TIME]),
    "category none": pd.Categorical([None, None]),
    "bytes": [b"a", b"b"],
    "bytes missing": [b"a", None],
    "bytearray": objects(bytearray(b"a")),
    "decimal": [decimal.Decimal(1)] * 2,
    "uuid": [uuid.UUID(int=1)] * 2,
    "interval": pd.interval_range(0, 2),
    "period": pd.period_range("2020", periods=2, freq="D"),
    "int and text": [1, "a"],
    "bytes and text": objects(b"a", "b"),
    "bool and int": objects(True, 1),
    "int objects": objects(1, 2),
    "int objects none": objects(1, None),
    "int objects na": objects(1, pd.NA),
    "int objects nan": objects(np.nan, 1),
    "int large": objects(2**70, 1),
    "int32 objects": objects(np.int32(1), np.int32(2)),
    "int32 objects none": objects(np.int32(1), None),
    "int32 and int": objects(np.int32(1), 2),
    "uint64 objects": objects(np.uint64(1)),
    "float objects": objects(1.5, None),
    "float32 objects": objects(np.float32(1), np.float32(2)),
    "float32 objects none": objects(np.float32(1), None),
    "float32 and float": objects(np.float32(1), 1.5),
    "int and float objects": objects(1, 2.5),
    "complex objects": objects(1j, 2),
    "bool objects": objects(True, False),
    "bool objects none": objects(True, None),
    "bool numpy": objects(np.bool_(True)),
    "set": [{"a"}, {"b"}],
    "tuple": [(1, 2), (3, 4)],
    "list": [[1, 2], [3]],
    "list text": [["a"], ["b"]],
    "list text none": [["a", None], ["b"]],
    "list none": [[1, None], [2]],
    "list na": [[pd.NA, 1]],
    "list nan": [[1.5, float("nan")], [1.0]],
    "list int and float": [[1], [2.5]],
    "list bool": [[True], [False]],
    "list bytes": [[b"a"]],
    "list nested": [[[1], [2]], [[3]]],
    "list nested empty": [[[], [1]], [[]]],
    "list empty": [[], []],
    "list empty and not": [[], [1]],
    "list missing": [[1], None],
    "list of objects": [[{"a": 1}], [{"b": 2}]],
    "list of object and int": [[{"a": 1}, 2]],
    "list of arrays": [[np.arange(2)], [np.arange(2)]],
    "list of tuples": [[(1, 2)]],
    "list of times": [[TIME]],
    "list float32": [[np.float32(1)], [np.float32(2)]],
    "list int32 and int": [[np.int32(1)], [1]],
    "array": [np.arange(2), np.arange(2)],
    "array two dimensions": [np.arange(4).reshape(2, 2)] * 2,
    "array other dimensions": [np.arange(2), np.arange(4).reshape(2, 2)],
    "array float32": [np.array([1, 2], "f4")] * 2,
    "array int32": [np.array([1, 2], "i4")] * 2,
    "array uint64": [np.array([1, 2], "u8")] * 2,
    "array text": [np.array(["a"])] * 2,
    "array times": [np.array(["2020"], "M8[s]")] * 2,
    "array durations": [np.array([1], "m8[s]")] * 2,
    "array objects": [np.array(["a", None], object)] * 2,
    "array empty": [np.array([])] * 2,
    "array and list": [np.zeros((2, 2)), [[1.0]]],
    "object": [{"k": 1}, {"k": 2}],
    "object order": [{"z": 1, "a": "x"}],
    "object ordered": [collections.OrderedDict(a=1)],
    "object optional": [{"k": 1, "z": "s"}, {"k": 2}],
    "object nested": [{"k": {"q": [1]}}, {"k": {"q": [2], "w": 1.0}}],
    "object nested none": [{"a": {"b": 1}}, {"a": None}],
    "object missing": [{"a": 1}, None],
    "object none": [{"a": None}, {"a": 1}],
    "object all none": [{"a": None}, {"a": None}],
    "object nan": [{"a": float("nan")}, {"a": 1.5}],
    "object empty": [{}, {}],
    "object empty and not": [{}, {"a": 1}],
    "object numpy": [{"a": np.int64(1), "b": np.float32(1), "c": np.array([1])}] * 2,
    "object list none": [{"a": [1]}, {"a": None}],
    "object list of objects": [{"a": [{"b": 1}, {"b": 2, "c": "x"}]}],
    "object times": [{"a": datetime.datetime(2020, 1, 1)}],
    "object dates": [{"a": DAY}],
    "object text and int": [{"a": "x"}, {"a": 1}],
    "object int and float": [{"a": 1}, {"a": 1.5}],
    "object keys": [{1: 2}, {1: 3}],
    "object decimal": [{"a": decimal.Decimal(1)}],
    "object and list": objects([1], {"a": 1}),
    "list and text": objects([1], "a"),
}

FRAMES: dict[str, Callable[[], pd.DataFrame]] = {
    **{name: partial(pd.DataFrame, {"column": values}) for name, values in COLUMNS.items()},
    "order of columns": lambda: pd.DataFrame({"s": ["a", "b"], "n": [1, 2], "b": [True, False], "m": [1.5, 2]}),
    "numbered columns": lambda: pd.DataFrame(np.arange(4).reshape(2, 2)),
    "mixed names": lambda: pd.DataFrame({1: [1], "a": ["x"], 2.5: [1.5], "b": [2]}),
    "nested names": lambda: pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
    "repeated names": lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "repeated names of texts": lambda: pd.DataFrame([["a", "b"]], columns=["a", "a"]),
    "no name": lambda: pd.DataFrame({None: [1], "ä": ["ü"]}),
    "no rows": lambda: pd.DataFrame({"a": np.array([], "f8")}),
    "nothing": lambda: pd.DataFrame(),
    "index": lambda: pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
    "two indexes": lambda: pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),
    "many rows": lambda: pd.DataFrame({"a": range(25_000)}),
    "many texts": lambda: pd.DataFrame({"a": objects(*["a"] * 20_000)}),
    "many texts, at last a number": lambda: pd.DataFrame({"a": objects(*["a"] * 20_000, 1)}),
    "random": lambda: pd.DataFrame(np.random.default_rng(7).normal(size=(500, 20))).rename(columns=str),
}

ARRAYS: dict[str, Any] = {
    **{dtype: np.array([1, 2], dtype) for dtype in "i1 i4 i8 u1 u8 f2 f4 f8 c16 ? >i4 m8[s]".split()},
    "no dimension": np.array(5),
    "empty": np.array([]),
    "empty rows": np.zeros((0, 3)),
    "nan": np.array([np.nan, 1]),
    "matrix": np.arange(6).reshape(2, 3),
    "matrix by columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "every other": np.arange(10)[::2],
    "large": np.arange(40_000).reshape(4, 10_000),
    "times": np.array(["2020-01-01"], "M8[D]"),
    "texts": np.array(["a", "bb"]),
    "bytes": np.array([b"a"]),
    "objects": np.array(["a", 1], object),
    "objects missing": np.array([None, 1.5], object),
    "objects without a hash": np.array([{"a": 1}, [1]], object),
    "records": np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    "named": {"z": np.arange(2), "a": np.arange(3)},
    "named by number": {1: np.arange(2)},
}

TARGETS: dict[str, tuple[Any, Any]] = {
    "array": (np.arange(6).reshape(2, 3), np.arange(2)),
    "named": ({"z": np.arange(2), "a": np.arange(3)}, {"q": np.arange(2), "b": np.arange(2.0)}),
    "named features": ({"z": np.arange(2)}, np.arange(2)),
    "named targets": (np.arange(2), {"z": np.arange(2)}),
    "no dimension": (np.arange(2), np.array(1)),
}

SOURCES: tuple[Any, ...] = (
    *(
        "data.csv",
        "./data.csv",
        "/nowhere/data.csv",
        "file:///tmp/x.csv",
        "file:/tmp/x",
        "",
        "hello world",
        "~/x",
        "#x",
    ),
    *("s3://b/k", "gs://b/k", "wasbs://c@a.blob.core.windows.net/x", "abfss://f@a.dfs.core.windows.net/x"),
    *("r2://b/k", "b2://b/k", "ftp://h/x", "sftp://h/x", "hdfs://h/x", "viewfs://h/x"),
    *("http://h/x.csv", "https://h/x?version=1", "HTTPS://H/x", Path("x.csv"), Path("/tmp/x")),
    *("az://c/x", "dbfs:/x", "runs:/a/x", "models:/m/1", "mlflow-artifacts:/x", "s3a://b/k", "foo://bar", "C:\\x\\y"),
    *("file://host/x", 123, ["a", "b"], b"x"),
)


def told(make: Callable[[], Any]) -> Any:
    """What is logged of a dataset, or the code of the error that is raised instead."""
    try:
        return make().to_dict()
    except Exception as error:
        return getattr(error, "error_code", type(error).__name__)


def _framed(data: Any, make: Callable[[], pd.DataFrame]) -> Any:
    return data.from_pandas(make())


def main(package: str) -> None:
    """Prints everything."""
    warnings.simplefilter("ignore")
    logging.disable()
    data = importlib.import_module(f"{package}.data")
    meta = importlib.import_module(f"{package}.data.meta_dataset").MetaDataset
    http = importlib.import_module(f"{package}.data.http_dataset_source").HTTPDatasetSource
    frame = pd.DataFrame({"a": [1.5, 2]})
    answers = {
        **{f"frame: {name}": told(partial(_framed, data, make)) for name, make in FRAMES.items()},
        **{f"array: {name}": told(partial(data.from_numpy, array)) for name, array in ARRAYS.items()},
        **{f"targets: {n}": told(partial(data.from_numpy, one, targets=two)) for n, (one, two) in TARGETS.items()},
        **{f"source: {one!r}": told(partial(data.from_pandas, frame, source=one)) for one in SOURCES},
        "named": told(lambda: data.from_pandas(frame, source="x", name="n", digest="d", targets="a", predictions="a")),
        "no name": told(lambda: data.from_pandas(frame, name="", digest="")),
        "no such targets": told(lambda: data.from_pandas(frame, targets="b")),
        "no such predictions": told(lambda: data.from_pandas(frame, predictions="b")),
        "no arrays": told(lambda: data.from_numpy({})),
        "source alone": told(lambda: meta(http("http://h/ä"))),
        "source alone, named": told(lambda: meta(http("http://h/ä"), name="n")),
    }
    print(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1])
