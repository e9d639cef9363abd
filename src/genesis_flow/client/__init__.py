"""The client of a server or a store: ``MlflowClient``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genesis_flow.client.client import MlflowClient

__all__ = ["MlflowClient"]


def __getattr__(name: str) -> Any:
    if name == "MlflowClient":  # the modules in here are used without it, too
        from genesis_flow.client.client import MlflowClient

        return MlflowClient
    raise AttributeError(f"module 'genesis_flow.client' has no attribute {name!r}")
