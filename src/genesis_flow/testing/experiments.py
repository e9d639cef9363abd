"""What every store does with experiments."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from genesis_flow.rules import limits
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import (
    EXISTS,
    HOSTILE,
    INVALID,
    NOT_FOUND,
    UNKNOWN_EXPERIMENT,
    answer,
    experiment_of,
    info_of,
    new_experiment,
    new_run,
    refused,
    run_of,
    there,
    unique,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.wire.messages import experiments as messages
from genesis_flow.wire.messages import logged_models, runs

Call = Callable[[Store, str], Awaitable[object]]

WRITES: dict[str, Call] = {
    "update": lambda store, id_: store.update_experiment(
        messages.UpdateExperiment(experiment_id=id_, new_name=unique())
    ),
    "set tag": lambda store, id_: store.set_experiment_tag(
        messages.SetExperimentTag(experiment_id=id_, key="k", value="v")
    ),
    "delete tag": lambda store, id_: store.delete_experiment_tag(
        messages.DeleteExperimentTag(experiment_id=id_, key="k")
    ),
    "create run": lambda store, id_: store.create_run(runs.CreateRun(experiment_id=id_)),
    "create model": lambda store, id_: store.create_logged_model(
        logged_models.CreateLoggedModel(experiment_id=id_, name="m")
    ),
}
OTHERS: dict[str, Call] = {
    "get": lambda store, id_: store.get_experiment(messages.GetExperiment(experiment_id=id_)),
    "delete": lambda store, id_: store.delete_experiment(messages.DeleteExperiment(experiment_id=id_)),
    "restore": lambda store, id_: store.restore_experiment(messages.RestoreExperiment(experiment_id=id_)),
}


async def delete(store: Store, experiment_id: str) -> None:
    await store.delete_experiment(messages.DeleteExperiment(experiment_id=experiment_id))


async def restore(store: Store, experiment_id: str) -> None:
    await store.restore_experiment(messages.RestoreExperiment(experiment_id=experiment_id))


async def tags(store: Store, experiment_id: str) -> dict[str | None, str | None]:
    return {tag.key: tag.value for tag in (await experiment_of(store, experiment_id)).tags}


class ExperimentSuite(Suite):
    """Experiments and their tags."""

    async def test_the_default_experiment_is_there_from_the_start(self, store: Store) -> None:
        experiment = await experiment_of(store, "0")
        assert (experiment.name, experiment.lifecycle_stage) == ("Default", "active")

    async def test_an_experiment_is_read_by_its_id_and_by_its_name(self, store: Store) -> None:
        name = unique("it's 100% \\ 😀 ")
        id_ = await new_experiment(store, name, b="2", a="1")
        experiment = await experiment_of(store, id_)
        assert (experiment.experiment_id, experiment.name, experiment.lifecycle_stage) == (id_, name, "active")
        assert sorted((tag.key, tag.value) for tag in experiment.tags) == [("a", "1"), ("b", "2")]
        assert experiment.creation_time == experiment.last_update_time
        assert experiment.creation_time
        by_name = await answer(store.get_experiment_by_name(messages.GetExperimentByName(experiment_name=name)))
        assert by_name.experiment == experiment

    async def test_an_experiment_gets_a_location_named_by_its_id_or_keeps_its_own(self, store: Store) -> None:
        id_ = await new_experiment(store)
        assert ((await experiment_of(store, id_)).artifact_location or "").endswith(f"/{id_}")
        message = messages.CreateExperiment(name=unique(), artifact_location="s3://bucket/some/where")
        own = (await answer(store.create_experiment(message))).experiment_id or ""
        assert (await experiment_of(store, own)).artifact_location == "s3://bucket/some/where"

    async def test_a_name_is_taken_even_by_a_deleted_experiment(self, store: Store) -> None:
        name = unique()
        id_ = await new_experiment(store, name)
        for _ in range(2):
            with refused(EXISTS):
                await new_experiment(store, name)
            other = await new_experiment(store)
            with refused(EXISTS):
                await store.update_experiment(messages.UpdateExperiment(experiment_id=other, new_name=name))
            if (await experiment_of(store, id_)).lifecycle_stage == "active":
                await delete(store, id_)

    async def test_names_that_differ_in_case_or_accents_are_two_names(self, store: Store) -> None:
        name = unique()
        ids = {await new_experiment(store, text + name) for text in ("e", "E", "é", "e\u0301", " e")}
        assert len(ids) == 5

    async def test_an_experiment_can_be_renamed_also_to_the_name_that_it_has(self, store: Store) -> None:
        id_, old, new = await new_experiment(store, name := unique()), name, unique()
        for _ in range(2):
            await store.update_experiment(messages.UpdateExperiment(experiment_id=id_, new_name=new))
        experiment = await experiment_of(store, id_)
        assert experiment.name == new
        assert (experiment.last_update_time or 0) >= (experiment.creation_time or 0)
        with refused(NOT_FOUND):
            await store.get_experiment_by_name(messages.GetExperimentByName(experiment_name=old))
        await new_experiment(store, old)

    @pytest.mark.parametrize("call", [*WRITES, *OTHERS])
    async def test_an_unknown_experiment_is_not_found(self, store: Store, call: str) -> None:
        for id_ in (UNKNOWN_EXPERIMENT, "9" * 30, "-7"):
            with refused(NOT_FOUND):
                await {**WRITES, **OTHERS}[call](store, id_)

    @pytest.mark.parametrize("call", [*WRITES, *OTHERS])
    async def test_an_id_that_is_no_integer_is_invalid(self, store: Store, call: str) -> None:
        for id_ in ("x", "1.5", "0x10", "1 OR 1=1", "٣"):
            with refused(INVALID):
                await {**WRITES, **OTHERS}[call](store, id_)

    @pytest.mark.parametrize("call", WRITES)
    async def test_nothing_is_written_to_a_deleted_experiment(self, store: Store, call: str) -> None:
        id_ = await new_experiment(store, k="v")
        await delete(store, id_)
        with refused(INVALID):
            await WRITES[call](store, id_)
        assert (await experiment_of(store, id_)).lifecycle_stage == "deleted"
        await restore(store, id_)
        await WRITES[call](store, id_)

    async def test_deleting_and_restoring_takes_the_runs_along(self, store: Store) -> None:
        id_ = await new_experiment(store)
        run = await new_run(store, id_)
        bystander = await new_run(store)
        for change, stage in ((delete, "deleted"), (restore, "active")):
            await change(store, id_)
            assert (await experiment_of(store, id_)).lifecycle_stage == stage
            assert info_of(await run_of(store, run)).lifecycle_stage == stage
            assert info_of(await run_of(store, bystander)).lifecycle_stage == "active"
            with refused(NOT_FOUND):
                await change(store, id_)

    async def test_a_tag_is_written_replaced_and_removed(self, store: Store) -> None:
        id_ = await new_experiment(store, other="stays")
        for text in ("1", "2", "2"):
            await store.set_experiment_tag(messages.SetExperimentTag(experiment_id=id_, key="k", value=text))
            assert await tags(store, id_) == {"k": text, "other": "stays"}
        await store.delete_experiment_tag(messages.DeleteExperimentTag(experiment_id=id_, key="k"))
        assert await tags(store, id_) == {"other": "stays"}
        with refused(NOT_FOUND):
            await store.delete_experiment_tag(messages.DeleteExperimentTag(experiment_id=id_, key="k"))

    async def test_a_tag_keeps_any_text(self, store: Store) -> None:
        id_ = await new_experiment(store)
        for number, text in enumerate(HOSTILE):
            await store.set_experiment_tag(messages.SetExperimentTag(experiment_id=id_, key=f"k{number}", value=text))
        assert await tags(store, id_) == {f"k{number}": text for number, text in enumerate(HOSTILE)}

    async def test_the_longest_tag_is_kept_whole_and_found(self, store: Store) -> None:
        id_, text = await new_experiment(store), "v" * limits.EXPERIMENT_TAG_LENGTH
        await store.set_experiment_tag(messages.SetExperimentTag(experiment_id=id_, key="long", value=text))
        assert await tags(store, id_) == {"long": text}
        asked = messages.SearchExperiments(filter=f"tags.long = '{text}'", max_results=10)
        found = await answer(store.search_experiments(asked))
        assert id_ in {one.experiment_id for one in found.experiments}

    async def test_an_unknown_name_is_not_found(self, store: Store) -> None:
        await new_experiment(store, name := unique("a"))
        for text in (name.upper(), name[:-1], f"{name} ", "%", "'"):
            with refused(NOT_FOUND):
                there(
                    (
                        await answer(store.get_experiment_by_name(messages.GetExperimentByName(experiment_name=text)))
                    ).experiment
                )
