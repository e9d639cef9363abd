"""What a server does with the outbox of its store, against receivers that behave in all ways."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from cryptography.fernet import Fernet

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.auth.may import ANYONE
from genesis_flow.errors import GenesisFlowError, InvalidParameter, MissingParameter
from genesis_flow.outbound.client import AT_ONCE_FOR_HOST, Allowed, Client
from genesis_flow.rules.webhooks import RETRIES, pause_s
from genesis_flow.service.deliveries import LEASE_S, Deliveries
from genesis_flow.service.secrets import Sealer
from genesis_flow.service.sending import Sender
from genesis_flow.service.service import Service
from genesis_flow.stores.memory import MemoryStore
from genesis_flow.testing.registry_calls import new_registered
from genesis_flow.testing.webhook_calls import change, creation, deliveries, events, id_of, replay
from genesis_flow.wire.codec import value
from genesis_flow.wire.messages import extended
from genesis_flow.wire.operations import operation
from tests.receiver import OK, Answering, Got, never, receiving, saying

EVENT = "REGISTERED_MODEL.CREATED"
ANYWHERE = Allowed(frozenset({"http", "https"}), private=True)
ATTEMPTS = RETRIES + 1
UNAVAILABLE = b"HTTP/1.1 503 Later\r\nContent-Length: 6\r\n\r\nsecret"


class Clock:
    """A time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


class Bench:
    """A store and what delivers for it, with a time of their own.

    Attributes:
        service: on the same store, for verbs.
        work: the background work, made by hand.
    """

    def __init__(self, sealer: Sealer | None = None, retries: int = RETRIES) -> None:
        self.clock = Clock()
        self.retries = retries
        self.store = MemoryStore(artifact_root="", clock=self.clock)
        self.sealer = sealer or Sealer()
        self.service = Service(self.store, Roots(), outbound=ANYWHERE, sealer=self.sealer, delivers=False)
        self.client = Client(ANYWHERE)
        self.work = self.worker()

    def worker(self) -> Deliveries:
        return Deliveries(self.store, Sender(self.client, self.sealer), retries=self.retries, clock=self.clock)

    async def ask(self, verb: str, message: Any) -> Any:
        return value(await self.service.answer(operation(verb), message, ANYONE))

    async def hook(self, port: int, *names: str, **rest: Any) -> str:
        """A webhook to that port; its id."""
        message = creation(*(names or (EVENT,)), **rest)
        url = f"http://127.0.0.1:{port}/in"
        made = await self.ask(
            "create_webhook", extended.CreateWebhook(name="n", url=url, events=message.events, **rest)
        )
        return id_of(made.webhook)

    async def statuses(self, webhook_id: str) -> list[tuple[str | None, int, str | None]]:
        return [(one.status, one.attempts, one.error) for one in await deliveries(self.store, webhook_id)]


@asynccontextmanager
async def bench(**options: Any) -> AsyncIterator[Bench]:
    made = Bench(**options)
    yield made
    made.client.close()
    await made.work.close()
    await made.service.close()


def in_turn(*answers: bytes) -> Answering:
    """Answers each request with the next of these; the last one stays."""
    left = list(answers)

    async def answer(got: Got, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])
        await writer.drain()

    return answer


def is_signed(got: Got, secret: str) -> bool:
    """The check that MLflow's documentation tells receivers to make."""
    signed = f"{got.headers['x-mlflow-delivery-id']}.{got.headers['x-mlflow-timestamp']}.{got.body.decode()}"
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(got.headers["x-mlflow-signature"], "v1," + base64.b64encode(digest).decode())


async def test_an_event_is_delivered_with_its_id_and_signed() -> None:
    async with receiving() as receiver, bench() as b:
        webhook_id = await b.hook(receiver.port, secret="it's a secret")
        name = await new_registered(b.store)
        await b.work.finish()
        (got,) = receiver.got
        assert json.loads(got.body)["data"]["name"] == name
        assert got.headers["content-type"] == "application/json"
        assert is_signed(got, "it's a secret")
        assert not is_signed(got, "another")
        (one,) = await deliveries(b.store, webhook_id)
        assert (one.status, one.delivery_id) == ("DELIVERED", got.headers["x-mlflow-delivery-id"])
        await b.work.finish()
        assert len(receiver.got) == 1


