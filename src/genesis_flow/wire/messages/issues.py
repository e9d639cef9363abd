"""Requests and responses of the noun ``issues``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.issues import Issue
from genesis_flow.values.message import Int32, Message


class CreateIssue(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/issues``."""

    experiment_id: str
    name: str
    description: str
    status: str | None = None
    severity: str | None = None
    root_causes: tuple[str, ...] = ()
    source_run_id: str | None = None
    created_by: str | None = None
    categories: tuple[str, ...] = ()


class CreateIssueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.issues.CreateIssue.Response``."""

    issue: Issue | None = None


class UpdateIssue(Message, frozen=True, kw_only=True):
    """``PATCH /api/3.0/mlflow/issues/{issue_id}``."""

    issue_id: str
    name: str | None = None
    description: str | None = None
    status: str | None = None
    severity: str | None = None


class UpdateIssueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.issues.UpdateIssue.Response``."""

    issue: Issue | None = None


class GetIssue(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/issues/{issue_id}``."""

    issue_id: str


class GetIssueResponse(Message, frozen=True, kw_only=True):
    """``mlflow.issues.GetIssue.Response``."""

    issue: Issue | None = None


class SearchIssues(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/issues/search``."""

    experiment_id: str | None = None
    filter_string: str | None = None
    max_results: Int32 | None = None
    page_token: str | None = None
    include_trace_count: bool | None = None


class SearchIssuesResponse(Message, frozen=True, kw_only=True):
    """``mlflow.issues.SearchIssues.Response``."""

    issues: tuple[Issue, ...] = ()
    next_page_token: str | None = None
