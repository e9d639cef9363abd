"""Requests and responses of the noun ``workspaces``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Message
from genesis_flow.values.traces import TraceArchivalConfig
from genesis_flow.values.workspaces import Workspace


class ListWorkspaces(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/workspaces``."""


class ListWorkspacesResponse(Message, frozen=True, kw_only=True):
    """``mlflow.ListWorkspaces.Response``."""

    workspaces: tuple[Workspace, ...] = ()


class CreateWorkspace(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/workspaces``."""

    name: str
    description: str | None = None
    default_artifact_root: str | None = None
    trace_archival_config: TraceArchivalConfig | None = None


class CreateWorkspaceResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateWorkspace.Response``."""

    workspace: Workspace | None = None


class GetWorkspace(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/workspaces/{workspace_name}``."""

    workspace_name: str


class GetWorkspaceResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetWorkspace.Response``."""

    workspace: Workspace | None = None


class UpdateWorkspace(Message, frozen=True, kw_only=True):
    """``PATCH /api/3.0/mlflow/workspaces/{workspace_name}``."""

    workspace_name: str
    description: str | None = None
    default_artifact_root: str | None = None
    trace_archival_config: TraceArchivalConfig | None = None


class UpdateWorkspaceResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateWorkspace.Response``."""

    workspace: Workspace | None = None


class DeleteWorkspace(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/workspaces/{workspace_name}``."""

    workspace_name: str


class DeleteWorkspaceResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteWorkspace.Response``."""
