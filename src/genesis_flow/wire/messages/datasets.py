"""Requests and responses of the noun ``datasets``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.datasets import DatasetSummary
from genesis_flow.values.message import Message


class SearchDatasets(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/experiments/search-datasets``."""

    experiment_ids: tuple[str, ...] = ()


class SearchDatasetsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchDatasets.Response``."""

    dataset_summaries: tuple[DatasetSummary, ...] = ()
