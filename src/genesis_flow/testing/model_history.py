"""What every store does with the history of registered models, aliases at a time, and promotions."""

from __future__ import annotations

import asyncio
import random
import time

import msgspec
import pytest

from genesis_flow.errors import GenesisFlowError
from genesis_flow.rules.acting import ACTING
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import HOSTILE, INVALID, NOT_FOUND, answer, refused, unique
from genesis_flow.testing.registry_calls import (
    CONFLICT,
    REMOTE,
    UNKNOWN_NAME,
    aliases,
    new_registered,
    new_version,
    promote,
    registered,
    resolved,
    set_alias,
    timeline,
    to_stage,
    told,
    version_of,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.wire.messages import model_history
from genesis_flow.wire.messages import registry as messages


async def pause() -> None:
    """Until the next millisecond, by which changes are told apart."""
    await asyncio.sleep(0.002)


class ModelHistorySuite(Suite):
    """What a model was, and what it becomes at once."""

    async def test_every_change_is_noted_and_what_changes_nothing_is_not(self, store: Store) -> None:
        name = await new_registered(store, team="blue")
        await new_version(store, name, tags={"k": "v"})
        for _ in range(2):
            await set_alias(store, name, "a", "1")
            await to_stage(store, name, "1", "Production")
            await store.set_model_version_tag(messages.SetModelVersionTag(name=name, version="1", key="k", value="w"))
            await store.set_registered_model_tag(messages.SetRegisteredModelTag(name=name, key="team", value="red"))
            await store.delete_registered_model_tag(messages.DeleteRegisteredModelTag(name=name, key="none"))
        await store.delete_registered_model_tag(messages.DeleteRegisteredModelTag(name=name, key="team"))
        await store.delete_model_version(messages.DeleteModelVersion(name=name, version="1"))
        assert [told(change) for change in reversed(await timeline(store, name))] == [
            ("created", None, None, None, name),
            ("tag", None, "team", None, "blue"),
            ("created", "1", None, None, REMOTE),
            ("tag", "1", "k", None, "v"),
            ("alias", None, "a", None, "1"),
            ("stage", "1", None, "None", "Production"),
            ("tag", "1", "k", "v", "w"),
            ("tag", None, "team", "blue", "red"),
            ("tag", None, "team", "red", None),
            ("alias", None, "a", "1", None),
            ("deleted", "1", None, REMOTE, None),
        ]

    async def test_the_history_says_when_and_by_whom(self, store: Store) -> None:
        before = time.time_ns() // 1_000_000
        token = ACTING.set("ann")
        try:
            name = await new_registered(store)
        finally:
            ACTING.reset(token)
        (change,) = await timeline(store, name)
        assert change.user_id in ("ann", "")  # another server knows the user by itself
        assert before - 60_000 < (change.timestamp or 0) < before + 60_000

    async def test_the_history_follows_a_model_through_its_names(self, store: Store) -> None:
        first, second, third = await new_registered(store, versions=1), unique(), unique()
        for old, new in ((first, second), (second, third)):
            await store.rename_registered_model(messages.RenameRegisteredModel(name=old, new_name=new))
        await new_registered(store, first)
        assert [told(change)[0] for change in await timeline(store, third)] == [
            "renamed",
            "renamed",
            "created",
            "created",
        ]
        assert [change.name for change in await timeline(store, third)] == [third, second, first, first]
        assert len(await timeline(store, first)) == 1
        with refused(NOT_FOUND):
            await timeline(store, second)

    async def test_the_history_of_a_deleted_model_stays(self, store: Store) -> None:
        name = await new_registered(store, versions=1)
        await set_alias(store, name, "a", "1")
        await pause()
        await store.delete_registered_model(messages.DeleteRegisteredModel(name=name))
        assert [told(change) for change in await timeline(store, name)][:2] == [
            ("deleted", None, None, name, None),
            ("alias", None, "a", "1", None),
        ]
        with refused(INVALID):
            await resolved(store, name, "a")
        await new_registered(store, name)
        assert len(await timeline(store, name)) == 1
        with refused(NOT_FOUND):
            await timeline(store, UNKNOWN_NAME)

    async def test_the_history_comes_in_pages_by_kind_and_by_time(self, store: Store) -> None:
        name = await new_registered(store, versions=3)
        await pause()
        for number in "123123":
            await set_alias(store, name, "a", number)
            await pause()
        everything = await timeline(store, name)
        for size in (1, 3, 100):
            assert await timeline(store, name, size) == everything
        moves = await timeline(store, name, 2, kind="alias")
        assert [change.after for change in moves] == list("321321")
        times = [change.timestamp or 0 for change in moves]
        assert await timeline(store, name, since=str(times[2])) == everything[:3]
        assert await timeline(store, name, until=str(times[2])) == everything[3:]
        assert await timeline(store, name, since=str(times[3]), until=str(times[2]), kind="alias") == [moves[3]]
        assert await timeline(store, name, kind="stage") == []

    async def test_a_page_token_belongs_to_its_look_at_the_history(self, store: Store) -> None:
        name, other = await new_registered(store, versions=2), await new_registered(store, versions=2)
        message = model_history.GetModelTimeline(name=name, max_results=1)
        token = (await answer(store.get_model_timeline(message))).next_page_token
        assert token
        for changed in (
            msgspec.structs.replace(message, page_token=token, name=other),
            msgspec.structs.replace(message, page_token=token, kind="tag"),
            msgspec.structs.replace(message, page_token=token, since="5"),
            msgspec.structs.replace(message, page_token="forged"),  # noqa: S106
        ):
            with refused(INVALID):
                await store.get_model_timeline(changed)

    async def test_the_history_keeps_any_text(self, store: Store) -> None:
        name = await new_registered(store)
        for text in HOSTILE:
            await store.set_registered_model_tag(messages.SetRegisteredModelTag(name=name, key="k", value=text))
        noted = [change.after for change in reversed(await timeline(store, name, kind="tag"))]
        assert noted == list(HOSTILE)

    # --- an alias at a time -------------------------------------------------------------------------------------

    async def test_an_alias_is_resolved_as_it_was_at_any_time(self, store: Store) -> None:
        name = await new_registered(store, versions=3)
        for number in "132":
            await pause()
            await set_alias(store, name, "a", number)
            await set_alias(store, name, "b", "1")
        await pause()
        await store.delete_registered_model_alias(messages.DeleteRegisteredModelAlias(name=name, alias="a"))
        times = [c.timestamp or 0 for c in reversed(await timeline(store, name, kind="alias")) if c.key == "a"]
        for at, version in zip(times[:3], "132", strict=True):
            assert await resolved(store, name, "a", at) == version
            assert await resolved(store, name, "a", at + 1) == version
        for never in (0, times[0] - 1, times[3], times[3] + 10_000, None):
            with refused(INVALID):
                await resolved(store, name, "a", never)
        assert await resolved(store, name, "b") == "1"

    async def test_an_alias_at_a_time_outlives_names_and_versions(self, store: Store) -> None:
        name, new = await new_registered(store, versions=2), unique()
        await set_alias(store, name, "a", "1")
        (at,) = [change.timestamp or 0 for change in await timeline(store, name, kind="alias")]
        await pause()
        await set_alias(store, name, "a", "2")
        await store.delete_model_version(messages.DeleteModelVersion(name=name, version="1"))
        await store.rename_registered_model(messages.RenameRegisteredModel(name=name, new_name=new))
        message = model_history.ResolveModelAlias(name=new, alias="a", as_of=str(at))
        reply = await answer(store.resolve_model_alias(message))
        assert (reply.version, reply.since, reply.model_version) == ("1", at, None)
        now = await answer(store.resolve_model_alias(msgspec.structs.replace(message, as_of=None)))
        assert (now.version, now.model_version) == ("2", await version_of(store, new, "2"))

    async def test_a_copy_is_made_of_what_an_alias_stood_for(self, store: Store) -> None:
        name, copy = await new_registered(store, versions=2), await new_registered(store)
        await set_alias(store, name, "a", "1")
        (at,) = [change.timestamp or 0 for change in await timeline(store, name, kind="alias")]
        await pause()
        await set_alias(store, name, "a", "2")
        assert (await new_version(store, copy, f"models:/{name}@a?as_of={at}")).source == f"models:/{name}/1"

    # --- promotion ----------------------------------------------------------------------------------------------

    async def test_a_promotion_moves_all_aliases_at_once(self, store: Store) -> None:
        name = await new_registered(store, versions=3)
        await set_alias(store, name, "champion", "1")
        await set_alias(store, name, "challenger", "2")
        after = await promote(
            store, name, champion=("2", "1"), previous=("1", ""), challenger=("", "2"), old=("", None)
        )
        assert after == {"champion": "2", "previous": "1"} == await aliases(store, name)
        changes = await timeline(store, name, kind="alias")
        assert {told(change)[2:] for change in changes[:3]} == {
            ("champion", "1", "2"),
            ("previous", None, "1"),
            ("challenger", "2", None),
        }
        assert len({change.timestamp for change in changes[:3]}) == 1

    async def test_a_promotion_that_finds_another_state_changes_nothing_and_tells_it(self, store: Store) -> None:
        name = await new_registered(store, versions=3)
        await set_alias(store, name, "champion", "1")
        noted = await timeline(store, name)
        for wanted in (
            {"champion": ("2", "3"), "a": ("1", None)},
            {"champion": ("2", ""), "a": ("1", None)},
            {"a": ("1", None), "champion": ("", "2")},
            {"a": ("1", "1")},
        ):
            with pytest.raises(GenesisFlowError, match="champion: 1") as caught:
                await promote(store, name, **wanted)
            assert (caught.value.code, caught.value.status) == CONFLICT
        with refused(NOT_FOUND):
            await promote(store, name, a=("1", None), champion=("9", None))
        with refused(NOT_FOUND):
            await promote(store, UNKNOWN_NAME, a=("1", None))
        assert await aliases(store, name) == {"champion": "1"}
        assert await timeline(store, name) == noted

    async def test_of_promotions_that_race_one_wins(self, store: Store) -> None:
        name = await new_registered(store, versions=8)
        await set_alias(store, name, "champion", "1")
        racing = [promote(store, name, champion=(str(number), "1"), previous=("1", "")) for number in range(2, 9)]
        outcomes = await asyncio.gather(*racing, return_exceptions=True)
        (winner,) = [one for one in outcomes if isinstance(one, dict)]
        assert [one.code for one in outcomes if isinstance(one, GenesisFlowError)] == [CONFLICT[0]] * 6
        assert await aliases(store, name) == winner
        assert len(await timeline(store, name, kind="alias")) == 3

    async def test_versions_that_are_created_at_once_get_numbers_of_their_own(
        self, store: Store, second: Store
    ) -> None:
        name = await new_registered(store)
        made = await asyncio.gather(*(new_version(one, name) for _ in range(20) for one in (store, second)))
        assert sorted(int(version.version or 0) for version in made) == list(range(1, 41))

    async def test_promotions_of_two_servers_never_mix(self, store: Store, second: Store) -> None:
        name = await new_registered(store, versions=9)
        chance = random.Random(1)
        pairs = [(str(chance.randint(1, 9)), one) for _ in range(10) for one in (store, second)]
        await asyncio.gather(*(promote(one, name, a=(n, None), b=(n, None), c=(n, None)) for n, one in pairs))
        assert len(set((await aliases(store, name)).values())) == 1
        assert len((await registered(store, name)).aliases) == 3