async def test_without_a_secret_nothing_is_signed() -> None:
    async with receiving() as receiver, bench() as b:
        webhook_id = await b.hook(receiver.port, secret="s")
        await b.ask("update_webhook", extended.UpdateWebhook(webhook_id=webhook_id, secret=""))
        await new_registered(b.store)
        await b.work.finish()
        assert "x-mlflow-signature" not in receiver.got[0].headers


async def test_what_fails_is_tried_again_later_with_the_same_id_and_body() -> None:
    async with receiving(in_turn(UNAVAILABLE, UNAVAILABLE, OK)) as receiver, bench() as b:
        webhook_id = await b.hook(receiver.port)
        await new_registered(b.store)
        for attempts in (1, 2):
            await b.work.finish()
            await b.work.finish()
            assert await b.statuses(webhook_id) == [("PENDING", attempts, "Status503")]
            b.clock.now += 60_000
        await b.work.finish()
        assert await b.statuses(webhook_id) == [("DELIVERED", 3, None)]
        assert len({(got.headers["x-mlflow-delivery-id"], got.body) for got in receiver.got}) == 1
        assert len(receiver.got) == 3


async def test_a_receiver_that_is_never_there_is_given_up_and_can_be_tried_anew() -> None:
    async with receiving() as receiver:
        port = receiver.port
    async with bench() as b:
        webhook_id = await b.hook(port)
        await new_registered(b.store)
        for _ in range(ATTEMPTS + 3):
            await b.work.finish()
            b.clock.now += 10_000_000
        assert await b.statuses(webhook_id) == [("FAILED", ATTEMPTS, "ConnectionFailed")]
        (one,) = await deliveries(b.store, webhook_id)
        await replay(b.store, webhook_id, one.delivery_id or "")
        await b.work.finish()
        assert await b.statuses(webhook_id) == [("PENDING", 1, "ConnectionFailed")]


@pytest.mark.parametrize("retries", [0, 1, 20])
async def test_a_delivery_is_repeated_as_often_as_the_operator_says(retries: int) -> None:
    async with receiving(saying(UNAVAILABLE)) as receiver, bench(retries=retries) as b:
        webhook_id = await b.hook(receiver.port)
        await new_registered(b.store)
        for _ in range(retries + 3):
            await b.work.finish()
            b.clock.now += 10_000_000
        assert await b.statuses(webhook_id) == [("FAILED", retries + 1, "Status503")]
        assert len(receiver.got) == retries + 1


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 422])
async def test_what_a_receiver_refuses_is_not_sent_again(status: int) -> None:
    async with receiving(saying(f"HTTP/1.1 {status} No\r\n\r\n".encode())) as receiver, bench() as b:
        webhook_id = await b.hook(receiver.port)
        await new_registered(b.store)
        await b.work.finish()
        assert await b.statuses(webhook_id) == [("FAILED", 1, f"Status{status}")]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
async def test_what_a_receiver_cannot_do_now_is_sent_again(status: int) -> None:
    async with receiving(saying(f"HTTP/1.1 {status} No\r\n\r\n".encode())) as receiver, bench() as b:
        webhook_id = await b.hook(receiver.port)
        await new_registered(b.store)
        await b.work.finish()
        assert await b.statuses(webhook_id) == [("PENDING", 1, f"Status{status}")]


def test_pauses_grow_and_are_spread_and_end() -> None:
    low = [pause_s(attempts, 0.0) for attempts in range(1, ATTEMPTS)]
    high = [pause_s(attempts, 1.0) for attempts in range(1, ATTEMPTS)]
    assert low == sorted(low, key=lambda pause: pause or 0)
    assert all(a and b and b == 3 * a for a, b in zip(low, high, strict=True))
    assert pause_s(ATTEMPTS, 0.5) is None
    assert sum(pause_s(attempts, 0.5) or 0 for attempts in range(1, ATTEMPTS)) > 3_600


