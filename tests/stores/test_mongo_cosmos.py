"""The store with the profile of Azure Cosmos DB, on a real MongoDB: nothing that Cosmos lacks reaches the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pymongo import InsertOne, MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from genesis_flow.stores.mongo.database import Database
from genesis_flow.stores.mongo.profile import retry_after_s
from genesis_flow.stores.mongo.store import MongoStore
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import batch, history, new_run, params_of, point, run_of
from genesis_flow.testing.store import StoreSuite
from tests import mongod
from tests.stores.cosmos import Wire, faults

ROOT = "mlflow-artifacts:/"


def with_profile(uri: str) -> str:
    """The URI with the profile of Cosmos DB."""
    return f"{uri}{'&' if '?' in uri else '?'}profile=cosmos"


class TestCosmosProfile(StoreSuite):
    @pytest.fixture
    async def store(self, mongodb_uri: str) -> AsyncIterator[Store]:
        wire = Wire()
        store = MongoStore(with_profile(mongodb_uri), artifact_root=ROOT, event_listeners=[wire])
        yield store
        await store.settle()
        await store.close()
        assert wire.seen
        assert not wire.faults, "\n".join(dict.fromkeys(wire.faults))

    @pytest.fixture
    async def second(self, store: Store, mongodb_uri: str) -> AsyncIterator[Store]:
        wire = Wire()
        second = MongoStore(with_profile(mongodb_uri), artifact_root=ROOT, event_listeners=[wire])
        yield second
        await second.settle()
        await second.close()
        assert not wire.faults, "\n".join(dict.fromkeys(wire.faults))


SHARDED = {"experiment": 1, "_id": "a"}


def update(u: dict[str, Any], q: dict[str, Any] = SHARDED) -> dict[str, Any]:
    return {"update": "runs", "updates": [{"q": q, "u": u}]}


def index(key: dict[str, Any], collection: str = "runs", **options: Any) -> dict[str, Any]:
    return {"createIndexes": collection, "indexes": [{"key": key, "name": "one", **options}]}


def aggregate(*stages: dict[str, Any]) -> dict[str, Any]:
    return {"aggregate": "runs", "pipeline": [{"$match": {"experiment": 1}}, *stages]}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ({"mapReduce": "runs"}, "no such command"),
        ({"find": "runs", "filter": SHARDED, "allowDiskUse": True}, "no such option"),
        ({"find": "runs", "filter": SHARDED, "collation": {"locale": "en"}}, "no such option"),
        ({"find": "runs", "filter": SHARDED, "txnNumber": 1}, "a transaction"),
        ({"find": "runs", "filter": {**SHARDED, "$where": "true"}}, "no such query operator"),
        ({"find": "runs", "filter": {**SHARDED, "$or": [{"a": {"$bitsAllSet": 1}}]}}, "no such query operator"),
        ({"find": "runs", "filter": {**SHARDED, "a": {"$elemMatch": {"b": {"$near": 1}}}}}, "no such query operator"),
        ({"find": "runs", "filter": SHARDED, "projection": {"a": {"$meta": "textScore"}}}, "no such operator"),
        ({"find": "runs", "filter": SHARDED, "sort": {"user": 1}}, "no index for a sort"),
        ({"find": "runs", "filter": SHARDED, "sort": {"start": -1, "_id": 1}}, "no compound index for a sort"),
        ({"find": "runs", "filter": {"_id": "met"}}, "the shard is not named"),
        ({"find": "runs", "filter": {"experiment": {"$gt": 1}}}, "the shard is not named"),
        ({"find": "runs", "filter": {"$or": [{"experiment": 1}, {"name": "a"}]}}, "the shard is not named"),
        ({"find": "points", "filter": {"key": "a"}}, "the shard is not named"),
        ({"insert": "runs", "documents": [{"_id": "a"}]}, "a document without its shard"),
        ({"delete": "runs", "deletes": [{"q": {"_id": "a"}}]}, "the shard is not named"),
        (update({"$set": {"a": 1}}, {"_id": "a"}), "the shard is not named"),
        (update({"$set": {"experiment": 2}}), "a document may not change its shard"),
        (update({"$push": {"a": {"$each": [], "$then": 1}}}), "no such operator"),
        (update({"$reverse": {"a": 1}}), "no such update operator"),
        ({"update": "runs", "updates": [{"q": SHARDED, "u": [{"$set": {"a": 1}}]}]}, "an update by a pipeline"),
        ({"update": "runs", "updates": [{"q": SHARDED, "u": {}, "arrayFilters": []}]}, "no such option of an update"),
        ({"aggregate": "runs", "pipeline": [{"$group": {"_id": "$a"}}]}, "the shard is not named"),
        (aggregate({"$lookup": {"from": "points"}}), "no such stage"),
        (aggregate({"$sort": {"start": -1, "_id": 1}}), "no compound index for a sort"),
        (aggregate({"$project": {"a": {"$let": {"vars": {}, "in": 1}}}}), "no such expression"),
        (aggregate({"$project": {"a": {"$eq": ["$a", [1]]}}}), "an array in a comparison"),
        (aggregate({"$project": {"a": "$$NOW"}}), "no such variable"),
        (aggregate({"$group": {"_id": "$a", "b": {"$median": "$c"}}}), "no such expression"),
        (index({"a": "hashed"}), "no such kind of index"),
        (index({"a": 1}, sparse=True), "no such option of an index"),
        (index(dict.fromkeys("abcdefghi", 1)), "an index of 9 fields"),
        (index({"$**": 1, "a": 1}), "a wildcard in a compound or unique index"),
        (index({"a": 1, "b.c": 1}), "a compound index of nested fields"),
        (index({"name": 1}, unique=True), "a unique index that does not begin with the shard"),
    ],
)
def test_what_goes_beyond_the_profile_is_found(command: dict[str, Any], reason: str) -> None:
    found = list(faults(next(iter(command)), command, {"met"}))
    assert len(found) == 1
    assert found[0].startswith(reason)


@pytest.mark.parametrize(
    "command",
    [
        {"find": "runs", "filter": {"_id": "new"}},
        {"find": "runs", "filter": {"$and": [{"experiment": {"$in": [1]}}, {"a": {"$not": {"$gte": 1, "$lte": 2}}}]}},
        {"find": "runs", "filter": SHARDED, "sort": {"experiment": -1, "stage": -1, "start": 1, "_id": -1}},
        {"find": "runs", "filter": SHARDED, "sort": {"lookup.m1": 1}},
        update({"$push": {"a": {"$each": [{"$where": "data"}], "$slice": -8}}, "$pull": {"b": {"c": {"$in": [1]}}}}),
        aggregate({"$project": {"a": {"$literal": {"$where": 1}}}}, {"$sort": {"a": 1, "b": 1}}, {"$limit": 1}),
        index({"name": 1}, "experiments", unique=True),
        index({"lookup.$**": 1}),
    ],
)
def test_what_keeps_to_the_profile_is_let_pass(command: dict[str, Any]) -> None:
    assert not list(faults(next(iter(command)), command, {"met"}))


# --- a limit to the work of a second ------------------------------------------------------------------------------


def test_the_time_to_wait_is_what_the_server_says() -> None:
    said = "Error=16500, RetryAfterMs=34, Details='Response status code does not indicate success: TooManyRequests'"
    assert retry_after_s(16500, said) == 0.034
    assert retry_after_s(429, "Request rate is large") == 0.1
    assert retry_after_s(11000, said) is None


@pytest.fixture(scope="module")
def failing_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A MongoDB that can be told to fail."""
    if mongod.binary() is None:
        pytest.skip("no MongoDB that can be told to fail: its wheel does not run here")
    with mongod.mongod(tmp_path_factory.mktemp("failing"), *mongod.TEST_COMMANDS) as uri:
        yield uri


