"""The answer of MongoDB to a change of the registry is lost, and another server changes the same model before the retry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from pymongo import MongoClient

from genesis_flow.errors import AliasMoved
from genesis_flow.stores.mongo.store import MongoStore
from genesis_flow.testing.registry_calls import (
    aliases,
    found_models,
    found_versions,
    new_registered,
    new_version,
    promote,
    set_alias,
    timeline,
    told,
)
from genesis_flow.values.registry import ModelVersion
from genesis_flow.wire.messages import registry as messages
from tests import mongod
from tests.faults.cut import Wire, wire

T = TypeVar("T")
Work = Callable[[], Awaitable[T]]

# How the commands begin that change the document of a model: BSON has the command first, with its collection.
UPDATE, INSERT = (b"\2" + name + b"\0\x0b\0\0\0registered\0" for name in (b"update", b"insert"))
MODEL = "fraud"
LIMIT_S = 20


@dataclass(frozen=True)
class Servers:
    """Two stores on one MongoDB, of which one reaches it through a wire."""

    wired: MongoStore
    other: MongoStore
    wire: Wire

    async def without_answer(self, command: bytes, work: Work[T], meanwhile: Work[Any]) -> T:
        """What work comes to whose command is carried out, but not answered before something else has happened."""
        await self.wired.settle()
        self.wire.lose_answer(command)
        doing = asyncio.ensure_future(work())
        assert await asyncio.to_thread(self.wire.lost.wait, LIMIT_S)
        await meanwhile()
        assert not doing.done()
        self.wire.refuse()
        self.wire.mend()
        return await doing


@pytest.fixture
def member(tmp_path: Path) -> Iterator[int]:
    """The port of a MongoDB."""
    with mongod.replica_set(tmp_path / "members", 1) as alone:
        yield alone.members[0].port


@pytest_asyncio.fixture
async def servers(member: int) -> AsyncIterator[Servers]:
    async with AsyncExitStack() as stack:
        cut = stack.enter_context(wire(member))
        # Directly: what the member says of its own address would lead around the wire.
        uris = (f"mongodb://127.0.0.1:{port}/lost?directConnection=true" for port in (cut.port, member))
        wired, other = (MongoStore(uri, artifact_root="mlflow-artifacts:/") for uri in uris)
        for store in (wired, other):
            stack.push_async_callback(store.close)
            await store.check()
        yield Servers(wired, other, cut)


async def arrived(member: int, **fields: Any) -> None:
    """Waits until a model has these fields, without settling it."""
    with MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{member}/?directConnection=true") as client:
        models = client["lost"]["registered"]
        deadline = time.monotonic() + LIMIT_S
        while models.find_one(fields) is None:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


async def created(servers: Servers) -> list[tuple[str | None, ...]]:
    """What the history says of versions that were made, the oldest first."""
    changes = [told(change) for change in await timeline(servers.other, MODEL, kind="created")]
    return [one for one in reversed(changes) if one[1] is not None]


async def test_a_version_is_made_once_though_another_is_made_before_the_retry(servers: Servers, member: int) -> None:
    await new_registered(servers.wired, MODEL)

    async def meanwhile() -> None:
        await arrived(member, last=1)
        assert (await new_version(servers.other, MODEL, "s3://bucket/other")).version == "2"

    async def work() -> ModelVersion:
        return await new_version(servers.wired, MODEL, "s3://bucket/wired", tags={"made": "once"})

    made = await servers.without_answer(UPDATE, work, meanwhile)
    assert (made.version, made.source) == ("1", "s3://bucket/wired")
    assert await found_versions(servers.other, f"name = '{MODEL}'", "version_number ASC") == ["fraud:1", "fraud:2"]
    assert [one[1] for one in await created(servers)] == ["1", "2"]
    assert len(await timeline(servers.other, MODEL, kind="tag")) == 1


async def test_many_changes_before_the_retry_do_not_hide_that_a_version_was_made(servers: Servers, member: int) -> None:
    await new_registered(servers.wired, MODEL)

    async def meanwhile() -> None:
        await arrived(member, last=1)
        for _ in range(12):
            await new_version(servers.other, MODEL)

    made = await servers.without_answer(UPDATE, lambda: new_version(servers.wired, MODEL), meanwhile)
    assert made.version == "1"
    assert [one[1] for one in await created(servers)] == [str(number) for number in range(1, 14)]


async def test_a_version_whose_model_is_deleted_before_the_retry_was_made(servers: Servers, member: int) -> None:
    await new_registered(servers.wired, MODEL)

    async def meanwhile() -> None:
        await arrived(member, last=1)
        await servers.other.delete_registered_model(messages.DeleteRegisteredModel(name=MODEL))

    made = await servers.without_answer(UPDATE, lambda: new_version(servers.wired, MODEL), meanwhile)
    assert made.version == "1"
    assert [one[1] for one in await created(servers)] == ["1"]
    assert await found_models(servers.other, f"name = '{MODEL}'") == []


async def test_a_promotion_that_was_made_is_no_conflict_though_the_alias_has_moved_on(
    servers: Servers, member: int
) -> None:
    await new_registered(servers.wired, MODEL, versions=3)
    await set_alias(servers.wired, MODEL, "champion", "1")

    async def meanwhile() -> None:
        await arrived(member, aliases=[{"k": "champion", "v": 2}])
        await promote(servers.other, MODEL, champion=("3", "2"))

    async def work() -> dict[str | None, str | None]:
        return await promote(servers.wired, MODEL, champion=("2", "1"))

    assert await servers.without_answer(UPDATE, work, meanwhile) == {"champion": "2"}
    assert await aliases(servers.other, MODEL) == {"champion": "3"}
    moved = [told(one)[-2:] for one in await timeline(servers.other, MODEL, kind="alias")]
    assert moved == [("2", "3"), ("1", "2"), (None, "1")]
    with pytest.raises(AliasMoved):
        await promote(servers.wired, MODEL, champion=("2", "1"))


@pytest.mark.parametrize("other", ["renames", "deletes"])
async def test_a_model_is_made_once_though_another_server_takes_it_before_the_retry(
    servers: Servers, member: int, other: str
) -> None:
    async def meanwhile() -> None:
        await arrived(member, name=MODEL)
        if other == "renames":
            await servers.other.rename_registered_model(messages.RenameRegisteredModel(name=MODEL, new_name="new"))
        else:
            await servers.other.delete_registered_model(messages.DeleteRegisteredModel(name=MODEL))

    assert await servers.without_answer(INSERT, lambda: new_registered(servers.wired, MODEL), meanwhile) == MODEL
    assert await found_models(servers.other, "") == (["new"] if other == "renames" else [])
    assert len(await timeline(servers.other, "new" if other == "renames" else MODEL, kind="created")) == 1
