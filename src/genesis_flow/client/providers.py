"""What plugins for MLflow's client inherit from; they are found by their entry points.

Source: the groups and signatures of mlflow 3.17.2.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from genesis_flow.client import context


class RequestHeaderProvider:
    """Further headers of each request; of the group ``mlflow.request_header_provider``."""

    def in_context(self) -> bool:
        """Whether it has any to add, here and now."""
        raise NotImplementedError

    def request_headers(self) -> Mapping[str, str]:
        """The headers."""
        raise NotImplementedError


class RequestAuthProvider(ABC):
    """Who asks the server; of the group ``mlflow.request_auth_provider``, chosen by ``MLFLOW_TRACKING_AUTH``."""

    @abstractmethod
    def get_name(self) -> str:
        """What ``MLFLOW_TRACKING_AUTH`` calls it."""

    @abstractmethod
    def get_auth(self) -> Any:
        """A user and a password as a tuple, or what sets the headers of a request, as ``requests`` calls it.

        It is asked for each request.
        """


class RunContextProvider:
    """Tags that tell where a run comes from; of the group ``mlflow.run_context_provider``."""

    def in_context(self) -> bool:
        """Whether it has any to add, here and now."""
        raise NotImplementedError

    def tags(self) -> Mapping[str, str]:
        """The tags."""
        raise NotImplementedError


def resolve_tags(tags: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags of a new run: where it comes from, and what is said about it.

    Args:
        tags: these come before what is found out.
    """
    return {**context.run_tags(), **(tags or {})}
