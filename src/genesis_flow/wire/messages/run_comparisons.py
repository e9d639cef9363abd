"""Requests and responses of our own: runs beside each other. Written by hand."""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int64, Message
from genesis_flow.values.runs import RunStatus

GroupName = Literal["params", "metrics", "tags", "source", "datasets"]


class CompareRuns(Message, frozen=True, kw_only=True):
    """``POST /api/genesis/v1/runs/compare``: 2 to 50 runs of any experiments, each once."""

    run_ids: tuple[str, ...] = ()


class ComparedRun(Message, frozen=True, kw_only=True):
    """What stands above the values of a run."""

    run_id: str
    run_name: str | None = None
    experiment_id: str | None = None
    status: RunStatus | None = None
    start_time: Int64 | None = None
    end_time: Int64 | None = None
    lifecycle_stage: str | None = None


class ComparedKey(Message, frozen=True, kw_only=True):
    """What the runs have of one key.

    Attributes:
        values: in the order of the runs; null where a run has none. A number that JSON does not have is one of the
            strings ``NaN``, ``Infinity`` and ``-Infinity``.
        same: whether all runs have it, with one value; NaN is one value.
    """

    key: str
    values: tuple[float | str | None, ...]
    same: bool


class ComparedGroup(Message, frozen=True, kw_only=True):
    """Keys of one kind, in their order."""

    name: GroupName
    rows: tuple[ComparedKey, ...]


class CompareRunsResponse(Message, frozen=True, kw_only=True):
    """The runs in the order in which they were asked for, and their values side by side.

    Attributes:
        groups: params; metrics, the last value of each; tags, of MLflow's own the note alone; source, which are the
            others of MLflow's own but the name; datasets, by name and context, with their digests.
    """

    runs: tuple[ComparedRun, ...]
    groups: tuple[ComparedGroup, ...]
