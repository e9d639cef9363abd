"""Values of the noun ``evaluation_datasets``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int64, Message


DatasetRecordSourceSourceType = Literal[
    "SOURCE_TYPE_UNSPECIFIED",
    "TRACE",
    "HUMAN",
    "DOCUMENT",
    "CODE",
]


class DatasetsDataset(Message, frozen=True, kw_only=True):
    """``mlflow.datasets.Dataset``."""

    dataset_id: str | None = None
    name: str | None = None
    tags: str | None = None
    schema: str | None = None
    profile: str | None = None
    digest: str | None = None
    created_time: Int64 | None = None
    last_update_time: Int64 | None = None
    created_by: str | None = None
    last_updated_by: str | None = None
    experiment_ids: tuple[str, ...] = ()


class DatasetRecord(Message, frozen=True, kw_only=True):
    """``mlflow.datasets.DatasetRecord``."""

    dataset_record_id: str | None = None
    dataset_id: str | None = None
    inputs: str | None = None
    expectations: str | None = None
    tags: str | None = None
    source: str | None = None
    source_id: str | None = None
    source_type: DatasetRecordSourceSourceType | None = None
    created_time: Int64 | None = None
    last_update_time: Int64 | None = None
    created_by: str | None = None
    last_updated_by: str | None = None
    outputs: str | None = None


class DatasetRecordSource(Message, frozen=True, kw_only=True):
    """``mlflow.datasets.DatasetRecordSource``."""

    source_type: DatasetRecordSourceSourceType | None = None
    source_data: str | None = None
