"""What every store that delivers does with its outbox: who takes what, for how long, and what is kept of it."""

from __future__ import annotations

import asyncio

from genesis_flow.rules.webhooks import DELIVERIES_KEPT
from genesis_flow.stores.protocol import Delivery, Outbox, Outcome, Store
from genesis_flow.testing.calls import NOT_FOUND, refused
from genesis_flow.testing.registry_calls import new_registered
from genesis_flow.testing.suite import Suite
from genesis_flow.testing.webhook_calls import (
    LATER_MS,
    SECRET,
    UNKNOWN_ID,
    URL,
    change,
    deliveries,
    listening,
    outbox_of,
    replay,
    there_text,
)

EVENT = "REGISTERED_MODEL.CREATED"
DONE = Outcome(200, None, None)
NOW, LEASE_MS = LATER_MS, 1_000


async def take(outbox: Outbox, webhook_id: str, now: int = NOW, most: int = 100) -> list[Delivery]:
    return list(await outbox.take_deliveries(webhook_id, now, now + LEASE_MS, most))


class DeliverySuite(Suite):
    """The outbox."""

    async def test_a_target_is_known_by_its_secret_too(self, store: Store) -> None:
        outbox = outbox_of(store)
        async with listening(store, EVENT, secret=SECRET) as webhook_id:
            assert await outbox.target(webhook_id) == (webhook_id, URL, SECRET)
            await change(store, webhook_id, secret="")
            assert (await outbox.target(webhook_id)).secret == ""
        with refused(NOT_FOUND):
            await outbox.target(webhook_id)

    async def test_what_is_taken_is_nobody_elses_until_the_lease_is_over(self, store: Store) -> None:
        outbox = outbox_of(store)
        async with listening(store, EVENT) as webhook_id:
            await new_registered(store)
            assert await take(outbox, webhook_id, now=1) == []
            (first,) = await take(outbox, webhook_id)
            assert await take(outbox, webhook_id, NOW + LEASE_MS - 1) == []
            (again,) = await take(outbox, webhook_id, NOW + LEASE_MS)
            assert (first.attempts, again) == (1, first._replace(attempts=2))

    async def test_what_is_due_longest_is_taken_first(self, store: Store) -> None:
        outbox = outbox_of(store)
        async with listening(store, EVENT) as webhook_id:
            for _ in range(3):
                await new_registered(store)
            ids = [one.delivery_id for one in await deliveries(store, webhook_id)]
            (first,) = await take(outbox, webhook_id, most=1)
            await outbox.settle_delivery(first, NOW, Outcome(None, "Timeout", NOW + 10))
            taken = await take(outbox, webhook_id, NOW + 10)
            assert [one.delivery_id for one in taken] == [*ids[1:], ids[0]]

    async def test_several_servers_take_each_delivery_once(self, store: Store, second: Store) -> None:
        outbox, other = outbox_of(store), outbox_of(second)
        async with listening(store, EVENT) as webhook_id:
            for _ in range(12):
                await new_registered(store)
            racing = [take(each, webhook_id, most=2) for _ in range(6) for each in (outbox, other)]
            taken = [one.delivery_id for found in await asyncio.gather(*racing) for one in found]
            taken += [one.delivery_id for one in await take(outbox, webhook_id)]
            assert len(taken) == len(set(taken)) == 12

    async def test_only_active_webhooks_with_something_due_are_due(self, store: Store) -> None:
        outbox = outbox_of(store)

        async def due(now: int = NOW) -> list[str]:
            return [one.webhook_id for one in await outbox.due_targets(now) if one.webhook_id in (first, second)]

        async with listening(store, EVENT) as first, listening(store, EVENT) as second:
            assert await due() == []
            await new_registered(store)
            assert sorted(await due()) == sorted((first, second))
            assert await due(1) == []
            await change(store, second, status="DISABLED")
            assert await due() == [first]
            await change(store, second, status="ACTIVE")
            await take(outbox, first)
            assert await due() == [second]

    async def test_what_was_delivered_is_told_and_not_sent_again(self, store: Store) -> None:
        outbox = outbox_of(store)
        async with listening(store, EVENT) as webhook_id:
            await new_registered(store)
            (before,) = await deliveries(store, webhook_id)
            assert (before.status, before.attempts, before.last_attempt_timestamp) == ("PENDING", 0, None)
            assert before.next_attempt_timestamp == before.creation_timestamp
            (taken,) = await take(outbox, webhook_id)
            await outbox.settle_delivery(taken, NOW + 5, DONE)
            (after,) = await deliveries(store, webhook_id)
            assert (after.status, after.attempts, after.response_status) == ("DELIVERED", 1, 200)
            assert (after.last_attempt_timestamp, after.next_attempt_timestamp) == (NOW, None)
            assert await take(outbox, webhook_id, NOW + 10 * LEASE_MS) == []

    async def test_what_failed_is_sent_again_at_its_time_until_it_is_given_up(self, store: Store) -> None:
        outbox = outbox_of(store)
        async with listening(store, EVENT) as webhook_id:
            await new_registered(store)
            (taken,) = await take(outbox, webhook_id)
            await outbox.settle_delivery(taken, NOW, Outcome(503, "Status503", NOW + 5_000))
            (one,) = await deliveries(store, webhook_id)
            assert (one.status, one.next_attempt_timestamp, one.error) == ("PENDING", NOW + 5_000, "Status503")
            assert await take(outbox, webhook_id, NOW + 4_999) == []
            (taken,) = await take(outbox, webhook_id, NOW + 5_000)
            assert taken.attempts == 2
            await outbox.settle_delivery(taken, NOW, Outcome(None, "Timeout", None))
            (one,) = await deliveries(store, webhook_id)
            assert (one.status, one.attempts, one.error, one.response_status) == ("FAILED", 2, "Timeout", None)

    async def test_who_comes_late_changes_nothing(self, store: Store) -> None:
        outbox = outbox_of(store)
        async with listening(store, EVENT) as webhook_id:
            await new_registered(store)
            (slow,) = await take(outbox, webhook_id)
            (quick,) = await take(outbox, webhook_id, NOW + LEASE_MS)
            await outbox.settle_delivery(slow, NOW, Outcome(500, "Status500", None))
            assert (await deliveries(store, webhook_id))[0].status == "PENDING"
            await outbox.settle_delivery(quick, NOW, DONE)
            await outbox.settle_delivery(slow, NOW, Outcome(500, "Status500", None))
            assert (await deliveries(store, webhook_id))[0].status == "DELIVERED"
        await outbox.settle_delivery(quick, NOW, DONE)  # the webhook is gone

    async def test_what_has_ended_is_sent_again_under_its_own_id(self, store: Store) -> None:
        outbox = outbox_of(store)
        async with listening(store, EVENT) as webhook_id, listening(store, EVENT) as other:
            await new_registered(store)
            (taken,) = await take(outbox, webhook_id)
            assert (await replay(store, webhook_id, taken.delivery_id)).attempts == 1  # it is on its way
            assert await take(outbox, webhook_id, NOW + 1) == []
            await outbox.settle_delivery(taken, NOW, Outcome(None, "Timeout", None))
            for _ in range(2):
                again = await replay(store, webhook_id, taken.delivery_id)
                assert (again.status, again.attempts) == ("PENDING", 0)
            assert await take(outbox, webhook_id) == [taken]
            with refused(NOT_FOUND):
                await replay(store, other, taken.delivery_id)
            with refused(NOT_FOUND):
                await replay(store, webhook_id, UNKNOWN_ID)

    async def test_the_last_that_have_ended_are_kept_and_all_that_have_not(self, store: Store) -> None:
        outbox = outbox_of(store)
        async with listening(store, EVENT) as webhook_id:
            for _ in range(DELIVERIES_KEPT + 5):
                await new_registered(store)
            ids = [one.delivery_id for one in await deliveries(store, webhook_id)]
            taken = await take(outbox, webhook_id, most=DELIVERIES_KEPT + 2)
            for number, one in enumerate(taken):
                await outbox.settle_delivery(one, NOW + number, DONE)
            kept = [one.delivery_id for one in await deliveries(store, webhook_id)]
            assert kept == ids[2:]
            newest = await deliveries(store, webhook_id, most=3)
            assert [there_text(one.delivery_id) for one in newest] == ids[-3:]