class Refused(CommandListener):
    """Counts the commands that failed."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        self.names.append(event.command_name)


def refuse(uri: str, command: str, times: int) -> None:
    """Has the server refuse a command of the store a few times, as Cosmos DB does when a second's work is done."""
    point = {"failCommands": [command], "errorCode": 16500, "appName": "genesis-flow"}
    with MongoClient[dict[str, Any]](uri) as client:
        client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": times}, "data": point})


async def test_what_the_server_has_no_room_for_yet_is_sent_again(failing_server: str) -> None:
    refused = Refused()
    uri = with_profile(mongod.database(failing_server))
    store = MongoStore(uri, artifact_root=ROOT, event_listeners=[refused])
    run_id = await new_run(store)
    refuse(failing_server, "update", 3)
    await store.log_batch(batch(run_id, point("m", 1.0, 0), point("m", 2.0, 1), params={"p": "1"}))
    refuse(failing_server, "find", 3)
    assert params_of(await run_of(store, run_id)) == {"p": "1"}
    assert [value for _, _, value in await history(store, run_id, "m")] == [1.0, 2.0]
    await store.close()
    assert refused.names == ["update"] * 3 + ["find"] * 3


async def test_writes_that_are_made_again_are_there_once(mongodb_uri: str) -> None:
    database = Database(mongodb_uri)
    writes = [InsertOne({"_id": number, "run": "bulk"}) for number in range(3)]
    await database.bulk_again("bulks", writes[:2])
    await database.bulk_again("bulks", writes)
    assert [one["_id"] for one in await database.find("bulks", {}, sort=[("_id", 1)])] == [0, 1, 2]
    await database.close()
