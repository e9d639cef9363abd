"""What all points of a metric come to, whichever way they came."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from genesis_flow.rules.aggregates import Aggregate, Summary
from genesis_flow.rules.points import Triple, rank
from genesis_flow.testing.calls import same

# Sums of these are exact, so that they do not depend on the order.
VALUES = st.sampled_from([0.0, 1.0, -2.0, 0.5, 1024.0, math.inf, math.nan])
STEPS = st.one_of(st.integers(-2, 2), st.sampled_from([-(2**63), 2**63 - 1]))


@st.composite
def points(draw: st.DrawFn, least: int = 1) -> list[Triple]:
    """Points of which no two have one rank: NaN and 0 at one step and time would be told apart by who came first."""
    places = st.tuples(st.integers(0, 2), STEPS)
    several = draw(st.lists(st.tuples(places, VALUES), min_size=least, max_size=9, unique_by=lambda one: one[0]))
    return [(timestamp, step, value) for (timestamp, step), value in several]


def merged(parts: list[list[Triple]]) -> Aggregate:
    first, *others = map(Aggregate.of, parts)
    for other in others:
        first = first.merged(other)
    return first


def halves(given_points: list[Triple], data: st.DataObject) -> list[list[Triple]]:
    """The points in two parts, neither of them empty."""
    cut = data.draw(st.integers(1, len(given_points) - 1))
    return [given_points[:cut], given_points[cut:]]


@given(all_points=points(least=2), data=st.data())
def test_a_merge_is_the_aggregate_of_the_union(all_points: list[Triple], data: st.DataObject) -> None:
    assert same(merged(halves(all_points, data)), Aggregate.of(all_points))


@given(all_points=points(least=3), data=st.data())
def test_it_does_not_matter_what_is_merged_first(all_points: list[Triple], data: st.DataObject) -> None:
    one, rest = all_points[:1], halves(all_points[1:], data)
    left = Aggregate.of(one).merged(Aggregate.of(rest[0])).merged(Aggregate.of(rest[1]))
    right = Aggregate.of(one).merged(Aggregate.of(rest[0]).merged(Aggregate.of(rest[1])))
    assert same(left, right)
    assert same(left, merged([rest[1], one, rest[0]]))


@given(all_points=points())
def test_the_order_of_points_does_not_matter(all_points: list[Triple]) -> None:
    assert same(Aggregate.of(all_points), Aggregate.of(sorted(all_points, key=rank)))


@given(all_points=points(), data=st.data())
def test_a_summary_is_the_same_at_once_and_bit_by_bit(all_points: list[Triple], data: st.DataObject) -> None:
    summary, rest = Summary.of(all_points[:1]), all_points[1:]
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        summary, rest = summary.extended(rest[:size]), rest[size:]
    assert same(summary, Summary.of(all_points))
    assert (summary.aggregate is None) is (len(all_points) == 1)
    assert same(summary.whole, Aggregate.of(all_points))
    assert same(summary.value("last"), max(all_points, key=rank)[2])


@given(all_points=points())
def test_an_aggregate_says_what_its_definition_says(all_points: list[Triple]) -> None:
    found = Aggregate.of(all_points)
    numbers = [value for _, _, value in all_points if not math.isnan(value)]
    assert found.count == len(all_points)
    assert found.numbers == len(numbers)
    assert same(found.min, min(numbers, default=math.nan))
    assert same(found.max, max(numbers, default=math.nan))
    assert same(found.mean, sum(numbers) / len(numbers) if numbers else math.nan)
    assert (found.first_step, found.first_time) == min((step, timestamp) for timestamp, step, _ in all_points)
    for value, place in ((found.min, (found.min_step, found.min_time)), (found.max, (found.max_step, found.max_time))):
        there = [(step, timestamp) for timestamp, step, one in all_points if same(one, value)]
        assert place == min(there)


def test_nan_alone_stands_where_it_came_first() -> None:
    found = merged([[(9, 5, math.nan)], [(8, 3, math.nan), (7, 4, math.nan)]])
    assert math.isnan(found.mean)
    assert (found.min_step, found.max_step, found.first_step, found.count, found.numbers) == (3, 3, 3, 3, 0)


def test_of_points_of_one_rank_the_one_that_was_there_stays_the_latest() -> None:
    zero, nan = (1, 1, 0.0), (1, 1, math.nan)
    assert Summary.of([zero]).extended([nan]).latest == zero
    assert math.isnan(Summary.of([nan]).extended([zero]).latest[2])
