"""The client: every verb of tracking and of the registry, for one server or store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genesis_flow.client import uris
from genesis_flow.client.connection import Calls
from genesis_flow.client.experiments import Experiments
from genesis_flow.client.later import missing
from genesis_flow.client.logged_models import LoggedModels
from genesis_flow.client.registry import ModelVersions
from genesis_flow.client.run_tables import RunTables
from genesis_flow.client.webhooks import Webhooks


class MlflowClient(Experiments, RunTables, LoggedModels, ModelVersions, Webhooks):
    """A client of MLflow's interface.

    Nothing is opened before the first verb. May be shared by threads.

    Args:
        tracking_uri: where runs are kept; by default what ``set_tracking_uri`` or the environment says.
        registry_uri: where models are registered; by default the same, or what ``set_registry_uri`` says.
        workspace_store_uri: taken for MLflow's signature; workspaces are not there yet.
    """

    def __init__(
        self,
        tracking_uri: str | None = None,
        registry_uri: str | None = None,
        workspace_store_uri: str | None = None,
    ) -> None:
        self._tracking, self._registry = map(Calls, uris.both(tracking_uri, registry_uri))

    @property
    def tracking_uri(self) -> str:
        """Where runs are kept."""
        return self._tracking.uri

    def __repr__(self) -> str:
        return f"<MlflowClient: tracking_uri={self._tracking.uri!r}, registry_uri={self._registry.uri!r}>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            raise missing("MlflowClient", name)