async def test_a_receiver_that_hangs_holds_up_nobody_else() -> None:
    async with receiving(never) as hanging, receiving() as well, bench() as b:
        await b.hook(hanging.port)
        await b.hook(well.port)
        for _ in range(AT_ONCE_FOR_HOST * 3):
            await new_registered(b.store)
        b.work.start()
        while len(well.got) < AT_ONCE_FOR_HOST * 3:
            well.arrived.clear()
            await well.arrived.wait()
        assert len(hanging.got) <= AT_ONCE_FOR_HOST


async def test_what_a_server_that_ended_had_taken_comes_up_behind_its_lease() -> None:
    async with receiving(never) as hanging, bench() as b:
        webhook_id = await b.hook(hanging.port)
        await new_registered(b.store)
        await b.work.send_due()
        await hanging.arrived.wait()
        other = b.worker()
        await other.finish()
        assert len(hanging.got) == 1
        b.clock.now += int(LEASE_S * 1_000)
        hanging.arrived.clear()
        await other.send_due()
        await hanging.arrived.wait()
        assert len({got.headers["x-mlflow-delivery-id"] for got in hanging.got}) == 1
        assert await b.statuses(webhook_id) == [("PENDING", 2, None)]


async def test_deliveries_of_a_webhook_that_sleeps_wait() -> None:
    async with receiving() as receiver, bench() as b:
        webhook_id = await b.hook(receiver.port)
        await new_registered(b.store)
        await change(b.store, webhook_id, status="DISABLED")
        await b.work.finish()
        assert receiver.got == []
        await change(b.store, webhook_id, status="ACTIVE")
        await b.work.finish()
        assert len(receiver.got) == 1


async def test_what_the_operator_no_longer_allows_is_not_called() -> None:
    async with receiving() as receiver, bench() as b:
        webhook_id = await b.hook(receiver.port)
        for allowed, error in ((Allowed(), "UrlNotAllowed"), (Allowed(frozenset({"http"})), "AddressNotAllowed")):
            strict = Client(allowed)
            await new_registered(b.store)
            await Deliveries(b.store, Sender(strict, b.sealer), clock=b.clock).finish()
            assert (await b.statuses(webhook_id))[-1] == ("FAILED", 1, error)
            strict.close()
        assert receiver.got == []


async def test_a_running_server_delivers_by_itself_and_ends() -> None:
    store = MemoryStore(artifact_root="")
    service = Service(store, Roots(), outbound=ANYWHERE)
    service.start()
    async with receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}/in"
        message = extended.CreateWebhook(name="n", url=url, events=events(EVENT))
        await service.answer(operation("create_webhook"), message, ANYONE)
        await new_registered(store)
        await receiver.arrived.wait()
        await service.close()
    assert len(receiver.got) == 1


# --- trying a webhook out ---------------------------------------------------------------------------------------


async def tried(b: Bench, webhook_id: str, **rest: Any) -> tuple[bool | None, int | None, str | None, str | None]:
    reply = await b.ask("test_webhook", extended.TestWebhook(webhook_id=webhook_id, **rest))
    result = reply.result
    return result.success, result.response_status, result.error_message, result.response_body


async def test_a_test_tells_how_it_went_and_nothing_that_was_answered() -> None:
    async with receiving(in_turn(OK, UNAVAILABLE, b"SSH-2.0 secret\r\n\r\n")) as receiver, bench() as b:
        webhook_id = await b.hook(receiver.port, secret="s")
        assert await tried(b, webhook_id) == (True, 200, None, None)
        assert await tried(b, webhook_id) == (False, 503, "Status503", None)
        assert await tried(b, webhook_id) == (False, None, "NotHttp", None)
        assert all(is_signed(got, "s") for got in receiver.got)
        assert await deliveries(b.store, webhook_id) == []


