"""What a store does so that the deleted can go for good."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from genesis_flow.rules.clock import now_ms
from genesis_flow.stores.collecting import CollectionStore, Deleted, Kind, UnaskedCollectionStore
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import (
    HOSTILE,
    NOT_FOUND,
    answer,
    batch,
    dataset,
    experiment_of,
    history,
    info_of,
    model_of,
    new_experiment,
    new_model,
    new_run,
    params_of,
    point,
    refused,
    run_of,
    unique,
)
from genesis_flow.testing.registry_calls import new_registered, new_version
from genesis_flow.testing.suite import Suite
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import datasets, experiments, logged_models, metrics, registry, runs

EVER = 2**62
MANY = 10_000


async def delete_run(store: Store, run_id: str) -> str:
    await store.delete_run(runs.DeleteRun(run_id=run_id))
    return run_id


async def restore_run(store: Store, run_id: str) -> None:
    await store.restore_run(runs.RestoreRun(run_id=run_id))


async def delete_model(store: Store, model_id: str) -> str:
    await store.delete_logged_model(logged_models.DeleteLoggedModel(model_id=model_id))
    return model_id


async def delete_experiment(store: Store, experiment_id: str) -> str:
    await store.delete_experiment(experiments.DeleteExperiment(experiment_id=experiment_id))
    return experiment_id


async def read_dataset(store: Store, run_id: str, name: str) -> None:
    await store.log_inputs(runs.LogInputs(run_id=run_id, datasets=(dataset(name, context="train"),)))


async def datasets_of(store: Store, experiment_id: str) -> list[str]:
    """The names of the datasets that runs of an experiment have read."""
    message = datasets.SearchDatasets(experiment_ids=(experiment_id,))
    return [one.name or "" for one in (await answer(store.search_datasets(message))).dataset_summaries]


async def taken(collection: CollectionStore, kind: Kind, *ids: str) -> Sequence[Deleted]:
    """Takes these, which must be there to be taken."""
    found = await collection.take(await collection.find(kind, ids))
    assert {one.id for one in found} == set(ids)
    return found


async def gone(collection: CollectionStore, kind: Kind, id_: str) -> bool:
    return not await collection.find(kind, [id_])


Make = Callable[[Store, str], Awaitable[str]]
MAKE: dict[Kind, Make] = {
    "run": lambda store, experiment: new_run(store, experiment),
    "model": lambda store, experiment: new_model(store, experiment),
    "experiment": lambda store, experiment: new_experiment(store),
}
DELETE: dict[Kind, Make] = {"run": delete_run, "model": delete_model, "experiment": delete_experiment}
READ: dict[Kind, Callable[[Store, str], Awaitable[object]]] = {
    "run": run_of,
    "model": model_of,
    "experiment": experiment_of,
}
KINDS: tuple[Kind, ...] = ("run", "model", "experiment")


class CollectionSuite(Suite):
    """What is deleted is listed, taken and removed."""

    @pytest.fixture
    def collection(self, store: Store) -> CollectionStore:
        if "collection" not in store.supports:
            assert not isinstance(store, CollectionStore)
            pytest.skip("this store cannot remove the deleted")
        assert isinstance(store, CollectionStore)
        return store

    @pytest.fixture
    def leasing(self, collection: CollectionStore) -> UnaskedCollectionStore:
        if not isinstance(collection, UnaskedCollectionStore):
            pytest.skip("servers do not collect in this store by themselves")
        return collection

    @pytest.mark.parametrize("kind", KINDS)
    async def test_what_is_deleted_is_listed_and_what_is_not_is_not(
        self, store: Store, collection: CollectionStore, kind: Kind
    ) -> None:
        experiment = await new_experiment(store)
        kept, lost = [await MAKE[kind](store, experiment) for _ in range(2)]
        before = now_ms()
        await DELETE[kind](store, lost)
        listed = {one.id: one for one in await collection.list_deleted(kind, EVER, MANY)}
        assert kept not in listed
        assert (listed[lost].stage, listed[lost].kind) == ("deleted", kind)
        assert before <= listed[lost].at_ms <= now_ms()
        assert lost not in {one.id for one in await collection.list_deleted(kind, listed[lost].at_ms, MANY)}
        assert lost in {one.id for one in await collection.list_deleted(kind, listed[lost].at_ms + 1, MANY)}

    @pytest.mark.parametrize("kind", KINDS)
    async def test_pages_hold_everything_once_the_longest_deleted_first(
        self, store: Store, collection: CollectionStore, kind: Kind
    ) -> None:
        experiment = await new_experiment(store)
        lost = {await DELETE[kind](store, await MAKE[kind](store, experiment)) for _ in range(7)}
        seen: list[Deleted] = []
        while page := await collection.list_deleted(kind, EVER, 3, seen[-1] if seen else None):
            assert len(page) <= 3
            seen += page
        assert [one.at_ms for one in seen] == sorted(one.at_ms for one in seen)
        assert len({one.id for one in seen}) == len(seen)
        assert lost <= {one.id for one in seen}

    async def test_a_run_says_where_its_files_are(self, store: Store, collection: CollectionStore) -> None:
        run_id = await new_run(store)
        (found,) = await collection.find("run", [run_id])
        info = info_of(await run_of(store, run_id))
        assert (found.location, found.experiment_id) == (info.artifact_uri, info.experiment_id)
        assert found.stage == "active"

    @pytest.mark.parametrize("kind", KINDS)
    async def test_what_is_taken_is_found_by_nobody_and_listed_first(
        self, store: Store, collection: CollectionStore, kind: Kind
    ) -> None:
        experiment = await new_experiment(store)
        id_ = await DELETE[kind](store, await MAKE[kind](store, experiment))
        await taken(collection, kind, id_)
        with refused(NOT_FOUND):
            await READ[kind](store, id_)
        assert id_ in {one.id for one in await collection.list_deleted(kind, 1, MANY)}
        (again,) = await taken(collection, kind, id_)
        assert (again.stage, again.at_ms) == ("removed", 0)

    async def test_a_run_that_was_taken_can_neither_be_restored_nor_written_to(
        self, store: Store, collection: CollectionStore
    ) -> None:
        experiment = await new_experiment(store)
        run_id = await new_run(store, experiment)
        await store.log_batch(batch(run_id, point("m", 1.0), point("m", 2.0, 1), params={"p": "1"}))
        await taken(collection, "run", await delete_run(store, run_id))
        for refusing in (restore_run, delete_run):
            with refused(NOT_FOUND):
                await refusing(store, run_id)
        with refused(NOT_FOUND):
            await store.log_batch(batch(run_id, params={"q": "1"}))
        assert await history(store, run_id, "m") == []
        for filter in ("", "params.p = '1'", "metrics.m > 1"):
            asked = runs.SearchRuns(experiment_ids=(experiment,), filter=filter, run_view_type="ALL")
            assert (await answer(store.search_runs(asked))).runs == ()

    async def test_an_experiment_that_was_taken_leaves_its_name_to_others(
        self, store: Store, collection: CollectionStore
    ) -> None:
        name = unique()
        lost = await delete_experiment(store, await new_experiment(store, name))
        await taken(collection, "experiment", lost)
        with refused(NOT_FOUND):
            await store.restore_experiment(experiments.RestoreExperiment(experiment_id=lost))
        with refused(NOT_FOUND):
            await store.get_experiment_by_name(experiments.GetExperimentByName(experiment_name=name))
        assert await new_experiment(store, name) != lost
        everything = experiments.SearchExperiments(view_type="ALL", max_results=1_000)
        found = (await answer(store.search_experiments(everything))).experiments
        assert lost not in {one.experiment_id for one in found}

    async def test_what_was_restored_after_it_was_listed_is_not_taken(
        self, store: Store, collection: CollectionStore
    ) -> None:
        run_id = await delete_run(store, await new_run(store))
        listed = await collection.find("run", [run_id])
        await restore_run(store, run_id)
        assert await collection.take(listed) == []
        assert info_of(await run_of(store, run_id)).lifecycle_stage == "active"

    async def test_what_was_deleted_again_after_it_was_listed_is_not_taken(
        self, store: Store, collection: CollectionStore
    ) -> None:
        run_id = await delete_run(store, await new_run(store))
        listed = await collection.find("run", [run_id])
        await asyncio.sleep(0.005)  # another millisecond
        await restore_run(store, run_id)
        await delete_run(store, run_id)
        assert await collection.take(listed) == []
        await restore_run(store, run_id)

    async def test_of_taking_and_restoring_at_once_one_happens(self, store: Store, collection: CollectionStore) -> None:
        for _ in range(10):
            run_id = await delete_run(store, await new_run(store))
            listed = await collection.find("run", [run_id])
            took, restored = await asyncio.gather(
                collection.take(listed), restore_run(store, run_id), return_exceptions=True
            )
            assert not isinstance(took, BaseException)
            assert bool(took) == isinstance(restored, Exception)
            if not took:
                assert info_of(await run_of(store, run_id)).lifecycle_stage == "active"

    async def test_a_restored_experiment_keeps_what_was_taken_of_it_away(
        self, store: Store, collection: CollectionStore
    ) -> None:
        experiment = await new_experiment(store)
        lost, kept = [await new_run(store, experiment) for _ in range(2)]
        await taken(collection, "run", await delete_run(store, lost))
        await delete_experiment(store, experiment)
        await store.restore_experiment(experiments.RestoreExperiment(experiment_id=experiment))
        assert info_of(await run_of(store, kept)).lifecycle_stage == "active"
        with refused(NOT_FOUND):
            await run_of(store, lost)
        assert [one.stage for one in await collection.find("run", [lost])] == ["removed"]

    async def test_a_removed_run_is_gone_with_all_its_points_and_its_neighbour_has_all_of_its_own(
        self, store: Store, collection: CollectionStore
    ) -> None:
        experiment = await new_experiment(store)
        lost, kept = [await new_run(store, experiment) for _ in range(2)]
        for run_id in (lost, kept):
            for start in range(0, 5_000, 1_000):
                points = [point("m", float(step), step) for step in range(start, start + 1_000)]
                await store.log_batch(batch(run_id, *points, params={"p": "1"}, tags={"t": "x"}))
            await read_dataset(store, run_id, "shared")
        await collection.remove(await taken(collection, "run", await delete_run(store, lost)))
        assert await gone(collection, "run", lost)
        assert await history(store, lost, "m") == []
        assert len(await history(store, kept, "m")) == 5_000
        run = await run_of(store, kept)
        assert params_of(run) == {"p": "1"}
        assert run.inputs is not None
        assert len(run.inputs.dataset_inputs) == 1
        asked = metrics.GetMetricHistoryBulkInterval(run_ids=(lost, kept), metric_key="m", max_results=10)
        curve = await answer(store.get_metric_history_bulk_interval(asked))
        assert {one.run_id for one in curve.metrics} == {kept}

    async def test_the_keys_of_a_removed_run_may_be_used_again(self, store: Store, collection: CollectionStore) -> None:
        experiment = await new_experiment(store)
        for number in range(3):
            run_id = await new_run(store, experiment)
            await store.log_batch(batch(run_id, point("m", number), params={"p": str(number)}))
            assert params_of(await run_of(store, run_id)) == {"p": str(number)}
            assert len(await history(store, run_id, "m")) == 1
            await collection.remove(await taken(collection, "run", await delete_run(store, run_id)))

    async def test_a_dataset_goes_with_the_last_run_that_read_it(
        self, store: Store, collection: CollectionStore
    ) -> None:
        experiment = await new_experiment(store)
        first, second = [await new_run(store, experiment) for _ in range(2)]
        await read_dataset(store, first, "mine")
        for run_id in (first, second):
            await read_dataset(store, run_id, "ours")
        await collection.remove(await taken(collection, "run", await delete_run(store, first)))
        assert await datasets_of(store, experiment) == ["ours"]
        await collection.remove(await taken(collection, "run", await delete_run(store, second)))
        assert await datasets_of(store, experiment) == []
        third = await new_run(store, experiment)
        await read_dataset(store, third, "ours")
        assert await datasets_of(store, experiment) == ["ours"]

    async def test_a_dataset_that_a_run_reads_while_the_last_one_goes_is_kept(
        self, store: Store, collection: CollectionStore
    ) -> None:
        experiment = await new_experiment(store)
        for number in range(10):
            old, new = [await new_run(store, experiment) for _ in range(2)]
            await read_dataset(store, old, f"d{number}")
            lost = await taken(collection, "run", await delete_run(store, old))
            await asyncio.gather(collection.remove(lost), read_dataset(store, new, f"d{number}"))
            assert f"d{number}" in await datasets_of(store, experiment)
            inputs = (await run_of(store, new)).inputs
            assert inputs is not None
            assert [one.dataset.name for one in inputs.dataset_inputs] == [f"d{number}"]

    async def test_a_removed_model_is_gone_with_its_points(self, store: Store, collection: CollectionStore) -> None:
        experiment = await new_experiment(store)
        lost, kept = [await new_model(store, experiment, params={"p": "1"}, tags={"t": "1"}) for _ in range(2)]
        run_id = await new_run(store, experiment)
        for model_id in (lost, kept):
            await store.log_batch(batch(run_id, Metric(key="m", value=1.0, timestamp=1, step=0, model_id=model_id)))
        await collection.remove(await taken(collection, "model", await delete_model(store, lost)))
        assert await gone(collection, "model", lost)
        data = (await model_of(store, kept)).data
        assert data is not None
        assert len(data.metrics) == 1

    async def test_an_experiment_goes_after_all_that_is_in_it(self, store: Store, collection: CollectionStore) -> None:
        experiment = await new_experiment(store, tag="x")
        run_ids = {await new_run(store, experiment) for _ in range(3)}
        model_id = await new_model(store, experiment)
        await delete_experiment(store, experiment)
        lost = await taken(collection, "experiment", experiment)
        await collection.remove(lost)
        assert not await gone(collection, "experiment", experiment)
        within = await collection.list_within("run", experiment, 2)
        within = [*within, *await collection.list_within("run", experiment, 2, within[-1])]
        assert {one.id for one in within} == run_ids
        models = await collection.list_within("model", experiment, MANY)
        assert [(one.id, one.stage) for one in models] == [(model_id, "active")]
        await collection.remove(await collection.take([*within, *models]))
        await collection.remove(lost)
        assert await gone(collection, "experiment", experiment)
        assert await collection.list_within("run", experiment, MANY) == []

    async def test_what_is_not_deleted_is_not_removed(self, store: Store, collection: CollectionStore) -> None:
        run_id = await new_run(store)
        await store.log_batch(batch(run_id, params={"p": "1"}))
        found = await collection.find("run", [run_id])
        await collection.remove(found)
        await collection.retain(found, 1)
        assert params_of(await run_of(store, run_id)) == {"p": "1"}

    @pytest.mark.parametrize("kind", KINDS)
    async def test_removing_twice_is_removing_once(self, store: Store, collection: CollectionStore, kind: Kind) -> None:
        experiment = await new_experiment(store)
        id_ = await DELETE[kind](store, await MAKE[kind](store, experiment))
        lost = await taken(collection, kind, id_)
        for _ in range(2):
            await collection.remove(lost)
        await collection.retain(lost, 1)
        assert await gone(collection, kind, id_)
        assert await collection.take(lost) == []

    @pytest.mark.parametrize("kind", KINDS)
    async def test_a_note_stays_of_what_is_retained_and_is_listed_in_its_time(
        self, store: Store, collection: CollectionStore, kind: Kind
    ) -> None:
        experiment = await new_experiment(store)
        id_ = await DELETE[kind](store, await MAKE[kind](store, experiment))
        lost = await taken(collection, kind, id_)
        await collection.retain(lost, 1_000)
        assert id_ not in {one.id for one in await collection.list_deleted(kind, 1_000, MANY)}
        noted = [one for one in await collection.list_deleted(kind, 1_001, MANY) if one.id == id_]
        assert [(one.stage, one.at_ms, one.location) for one in noted] == [("removed", 1_000, lost[0].location)]
        with refused(NOT_FOUND):
            await READ[kind](store, id_)
        await collection.remove(await collection.take(noted))
        assert await gone(collection, kind, id_)

    @pytest.mark.parametrize("kind", KINDS)
    async def test_ids_that_are_none_are_found_nowhere(self, collection: CollectionStore, kind: Kind) -> None:
        assert await collection.find(kind, [text for text in HOSTILE if not text.isdecimal()]) == []

    async def test_runs_with_hostile_values_go_like_all_others(self, store: Store, collection: CollectionStore) -> None:
        experiment = await new_experiment(store)
        run_id = await new_run(store, experiment)
        tags = {f"k{number}": text for number, text in enumerate(HOSTILE)}
        await store.log_batch(batch(run_id, params={"a.b": "$where"}, tags=tags))
        for number, text in enumerate(HOSTILE):
            await read_dataset(store, run_id, text[:400] or str(number))
        await collection.remove(await taken(collection, "run", await delete_run(store, run_id)))
        assert await gone(collection, "run", run_id)
        assert await datasets_of(store, experiment) == []

    async def test_the_locations_of_versions_are_told_as_long_as_there_are_versions(
        self, store: Store, collection: CollectionStore
    ) -> None:
        kept, gone_ = f"s3://{unique()}/kept", f"s3://{unique()}/gone"
        name = await new_registered(store)
        for source in (kept, gone_, gone_):
            await new_version(store, name, source)
        other = await new_registered(store)
        await new_version(store, other, gone_)
        for version in ("2", "3"):
            await store.delete_model_version(registry.DeleteModelVersion(name=name, version=version))
        await store.delete_registered_model(registry.DeleteRegisteredModel(name=other))
        told = [location async for locations in collection.needed() for location in locations]
        assert kept in told
        assert gone_ not in told

    async def test_a_lease_has_one_holder_until_it_ends(self, leasing: UnaskedCollectionStore) -> None:
        name = unique()
        assert await leasing.lease(name, "one", 2_000, 1_000)
        assert not await leasing.lease(name, "other", 2_500, 1_500)
        assert await leasing.lease(name, "one", 3_000, 1_900)
        assert not await leasing.lease(name, "other", 3_500, 2_900)
        assert await leasing.lease(name, "other", 4_000, 3_000)
        assert not await leasing.lease(name, "one", 5_000, 3_500)
        assert await leasing.lease(name, "other", 0, 3_500)
        assert await leasing.lease(name, "one", 5_000, 3_500)

    async def test_a_lease_is_taken_by_one_of_many(
        self, store: Store, leasing: UnaskedCollectionStore, second: Store
    ) -> None:
        assert isinstance(second, UnaskedCollectionStore)
        name = unique()
        took = await asyncio.gather(
            *(one.lease(name, str(number), 2_000, 1_000) for number, one in enumerate([leasing, second] * 5))
        )
        assert sum(took) == 1
