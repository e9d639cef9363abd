"""The one way from a message to its answer: validate, authorize, store."""

from __future__ import annotations

from typing import Any

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.auth.may import Caller, OpenPolicy, Policy
from genesis_flow.errors import Unsupported
from genesis_flow.outbound.client import Allowed, Client
from genesis_flow.rules.acting import ACTING
from genesis_flow.rules.limits import DOWNLOAD_LINK_S
from genesis_flow.rules.webhooks import RETRIES, TIMEOUT_S
from genesis_flow.service import (
    datasets,
    experiments,
    keys,
    logged_models,
    metrics,
    registry,
    run_comparisons,
    runs,
)
from genesis_flow.service.artifacts import Artifacts
from genesis_flow.service.deliveries import Deliveries
from genesis_flow.service.secrets import Sealer
from genesis_flow.service.sending import Sender
from genesis_flow.service.transfers import Transfers
from genesis_flow.service.verb import Verbs
from genesis_flow.service.webhooks import Webhooks
from genesis_flow.stores.protocol import Outbox, Store
from genesis_flow.stores.webhook_events import may_have_events
from genesis_flow.values.message import Message
from genesis_flow.wire.codec import Reply
from genesis_flow.wire.operations import Operation


class Service:
    """Answers the operations of the table from a store and artifact roots.

    Args:
        store: where everything but files is kept.
        roots: the locations of artifacts that may be touched.
        policy: who may do what.
        outbound: what webhooks may call.
        sealer: what their secrets are kept with.
        delivers: whether this server sends what the outbox of the store holds.
        webhook_timeout_s: how long a call of a webhook may take.
        webhook_retries: how often a delivery is sent again that fails.
        download_link_s: how long a link to read a file lasts when nobody says.
    """

    def __init__(
        self,
        store: Store,
        roots: Roots,
        policy: Policy | None = None,
        *,
        outbound: Allowed | None = None,
        sealer: Sealer | None = None,
        delivers: bool = True,
        webhook_timeout_s: float = TIMEOUT_S,
        webhook_retries: int = RETRIES,
        download_link_s: int = DOWNLOAD_LINK_S,
    ) -> None:
        self.store = store
        self.artifacts = Artifacts(store, roots)
        self.transfers = Transfers(self.artifacts, download_link_s)
        self._client, sealer = Client(outbound or Allowed(), total_s=webhook_timeout_s), sealer or Sealer()
        self._deliveries: Deliveries | None = None
        if delivers and isinstance(store, Outbox):
            self._deliveries = Deliveries(store, Sender(self._client, sealer), retries=webhook_retries)
        self._policy = policy or OpenPolicy()
        self._verbs: Verbs = {
            **experiments.verbs(store),
            **runs.verbs(store),
            **run_comparisons.verbs(store),
            **keys.verbs(store),
            **metrics.verbs(store),
            **datasets.verbs(store),
            **logged_models.verbs(store),
            **registry.verbs(store),
            **self.artifacts.verbs(),
            **self.transfers.verbs(),
            **Webhooks(store, self._client, sealer).verbs(),
        }

    @property
    def implemented(self) -> frozenset[str]:
        """The names of the operations that are answered with more than 501, files aside."""
        return frozenset(self._verbs)

    async def answer(self, operation: Operation[Any, Any], message: Message, caller: Caller) -> Reply[Any]:
        """The answer to a message.

        Raises:
            Unsupported: the operation is not implemented.
            GenesisFlowError: whatever the check, the policy or the store has against it.
        """
        verb = self._verbs.get(operation.name)
        if verb is None:
            raise Unsupported(operation.name)
        checked = verb.check(message)
        self._policy.require(caller, operation.permission, checked)
        ACTING.set(caller.name)
        reply = await verb.run(checked)
        if self._deliveries is not None and may_have_events(checked):
            self._deliveries.wake()
        return reply

    def start(self) -> None:
        """Begins what a server does by itself, on the event loop that runs."""
        if self._deliveries is not None:
            self._deliveries.start()

    async def close(self) -> None:
        """Finishes what was asked of the store and of the artifacts, and closes them."""
        if self._deliveries is not None:
            await self._deliveries.close()
        self._client.close()
        await self.store.close()
        await self.artifacts.close()

    def authorize(self, caller: Caller, permission: str, message: Message) -> None:
        """For what is no message alone (files): ``Forbidden`` if the caller may not."""
        self._policy.require(caller, permission, message)
