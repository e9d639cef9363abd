"""Values of the noun ``experiments``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int64, Message


ViewType = Literal[
    "ACTIVE_ONLY",
    "DELETED_ONLY",
    "ALL",
]


class ExperimentTag(Message, frozen=True, kw_only=True):
    """``mlflow.ExperimentTag``."""

    key: str | None = None
    value: str | None = None


class Experiment(Message, frozen=True, kw_only=True):
    """``mlflow.Experiment``."""

    experiment_id: str | None = None
    name: str | None = None
    artifact_location: str | None = None
    lifecycle_stage: str | None = None
    last_update_time: Int64 | None = None
    creation_time: Int64 | None = None
    tags: tuple[ExperimentTag, ...] = ()
    effective_trace_archival_retention: str | None = None
    workspace: str | None = None
