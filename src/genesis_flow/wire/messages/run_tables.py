"""Requests and responses of our own: runs as a table, of which only the columns asked for are read. Written by hand."""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.experiments import ViewType
from genesis_flow.values.message import Int64, Message

ColumnType = Literal["number", "text"]


class GetRunsTable(Message, frozen=True, kw_only=True):
    """``POST /api/genesis/v1/runs/table``: ``limit`` runs behind the first ``offset`` of a search, and their columns.

    A column is a field as ``order_by`` takes it, without a direction.
    """

    experiment_ids: tuple[str, ...] = ()
    filter: str | None = None
    order_by: tuple[str, ...] = ()
    run_view_type: ViewType = "ACTIVE_ONLY"
    columns: tuple[str, ...] = ()
    offset: Int64 = 0
    limit: Int64 = 200


class RunsColumn(Message, frozen=True, kw_only=True):
    """The values of a field, as it was asked for, in the order of the runs; null where a run has none.

    A number that JSON does not have is one of the strings ``NaN``, ``Infinity`` and ``-Infinity``.
    """

    field: str
    type: ColumnType
    values: tuple[int | float | str | None, ...]


class GetRunsTableResponse(Message, frozen=True, kw_only=True):
    """How many runs the search finds, and a block of them."""

    total: Int64
    offset: Int64
    run_ids: tuple[str, ...]
    columns: tuple[RunsColumn, ...]
