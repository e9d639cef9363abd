"""Values of the noun ``datasets``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Message


class Dataset(Message, frozen=True, kw_only=True):
    """``mlflow.Dataset``."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


class InputTag(Message, frozen=True, kw_only=True):
    """``mlflow.InputTag``."""

    key: str
    value: str | None = None


class DatasetInput(Message, frozen=True, kw_only=True):
    """``mlflow.DatasetInput``."""

    dataset: Dataset
    tags: tuple[InputTag, ...] = ()


class DatasetSummary(Message, frozen=True, kw_only=True):
    """``mlflow.DatasetSummary``."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None
