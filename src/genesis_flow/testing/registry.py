"""What every store does with registered models, their versions, tags, aliases and stages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import (
    EXISTS,
    HOSTILE,
    INVALID,
    NOT_FOUND,
    UNKNOWN_MODEL,
    answer,
    model_of,
    new_experiment,
    new_model,
    refused,
    there,
    unique,
)
from genesis_flow.testing.registry_calls import (
    REMOTE,
    UNKNOWN_NAME,
    aliases,
    at_alias,
    new_registered,
    new_version,
    registered,
    set_alias,
    to_stage,
    version_of,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.values.registry import ModelVersionTag
from genesis_flow.wire.messages import registry as messages

Call = Callable[[Store, str], Awaitable[object]]

OF_MODEL: dict[str, Call] = {
    "get": lambda store, name: store.get_registered_model(messages.GetRegisteredModel(name=name)),
    "rename": lambda store, name: store.rename_registered_model(
        messages.RenameRegisteredModel(name=name, new_name=unique())
    ),
    "update": lambda store, name: store.update_registered_model(messages.UpdateRegisteredModel(name=name)),
    "delete": lambda store, name: store.delete_registered_model(messages.DeleteRegisteredModel(name=name)),
    "set tag": lambda store, name: store.set_registered_model_tag(
        messages.SetRegisteredModelTag(name=name, key="k", value="v")
    ),
    "delete tag": lambda store, name: store.delete_registered_model_tag(
        messages.DeleteRegisteredModelTag(name=name, key="k")
    ),
    "latest": lambda store, name: store.get_latest_versions(messages.GetLatestVersions(name=name)),
    "create version": lambda store, name: new_version(store, name),
    "by alias": lambda store, name: at_alias(store, name, "a"),
    "latest by alias": lambda store, name: at_alias(store, name, "latest"),
    "delete alias": lambda store, name: store.delete_registered_model_alias(
        messages.DeleteRegisteredModelAlias(name=name, alias="a")
    ),
}

OF_VERSION: dict[str, Callable[[Store, str, str], Awaitable[object]]] = {
    "get": version_of,
    "update": lambda store, name, version: store.update_model_version(
        messages.UpdateModelVersion(name=name, version=version)
    ),
    "stage": lambda store, name, version: to_stage(store, name, version, "Production"),
    "delete": lambda store, name, version: store.delete_model_version(
        messages.DeleteModelVersion(name=name, version=version)
    ),
    "uri": lambda store, name, version: uri_of(store, name, version),
    "set tag": lambda store, name, version: store.set_model_version_tag(
        messages.SetModelVersionTag(name=name, version=version, key="k", value="v")
    ),
    "delete tag": lambda store, name, version: store.delete_model_version_tag(
        messages.DeleteModelVersionTag(name=name, version=version, key="k")
    ),
    "alias": lambda store, name, version: set_alias(store, name, "a", version),
}


async def uri_of(store: Store, name: str, version: str) -> str | None:
    message = messages.GetModelVersionDownloadUri(name=name, version=version)
    return (await answer(store.get_model_version_download_uri(message))).artifact_uri


async def latest(store: Store, name: str, *stages: str) -> list[tuple[str | None, str | None]]:
    message = messages.GetLatestVersions(name=name, stages=stages)
    found = (await answer(store.get_latest_versions(message))).model_versions
    return [(version.version, version.current_stage) for version in found]


class RegistrySuite(Suite):
    """Registered models and their versions."""

    # --- models -------------------------------------------------------------------------------------------------

    async def test_a_model_is_read_by_its_name_with_its_tags(self, store: Store) -> None:
        name = unique(f"it's 100{'%' * ('any-name' in store.supports)} \\ 😀 @?#& ")
        await new_registered(store, name, b="2", a="")
        model = await registered(store, name)
        assert (model.name, model.description) == (name, None)
        assert [(tag.key, tag.value) for tag in model.tags] == [("a", ""), ("b", "2")]
        assert model.creation_timestamp == model.last_updated_timestamp
        assert model.creation_timestamp
        assert (model.latest_versions, model.aliases) == ((), ())

    async def test_a_name_is_taken_until_its_model_is_deleted(self, store: Store) -> None:
        name = await new_registered(store, versions=2)
        with refused(EXISTS):
            await new_registered(store, name)
        other = await new_registered(store)
        with refused(EXISTS):
            await store.rename_registered_model(messages.RenameRegisteredModel(name=other, new_name=name))
        await store.delete_registered_model(messages.DeleteRegisteredModel(name=name))
        await new_registered(store, name)
        assert (await new_version(store, name)).version == "1"

    async def test_names_that_differ_in_case_or_accents_are_two_models(self, store: Store) -> None:
        name = unique()
        for text in ("e", "E", "é", "e\u0301", " e"):
            await new_registered(store, text + name)

    async def test_a_renamed_model_keeps_everything(self, store: Store) -> None:
        old, new = await new_registered(store, versions=2, k="v"), unique()
        await set_alias(store, old, "champion", "1")
        await store.rename_registered_model(messages.RenameRegisteredModel(name=old, new_name=new))
        for _ in range(2):  # to its own name, too
            await store.rename_registered_model(messages.RenameRegisteredModel(name=new, new_name=new))
        with refused(NOT_FOUND):
            await registered(store, old)
        with refused(NOT_FOUND):
            await version_of(store, old)
        version = await version_of(store, new)
        assert (version.name, version.aliases) == (new, ("champion",))
        assert (await new_version(store, new)).version == "3"
        assert await at_alias(store, new, "champion") == "1"

    async def test_a_description_is_written_and_removed(self, store: Store) -> None:
        name = await new_registered(store, versions=1)
        for text, of_model, of_version in (
            ("a\ntext 😀", "a\ntext 😀", "a\ntext 😀"),
            ("", None, ""),
            (None, None, None),
        ):
            await store.update_registered_model(messages.UpdateRegisteredModel(name=name, description=text))
            await store.update_model_version(messages.UpdateModelVersion(name=name, version="1", description=text))
            assert (await registered(store, name)).description == of_model
            assert (await version_of(store, name)).description == of_version

    @pytest.mark.parametrize("call", OF_MODEL)
    async def test_an_unknown_model_is_not_found(self, store: Store, call: str) -> None:
        for name in (UNKNOWN_NAME, "'", "%", "$where"):
            with refused(NOT_FOUND):
                await OF_MODEL[call](store, name)

    # --- versions -----------------------------------------------------------------------------------------------

    async def test_a_version_says_what_it_was_told(self, store: Store) -> None:
        name = await new_registered(store)
        message = messages.CreateModelVersion(
            name=name,
            source=REMOTE,
            run_id="r",
            run_link="http://x",
            description="text",
            tags=(ModelVersionTag(key="b", value="2"), ModelVersionTag(key="a"), ModelVersionTag(key="b", value="3")),
        )
        version = there((await answer(store.create_model_version(message))).model_version)
        assert (version.name, version.version, version.source, version.run_id) == (name, "1", REMOTE, "r")
        assert (version.run_link, version.description, version.status) == ("http://x", "text", "READY")
        assert version.current_stage == "None"
        assert [(tag.key, tag.value) for tag in version.tags] == [("a", ""), ("b", "3")]
        assert await version_of(store, name) == version
        assert (await registered(store, name)).latest_versions == (version,)
        assert await uri_of(store, name, "1") == REMOTE

    async def test_a_number_is_never_given_twice(self, store: Store) -> None:
        name = await new_registered(store, versions=2)
        for number in ("2", "3"):
            await store.delete_model_version(messages.DeleteModelVersion(name=name, version=number))
            assert (await new_version(store, name)).version == str(int(number) + 1)

    @pytest.mark.parametrize("call", OF_VERSION)
    async def test_an_unknown_version_is_not_found(self, store: Store, call: str) -> None:
        name = await new_registered(store, versions=1)
        for model, version in ((name, "2"), (name, "0"), (name, "-1"), (name, "9" * 30), (UNKNOWN_NAME, "1")):
            with refused(NOT_FOUND):
                await OF_VERSION[call](store, model, version)

    @pytest.mark.parametrize("call", OF_VERSION)
    async def test_a_version_that_is_no_integer_is_invalid(self, store: Store, call: str) -> None:
        name = await new_registered(store, versions=1)
        for version in ("x", "1.0", " 1", "1'", "١", "$gt"):
            with refused(INVALID):
                await OF_VERSION[call](store, name, version)

    async def test_a_copy_leads_to_the_artifacts_of_its_source(self, store: Store) -> None:
        name, copy = await new_registered(store, versions=2), await new_registered(store)
        await set_alias(store, name, "champion", "1")
        await to_stage(store, name, "2", "Production")
        for source, plain in (
            (f"models:/{name}/1", "1"),
            (f"models:/{name}@champion", "1"),
            (f"models:/{name}/latest", "2"),
            (f"models:/{name}/production", "2"),
        ):
            version = await new_version(store, copy, source)
            assert version.source == f"models:/{name}/{plain}"
            assert await uri_of(store, copy, version.version or "") == REMOTE
        with refused(INVALID):
            await new_version(store, copy, f"models:/{name}/1", run_id="another")
        for source in (f"models:/{name}/9", f"models:/{name}/Staging", f"models:/{UNKNOWN_NAME}/1"):
            with refused(NOT_FOUND):
                await new_version(store, copy, source)
        with refused(INVALID):
            await new_version(store, copy, f"models:/{name}@none")

    async def test_a_version_of_a_logged_model_leads_to_its_artifacts_and_is_noted_there(self, store: Store) -> None:
        name, id_ = await new_registered(store), await new_model(store, await new_experiment(store))
        for _ in range(2):
            await new_version(store, name, f"models:/{id_}", model_id=id_)
        model = await model_of(store, id_)
        assert await uri_of(store, name, "1") == there(model.info).artifact_uri
        tags = {tag.key: tag.value for tag in there(model.info).tags}
        assert tags == {"mlflow.modelVersions": f'[{{"name":"{name}","version":1}},{{"name":"{name}","version":2}}]'}
        with refused(NOT_FOUND):
            await new_version(store, name, f"models:/{UNKNOWN_MODEL}", model_id=UNKNOWN_MODEL)
        with refused(NOT_FOUND):
            await new_version(store, name, REMOTE, model_id=UNKNOWN_MODEL)
        assert (await new_version(store, name)).version == "3"

    async def test_a_version_without_a_run_has_that_of_its_logged_model_or_of_what_it_is_a_copy_of(
        self, store: Store
    ) -> None:
        name, experiment_id = await new_registered(store), await new_experiment(store)
        id_ = await new_model(store, experiment_id, source_run_id="trained")
        runs = [
            (await new_version(store, name, source, run_id=run_id, model_id=model_id)).run_id
            for source, run_id, model_id in (
                (f"models:/{id_}", None, id_),
                (f"models:/{id_}", "evaluated", id_),
                (REMOTE, "", id_),
                (REMOTE, None, await new_model(store, experiment_id)),
                (f"models:/{name}/2", None, None),
                (f"models:/{name}/5", None, None),
                (f"models:/{name}/1", "trained", id_),
            )
        ]
        assert runs == ["trained", "evaluated", "trained", "", "evaluated", "evaluated", "trained"]
        assert (await version_of(store, name, "6")).run_id == "evaluated"
        with refused(INVALID):
            await new_version(store, name, f"models:/{name}/2", run_id="trained")

    # --- stages -------------------------------------------------------------------------------------------------

    async def test_a_stage_is_written_in_any_spelling_and_read_in_one(self, store: Store) -> None:
        name = await new_registered(store, versions=1)
        for text in ("production", "PRODUCTION", "Staging", "none", "Archived"):
            assert (await to_stage(store, name, "1", text)).current_stage == text.capitalize()
        with refused(INVALID):
            await to_stage(store, name, "1", "nowhere")

    async def test_a_stage_pushes_others_out_only_if_asked_to(self, store: Store) -> None:
        name = await new_registered(store, versions=3)
        await to_stage(store, name, "1", "Production")
        await to_stage(store, name, "2", "Production")
        assert (await version_of(store, name, "1")).current_stage == "Production"
        await to_stage(store, name, "3", "Production", archive=True)
        stages = [(await version_of(store, name, number)).current_stage for number in "123"]
        assert stages == ["Archived", "Archived", "Production"]

    async def test_the_latest_versions_are_those_of_each_stage(self, store: Store) -> None:
        name = await new_registered(store, versions=5)
        for number, stage in (("1", "Production"), ("2", "Staging"), ("4", "Archived"), ("3", "Production")):
            await to_stage(store, name, number, stage)
        everything = [("3", "Production"), ("2", "Staging"), ("4", "Archived"), ("5", "None")]
        assert await latest(store, name) == everything
        assert await latest(store, name, "none", "PRODUCTION", "none") == [("3", "Production"), ("5", "None")]
        shown = (await registered(store, name)).latest_versions
        assert [(version.version, version.current_stage) for version in shown] == everything
        with refused(INVALID):
            await latest(store, name, "nowhere")
        assert await latest(store, await new_registered(store)) == []

    # --- tags ---------------------------------------------------------------------------------------------------

    async def test_tags_of_models_and_versions_are_written_replaced_and_removed(self, store: Store) -> None:
        name = await new_registered(store, versions=2)
        for text in HOSTILE:
            for _ in range(2):
                await store.set_registered_model_tag(messages.SetRegisteredModelTag(name=name, key="a b/c", value=text))
                await store.set_model_version_tag(
                    messages.SetModelVersionTag(name=name, version="2", key="a b/c", value=text)
                )
            assert [(tag.key, tag.value) for tag in (await registered(store, name)).tags] == [("a b/c", text)]
            assert [(tag.key, tag.value) for tag in (await version_of(store, name, "2")).tags] == [("a b/c", text)]
        for _ in range(2):
            await store.delete_registered_model_tag(messages.DeleteRegisteredModelTag(name=name, key="a b/c"))
            await store.delete_model_version_tag(messages.DeleteModelVersionTag(name=name, version="2", key="a b/c"))
        assert not (await registered(store, name)).tags
        assert not (await version_of(store, name, "2")).tags

    async def test_tags_and_aliases_leave_the_times_of_a_model_alone(self, store: Store) -> None:
        name = await new_registered(store, versions=1)
        before = await registered(store, name)
        await store.set_registered_model_tag(messages.SetRegisteredModelTag(name=name, key="k", value="v"))
        await store.set_model_version_tag(messages.SetModelVersionTag(name=name, version="1", key="k", value="v"))
        await set_alias(store, name, "a", "1")
        after = await registered(store, name)
        assert after.last_updated_timestamp == before.last_updated_timestamp
        assert after.latest_versions[0].last_updated_timestamp == before.latest_versions[0].last_updated_timestamp

    # --- aliases ------------------------------------------------------------------------------------------------

    async def test_an_alias_moves_from_version_to_version(self, store: Store) -> None:
        name = await new_registered(store, versions=2)
        for version in ("1", "2", "2"):
            await set_alias(store, name, "champion", version)
            assert await at_alias(store, name, "champion") == version
            assert (await version_of(store, name, version)).aliases == ("champion",)
        assert (await version_of(store, name, "1")).aliases == ()
        with refused(INVALID):
            await at_alias(store, name, "Champion")
        await set_alias(store, name, "Champion", "1")
        assert await aliases(store, name) == {"Champion": "1", "champion": "2"}

    async def test_an_alias_is_removed_also_if_it_is_not_there(self, store: Store) -> None:
        name = await new_registered(store, versions=1)
        await set_alias(store, name, "a", "1")
        for _ in range(2):
            await store.delete_registered_model_alias(messages.DeleteRegisteredModelAlias(name=name, alias="a"))
            with refused(INVALID):
                await at_alias(store, name, "a")

    async def test_latest_is_the_highest_number_and_no_alias(self, store: Store) -> None:
        name = await new_registered(store)
        with refused(NOT_FOUND):
            await at_alias(store, name, "latest")
        await new_version(store, name)
        await new_version(store, name)
        assert await at_alias(store, name, "latest") == await at_alias(store, name, "LATEST") == "2"

    async def test_a_deleted_version_takes_its_aliases_along(self, store: Store) -> None:
        name = await new_registered(store, versions=2)
        for alias, version in (("a", "1"), ("b", "2"), ("c", "2")):
            await set_alias(store, name, alias, version)
        await store.delete_model_version(messages.DeleteModelVersion(name=name, version="2"))
        assert await aliases(store, name) == {"a": "1"}
        with refused(NOT_FOUND):
            await version_of(store, name, "2")
