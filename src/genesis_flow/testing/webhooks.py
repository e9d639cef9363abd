"""What every store does with webhooks, and with changes that somebody listens to."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from genesis_flow.rules.registry import IS_PROMPT
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import HOSTILE, INVALID, NOT_FOUND, UNSUPPORTED, answer, new_run, refused, unique
from genesis_flow.testing.registry_calls import (
    REMOTE,
    new_registered,
    new_version,
    promote,
    set_alias,
    to_stage,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.testing.webhook_calls import (
    EVERY,
    SECRET,
    UNKNOWN_ID,
    URL,
    bodies,
    change,
    deliveries,
    events,
    heard,
    id_of,
    listening,
    new_webhook,
    outbox_of,
    webhook_of,
)
from genesis_flow.values.runs import RunStatus
from genesis_flow.wire import codec
from genesis_flow.wire.messages import extended, registry, runs, webhook_deliveries, webhooks

PROMPT = {IS_PROMPT: "true"}


async def ends(store: Store, run_id: str, status: RunStatus | None, name: str | None = None) -> None:
    await store.update_run(runs.UpdateRun(run_id=run_id, status=status, run_name=name))


async def touch(store: Store, name: str) -> None:
    """Sets and removes a tag of a model and of its first version, and an alias."""
    await store.set_registered_model_tag(registry.SetRegisteredModelTag(name=name, key="k", value="v"))
    await store.delete_registered_model_tag(registry.DeleteRegisteredModelTag(name=name, key="k"))
    await store.set_model_version_tag(registry.SetModelVersionTag(name=name, version="1", key="k", value="v"))
    await store.delete_model_version_tag(registry.DeleteModelVersionTag(name=name, version="1", key="k"))
    await set_alias(store, name, "a", "1")
    await store.delete_registered_model_alias(registry.DeleteRegisteredModelAlias(name=name, alias="a"))


class WebhookSuite(Suite):
    """Webhooks, and what is noted for them."""

    async def test_a_webhook_is_read_as_it_was_created(self, store: Store) -> None:
        made = await new_webhook(store, "MODEL_VERSION.CREATED", "PROMPT.CREATED", description="d", secret=SECRET)
        assert (made.name, made.url, made.description, made.status) == ("hook", URL, "d", "ACTIVE")
        assert made.events == events("MODEL_VERSION.CREATED", "PROMPT.CREATED")
        assert made.creation_timestamp == made.last_updated_timestamp
        assert await webhook_of(store, id_of(made)) == made
        other = await new_webhook(store, "PROMPT.CREATED", status="DISABLED", run_events=("FAILED", "FINISHED"))
        assert (other.status, other.description, other.run_events) == ("DISABLED", None, ("FAILED", "FINISHED"))
        assert id_of(other) != id_of(made)
        assert await webhook_of(store, id_of(other)) == other

    async def test_a_store_without_webhooks_says_so(self, store: Store) -> None:
        asked = store.list_webhooks(extended.ListWebhooks())
        if "webhooks" in store.supports:
            await asked
        else:
            with refused(UNSUPPORTED):
                await asked

    async def test_an_event_that_is_named_twice_is_heard_once(self, store: Store) -> None:
        async with listening(store, "REGISTERED_MODEL.CREATED", "REGISTERED_MODEL.CREATED") as webhook_id:
            assert (await webhook_of(store, webhook_id)).events == events("REGISTERED_MODEL.CREATED")
            await new_registered(store)
            assert await heard(store, webhook_id) == ["registered_model.created"]

    async def test_a_secret_is_never_answered(self, store: Store) -> None:
        made = await new_webhook(store, "PROMPT.CREATED", secret=SECRET)
        changed = await change(store, id_of(made), secret=SECRET, name="other")
        listed = await answer(store.list_webhooks(extended.ListWebhooks()))
        for reply in (made, changed, await webhook_of(store, id_of(made)), listed):
            assert b"secret" not in codec.encode(reply)

    async def test_an_update_changes_what_it_gives_and_nothing_else(self, store: Store) -> None:
        made = await new_webhook(store, "PROMPT.CREATED", description="d", secret=SECRET, run_events=("FAILED",))
        id_ = id_of(made)
        assert await change(store, id_) == await webhook_of(store, id_)
        assert (await change(store, id_, name="", url="")).name == "hook"
        assert (await change(store, id_, name="n", url=URL + "&y=2")).url == URL + "&y=2"
        assert (await change(store, id_, description="")).description is None
        assert (await change(store, id_, status="DISABLED")).status == "DISABLED"
        after = await change(store, id_, events=events("MODEL_VERSION_TAG.SET"))
        assert (after.events, after.run_events) == (events("MODEL_VERSION_TAG.SET"), ("FAILED",))
        after = await change(store, id_, run_events=())
        assert (after.events, after.run_events) == (events("MODEL_VERSION_TAG.SET"), ())
        after = await change(store, id_, run_events=("KILLED",), events=events("PROMPT.CREATED"))
        assert (after.events, after.run_events) == (events("PROMPT.CREATED"), ("KILLED",))
        assert (after.name, after.status, after.creation_timestamp) == ("n", "DISABLED", made.creation_timestamp)
        assert await webhook_of(store, id_) == after

    async def test_what_is_not_there_is_not_found(self, store: Store) -> None:
        gone = id_of(await new_webhook(store, "PROMPT.CREATED"))
        await store.delete_webhook(webhooks.DeleteWebhook(webhook_id=gone))
        for id_ in (gone, UNKNOWN_ID, "'", "x" * 3_000):
            for call in (
                lambda id_=id_: webhook_of(store, id_),
                lambda id_=id_: change(store, id_, name="n"),
                lambda id_=id_: deliveries(store, id_),
                lambda id_=id_: store.delete_webhook(webhooks.DeleteWebhook(webhook_id=id_)),
                lambda id_=id_: store.replay_webhook_delivery(
                    webhook_deliveries.ReplayWebhookDelivery(webhook_id=id_, delivery_id=UNKNOWN_ID)
                ),
            ):
                with refused(NOT_FOUND):
                    await call()

    async def test_webhooks_are_listed_in_pages_the_newest_first(self, store: Store) -> None:
        made = []
        for _ in range(5):
            made.append(id_of(await new_webhook(store, "PROMPT.CREATED")))
            await asyncio.sleep(0.002)
        for size in (1, 2, 5, 100):
            found: list[str] = []
            token: str | None = None
            while len(found) < 5:
                message = extended.ListWebhooks(max_results=size, page_token=token)
                page = await answer(store.list_webhooks(message))
                assert len(page.webhooks) <= size
                found += [id_of(one) for one in page.webhooks]
                token = page.next_page_token
            assert found[:5] == made[::-1]
        assert len((await answer(store.list_webhooks(extended.ListWebhooks(max_results=0)))).webhooks) >= 5

    async def test_a_page_token_belongs_to_its_list(self, store: Store) -> None:
        for _ in range(2):
            await new_webhook(store, "PROMPT.CREATED")
        token = (await answer(store.list_webhooks(extended.ListWebhooks(max_results=1)))).next_page_token
        assert token
        for message in (
            extended.ListWebhooks(page_token=token, run_events=True),
            extended.ListWebhooks(page_token="forged"),  # noqa: S106
        ):
            with refused(INVALID):
                await store.list_webhooks(message)

    async def test_webhooks_of_runs_alone_are_listed_for_those_who_ask(self, store: Store) -> None:
        of_runs = await new_webhook(store, run_events=("FINISHED",))
        of_both = await new_webhook(store, "PROMPT.CREATED", run_events=("FINISHED",))
        plain = (await answer(store.list_webhooks(extended.ListWebhooks(max_results=1_000)))).webhooks
        every = (await answer(store.list_webhooks(extended.ListWebhooks(max_results=1_000, run_events=True)))).webhooks
        assert of_both in plain
        assert of_runs not in plain
        assert of_both in every
        assert of_runs in every
        assert await webhook_of(store, id_of(of_runs)) == of_runs

    # --- what is noted ------------------------------------------------------------------------------------------

    async def test_every_change_of_a_model_that_mlflow_tells_of_is_noted_in_order(self, store: Store) -> None:
        async with listening(store, *EVERY) as webhook_id:
            name = await new_registered(store, team="blue")
            await new_version(store, name, tags={"k": "v"})
            for _ in range(2):  # a repeat is told again, as MLflow does
                await touch(store, name)
            await to_stage(store, name, "1", "Production")
            await store.update_registered_model(registry.UpdateRegisteredModel(name=name, description="d"))
            await store.rename_registered_model(registry.RenameRegisteredModel(name=name, new_name=unique()))
            touched = [
                *("model_version_tag.set", "model_version_tag.deleted"),
                *("model_version_alias.created", "model_version_alias.deleted"),
            ]
            noted = ["registered_model.created", "model_version.created", *touched, *touched]
            assert await heard(store, webhook_id) == noted

    async def test_every_change_of_a_prompt_is_noted_as_one_of_a_prompt(self, store: Store) -> None:
        async with listening(store, *EVERY) as webhook_id:
            name = await new_registered(store, None, 0, **PROMPT)
            await new_version(store, name, "dummy-source", tags=PROMPT)
            await touch(store, name)
            assert await heard(store, webhook_id) == [
                *("prompt.created", "prompt_version.created", "prompt_tag.set", "prompt_tag.deleted"),
                *(
                    "prompt_version_tag.set",
                    "prompt_version_tag.deleted",
                    "prompt_alias.created",
                    "prompt_alias.deleted",
                ),
            ]

    async def test_a_promotion_tells_of_each_alias(self, store: Store) -> None:
        name = await new_registered(store, versions=2)
        await set_alias(store, name, "old", "1")
        async with listening(store, "MODEL_VERSION_ALIAS.CREATED", "MODEL_VERSION_ALIAS.DELETED") as webhook_id:
            await promote(store, name, champion=("2", None), old=("", "1"))
            assert await heard(store, webhook_id) == ["model_version_alias.created", "model_version_alias.deleted"]

    async def test_the_end_of_a_run_is_told_once_to_those_who_listen(self, store: Store) -> None:
        async with (
            listening(store, run_events=("FINISHED", "KILLED")) as both,
            listening(store, run_events=("FAILED",)) as failed,
        ):
            run_id = await new_run(store)
            await ends(store, run_id, None, "other")
            await ends(store, run_id, "RUNNING")
            statuses: list[RunStatus] = ["FINISHED", "FINISHED", "FAILED", "RUNNING", "KILLED"]
            for status in statuses:
                await ends(store, run_id, status)
            assert await heard(store, both) == ["run.finished", "run.killed"]
            assert await heard(store, failed) == ["run.failed"]

    async def test_only_active_webhooks_that_listen_are_told(self, store: Store) -> None:
        async with (
            listening(store, "REGISTERED_MODEL.CREATED") as first,
            listening(store, "REGISTERED_MODEL.CREATED") as second,
            listening(store, "PROMPT.CREATED") as other,
            listening(store, "REGISTERED_MODEL.CREATED", status="DISABLED") as sleeping,
        ):
            await new_registered(store)
            await change(store, second, status="DISABLED")
            await change(store, sleeping, status="ACTIVE", events=events("REGISTERED_MODEL.CREATED"))
            await new_registered(store)
            found = [await heard(store, id_) for id_ in (first, second, other, sleeping)]
            assert found == [["registered_model.created"] * n for n in (2, 1, 0, 1)]
            ids = [one.delivery_id for id_ in (first, second, sleeping) for one in await deliveries(store, id_)]
            assert len(set(ids)) == 4

    async def test_a_change_that_is_refused_is_not_told(self, store: Store) -> None:
        name, run_id = await new_registered(store), await new_run(store)
        await store.delete_run(runs.DeleteRun(run_id=run_id))
        async with listening(store, *EVERY, run_events=("FINISHED",)) as webhook_id:
            for call in (
                new_registered(store, name),
                new_version(store, unique()),
                set_alias(store, name, "a", "7"),
                promote(store, name, a=("7", None)),
                ends(store, run_id, "FINISHED"),
            ):
                with pytest.raises(Exception):  # noqa: B017, PT011
                    await call
            assert await heard(store, webhook_id) == []

    async def test_a_webhook_that_is_gone_is_told_nothing(self, store: Store) -> None:
        async with listening(store, "REGISTERED_MODEL.CREATED") as webhook_id:
            pass
        await new_registered(store)
        with refused(NOT_FOUND):
            await deliveries(store, webhook_id)

    # --- what is told -------------------------------------------------------------------------------------------

    async def test_a_model_and_its_version_are_told_in_mlflows_words(self, store: Store) -> None:
        outbox_of(store)
        async with listening(store, *EVERY) as webhook_id:
            name, run_id = await new_registered(store, team="blue"), await new_run(store)
            message = registry.CreateModelVersion(name=name, source=REMOTE, run_id=run_id, description="d")
            await store.create_model_version(message)
            await store.create_model_version(msgspec.structs.replace(message, run_id=None, description=None))
            await touch(store, name)
            told = await bodies(store, webhook_id)
            assert [one["data"] for one in told] == [
                {"name": name, "tags": {"team": "blue"}, "description": ""},
                {"name": name, "version": "1", "source": REMOTE, "run_id": run_id, "tags": {}, "description": "d"},
                {"name": name, "version": "2", "source": REMOTE, "run_id": None, "tags": {}, "description": None},
                {"name": name, "version": "1", "key": "k", "value": "v"},
                {"name": name, "version": "1", "key": "k"},
                {"name": name, "alias": "a", "version": "1"},
                {"name": name, "alias": "a"},
            ]
            assert [(one["entity"], one["action"]) for one in told[:4]] == [
                ("registered_model", "created"),
                ("model_version", "created"),
                ("model_version", "created"),
                ("model_version_tag", "set"),
            ]
            ago = datetime.now(timezone.utc) - datetime.fromisoformat(told[0]["timestamp"])
            assert abs(ago) < timedelta(minutes=5)

    async def test_a_prompt_is_told_by_its_template_and_without_the_tags_that_make_it_one(self, store: Store) -> None:
        outbox_of(store)
        async with listening(store, *EVERY) as webhook_id:
            name = await new_registered(store, None, 0, team="blue", **PROMPT)
            tags = {"mlflow.prompt.text": "Hello {{name}}", "k": "v", **PROMPT}
            await new_version(store, name, "dummy-source", tags=tags)
            await new_version(store, name, "dummy-source", tags=PROMPT)
            await store.set_registered_model_tag(registry.SetRegisteredModelTag(name=name, key="k", value="v"))
            assert [one["data"] for one in await bodies(store, webhook_id)] == [
                {"name": name, "tags": {"team": "blue"}, "description": ""},
                {"name": name, "version": "1", "template": "Hello {{name}}", "tags": {"k": "v"}, "description": None},
                {"name": name, "version": "2", "template": None, "tags": {}, "description": None},
                {"name": name, "key": "k", "value": "v"},
            ]

    async def test_a_run_is_told_as_it_ended(self, store: Store) -> None:
        outbox_of(store)
        async with listening(store, run_events=("FAILED",)) as webhook_id:
            run_id = await new_run(store, name="r", start_time=5)
            await store.update_run(runs.UpdateRun(run_id=run_id, status="FAILED", end_time=9))
            (told,) = await bodies(store, webhook_id)
            assert (told["entity"], told["action"]) == ("run", "failed")
            data = told["data"]
            assert (data["run_id"], data["run_name"], data["status"]) == (run_id, "r", "FAILED")
            assert (data["start_time"], data["end_time"]) == (5, 9)

    async def test_any_text_is_told_as_it_is(self, store: Store) -> None:
        outbox_of(store)
        name = await new_registered(store, versions=1)
        async with listening(store, "MODEL_VERSION_TAG.SET") as webhook_id:
            for text in HOSTILE:
                message = registry.SetModelVersionTag(name=name, version="1", key="k", value=text)
                await store.set_model_version_tag(message)
            assert [one["data"]["value"] for one in await bodies(store, webhook_id)] == list(HOSTILE)
