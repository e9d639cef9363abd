"""Values of the noun ``workspaces``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Message
from genesis_flow.values.traces import TraceArchivalConfig


class Workspace(Message, frozen=True, kw_only=True):
    """``mlflow.Workspace``."""

    name: str
    description: str | None = None
    default_artifact_root: str | None = None
    trace_archival_config: TraceArchivalConfig | None = None
