"""What every store answers of runs as a table: totals, blocks in order, and the columns that are asked for."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import pytest

from genesis_flow.search.ast import AGGREGATES
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.aggregates import POINTS, WHAT
from genesis_flow.testing.aggregates import populate as populate_aggregates
from genesis_flow.testing.calls import (
    HOSTILE,
    INT64,
    INVALID,
    NUMBERS,
    UNKNOWN_EXPERIMENT,
    answer,
    batch,
    info_of,
    new_experiment,
    new_run,
    point,
    refused,
)
from genesis_flow.testing.search import population
from genesis_flow.testing.suite import Suite
from genesis_flow.wire.messages import experiments
from genesis_flow.wire.messages import runs as messages
from genesis_flow.wire.messages.run_tables import GetRunsTable, GetRunsTableResponse

NAME = "attributes.run_name"
KEYS = ("a b", "a.b", "a/b", "a:b", "é", "K", "k", "-", "0", "min", "a.min", "select", "x" * 250)
NO_KEYS = ("'", '"', "$where", "$", "a$b", "..", "{}", "\\", "%", "_", "' OR '1'='1", "😀", "a\nb", "null", "a,b")
"""Keys that no run has, and that a database might take for something else."""

ORDERS = (
    (),
    ("start_time",),
    (NAME,),
    ("end_time",),
    ("end_time DESC", "status"),
    ("metrics.m",),
    ("metrics.m DESC",),
    ("metrics.n", "metrics.m DESC"),
    ("metrics.m.max DESC",),
    ("metrics.none",),
    ("params.p",),
    ("params.p DESC",),
    ("params.p DESC", "run_name DESC"),
    ("tags.t",),
    ("tags.none DESC",),
)
FILTERS = {
    None: 5,
    "params.p = '1'": 1,
    "params.p != '1'": 2,
    "metrics.m > 0": 2,
    "metrics.m > 0 AND params.p IS NOT NULL AND status != 'FAILED'": 2,
    "metrics.m IS NULL OR tags.t LIKE '%x%'": 2,
    "NOT tags.t = 'x'": 4,
    "metrics.m.count >= 1": 4,
    "dataset.name = 'iris'": 2,
    "run_name IN ('a', 'c', 'z')": 2,
    "params.none = 'x'": 0,
}
"""Filters of the population of a search, and how many of its runs each finds."""


async def table(store: Store, experiment: str, *columns: str, **more: Any) -> GetRunsTableResponse:
    """A table of one experiment."""
    return await answer(store.get_runs_table(GetRunsTable(experiment_ids=(experiment,), columns=columns, **more)))


async def cells(store: Store, experiment: str, *columns: str, **more: Any) -> list[tuple[Any, ...]]:
    """The values of each column, whose name and length are what they should be."""
    found = await table(store, experiment, *columns, **more)
    assert [column.field for column in found.columns] == list(columns)
    assert {len(column.values) for column in found.columns} <= {len(found.run_ids)}
    return [column.values for column in found.columns]


async def names(store: Store, experiment: str, **more: Any) -> str:
    """The names of the runs in a table, in its order, joined."""
    (found,) = await cells(store, experiment, NAME, **more)
    return "".join(map(str, found))


async def searched(store: Store, experiments: Sequence[str], **more: Any) -> list[str | None]:
    """The ids of the runs that a search finds, in its order."""
    found = await answer(store.search_runs(messages.SearchRuns(experiment_ids=tuple(experiments), **more)))
    return [info_of(run).run_id for run in found.runs]


async def ties(store: Store) -> str:
    """An experiment of runs of which many are equal in what they are ordered by."""
    experiment = await new_experiment(store)

    async def one(number: int) -> None:
        id_ = await new_run(store, experiment, str(number % 5), number % 4)
        points = [point("m", (1.0, 2.0, math.nan, math.inf)[number % 4])] if number % 7 else []
        params = {"p": "ab"[number % 2]} if number % 3 else {}
        await store.log_batch(batch(id_, *points, params=params))

    await asyncio.gather(*map(one, range(23)))
    return experiment


class RunTableSuite(Suite):
    """Tables of runs."""

    @pytest.mark.parametrize("text", FILTERS)
    async def test_a_total_counts_every_run_that_matches_wherever_the_block_is(
        self, store: Store, text: str | None
    ) -> None:
        experiment = await population(store)
        for order in ((), ("metrics.m",), ("params.p DESC",), ("metrics.m.min",)):
            for offset, limit in ((0, 1), (0, 200), (1, 2), (4, 200), (5, 1), (10_000_000, 1_000)):
                found = await table(store, experiment, NAME, filter=text, order_by=order, offset=offset, limit=limit)
                assert (found.total, found.offset) == (FILTERS[text], offset)
                assert len(found.run_ids) == max(0, min(limit, FILTERS[text] - offset))

    async def test_a_block_may_be_asked_for_without_columns(self, store: Store) -> None:
        experiment = await population(store)
        found = await table(store, experiment, limit=3)
        assert (found.total, len(found.run_ids), found.columns) == (5, 3, ())

    @pytest.mark.parametrize("order", ORDERS, ids=" ".join)
    async def test_runs_come_in_the_order_of_a_search(self, store: Store, order: Sequence[str]) -> None:
        for experiment in (await population(store), await ties(store)):
            found = await table(store, experiment, "attributes.run_id", order_by=order)
            assert list(found.run_ids) == await searched(store, [experiment], order_by=order)
            assert found.columns[0].values == found.run_ids

    @pytest.mark.parametrize(
        ("order", "expected"),
        [
            (("metrics.m",), "dabce"),
            (("metrics.m DESC",), "badce"),
            (("params.p",), "abced"),
            (("params.p DESC",), "cbaed"),
            (("end_time DESC",), "bceda"),
            (("tags.none", "run_name"), "abcde"),
            (("start_time",), "abcde"),
            ((), "edcba"),
        ],
        ids=str,
    )
    async def test_nan_and_what_has_no_value_come_last_and_ties_by_the_latest_start(
        self, store: Store, order: Sequence[str], expected: str
    ) -> None:
        experiment = await population(store)
        assert await names(store, experiment, order_by=order) == expected
        assert await names(store, experiment, order_by=order, offset=1, limit=3) == expected[1:4]

    @pytest.mark.parametrize("order", ORDERS, ids=" ".join)
    async def test_blocks_join_to_the_whole_and_each_run_stands_in_one(
        self, store: Store, order: Sequence[str]
    ) -> None:
        experiment = await ties(store)
        for text in (None, "params.p = 'a' OR metrics.m IS NOT NULL", "params.p = 'b'"):
            whole = await searched(store, [experiment], order_by=order, filter=text)
            for limit in (1, 4, 7, 22):
                joined: list[str] = []
                for offset in range(0, len(whole) + limit, limit):
                    block = await table(store, experiment, filter=text, order_by=order, offset=offset, limit=limit)
                    joined += block.run_ids
                assert joined == whole, (text, limit)

    async def test_every_attribute_is_a_column_and_numbers_are_whole(self, store: Store) -> None:
        experiment = await new_experiment(store)
        for number, time in enumerate(INT64):
            message = messages.CreateRun(
                experiment_id=experiment, run_name=str(number), user_id=f"user {number}", start_time=time
            )
            run = (await answer(store.create_run(message))).run
            assert run
            if number:
                await store.update_run(messages.UpdateRun(run_id=info_of(run).run_id, status="FAILED", end_time=time))
        fields = ("run_id", "run_name", "user_id", "status", "artifact_uri", "start_time", "end_time")
        columns = tuple(f"attributes.{field}" for field in fields)
        found = await table(store, experiment, *columns, order_by=("start_time",))
        assert [column.type for column in found.columns] == ["text"] * 5 + ["number"] * 2
        ids, names_, users, states, places, starts, ends = [column.values for column in found.columns]
        assert ids == found.run_ids
        assert names_ == tuple(map(str, range(len(INT64))))
        assert users == tuple(f"user {number}" for number in range(len(INT64)))
        assert states == ("RUNNING", *["FAILED"] * (len(INT64) - 1))
        assert all(str(id_) in str(place) for id_, place in zip(ids, places, strict=True))
        assert starts == INT64
        assert ends == (None, *INT64[1:])

    async def test_metrics_params_and_tags_are_columns_and_what_is_absent_is_null(self, store: Store) -> None:
        experiment = await population(store)
        found = await table(store, experiment, "metrics.m", "params.q", "tags.t", "params.none", order_by=("run_name",))
        assert [column.type for column in found.columns] == ["number", "text", "text", "text"]
        long = "x" * 5_000
        assert [column.values for column in found.columns] == [
            (1.0, 2.5, "NaN", -1.0, None),
            ("it's", "", "100%", long + "1", long + "2"),
            ("x", "X", None, "É", "a_b"),
            (None,) * 5,
        ]

    async def test_columns_that_no_run_has_are_null_everywhere(self, store: Store) -> None:
        experiment = await population(store)
        columns = [f"{kind}.none" for kind in ("metrics", "params", "tags")] + ["metrics.none.max", "metrics.`p`"]
        assert await cells(store, experiment, *columns) == [(None,) * 5] * 5

    async def test_a_column_may_be_asked_for_twice_and_by_other_names(self, store: Store) -> None:
        experiment = await population(store)
        columns = ("metrics.m", "metric.`m`", "metrics.m", 'metrics."m"', "run_name", "attribute.`Run Name`", "Created")
        found = await cells(store, experiment, *columns, order_by=("run_name",), limit=2)
        assert found == [(1.0, 2.5)] * 4 + [("a", "b")] * 2 + [(1, 2)]

    async def test_every_number_comes_back_as_it_was_written(self, store: Store) -> None:
        experiment = await new_experiment(store)
        for number, value in enumerate(NUMBERS):
            id_ = await new_run(store, experiment, start_time=number)
            await store.log_batch(batch(id_, point("m", value)))
        (found,) = await cells(store, experiment, "metrics.m", order_by=("start_time",))
        named = {math.inf: "Infinity", -math.inf: "-Infinity"}
        expected = tuple("NaN" if math.isnan(value) else named.get(value, value) for value in NUMBERS)
        assert found == expected

    async def test_every_aggregate_is_a_column(self, store: Store) -> None:
        experiment = await populate_aggregates(store, "one by one")
        columns = [f"metrics.m.{name}" for name in AGGREGATES]
        for order in (("run_name",), ("metrics.m.max DESC",)):
            rows = await cells(store, experiment, NAME, *columns, order_by=order)
            for aggregate, found in zip(AGGREGATES, rows[1:], strict=True):
                of_runs = dict(zip(rows[0], found, strict=True))
                for name, points in POINTS.items():
                    wanted: Any = WHAT[aggregate].get(name, "NaN" if points else None)
                    named = {math.inf: "Infinity", -math.inf: "-Infinity"}
                    assert of_runs[name] == named.get(wanted, wanted), (aggregate, name)
        (steps,) = await cells(store, experiment, "metrics.m.max_step", order_by=("run_name",))
        assert not any(isinstance(step, float) for step in steps)

    async def test_steps_of_64_bits_are_whole(self, store: Store) -> None:
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment)
        await store.log_batch(
            batch(id_, point("m", 1.0, 2**53 + 1), point("m", 2.0, 2**63 - 1), point("s", 1.0, -(2**63)))
        )
        columns = ("metrics.m.min_step", "metrics.m.max_step", "metrics.s.min_step", "metrics.s.count")
        assert await cells(store, experiment, *columns) == [(2**53 + 1,), (2**63 - 1,), (-(2**63),), (1,)]

    async def test_a_metric_of_that_very_name_comes_before_the_aggregate_in_its_cell(self, store: Store) -> None:
        experiment = await new_experiment(store)
        first, second = [await new_run(store, experiment, start_time=start) for start in (1, 2)]
        await store.log_batch(batch(first, point("m", 1.0), point("m.min", 9.0)))
        await store.log_batch(batch(second, point("m", 3.0), point("m", 4.0, 1)))
        columns = ("metrics.m.min", "metrics.`m.min`", "metrics.`m`.min", "metrics.m")
        found = await cells(store, experiment, *columns, order_by=("start_time",))
        assert found == [(9.0, 3.0), (9.0, None), (9.0, 3.0), (1.0, 4.0)]

    async def test_any_key_may_be_a_column(self, store: Store) -> None:
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment)
        texts: Mapping[str, str] = {key: f"of {key}" for key in KEYS}
        await store.log_batch(
            batch(id_, *(point(key, float(place)) for place, key in enumerate(KEYS)), params=texts, tags=texts)
        )
        for kind in ("params", "tags"):
            found = await cells(store, experiment, *(f"{kind}.`{key}`" for key in KEYS))
            assert found == [(f"of {key}",) for key in KEYS]
        found = await cells(store, experiment, *(f"metrics.`{key}`" for key in KEYS))
        assert found == [(float(place),) for place in range(len(KEYS))]
        for key in NO_KEYS:
            assert (
                await cells(store, experiment, *(f"{kind}.`{key}`" for kind in ("metrics", "params", "tags")))
                == [(None,)] * 3
            )

    async def test_any_text_stands_in_a_cell_as_it_was_written(self, store: Store) -> None:
        experiment = await new_experiment(store)
        for number, text in enumerate(HOSTILE):
            id_ = await new_run(store, experiment, start_time=number)
            await store.log_batch(batch(id_, params={"k": text}, tags={"k": text}))
        assert await cells(store, experiment, "params.k", "tags.k", order_by=("start_time",)) == [HOSTILE] * 2

    async def test_a_table_shows_active_deleted_or_all_runs(self, store: Store) -> None:
        experiment = await new_experiment(store)
        ids = {name: await new_run(store, experiment, name, start) for start, name in enumerate("abcd")}
        for name in "bd":
            await store.log_batch(batch(ids[name], point("m", 1.0)))
            await store.delete_run(messages.DeleteRun(run_id=ids[name]))
        for view, expected in {"ACTIVE_ONLY": "ac", "DELETED_ONLY": "bd", "ALL": "abcd"}.items():
            for order in (("start_time",), ("metrics.none", "start_time")):
                found = await table(store, experiment, NAME, run_view_type=view, order_by=order)
                assert (found.total, "".join(map(str, found.columns[0].values))) == (len(expected), expected)
        assert await names(store, experiment) == "ca"
        assert await names(store, experiment, order_by=("metrics.m",), run_view_type="ALL") == "dbca"
        await store.delete_experiment(experiments.DeleteExperiment(experiment_id=experiment))
        assert await searched(store, [experiment]) == list((await table(store, experiment)).run_ids)

    async def test_several_experiments_are_one_table(self, store: Store) -> None:
        one, other = await population(store), await ties(store)
        both = (one, other, UNKNOWN_EXPERIMENT, one)
        for order in ORDERS:
            whole = await searched(store, both, order_by=order)
            assert len(whole) == 28
            joined: list[str] = []
            for offset in range(0, 28, 9):
                message = GetRunsTable(experiment_ids=both, order_by=order, offset=offset, limit=9)
                found = await answer(store.get_runs_table(message))
                assert found.total == 28
                joined += found.run_ids
            assert joined == whole, order

    async def test_an_unknown_experiment_has_an_empty_table(self, store: Store) -> None:
        found = await table(store, UNKNOWN_EXPERIMENT, "metrics.m", NAME, order_by=("metrics.m",))
        assert (found.total, found.offset, found.run_ids) == (0, 0, ())
        assert [(one.field, one.type, one.values) for one in found.columns] == [
            ("metrics.m", "number", ()),
            (NAME, "text", ()),
        ]
        with refused(INVALID):
            await table(store, "no id")

    @pytest.mark.parametrize(
        "column",
        [
            *("", " ", "nothing", "metrics", "metrics.", "metrics.m DESC", "metrics.m ASC", "dataset.name", "x.y"),
            *("metrics.m, metrics.n", "metrics.`m", "params.a-b", "metrics.`m`.median", "params.`a`.max", "'run_name'"),
            *("attributes.experiment", "metrics.m = 1", "params.`a\0b`", "*", "m)", "metrics.m;", "COUNT(*)"),
        ],
    )
    async def test_a_column_that_is_no_field_is_refused_by_its_place(self, store: Store, column: str) -> None:
        experiment = await new_experiment(store)
        message = GetRunsTable(experiment_ids=(experiment,), columns=("metrics.m", column))
        with refused(INVALID) as caught:
            await store.get_runs_table(message)
        assert "columns[1]" in str(caught.value)

    @pytest.mark.parametrize("wrong", [{"filter": "p ="}, {"order_by": ("metrics.m UP",)}, {"order_by": ("",)}])
    async def test_a_filter_or_an_order_that_says_nothing_is_refused_for_a_table(
        self, store: Store, wrong: dict[str, Any]
    ) -> None:
        experiment = await new_experiment(store)
        with refused(INVALID):
            await store.get_runs_table(msgspec.structs.replace(GetRunsTable(experiment_ids=(experiment,)), **wrong))

    async def test_a_table_has_many_columns(self, store: Store) -> None:
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment)
        await store.log_batch(batch(id_, *(point(f"m{n}", float(n)) for n in range(100))))
        found = await cells(store, experiment, *(f"metrics.m{n}.max" for n in range(100)))
        assert found == [(float(n),) for n in range(100)]
