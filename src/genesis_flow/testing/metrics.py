"""What every store does with the points of a metric over time."""

from __future__ import annotations

import math

import pytest

from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import (
    INVALID,
    UNKNOWN_RUN,
    answer,
    batch,
    history,
    new_run,
    point,
    refused,
    same,
    value_of,
)
from genesis_flow.testing.suite import Suite
from genesis_flow.values.metrics import Metric
from genesis_flow.wire.messages import metrics as messages
from genesis_flow.wire.messages import unlisted


async def paged(store: Store, run_id: str, key: str, size: int) -> list[list[Metric]]:
    """The pages of a history."""
    pages: list[list[Metric]] = []
    token = None
    while not pages or token:
        message = messages.GetMetricHistory(run_id=run_id, metric_key=key, max_results=size, page_token=token)
        found = await answer(store.get_metric_history(message))
        pages.append(list(found.metrics))
        token = found.next_page_token
    return pages


class MetricSuite(Suite):
    """The history of metrics."""

    async def test_a_history_is_ordered_by_time_then_step_then_value(self, store: Store) -> None:
        id_ = await new_run(store)
        points = [point("m", 5.0, 5, 5), point("m", 9.0, 2, 7), point("m", 10.0, 2, 7), point("m", -1.0, 1, 7)]
        await store.log_batch(batch(id_, *points, point("other", 1.0)))
        await store.log_batch(batch(id_, point("m", 2.0, 9, 1)))
        expected = [(9, 1, 2.0), (5, 5, 5.0), (1, 7, -1.0), (2, 7, 9.0), (2, 7, 10.0)]
        assert await history(store, id_, "m") == expected

    async def test_at_one_time_and_step_values_are_ordered_as_numbers_with_nan_as_0(self, store: Store) -> None:
        id_ = await new_run(store)
        values = [-math.inf, -1e308, -2.0, math.nan, 5e-324, 9.0, 10.0, 1e308, math.inf]
        await store.log_batch(batch(id_, *(point("m", number) for number in reversed(values))))
        assert same([number for _, _, number in await history(store, id_, "m")], values)

    async def test_a_point_is_kept_once(self, store: Store) -> None:
        id_ = await new_run(store)
        for _ in range(2):
            await store.log_batch(batch(id_, point("m", 1.0), point("m", 1.0), point("m", math.nan)))
        assert sorted(map(repr, await history(store, id_, "m"))) == ["(0, 1, 1.0)", "(0, 1, nan)"]

    async def test_an_unknown_run_or_metric_has_no_history(self, store: Store) -> None:
        id_ = await new_run(store)
        await store.log_batch(batch(id_, point("m", 1.0)))
        assert await history(store, id_, "M") == []
        assert await history(store, id_, "%") == []
        assert await history(store, UNKNOWN_RUN, "m") == []

    @pytest.mark.parametrize("size", [1, 2, 3, 9, 10, 11])
    async def test_pages_join_to_the_whole_history(self, store: Store, size: int) -> None:
        id_ = await new_run(store)
        values = [1.0, 10.0, 9.0, -1.0, math.nan, math.inf, -math.inf]
        points = [point("m", number, 1, 1) for number in values]
        await store.log_batch(
            batch(id_, *points, point("m", 0.0, 0, 1), point("m", 0.0, -(2**63), 2), point("m", 3.0, 2, 1))
        )
        pages = await paged(store, id_, "m", size)
        assert [len(page) for page in pages[:-1]] == [size] * (len(pages) - 1)
        assert 0 < len(pages[-1]) <= size
        joined = [(one.step, one.timestamp, value_of(one)) for page in pages for one in page]
        assert same(joined, await history(store, id_, "m"))
        assert len(joined) == 10

    async def test_a_point_logged_between_two_pages_moves_nothing(self, store: Store) -> None:
        id_ = await new_run(store)
        await store.log_batch(batch(id_, *(point("m", float(i), i, 10 * i) for i in range(4))))
        ask = messages.GetMetricHistory(run_id=id_, metric_key="m", max_results=2)
        first = await answer(store.get_metric_history(ask))
        await store.log_batch(batch(id_, point("m", 9.0, 0, 5), point("m", 9.0, 0, 25)))
        rest = messages.GetMetricHistory(run_id=id_, metric_key="m", page_token=first.next_page_token)
        second = await answer(store.get_metric_history(rest))
        assert [one.timestamp for one in first.metrics + second.metrics] == [0, 10, 20, 25, 30]

    async def test_a_page_token_of_another_history_is_refused(self, store: Store) -> None:
        one, two = await new_run(store), await new_run(store)
        for id_ in (one, two):
            await store.log_batch(
                batch(id_, *(point("m", 1.0, i) for i in range(3)), *(point("n", 1.0, i) for i in range(3)))
            )
        ask = messages.GetMetricHistory(run_id=one, metric_key="m", max_results=1)
        token = (await answer(store.get_metric_history(ask))).next_page_token or ""
        for run_id, key, text in (
            (two, "m", token),
            (one, "n", token),
            (one, "m", "bad"),
            (one, "m", token[:-4] + "AAAA"),
        ):
            with refused(INVALID):
                message = messages.GetMetricHistory(run_id=run_id, metric_key=key, max_results=1, page_token=text)
                await answer(store.get_metric_history(message))

    # --- several runs -----------------------------------------------------------------------------------------

    async def test_histories_of_several_runs_come_run_by_run_up_to_a_limit(self, store: Store) -> None:
        ids = sorted([await new_run(store) for _ in range(3)])
        for id_ in ids[:2]:
            await store.log_batch(batch(id_, point("m", 2.0, 1, 2), point("m", 1.0, 0, 1), point("m", math.nan, 2, 3)))
        expected = [(id_, step, step + 1) for id_ in ids[:2] for step in range(3)]
        for most in (None, 0, 1, 4, 6, 100):
            message = unlisted.GetMetricHistoryBulk(
                run_id=(ids[1], ids[0], ids[0], UNKNOWN_RUN, ids[2]), metric_key="m", max_results=most
            )
            found = (await answer(store.get_metric_history_bulk(message))).metrics
            assert [(one.run_id, one.step, one.timestamp) for one in found] == expected[:most]

    async def test_a_thinned_curve_keeps_a_spike_of_one_step(self, store: Store) -> None:
        id_ = await new_run(store)
        points = [point("m", 1.0, step, step) for step in range(900)]
        points[451] = point("m", 1e9, 451, 451)
        points[452] = point("m", -1e9, 452, 452)
        points[453] = point("m", math.nan, 453, 453)
        await store.log_batch(batch(id_, *points))
        message = messages.GetMetricHistoryBulkInterval(run_ids=(id_,), metric_key="m", max_results=20)
        found = (await answer(store.get_metric_history_bulk_interval(message))).metrics
        steps = [one.step or 0 for one in found]
        assert {0, 451, 452, 899} <= set(steps)
        assert steps == sorted(steps)
        assert len(found) <= 20

    async def test_a_short_curve_comes_whole_within_its_steps(self, store: Store) -> None:
        one, two = await new_run(store), await new_run(store)
        for id_ in (one, two):
            await store.log_batch(batch(id_, *(point("m", float(step), step, 9 - step) for step in range(9))))
        for start, end, steps in ((None, None, range(9)), (2, 5, range(2, 6)), (3, 3, [3]), (20, 30, [])):
            message = messages.GetMetricHistoryBulkInterval(
                run_ids=(two, UNKNOWN_RUN, one), metric_key="m", start_step=start, end_step=end
            )
            found = (await answer(store.get_metric_history_bulk_interval(message))).metrics
            assert [(metric.run_id, metric.step) for metric in found] == [(id_, s) for id_ in (two, one) for s in steps]
