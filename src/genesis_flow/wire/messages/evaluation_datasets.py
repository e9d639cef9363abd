"""Requests and responses of the noun ``evaluation_datasets``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.evaluation_datasets import DatasetRecordSourceSourceType, DatasetsDataset
from genesis_flow.values.message import Int32, Message


class CreateDataset(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/datasets/create``."""

    name: str
    experiment_ids: tuple[str, ...] = ()
    source_type: DatasetRecordSourceSourceType | None = None
    source: str | None = None
    schema: str | None = None
    profile: str | None = None
    created_by: str | None = None
    tags: str | None = None


class CreateDatasetResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateDataset.Response``."""

    dataset: DatasetsDataset | None = None


class GetDataset(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/datasets/{dataset_id}``."""

    dataset_id: str
    page_token: str | None = None


class GetDatasetResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetDataset.Response``."""

    dataset: DatasetsDataset | None = None
    next_page_token: str | None = None


class DeleteDataset(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/datasets/{dataset_id}``."""

    dataset_id: str


class DeleteDatasetResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteDataset.Response``."""


class SearchEvaluationDatasets(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/datasets/search``, ``GET /api/3.0/mlflow/datasets/search``."""

    experiment_ids: tuple[str, ...] = ()
    filter_string: str | None = None
    max_results: Int32 = 1000
    order_by: tuple[str, ...] = ()
    page_token: str | None = None


class SearchEvaluationDatasetsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchEvaluationDatasets.Response``."""

    datasets: tuple[DatasetsDataset, ...] = ()
    next_page_token: str | None = None


class SetDatasetTags(Message, frozen=True, kw_only=True):
    """``PATCH /api/3.0/mlflow/datasets/{dataset_id}/tags``."""

    dataset_id: str
    tags: str


class SetDatasetTagsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SetDatasetTags.Response``."""

    dataset: DatasetsDataset | None = None


class DeleteDatasetTag(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/datasets/{dataset_id}/tags/{key}``."""

    dataset_id: str
    key: str


class DeleteDatasetTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteDatasetTag.Response``."""


class UpsertDatasetRecords(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/datasets/{dataset_id}/records``."""

    dataset_id: str
    records: str
    updated_by: str | None = None


class UpsertDatasetRecordsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpsertDatasetRecords.Response``."""

    inserted_count: Int32 | None = None
    updated_count: Int32 | None = None


class GetDatasetExperimentIds(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/datasets/{dataset_id}/experiment-ids``."""

    dataset_id: str


class GetDatasetExperimentIdsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetDatasetExperimentIds.Response``."""

    experiment_ids: tuple[str, ...] = ()


class GetDatasetRecords(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/datasets/{dataset_id}/records``."""

    dataset_id: str
    max_results: Int32 = 1000
    page_token: str | None = None


class GetDatasetRecordsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetDatasetRecords.Response``."""

    records: str | None = None
    next_page_token: str | None = None


class DeleteDatasetRecords(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/datasets/{dataset_id}/records``."""

    dataset_id: str
    dataset_record_ids: tuple[str, ...] = ()


class DeleteDatasetRecordsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteDatasetRecords.Response``."""

    deleted_count: Int32 | None = None


class AddDatasetToExperiments(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/datasets/{dataset_id}/add-experiments``."""

    dataset_id: str
    experiment_ids: tuple[str, ...] = ()


class AddDatasetToExperimentsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.AddDatasetToExperiments.Response``."""

    dataset: DatasetsDataset | None = None


class RemoveDatasetFromExperiments(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/datasets/{dataset_id}/remove-experiments``."""

    dataset_id: str
    experiment_ids: tuple[str, ...] = ()


class RemoveDatasetFromExperimentsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.RemoveDatasetFromExperiments.Response``."""

    dataset: DatasetsDataset | None = None
