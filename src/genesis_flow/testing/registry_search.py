"""What every store finds among registered models and their versions."""

from __future__ import annotations

import msgspec
import pytest

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import HOSTILE, INVALID, answer, refused, unique
from genesis_flow.testing.registry_calls import (
    REMOTE,
    found_models,
    found_versions,
    new_registered,
    new_version,
    set_alias,
    to_stage,
    version_of,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.wire.messages import registry as messages

PROMPT = {"mlflow.prompt.is_prompt": "true"}


class RegistrySearchSuite(Suite):
    """Searches of the registry; every name of a test begins alike, since the store need not be empty."""

    @pytest.mark.parametrize(
        ("filter_", "expected"),
        [
            ("name LIKE '%a'", "a"),
            ("name ILIKE '%A'", "a"),
            ("name NOT LIKE '%a'", "bcé"),
            ("tags.team = 'blue'", "a"),
            ("tag.team != 'blue'", "b"),
            ("tags.team IS NULL", "cé"),
            ("tags.team ILIKE 'BL%' OR tags.size IN ('2', '3')", "ab"),
            ("NOT tags.team = 'blue'", "bcé"),
            ('tags.`x` = "it\'s"', ""),
            ('tags.q = "it\'s"', "c"),
            ("creation_timestamp > 0 AND last_updated_timestamp BETWEEN 1 AND 9e18", "abcé"),
            ("description IS NULL", "acé"),
            ("description = 'text'", "b"),
        ],
    )
    async def test_a_filter_finds_registered_models(self, store: Store, filter_: str, expected: str) -> None:
        prefix = unique()
        await self._registered_models(store, prefix)
        found = await found_models(store, f"name LIKE '{prefix}%' AND ({filter_})")
        assert "".join(name or "" for name in found).replace(prefix, "") == expected

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            ([], "abcé"),
            (["name"], "abcé"),
            (["name DESC"], "écba"),
            (["creation_timestamp DESC"], None),
            (["description", "name DESC"], "béca"),
            (["timestamp", "name DESC"], None),
        ],
    )
    async def test_registered_models_come_in_the_order_asked_for(
        self, store: Store, order: list[str], expected: str | None
    ) -> None:
        prefix = unique()
        await self._registered_models(store, prefix)
        whole = await found_models(store, f"name LIKE '{prefix}%'", *order)
        if expected is not None:
            assert "".join(name or "" for name in whole).replace(prefix, "") == expected
        for size in (1, 3):
            assert await found_models(store, f"name LIKE '{prefix}%'", *order, most=size) == whole

    @pytest.mark.parametrize(
        ("filter_", "expected"),
        [
            ("name LIKE '%b'", "b:3 b:2 b:1"),
            ("version_number = 2", "b:2"),
            ("version_number = '2'", "b:2"),
            ("version > 1 AND version_number <= 3.5", "b:3 b:2"),
            ("version_number IN (1, 3)", "a:1 b:3 b:1"),
            ("run_id = 'r'", "a:1 b:2"),
            ("run_id IN ('r', 'q')", "a:1 b:2"),
            ("run_id != 'r'", "b:3 b:1"),
            ("source_path LIKE 's3://bucket/%'", "a:1 b:3 b:2 b:1"),
            ('source = "s3://bucket/it\'s"', ""),
            ("current_stage = 'Production'", "b:2"),
            ("stage != 'None'", "b:2"),
            ("tags.t = 'x'", "b:1"),
            ("tags.t != 'x'", "b:2"),
            ("NOT tags.t = 'x'", "a:1 b:3 b:2"),
            ("tags.t IS NOT NULL AND version_number < 2", "b:1"),
            ("model_id IS NULL", "a:1 b:3 b:2 b:1"),
            ("description IS NULL AND stage LIKE '%o%'", "a:1 b:3 b:2 b:1"),
        ],
    )
    async def test_a_filter_finds_versions(self, store: Store, filter_: str, expected: str) -> None:
        prefix = unique()
        await self._model_versions(store, prefix)
        for size in (1, 50):
            found = await found_versions(store, f"name LIKE '{prefix}%' AND ({filter_})", "name", most=size)
            assert " ".join(found).replace(prefix, "") == expected

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (["name DESC"], "b:3 b:2 b:1 a:1"),
            (["version_number"], "a:1 b:1 b:2 b:3"),
            (["version_number DESC", "name DESC"], "b:3 b:2 b:1 a:1"),
            (["run_id DESC", "version_number"], "a:1 b:2 b:1 b:3"),
            (["model_id", "name"], "a:1 b:3 b:2 b:1"),
            (["current_stage DESC", "name", "version_number"], "b:2 a:1 b:1 b:3"),
        ],
    )
    async def test_versions_come_in_the_order_asked_for(self, store: Store, order: list[str], expected: str) -> None:
        prefix = unique()
        await self._model_versions(store, prefix)
        for size in (1, 3, 50):
            found = await found_versions(store, f"name LIKE '{prefix}%'", *order, most=size)
            assert " ".join(found).replace(prefix, "") == expected

    async def test_the_last_updated_versions_come_first(self, store: Store) -> None:
        prefix = unique()
        await self._model_versions(store, prefix)
        whole = await found_versions(store, f"name LIKE '{prefix}%'")
        times = {
            f"{one.name}:{one.version}": one.last_updated_timestamp or 0
            for one in (await answer(store.search_model_versions(messages.SearchModelVersions()))).model_versions
        }
        assert [times[one] for one in whole] == sorted((times[one] for one in whole), reverse=True)
        for size in (1, 2):
            assert await found_versions(store, f"name LIKE '{prefix}%'", most=size) == whole

    async def test_hostile_values_find_only_themselves(self, store: Store) -> None:
        name = await new_registered(store)
        for text in HOSTILE:
            await new_version(store, name, tags={"t": text})
        for number, text in enumerate(HOSTILE, 1):
            escaped = text.replace("\\", "\\\\").replace("'", "\\'")
            found = await found_versions(store, f"name = '{name}' AND tags.t = ('{escaped}')")
            assert found == [f"{name}:{number}"]

    async def test_a_page_tells_of_each_version_what_is_told_of_it_alone(self, store: Store) -> None:
        name = await new_registered(store)
        texts = [*HOSTILE, "\x01\x1f\x7f\u2028", None]
        for number, text in enumerate(texts, 1):
            await new_version(store, name, tags={"é": "1", "z": "2", "a": text or "", "Z": "3"}, run_id=f"run {number}")
            message = messages.UpdateModelVersion(name=name, version=str(number), description=text)
            await store.update_model_version(message)
        await new_version(store, name)
        await set_alias(store, name, "champion", "1")
        await to_stage(store, name, "2", "Staging")
        asked = messages.SearchModelVersions(filter=f"name = '{name}'", order_by=("version_number ASC",))
        found = (await answer(store.search_model_versions(asked))).model_versions
        alone = [await version_of(store, name, str(number)) for number in range(1, len(texts) + 2)]
        # COMPAT: mlflow 3.17 tells aliases only where one version is asked for.
        assert found == tuple(msgspec.structs.replace(one, aliases=()) for one in alone)

    async def test_prompts_are_found_only_by_filters_that_speak_of_them(self, store: Store) -> None:
        prefix = unique()
        for letter, tags in (("a", {}), ("b", PROMPT), ("c", {"mlflow.prompt.is_prompt": "false"})):
            await new_registered(store, prefix + letter, 0, **tags)
            await new_version(store, prefix + letter, "dummy-source" if tags == PROMPT else REMOTE, tags)
        tag = "tags.`mlflow.prompt.is_prompt`"
        for said, expected in (
            ("", "ac"),
            (f" AND {tag} = 'true'", "b"),
            (f" AND {tag} = 'false'", "ac"),
            (f" AND {tag} != 'true'", "ac"),
            (f" AND {tag} != 'false'", "b"),
            (f" AND ({tag} = 'true' OR name LIKE '%a')", "ab"),
            (f" AND {tag} IS NOT NULL", "bc"),
        ):
            models = await found_models(store, f"name LIKE '{prefix}%'{said}")
            assert "".join(name or "" for name in models).replace(prefix, "") == expected, said
            versions = await found_versions(store, f"name LIKE '{prefix}%'{said}", "name")
            assert "".join(versions).replace(prefix, "").replace(":1", "") == expected, said

    @pytest.mark.parametrize(
        "filter_",
        ["params.a = '1'", "metrics.m > 1", "nothing = '1'", "name", "name = ", "name > 'a'", "foo.bar = '1'"],
    )
    async def test_what_is_no_filter_is_refused(self, store: Store, filter_: str) -> None:
        with refused(INVALID):
            await found_models(store, filter_)
        with refused(INVALID):
            await found_versions(store, filter_)

    async def test_a_page_token_belongs_to_its_search_of_the_registry(self, store: Store) -> None:
        prefix = unique()
        await self._model_versions(store, prefix)
        models = messages.SearchRegisteredModels(filter=f"name LIKE '{prefix}%'", max_results=1)
        token = (await answer(store.search_registered_models(models))).next_page_token
        assert token
        for changed in ({"filter": ""}, {"order_by": ("name DESC",)}, {"page_token": "forged"}):
            with refused(INVALID):
                await store.search_registered_models(
                    msgspec.structs.replace(models, **{"page_token": token, **changed})
                )
        with refused(INVALID):
            await store.search_model_versions(messages.SearchModelVersions(filter=models.filter, page_token=token))

    async def _registered_models(self, store: Store, prefix: str) -> None:
        """Four models: a and b with tags, b with a description, c with a quote in a tag, é with nothing."""
        await new_registered(store, prefix + "a", team="blue")
        await new_registered(store, prefix + "b", team="red", size="2")
        await new_registered(store, prefix + "c", q="it's")
        await new_registered(store, prefix + "é")
        await store.update_registered_model(messages.UpdateRegisteredModel(name=prefix + "b", description="text"))

    async def _model_versions(self, store: Store, prefix: str) -> None:
        """Three versions of b, the second in production, and one of a; some with a run and with tags."""
        await new_registered(store, prefix + "b")
        await new_registered(store, prefix + "a")
        await new_version(store, prefix + "b", tags={"t": "x"})
        await new_version(store, prefix + "b", tags={"t": "y"}, run_id="r")
        await new_version(store, prefix + "b")
        await new_version(store, prefix + "a", run_id="r")
        await to_stage(store, prefix + "b", "2", "Production")
        await set_alias(store, prefix + "b", "champion", "1")
