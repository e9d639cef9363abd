"""What every store does with the datasets that runs read."""

from __future__ import annotations

import msgspec

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import HOSTILE, answer, dataset, new_experiment, new_run, run_of, there
from genesis_flow.testing.suite import Suite
from genesis_flow.wire.messages import datasets as messages
from genesis_flow.wire.messages import runs


async def summaries(store: Store, *experiment_ids: str) -> list[tuple[str, str, str, str | None]]:
    found = await answer(store.search_datasets(messages.SearchDatasets(experiment_ids=experiment_ids)))
    return [(one.experiment_id, one.name, one.digest, one.context) for one in found.dataset_summaries]


class DatasetSuite(Suite):
    """Datasets, as the inputs of runs and in their own search."""

    async def test_a_run_lists_its_datasets_in_the_order_in_which_they_came(self, store: Store) -> None:
        id_ = await new_run(store)
        full = msgspec.structs.replace(
            dataset("wine", "d1", "train", zeta="1", alpha=""),
            dataset=msgspec.structs.replace(dataset("wine").dataset, schema='{"a": "long"}', profile="it's"),
        )
        plain = dataset("iris", "d2")
        await store.log_inputs(runs.LogInputs(run_id=id_, datasets=(full,)))
        await store.log_inputs(runs.LogInputs(run_id=id_, datasets=(plain,)))
        found = there((await run_of(store, id_)).inputs).dataset_inputs
        assert [one.dataset for one in found] == [full.dataset, plain.dataset]
        assert [{tag.key: tag.value for tag in one.tags} for one in found] == [
            {"mlflow.data.context": "train", "zeta": "1", "alpha": ""},
            {},
        ]

    async def test_a_dataset_stays_as_it_was_noted_first(self, store: Store) -> None:
        id_ = await new_run(store)
        first = dataset("iris", "d1", "train")
        changed = msgspec.structs.replace(first.dataset, source="elsewhere", profile="new")
        await store.log_inputs(runs.LogInputs(run_id=id_, datasets=(first,)))
        await store.log_inputs(runs.LogInputs(run_id=id_, datasets=(msgspec.structs.replace(first, dataset=changed),)))
        assert there((await run_of(store, id_)).inputs).dataset_inputs == (first,)

    async def test_each_dataset_of_an_experiment_is_found_once_with_each_context(self, store: Store) -> None:
        one, two = await new_experiment(store), await new_experiment(store)
        runs_ = [await new_run(store, one), await new_run(store, one), await new_run(store, two)]
        for id_, given in (
            (runs_[0], (dataset("b", "1", "train"), dataset("a", "2"))),
            (runs_[1], (dataset("b", "1", "eval"), dataset("b", "2", "train"), dataset("a", "2"))),
            (runs_[2], (dataset("c", "1", "train"),)),
        ):
            await store.log_inputs(runs.LogInputs(run_id=id_, datasets=given))
        expected = [(one, "a", "2", None), (one, "b", "1", "eval"), (one, "b", "1", "train"), (one, "b", "2", "train")]
        assert await summaries(store, one) == expected
        assert sorted(await summaries(store, two, one, one), key=repr) == sorted(
            [*expected, (two, "c", "1", "train")], key=repr
        )
        assert await summaries(store, await new_experiment(store)) == []

    async def test_the_datasets_of_deleted_runs_are_found_too(self, store: Store) -> None:
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment)
        await store.log_inputs(runs.LogInputs(run_id=id_, datasets=(dataset("a"),)))
        await store.delete_run(runs.DeleteRun(run_id=id_))
        assert len(await summaries(store, experiment)) == 1

    async def test_names_and_contexts_keep_any_text(self, store: Store) -> None:
        texts = [text for text in HOSTILE if 0 < len(text) < 30 and "\n" not in text]
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment)
        given = tuple(dataset(text, text, text) for text in texts)
        await store.log_inputs(runs.LogInputs(run_id=id_, datasets=given))
        assert sorted(await summaries(store, experiment)) == sorted((experiment, text, text, text) for text in texts)
