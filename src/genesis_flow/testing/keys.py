"""What every store says of the keys that the runs of an experiment have."""

from __future__ import annotations

import math
from typing import Any

import pytest

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import (
    HOSTILE,
    INVALID,
    NOT_FOUND,
    NUMBERS,
    UNKNOWN_EXPERIMENT,
    answer,
    batch,
    new_experiment,
    new_run,
    point,
    refused,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.wire.messages import experiments, runs
from genesis_flow.wire.messages import keys as messages

NAME = "mlflow.runName"
"""The tag that every run has."""


async def listed(store: Store, experiment_id: str, **asked: Any) -> messages.ListExperimentKeysResponse:
    """A page of keys."""
    return await answer(store.list_experiment_keys(messages.ListExperimentKeys(experiment_id=experiment_id, **asked)))


async def keys(store: Store, experiment_id: str, **asked: Any) -> dict[tuple[str, str], messages.ExperimentKey]:
    """All keys but the name of runs, by kind and key; a key that is there twice is a failure."""
    found = await listed(store, experiment_id, **asked)
    by_key: dict[tuple[str, str], messages.ExperimentKey] = {(one.kind, one.key): one for one in found.keys}
    assert len(by_key) == len(found.keys) == found.total
    by_key.pop(("tag", NAME), None)
    return by_key


async def counts(store: Store, experiment_id: str) -> dict[str, int]:
    """How many runs have each key, of whatever kind, but for the name."""
    return {key: one.runs for (_, key), one in (await keys(store, experiment_id)).items()}


class KeySuite(Suite):
    """Keys of experiments."""

    async def test_keys_come_with_what_the_active_runs_have_of_them(self, store: Store) -> None:
        experiment = await new_experiment(store)
        for i in range(3):
            id_ = await new_run(store, experiment, name=f"run {i}")
            await store.log_batch(
                batch(
                    id_,
                    point("loss", 3.0, 0),
                    point("loss", 0.5 * i, 1),
                    params={"lr": f"1e-{i}", "model": "base", **({"only": "x"} if i == 1 else {})},
                    tags={"team": "nlp" if i else "cv"},
                )
            )
        found = await listed(store, experiment)
        key = messages.ExperimentKey
        assert list(found.keys) == [
            key(kind="metric", key="loss", runs=3, distinct=3, numeric=True, min=0.0, max=1.0),
            key(kind="param", key="lr", runs=3, distinct=3, numeric=True, min=0.01, max=1.0),
            key(kind="param", key="model", runs=3, distinct=1, numeric=False),
            key(kind="param", key="only", runs=1, distinct=1, numeric=False),
            key(kind="tag", key=NAME, runs=3, distinct=3, numeric=False),
            key(kind="tag", key="team", runs=3, distinct=2, numeric=False),
        ]
        assert (found.total, found.runs, found.next_page_token) == (6, 3, None)

    async def test_an_experiment_without_runs_has_no_keys(self, store: Store) -> None:
        found = await listed(store, await new_experiment(store))
        assert (found.keys, found.total, found.runs, found.next_page_token) == ((), 0, 0, None)

    async def test_the_keys_of_an_unknown_experiment_are_refused_as_the_experiment_is(self, store: Store) -> None:
        with refused(NOT_FOUND):
            await listed(store, UNKNOWN_EXPERIMENT)
        with refused(INVALID):
            await listed(store, "none")

    async def test_other_experiments_do_not_count(self, store: Store) -> None:
        one, two = await new_experiment(store), await new_experiment(store)
        await store.log_batch(batch(await new_run(store, one), point("a", 1.0)))
        await store.log_batch(batch(await new_run(store, two), point("a", 2.0), point("b", 2.0)))
        assert await counts(store, one) == {"a": 1}
        assert await counts(store, two) == {"a": 1, "b": 1}

    async def test_a_key_counts_once_a_run_and_by_its_latest_value(self, store: Store) -> None:
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment)
        for value, step in ((5.0, 1), (7.0, 2), (1.0, 0)):
            await store.log_batch(batch(id_, point("m", value, step), params={"p": "1"}, tags={"t": str(value)}))
        found = await keys(store, experiment)
        assert {key: one.runs for key, one in found.items()} == {("metric", "m"): 1, ("param", "p"): 1, ("tag", "t"): 1}
        assert {one.distinct for one in found.values()} == {1}
        assert (found["metric", "m"].min, found["metric", "m"].max) == (7.0, 7.0)

    async def test_one_key_of_three_kinds_is_three_keys(self, store: Store) -> None:
        experiment = await new_experiment(store)
        await store.log_batch(
            batch(await new_run(store, experiment), point("k", 1.0), params={"k": "2"}, tags={"k": "3"})
        )
        found = await keys(store, experiment)
        assert list(found) == [("metric", "k"), ("param", "k"), ("tag", "k")]
        assert [one.max for one in found.values()] == [1.0, 2.0, None]

    # --- what changes ---------------------------------------------------------------------------------------------

    async def test_a_tag_that_is_set_counts_and_one_that_is_deleted_does_not(self, store: Store) -> None:
        experiment = await new_experiment(store)
        one, two = await new_run(store, experiment), await new_run(store, experiment)
        await store.log_batch(batch(one, tags={"t": "a"}))
        assert await counts(store, experiment) == {"t": 1}
        await store.log_batch(batch(two, tags={"t": "b"}))
        assert await counts(store, experiment) == {"t": 2}
        await store.delete_tag(runs.DeleteTag(run_id=one, key="t"))
        assert {key: (one.runs, one.distinct) for key, one in (await keys(store, experiment)).items()} == {
            ("tag", "t"): (1, 1)
        }
        await store.delete_tag(runs.DeleteTag(run_id=two, key="t"))
        assert await counts(store, experiment) == {}

    async def test_deleted_runs_do_not_count_until_they_are_restored(self, store: Store) -> None:
        experiment = await new_experiment(store)
        one, two = await new_run(store, experiment), await new_run(store, experiment)
        await store.log_batch(batch(one, point("m", 1.0), params={"p": "1"}))
        await store.log_batch(batch(two, point("m", 2.0), params={"p": "x"}, tags={"t": "1"}))
        await store.delete_run(runs.DeleteRun(run_id=two))
        found = await keys(store, experiment)
        assert {key: (one.runs, one.max) for key, one in found.items()} == {
            ("metric", "m"): (1, 1.0),
            ("param", "p"): (1, 1.0),
        }
        assert (await listed(store, experiment)).runs == 1
        await store.restore_run(runs.RestoreRun(run_id=two))
        found = await keys(store, experiment)
        assert {key: (one.runs, one.max) for key, one in found.items()} == {
            ("metric", "m"): (2, 2.0),
            ("param", "p"): (2, None),
            ("tag", "t"): (1, None),
        }

    async def test_the_runs_of_a_deleted_experiment_do_not_count_until_it_is_restored(self, store: Store) -> None:
        experiment = await new_experiment(store)
        await store.log_batch(batch(await new_run(store, experiment), point("m", 1.0)))
        await store.delete_experiment(experiments.DeleteExperiment(experiment_id=experiment))
        found = await listed(store, experiment)
        assert (found.keys, found.runs) == ((), 0)
        await store.restore_experiment(experiments.RestoreExperiment(experiment_id=experiment))
        assert await counts(store, experiment) == {"m": 1}

    # --- values ---------------------------------------------------------------------------------------------------

    async def test_nan_is_one_value_and_no_extreme(self, store: Store) -> None:
        experiment = await new_experiment(store)
        for value in (math.nan, 2.0, math.nan, -1.0):
            id_ = await new_run(store, experiment)
            await store.log_batch(batch(id_, point("some", value), point("all", math.nan)))
        found = await keys(store, experiment)
        key = messages.ExperimentKey
        assert list(found.values()) == [
            key(kind="metric", key="all", runs=4, distinct=1, numeric=True),
            key(kind="metric", key="some", runs=4, distinct=3, numeric=True, min=-1.0, max=2.0),
        ]

    async def test_numbers_are_exact_and_infinities_are_extremes(self, store: Store) -> None:
        experiment = await new_experiment(store)
        for value in NUMBERS:
            await store.log_batch(batch(await new_run(store, experiment), point("m", value), point("inf", math.inf)))
        await store.log_batch(batch(await new_run(store, experiment), point("m", -0.0), point("third", 0.1 + 0.2)))
        found = await keys(store, experiment)
        metric = found["metric", "m"]
        assert (metric.runs, metric.distinct, metric.min, metric.max) == (11, 10, -math.inf, math.inf)
        assert (found["metric", "inf"].min, found["metric", "inf"].distinct) == (math.inf, 1)
        assert found["metric", "third"].min == found["metric", "third"].max == 0.1 + 0.2

    @pytest.mark.parametrize(
        ("texts", "extremes"),
        [
            (("1", "-2.5", "+3", ".5", "5.", "1e3", "1E-3"), (-2.5, 1000.0)),
            (("10", "9"), (9.0, 10.0)),
            (("1", "nan", "NaN"), (1.0, 1.0)),
            (("inf", "-Infinity", "0"), (-math.inf, math.inf)),
            (("nan",), (None, None)),
        ],
    )
    async def test_a_param_of_numbers_has_extremes(
        self, store: Store, texts: tuple[str, ...], extremes: tuple[float | None, float | None]
    ) -> None:
        experiment = await new_experiment(store)
        for text in texts:
            await store.log_batch(batch(await new_run(store, experiment), params={"p": text}))
        param = (await keys(store, experiment))["param", "p"]
        assert (param.numeric, param.min, param.max, param.distinct) == (True, *extremes, len(texts))

    @pytest.mark.parametrize(
        "text", ["", " 1", "1 ", "1_000", "0x10", "1,5", "١", "e5", ".", "1e", "True", "None", "--1"]
    )
    async def test_one_param_that_is_no_number_makes_the_key_none(self, store: Store, text: str) -> None:
        experiment = await new_experiment(store)
        await store.log_batch(batch(await new_run(store, experiment), params={"p": "1", "q": "1"}))
        await store.log_batch(batch(await new_run(store, experiment), params={"p": text, "q": "2"}))
        found = await keys(store, experiment)
        param = found["param", "p"]
        assert (param.runs, param.distinct, param.numeric, param.min, param.max) == (2, 2, False, None, None)
        assert found["param", "q"].numeric

    async def test_different_texts_are_told_apart_however_long_they_are(self, store: Store) -> None:
        experiment = await new_experiment(store)
        texts = [text for text in HOSTILE if text]
        for text in texts * 2:
            await store.log_batch(batch(await new_run(store, experiment), params={"p": text}, tags={"t": text}))
        assert {(one.kind, one.runs, one.distinct) for one in (await keys(store, experiment)).values()} == {
            ("param", 2 * len(texts), len(texts)),
            ("tag", 2 * len(texts), len(texts)),
        }

    @pytest.mark.parametrize(("many", "distinct"), [(100, 100), (101, 101), (103, 101)])
    async def test_values_are_counted_up_to_a_hundred_and_one(self, store: Store, many: int, distinct: int) -> None:
        experiment = await new_experiment(store)
        for i in range(many):
            id_ = await new_run(store, experiment, name=f"run {i}")
            await store.log_batch(batch(id_, point("m", i / 7), params={"p": f"value {i}"}))
        found = await listed(store, experiment)
        assert [(one.runs, one.distinct) for one in found.keys] == [(many, distinct)] * 3

    # --- which and how many ---------------------------------------------------------------------------------------

    async def test_a_kind_is_listed_alone(self, store: Store) -> None:
        experiment = await new_experiment(store)
        await store.log_batch(
            batch(await new_run(store, experiment), point("m", 1.0), params={"p": "1"}, tags={"t": ""})
        )
        for kind, expected in (("metric", ["m"]), ("param", ["p"]), ("tag", [NAME, "t"])):
            found = await listed(store, experiment, kind=kind)
            assert [one.key for one in found.keys] == expected
            assert (found.total, found.runs) == (len(expected), 1)

    async def test_a_part_of_a_key_is_found_in_upper_and_lower_case_and_means_itself(self, store: Store) -> None:
        experiment = await new_experiment(store)
        names = ["Loss", "val_loss", "valXloss", "a.b", "axb", "a b", "ÉTÉ", "a/b", "a-b", "STRASSE"]
        await store.log_batch(batch(await new_run(store, experiment), params=dict.fromkeys(names, "1")))
        for part, expected in {
            "loss": ["Loss", "val_loss", "valXloss"],
            "LOSS": ["Loss", "val_loss", "valXloss"],
            "l_l": ["val_loss"],
            "_": ["val_loss"],
            "%": [],
            "a%b": [],
            ".": ["a.b"],
            "a.b": ["a.b"],
            ".*": [],
            "^a": [],
            "[a]": [],
            "\\": [],
            "'": [],
            "été": ["ÉTÉ"],
            "straße": ["STRASSE"],
            "": names,
        }.items():
            found = await listed(store, experiment, kind="param", q=part)
            assert [one.key for one in found.keys] == sorted(expected), part
            assert found.total == len(expected)

    @pytest.mark.parametrize("size", [1, 4, 5, 100])
    async def test_pages_have_every_key_once_and_in_order(self, store: Store, size: int) -> None:
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment)
        names = ["b", "B", "a", "é", "b.1", "b-1", "zz"]
        await store.log_batch(
            batch(id_, *(point(name, 1.0) for name in names), params=dict.fromkeys(names, ""), tags={"t": ""})
        )
        whole = (await listed(store, experiment)).keys
        pages, token = [], None
        while True:
            page = await listed(store, experiment, max_results=size, page_token=token)
            assert page.total == len(whole)
            pages.append(page.keys)
            token = page.next_page_token
            if token is None:
                break
        assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert 0 < len(pages[-1]) <= size
        assert tuple(one for page in pages for one in page) == whole
        assert [(one.kind, one.key) for one in whole] == sorted((one.kind, one.key) for one in whole)

    async def test_a_key_that_comes_between_two_pages_moves_nothing(self, store: Store) -> None:
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment)
        await store.log_batch(batch(id_, *(point(name, 1.0) for name in "bdfh")))
        first = await listed(store, experiment, kind="metric", max_results=2)
        await store.log_batch(batch(id_, *(point(name, 1.0) for name in "aceg")))
        second = await listed(store, experiment, kind="metric", page_token=first.next_page_token)
        assert [one.key for one in first.keys + second.keys] == ["b", "d", "e", "f", "g", "h"]

    async def test_a_page_token_of_another_list_is_refused(self, store: Store) -> None:
        experiment, other = await new_experiment(store), await new_experiment(store)
        await store.log_batch(batch(await new_run(store, experiment), point("a", 1.0), point("ab", 1.0)))
        token = (await listed(store, experiment, kind="metric", q="a", max_results=1)).next_page_token
        assert token
        for id_, asked in (
            (other, {"kind": "metric", "q": "a", "page_token": token}),
            (experiment, {"kind": "param", "q": "a", "page_token": token}),
            (experiment, {"q": "a", "page_token": token}),
            (experiment, {"kind": "metric", "q": "b", "page_token": token}),
            (experiment, {"kind": "metric", "q": "a", "page_token": token[:-4] + "AAAA"}),
            (experiment, {"page_token": "bad"}),
        ):
            with refused(INVALID):
                await listed(store, id_, **asked)

    async def test_ten_thousand_keys_are_paged(self, store: Store) -> None:
        experiment = await new_experiment(store)
        ids = [await new_run(store, experiment) for _ in range(2)]
        names = [f"layer.{i:05d}.gradient" for i in range(10_000)]
        for start in range(0, len(names), 1_000):
            await store.log_batch(batch(ids[0], *(point(name, 1.0) for name in names[start : start + 1_000])))
        await store.log_batch(batch(ids[1], *(point(name, 2.0) for name in names[::20])))
        found: list[messages.ExperimentKey] = []
        token = None
        for _ in range(10):
            page = await listed(store, experiment, kind="metric", page_token=token)
            assert (page.total, page.runs, len(page.keys)) == (10_000, 2, 1_000)
            found += page.keys
            token = page.next_page_token
        assert token is None
        assert [one.key for one in found] == names
        assert [(one.runs, one.max) for one in found] == [(1, 1.0) if i % 20 else (2, 2.0) for i in range(10_000)]
