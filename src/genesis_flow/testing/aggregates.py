"""What every store knows of all points of a metric together, to search and to order by."""

from __future__ import annotations

import asyncio
import math
import operator
from collections.abc import Sequence

import pytest

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import answer, batch, info_of, new_experiment, new_run, point
from genesis_flow.testing.suite import Suite
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import runs as messages

# By name of the run, the points that it has; values whose sums are exact.
POINTS = {
    "falls": [(0, 4.0), (1, 2.0), (2, 1.0), (3, 1.0)],
    "rises": [(0, 1.0), (1, 2.0), (2, 3.0)],
    "jumps": [(0, 2.0), (1, -8.0), (2, 16.0), (3, 2.0)],
    "single": [(7, 3.0)],
    "broken": [(0, math.nan), (1, 2.0), (2, math.nan)],
    "nothing": [(0, math.nan), (1, math.nan)],
    "endless": [(0, -math.inf), (1, math.inf)],
    "none": [],
}
WHAT: dict[str, dict[str, float]] = {
    "min": {"falls": 1, "rises": 1, "jumps": -8, "single": 3, "broken": 2, "endless": -math.inf},
    "max": {"falls": 4, "rises": 3, "jumps": 16, "single": 3, "broken": 2, "endless": math.inf},
    "mean": {"falls": 2, "rises": 2, "jumps": 3, "single": 3, "broken": 2},
    "first": {"falls": 4, "rises": 1, "jumps": 2, "single": 3, "endless": -math.inf},
    "last": {"falls": 1, "rises": 3, "jumps": 2, "single": 3, "endless": math.inf},
    "count": {"falls": 4, "rises": 3, "jumps": 4, "single": 1, "broken": 3, "nothing": 2, "endless": 2},
    "min_step": {"falls": 2, "rises": 0, "jumps": 1, "single": 7, "broken": 1, "nothing": 0, "endless": 0},
    "max_step": {"falls": 0, "rises": 2, "jumps": 2, "single": 7, "broken": 1, "nothing": 0, "endless": 1},
}
"""By aggregate the runs that have a number there; those with points and none have NaN."""

WAYS = ("at once", "one by one", "backwards", "again and again")


async def populate(store: Store, way: str, key: str = "m") -> str:
    """The id of an experiment with these runs, whose points were written in this way."""
    experiment = await new_experiment(store)
    for number, (name, points) in enumerate(POINTS.items()):
        id_ = await new_run(store, experiment, name, start_time=number)
        metrics = [point(key, value, step, step + 1) for step, value in points]
        for given in _batches(metrics, way):
            await store.log_batch(batch(id_, *given))
    return experiment


def _batches(metrics: list[Metric], way: str) -> Sequence[Sequence[Metric]]:
    match way:
        case "at once":
            return [metrics]
        case "one by one":
            return [[metric] for metric in metrics]
        case "backwards":
            return [[metric] for metric in reversed(metrics)]
        case _:
            return [metrics, metrics[1:], *([metric, metric] for metric in metrics), metrics]


async def names(store: Store, experiment: str, text: str, *order: str) -> list[str | None]:
    """The names of the runs that are found, in their order."""
    message = messages.SearchRuns(experiment_ids=(experiment,), filter=text, order_by=order)
    return [info_of(run).run_name for run in (await answer(store.search_runs(message))).runs]


