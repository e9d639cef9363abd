"""The outbox in memory: what webhooks will be told, written by the verbs that cause it, and who sends it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from genesis_flow.errors import WebhookNotFound
from genesis_flow.rules.webhooks import DELIVERIES_KEPT, Kind
from genesis_flow.stores import hooked, webhook_events
from genesis_flow.stores.hooked import StoredDelivery, StoredWebhook
from genesis_flow.stores.memory.state import State
from genesis_flow.stores.protocol import Delivery, Outcome, Target
from genesis_flow.stores.webhook_events import Event

S = TypeVar("S", bound="Outbox")
M = TypeVar("M")
R = TypeVar("R")


def telling(verb: Callable[[S, M], Coroutine[Any, Any, R]]) -> Callable[[S, M], Coroutine[Any, Any, R]]:
    """A verb of the registry, of which webhooks are told as soon as it has done its work."""

    async def told(self: S, message: M) -> R:
        reply = await verb(self, message)
        self.tell_of(message, reply)
        return reply

    return told


class Outbox:
    """Deliveries."""

    _state: State

    def _webhook(self, webhook_id: str) -> tuple[StoredWebhook, list[Kind]]:
        found = self._state.webhooks.get(webhook_id)
        if found is None:
            raise WebhookNotFound(webhook_id)
        return found

    def _deliveries(self, webhook_id: str) -> list[StoredDelivery]:
        return [one for one in self._state.deliveries.values() if one.webhook_id == webhook_id]

    def tell(self, event: Event) -> None:
        """Notes a delivery to each webhook that listens."""
        now = self._state.clock()
        for webhook, kinds in self._state.webhooks.values():
            if webhook.status == hooked.ACTIVE and event.kind in kinds:
                one = StoredDelivery(hooked.new_id(), webhook.webhook_id, event.name, event.body(now), now, due_ms=now)
                self._state.deliveries[one.delivery_id] = one

    def tell_of(self, message: Any, reply: Any) -> None:
        """Notes the events of a change of the registry that was just made."""
        model = self._state.registered.get(message.name)
        of_prompt = model is not None and webhook_events.says_prompt(model.tags)
        for event in webhook_events.events_of(message, reply, of_prompt=of_prompt):
            self.tell(event)

    async def target(self, webhook_id: str) -> Target:
        webhook, _ = self._webhook(webhook_id)
        return Target(webhook_id, webhook.url, webhook.secret)

    async def due_targets(self, now_ms: int) -> Sequence[Target]:
        waiting = [one for one in self._state.deliveries.values() if _is_due(one, now_ms)]
        ids = dict.fromkeys(one.webhook_id for one in sorted(waiting, key=_due))
        return [await self.target(one) for one in ids if self._state.webhooks[one][0].status == hooked.ACTIVE]

    async def take_deliveries(self, webhook_id: str, now_ms: int, until_ms: int, most: int) -> Sequence[Delivery]:
        due = sorted((one for one in self._deliveries(webhook_id) if _is_due(one, now_ms)), key=_due)[:most]
        taken = [dataclasses.replace(one, attempts=one.attempts + 1, due_ms=until_ms, last_ms=now_ms) for one in due]
        self._state.deliveries.update((one.delivery_id, one) for one in taken)
        return [Delivery(one.delivery_id, webhook_id, one.body, one.attempts) for one in taken]

    async def settle_delivery(self, delivery: Delivery, at_ms: int, outcome: Outcome) -> None:
        one = self._state.deliveries.get(delivery.delivery_id)
        if one is None or one.attempts != delivery.attempts or one.due_ms is None:
            return
        self._state.deliveries[one.delivery_id] = dataclasses.replace(
            one, due_ms=outcome.again_ms, ended_ms=at_ms, response_status=outcome.status, error=outcome.error
        )
        ended = [one for one in self._deliveries(delivery.webhook_id) if one.due_ms is None]
        for old in sorted(ended, key=lambda one: one.ended_ms or 0)[:-DELIVERIES_KEPT]:
            del self._state.deliveries[old.delivery_id]


def _is_due(one: StoredDelivery, now_ms: int) -> bool:
    return one.due_ms is not None and one.due_ms <= now_ms


def _due(one: StoredDelivery) -> int:
    return one.due_ms or 0
