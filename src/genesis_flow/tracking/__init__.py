"""Where MLflow's programs look for the client and for the tracking URI."""

from __future__ import annotations

from genesis_flow.client.client import MlflowClient
from genesis_flow.client.uris import (
    get_registry_uri,
    get_tracking_uri,
    is_tracking_uri_set,
    set_registry_uri,
    set_tracking_uri,
)

__all__ = [
    "MlflowClient",
    "get_registry_uri",
    "get_tracking_uri",
    "is_tracking_uri_set",
    "set_registry_uri",
    "set_tracking_uri",
]
