"""Eight hexadecimal digits that follow from the contents of a data frame or an array.

They are those of mlflow 3.17.2, so that the same data is the same dataset whichever client logs it: MD5 over pandas'
hashes of the first rows or elements, and over the shape. Source: what MLflow hands to ``hashlib`` and to pandas for a
given data frame or array.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from genesis_flow.errors import InvalidParameter, MissingPackage

if TYPE_CHECKING:
    import numpy
    import pandas

    Array = numpy.ndarray[Any, Any]

MOST_HASHED = 10_000
"""So many rows of a data frame, or elements of an array, are looked at."""


def digest_of_frame(frame: pandas.DataFrame) -> str:
    """The digest of a data frame: its first rows, their number, the names of its columns."""
    import numpy
    import pandas

    head = frame.head(MOST_HASHED)
    numbers = head.select_dtypes("number").columns
    texts = frame.columns[[_is_text(frame.iloc[:, column]) for column in range(frame.shape[1])]]
    hashes = pandas.util.hash_pandas_object(head[numbers.union(texts)])
    return _md5([hashes.to_numpy(), numpy.int64(len(frame)), *(str(name).encode() for name in frame.columns)])


def digest_of_arrays(*arrays: Array | Mapping[Any, Array]) -> str:
    """The digest of arrays, or of arrays by name: their first elements and their shapes."""
    named = [dict(sorted(one.items())).values() if isinstance(one, Mapping) else (one,) for one in arrays]
    parts = [part for group in named for array in group for part in _parts(array)]
    if not parts:
        raise InvalidParameter("features", {}, "an array, or a dictionary with one")
    return _md5(parts)


def _is_text(values: pandas.Series[Any]) -> bool:
    """COMPAT: mlflow 3.17 leaves out a column of texts in which one is missing, wherever it is."""
    return values.dtype.name.startswith(("object", "category", "str")) and set(map(type, values)) <= {str}


def _parts(array: Array) -> Iterator[Any]:
    import numpy

    try:
        from pandas.util import hash_array
    except ImportError:
        raise MissingPackage("The digest of an array", "pandas") from None
    try:
        yield hash_array(array.reshape(-1)[:MOST_HASHED])
    except TypeError:  # objects without a hash, such as lists: their number alone counts
        yield numpy.int64(array.size)
    yield from (numpy.int64(size) for size in array.shape)


def _md5(parts: Iterable[Any]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:8]
