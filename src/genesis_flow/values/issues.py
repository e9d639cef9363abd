"""Values of the noun ``issues``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Int32, Int64, Message


class Issue(Message, frozen=True, kw_only=True):
    """``mlflow.issues.Issue``."""

    issue_id: str | None = None
    experiment_id: str | None = None
    name: str | None = None
    description: str | None = None
    status: str | None = None
    severity: str | None = None
    root_causes: tuple[str, ...] = ()
    source_run_id: str | None = None
    created_timestamp: Int64 | None = None
    last_updated_timestamp: Int64 | None = None
    created_by: str | None = None
    categories: tuple[str, ...] = ()
    trace_count: Int32 | None = None