async def test_a_test_sends_the_event_that_is_asked_for_or_the_first_that_is_heard() -> None:
    async with receiving() as receiver, bench() as b:
        webhook_id = await b.hook(
            receiver.port, "PROMPT_ALIAS.DELETED", "MODEL_VERSION.CREATED", run_events=("FAILED",)
        )
        await tried(b, webhook_id)
        await tried(b, webhook_id, event=events("PROMPT_TAG.SET")[0])
        await tried(b, webhook_id, run_event="KILLED")
        told = [json.loads(got.body) for got in receiver.got]
        assert [f"{one['entity']}.{one['action']}" for one in told] == [
            *("model_version.created", "prompt_tag.set", "run.killed"),
        ]
        assert told[0]["data"]["name"] == "example_model"
        with pytest.raises(InvalidParameter):
            await tried(b, webhook_id, event=events("PROMPT_TAG.CREATED")[0])


# --- what is refused before anything happens --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": "-a"}, InvalidParameter),
        ({"name": "a b"}, InvalidParameter),
        ({"name": "a\nb"}, InvalidParameter),
        ({"name": "x" * 64}, InvalidParameter),
        ({"name": ""}, MissingParameter),
        ({"url": ""}, MissingParameter),
        ({"events": ()}, MissingParameter),
        ({"events": events("PROMPT.DELETED")}, InvalidParameter),
        ({"events": events("ENTITY_UNSPECIFIED.CREATED")}, InvalidParameter),
        ({"secret": "x" * 1_001}, GenesisFlowError),
        ({"description": "x" * 10_001}, GenesisFlowError),
    ],
)
async def test_a_webhook_that_may_not_be_is_not_created(fields: dict[str, Any], error: type[Exception]) -> None:
    given = {"name": "n", "url": "https://hooks.example/", "events": events(EVENT)} | fields
    async with bench() as b:
        with pytest.raises(error):
            await b.ask("create_webhook", extended.CreateWebhook(**given))
        assert (await b.ask("list_webhooks", extended.ListWebhooks())).webhooks == ()


async def test_a_host_is_looked_at_when_only_public_ones_are_allowed() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34"] if host == "hooks.example" else ["10.0.0.1"]

    service = Service(MemoryStore(artifact_root=""), Roots(), delivers=False)
    service._client._resolve = resolve
    for host, is_taken in (("hooks.example", True), ("inside.example", False)):
        message = extended.CreateWebhook(name="n", url=f"https://{host}/", events=events(EVENT))
        if is_taken:
            await service.answer(operation("create_webhook"), message, ANYONE)
        else:
            with pytest.raises(InvalidParameter, match="public Internet"):
                await service.answer(operation("create_webhook"), message, ANYONE)
    await service.close()


# --- secrets ----------------------------------------------------------------------------------------------------


async def test_a_secret_is_sealed_with_the_key_and_opened_by_no_other() -> None:
    key = Fernet.generate_key().decode()
    async with receiving() as receiver, bench(sealer=Sealer(key)) as b:
        webhook_id = await b.hook(receiver.port, secret="it's a secret")
        kept = (await b.store.target(webhook_id)).secret
        assert kept.startswith("fernet:")
        assert "secret" not in kept
        for sealer in (Sealer(), Sealer(Fernet.generate_key().decode())):
            await new_registered(b.store)
            await Deliveries(b.store, Sender(b.client, sealer), clock=b.clock).finish()
            assert (await b.statuses(webhook_id))[-1] == ("FAILED", 1, "SecretUnreadable")
        assert receiver.got == []
        await new_registered(b.store)
        await b.work.finish()
        assert is_signed(receiver.got[0], "it's a secret")


@pytest.mark.parametrize("key", ["x", "ü", "a" * 44, "YWJj"])
def test_a_key_that_is_none_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(GenesisFlowError, match="MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY") as caught:
        Sealer(key)
    assert len(key) < 3 or key not in str(caught.value)


def test_a_text_that_looks_sealed_is_a_text() -> None:
    for text in ("fernet:x", "plain:x", "", "ü\n"):
        for sealer in (Sealer(), Sealer(Fernet.generate_key().decode())):
            assert sealer.open(sealer.seal(text)) == text
