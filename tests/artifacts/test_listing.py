"""Listings as a client asks for them: everything for one that knows no pages, signed pages for one that does."""

from __future__ import annotations

import base64

import pytest
from obstore.store import MemoryStore as MemoryBucket

from genesis_flow.artifact_stores.buckets import Bucket
from genesis_flow.artifact_stores.objects import ObjectArtifactStore
from genesis_flow.artifact_stores.open import Roots
from genesis_flow.errors import GenesisFlowError, InvalidPageToken, InvalidParameter
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.service.artifacts import Artifacts
from genesis_flow.stores.memory import MemoryStore
from genesis_flow.testing.artifacts import at, bytes_in
from genesis_flow.wire import codec
from genesis_flow.wire.messages.extended import ListArtifacts, ListProxiedArtifacts
from genesis_flow.wire.messages.runs import CreateRun

MANY = 100_000


class Listed:
    """A run with files, on stores in memory."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.files = ObjectArtifactStore(Bucket(MemoryBucket(), "memory", "memory", "", SafeRelPath.ROOT))
        self.store = store or MemoryStore(artifact_root="mlflow-artifacts:/")
        self.artifacts = Artifacts(self.store, Roots(destination=self.files))
        self.run_id = ""

    async def start(self) -> Listed:
        run = codec.value(await self.store.create_run(CreateRun(experiment_id="0"))).run
        assert run is not None
        assert run.info is not None
        assert run.info.run_id is not None
        self.run_id = run.info.run_id
        for number in range(7):
            await self.files.write(at(f"0/{self.run_id}/artifacts/dir/{number}"), bytes_in(b"x"))
        return self

    def asked(self, path: str = "dir", **fields: object) -> ListArtifacts:
        return ListArtifacts(run_id=self.run_id, path=path, **fields)  # type: ignore[arg-type]


@pytest.fixture
async def listed() -> Listed:
    return await Listed().start()


async def test_a_client_that_knows_no_pages_gets_everything(listed: Listed) -> None:
    answer = await listed.artifacts.list_of_run(listed.asked())

    assert [file.path for file in answer.files] == [f"dir/{number}" for number in range(7)]
    assert answer.next_page_token is None


async def test_pages_lead_through_all_files(listed: Listed) -> None:
    found, token, pages = list[str | None](), None, 0
    while True:
        answer = await listed.artifacts.list_of_run(listed.asked(max_results=3, page_token=token))
        found += [file.path for file in answer.files]
        pages, token = pages + 1, answer.next_page_token
        if token is None:
            break

    assert (found, pages) == ([f"dir/{number}" for number in range(7)], 3)


async def test_a_token_alone_asks_for_the_largest_page(listed: Listed) -> None:
    first = await listed.artifacts.list_of_run(listed.asked(max_results=2))

    rest = await listed.artifacts.list_of_run(listed.asked(page_token=first.next_page_token))

    assert [file.path for file in rest.files] == [f"dir/{number}" for number in range(2, 7)]


@pytest.mark.parametrize("most", [0, -1, 1001])
async def test_a_page_has_bounds(listed: Listed, most: int) -> None:
    with pytest.raises(InvalidParameter):
        await listed.artifacts.list_of_run(listed.asked(max_results=most))


async def test_a_token_is_good_for_its_listing_alone(listed: Listed) -> None:
    token = (await listed.artifacts.list_of_run(listed.asked(max_results=2))).next_page_token
    assert token
    raw = base64.urlsafe_b64decode(token)
    forged = base64.urlsafe_b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
    elsewhere = Listed(listed.store)
    await elsewhere.start()
    foreign = Listed()
    await foreign.start()
    foreign.run_id = listed.run_id

    for asking in (
        listed.artifacts.list_of_run(listed.asked(page_token=forged)),
        listed.artifacts.list_of_run(listed.asked(page_token="x")),
        listed.artifacts.list_of_run(listed.asked("other", page_token=token)),
        listed.artifacts.list_proxied(ListProxiedArtifacts(path="dir", page_token=token)),
        elsewhere.artifacts.list_of_run(elsewhere.asked(page_token=token)),
    ):
        with pytest.raises(InvalidPageToken):
            await asking
    with pytest.raises(GenesisFlowError):
        await foreign.artifacts.list_of_run(foreign.asked(page_token=token))


async def test_servers_of_one_store_take_each_other_s_tokens(listed: Listed) -> None:
    other = Artifacts(listed.store, Roots(destination=listed.files))
    token = (await listed.artifacts.list_of_run(listed.asked(max_results=5))).next_page_token

    rest = await other.list_of_run(listed.asked(page_token=token))

    assert [file.path for file in rest.files] == ["dir/5", "dir/6"]


async def test_the_digests_of_files_are_told_to_those_who_ask(listed: Listed) -> None:
    await listed.files.bucket.client.put_async(f"0/{listed.run_id}/artifacts/dir/0", b"by somebody else")

    plain = await listed.artifacts.list_of_run(listed.asked())
    told = await listed.artifacts.list_of_run(listed.asked(digests=True))

    assert {file.sha256 for file in plain.files} == {None}
    assert [file.sha256 is not None for file in told.files] == [False] + [True] * 6


async def test_a_directory_of_very_many_files_is_listed_in_pages(listed: Listed) -> None:
    for number in range(MANY):
        listed.files.bucket.client.put(f"many/{number:06}", b"")

    found, token = 0, None
    while True:
        asked = ListProxiedArtifacts(path="many", max_results=1000, page_token=token)
        answer = await listed.artifacts.list_proxied(asked)
        found, token = found + len(answer.files), answer.next_page_token
        if token is None:
            break
    assert found == MANY
    assert len((await listed.artifacts.list_proxied(ListProxiedArtifacts(path="many"))).files) == MANY
