from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from genesis_flow.errors import ServerError, Unavailable
from genesis_flow.stores.forwarding import Verb
from genesis_flow.stores.protocol import Store
from genesis_flow.stores.rest import RestStore
from genesis_flow.testing.calls import UNKNOWN_RUN, new_run, run_of
from genesis_flow.testing.store import StoreSuite
from genesis_flow.wire.messages import experiments, runs
from genesis_flow.wire.transport import HttpTransport, Retrying
from tests.serving import serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("server"), "--no-webhook-delivery", "--webhook-allow-private") as running:
        yield running.uri


class TestRestStore(StoreSuite):
    """RestStore → HTTP → server → SQLite."""

    @pytest.fixture
    async def store(self, server: str) -> AsyncIterator[Store]:
        store = RestStore(server)
        yield store
        await store.close()

    @pytest.fixture
    async def second(self, server: str) -> AsyncIterator[Store]:
        second = RestStore(server)
        yield second
        await second.close()


async def test_an_error_of_the_server_keeps_its_code_status_and_sentence(server: str) -> None:
    store = RestStore(server)
    with pytest.raises(ServerError, match=f"No run has the id '{UNKNOWN_RUN}'") as caught:
        await store.get_run(runs.GetRun(run_id=UNKNOWN_RUN))
    assert (caught.value.code, caught.value.status) == ("RESOURCE_DOES_NOT_EXIST", 404)
    await store.close()


async def test_a_server_that_answers_is_well(server: str) -> None:
    store = RestStore(f"{server}/")
    await store.check()
    await store.close()
    await run_of(store, await new_run(store))  # after close it opens new connections
    await store.close()


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    store = RestStore(
        "http://somebody:secret@127.0.0.1:9", HttpTransport("http://somebody:secret@127.0.0.1:9", retrying=Retrying(0))
    )
    with pytest.raises(Unavailable, match=r"'127\.0\.0\.1:9' did not answer") as caught:
        await store.check()
    assert "secret" not in str(caught.value)


def test_a_verb_with_messages_that_the_table_does_not_know_is_refused() -> None:
    with pytest.raises((TypeError, RuntimeError)):  # before Python 3.12 the error comes wrapped
        type("Wrong", (), {"get_run": Verb(runs.GetRun, experiments.GetExperimentResponse)})
