"""Metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genesis_flow.entities.entity import Record
from genesis_flow.values import metrics as values


class Metric(Record, frozen=True):
    """A value that was measured at a time, in milliseconds since 1970, and a step."""

    key: str
    value: float
    timestamp: int
    step: int
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None

    @classmethod
    def from_dictionary(cls, metric_dict: Mapping[str, Any]) -> Metric:
        """A metric from the fields in a dictionary; what else is in it is passed over."""
        return super().from_dictionary(metric_dict)


def metric_of(value: values.Metric) -> Metric:
    """The metric of an answer."""
    return Metric(
        value.key or "",
        value.value or 0.0,
        value.timestamp or 0,
        value.step or 0,
        value.model_id,
        value.dataset_name,
        value.dataset_digest,
        value.run_id,
    )
