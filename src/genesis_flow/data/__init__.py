"""Datasets for ``log_input``: what is in them, as a digest and a schema, and where they come from."""

from __future__ import annotations

from typing import Any

from genesis_flow import entities
from genesis_flow.data.dataset import Dataset
from genesis_flow.data.dataset_source import DatasetSource
from genesis_flow.data.dataset_source_registry import get_dataset_source_from_json, get_registered_sources
from genesis_flow.data.numpy_dataset import from_numpy
from genesis_flow.data.pandas_dataset import from_pandas
from genesis_flow.errors import InvalidParameter, NotYet

__all__ = [
    "Dataset",
    "DatasetSource",
    "from_numpy",
    "from_pandas",
    "get_dataset_source_from_json",
    "get_registered_sources",
    "get_source",
]

LATER = frozenset("from_huggingface from_spark from_tensorflow load_delta".split())
"""The functions that come with the libraries whose data they take."""


def get_source(dataset: Dataset | entities.Dataset | entities.DatasetInput) -> DatasetSource:
    """Where a dataset comes from: one of this program, or one that a run was given.

    Raises:
        InvalidParameter: it is no dataset.
        UnknownDatasetSource: it was logged with a kind of source that is not known here.
    """
    if isinstance(dataset, Dataset):
        return dataset.source
    logged = dataset.dataset if isinstance(dataset, entities.DatasetInput) else dataset
    if not isinstance(logged, entities.Dataset):
        raise InvalidParameter("dataset", type(logged).__name__, "a dataset, or an input of a run")
    return get_dataset_source_from_json(logged.source, logged.source_type)


def __getattr__(name: str) -> Any:
    if name in LATER:
        raise NotYet(f"genesis_flow.data.{name}", "models and flavors")
    raise AttributeError(f"module 'genesis_flow.data' has no attribute {name!r}")