class AggregateSuite(Suite):
    """Aggregates of metrics."""

    @pytest.mark.parametrize("way", WAYS)
    async def test_an_aggregate_is_found_by_its_value_however_the_points_came(self, store: Store, way: str) -> None:
        experiment = await populate(store, way)
        for aggregate, expected in WHAT.items():
            for value in sorted({*expected.values(), 0.5}):
                for comparator, holds in (("=", operator.eq), ("<", operator.lt), (">=", operator.ge)):
                    found = await names(store, experiment, f"metrics.m.{aggregate} {comparator} {float(value)!r}")
                    wanted = {name for name, number in expected.items() if holds(number, value)}
                    assert set(found) == wanted, (aggregate, comparator, value)

    @pytest.mark.parametrize("aggregate", WHAT)
    async def test_runs_are_ordered_by_an_aggregate_with_nan_and_nothing_last(
        self, store: Store, aggregate: str
    ) -> None:
        experiment = await populate(store, "one by one")
        known = WHAT[aggregate]
        latest_first = list(reversed(POINTS))
        rest = [name for name in latest_first if name not in known and POINTS[name]] + ["none"]
        for direction, sign in (("ASC", 1), ("DESC", -1)):
            expected = sorted((name for name in latest_first if name in known), key=lambda name: sign * known[name])
            assert await names(store, experiment, "", f"metrics.m.{aggregate} {direction}") == expected + rest

    async def test_pages_in_the_order_of_an_aggregate_join_to_the_whole(self, store: Store) -> None:
        experiment = await populate(store, "at once")
        for order in ("metrics.m.max ASC", "metrics.m.mean DESC", "metrics.m.count DESC"):
            whole = await names(store, experiment, "", order)
            joined: list[str | None] = []
            token = None
            while len(joined) < len(POINTS):
                message = messages.SearchRuns(
                    experiment_ids=(experiment,), order_by=(order,), max_results=2, page_token=token
                )
                found = await answer(store.search_runs(message))
                joined += [info_of(run).run_name for run in found.runs]
                token = found.next_page_token
            assert joined == whole
            assert token is None

    async def test_a_metric_of_that_very_name_comes_before_the_aggregate(self, store: Store) -> None:
        experiment = await new_experiment(store)
        with_literal = await new_run(store, experiment, "literal")
        await store.log_batch(batch(with_literal, point("m", 1.0), point("m.min", 9.0)))
        without = await new_run(store, experiment, "aggregate")
        await store.log_batch(batch(without, point("m", 3.0), point("m", 4.0, 1)))
        assert await names(store, experiment, "metrics.m.min = 9") == ["literal"]
        assert await names(store, experiment, "metrics.m.min = 1") == []
        assert await names(store, experiment, "metrics.m.min = 3") == ["aggregate"]
        assert await names(store, experiment, "metrics.`m`.min < 5") == ["aggregate"]
        assert await names(store, experiment, "metrics.`m.min` > 0") == ["literal"]
        assert await names(store, experiment, "", "metrics.m.min ASC") == ["aggregate", "literal"]
        assert await names(store, experiment, "", "metrics.m.min DESC") == ["literal", "aggregate"]

    async def test_what_has_no_points_has_no_aggregate(self, store: Store) -> None:
        experiment = await populate(store, "at once")
        assert await names(store, experiment, "metrics.m.count IS NULL") == ["none"]
        assert len(await names(store, experiment, "metrics.m.mean IS NOT NULL")) == len(POINTS) - 1
        assert len(await names(store, experiment, "metrics.other.count IS NULL")) == len(POINTS)
        assert await names(store, experiment, "NOT metrics.m.min <= 16 AND metrics.m.min != 0") == ["nothing"]

    async def test_a_batch_that_is_there_in_part_counts_what_is_new(self, store: Store) -> None:
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment, "run")
        points = [point(key, float(step), step, step) for key in "abcdef" for step in range(40)]
        await store.log_batch(batch(id_, *points[::3]))
        await store.log_batch(batch(id_, *points, *points[:50]))
        await store.log_batch(batch(id_, *points[::-7]))
        for key in "abcdef":
            text = f"metrics.{key}.count = 40 AND metrics.{key}.mean = 19.5 AND metrics.{key}.max_step = 39"
            assert await names(store, experiment, text) == ["run"]

    async def test_batches_at_once_lose_no_point(self, store: Store) -> None:
        experiment = await new_experiment(store)
        id_ = await new_run(store, experiment, "run")
        given = [[point("m", float(step), step, step) for step in range(at, at + 5)] for at in range(0, 100, 4)]
        await asyncio.gather(*(store.log_batch(batch(id_, *points)) for points in given))
        text = "metrics.m.count = 101 AND metrics.m.mean = 50 AND metrics.m.first = 0 AND metrics.m.last = 100"
        assert await names(store, experiment, text) == ["run"]

    async def test_the_largest_and_the_least_numbers_have_aggregates(self, store: Store) -> None:
        experiment = await new_experiment(store)
        for name, values in {
            "huge": (1e308, 1e308),
            "opposite": (-math.inf, math.inf),
            "up": (1.0, math.inf),
            "tiny": (5e-324, 5e-324),
            "zero": (0.0, -0.0),
        }.items():
            id_ = await new_run(store, experiment, name)
            for step, value in zip((-(2**63), 2**63 - 1), values, strict=True):
                await store.log_batch(batch(id_, point("m", value, step)))
        for text, expected in {
            "metrics.m.count = 2": {"huge", "opposite", "up", "tiny", "zero"},
            "metrics.m.mean = inf": {"huge", "up"},
            "metrics.m.mean = 5e-324": {"tiny"},
            "metrics.m.mean = 0": {"zero"},
            "NOT metrics.m.mean <= inf": {"opposite"},
            "metrics.m.min_step < -9e18 AND metrics.m.max_step > 9e18": {"opposite", "up"},
            "metrics.m.max_step < 0": {"huge", "tiny", "zero"},
        }.items():
            assert set(await names(store, experiment, text)) == expected, text

    async def test_an_order_may_be_of_aggregates_alone(self, store: Store) -> None:
        experiment = await populate(store, "at once")
        order = [f"metrics.other{number}.min" for number in range(47)]
        found = await names(store, experiment, "metrics.m.count > 2", *order, "metrics.m.count DESC", "metrics.m.max")
        assert found == ["falls", "jumps", "broken", "rises"]

    async def test_an_aggregate_joins_other_conditions(self, store: Store) -> None:
        experiment = await populate(store, "at once")
        first = "metrics.m.max > 1 AND metrics.m.count >= 3 AND metrics.m = 3 AND run_name != 'x'"
        assert await names(store, experiment, first) == ["rises"]
        text = "metrics.m.max BETWEEN 2 AND 4 AND metrics.m.count IN (3, 4) AND NOT run_name = 'broken'"
        assert await names(store, experiment, text) == ["rises", "falls"]

    @pytest.mark.parametrize("key", ["a.b", "val/loss", "x:y", "a b", "min", "ü"])
    async def test_any_key_may_stand_before_the_name_of_an_aggregate(self, store: Store, key: str) -> None:
        experiment = await populate(store, "at once", key)
        assert await names(store, experiment, f"metrics.`{key}`.max > 3", f"metrics.`{key}`.max DESC") == [
            "endless",
            "jumps",
            "falls",
        ]
