"""What is no filter or ordering, and where: in these texts ``¦`` stands before the character that is pointed at."""

from __future__ import annotations

import pytest

from genesis_flow.errors import InvalidSearch
from genesis_flow.search.fields import EXPERIMENTS, LOGGED_MODELS, RUNS, Grammar
from genesis_flow.search.parse import (
    MAX_COMPARISONS,
    MAX_DEPTH,
    MAX_LISTED,
    MAX_ORDER,
    MAX_PATTERN,
    parse_filter,
    parse_order,
    parse_order_fields,
)


def refusal(marked: str, grammar: Grammar) -> InvalidSearch:
    text = marked.replace("¦", "")
    with pytest.raises(InvalidSearch) as refused:
        parse_filter(text, grammar)
    assert refused.value.position == marked.index("¦")
    return refused.value


@pytest.mark.parametrize(
    "marked",
    [
        "metrics.`loss`¦.median < 1",
        "metrics.`loss`¦. min < 1",
        "metrics.`loss`¦.`min` < 1",
        "metrics.``¦.min < 1",
        "metrics.'loss'¦.min < 1",
        "metrics.`loss`¦.min.max < 1",
        "params.`loss`¦.min = '1'",
        " ¦",
        "AND¦",
        "¦OR",
        "status = 'a' OR¦",
        "status = 'a' AND ¦OR status = 'b'",
        "status = 'a' OR ¦AND status = 'b'",
        "(status = 'a' AND ¦)",
        "metrics.m ¦== 1",
        "metrics.m ¦<> 1",
        "metrics.m¦",
        "metrics.m >¦",
        "metrics.m > ¦NaN",
        "metrics.m > ¦'1'",
        "metrics.m > ¦true",
        "metrics.m > ¦ınf",
        "metrics.m > 1 ¦> 2",
        "metrics.m ¦LIKE '1'",
        "metrics.m IN ¦1",
        "metrics.m IN (¦)",
        "metrics.m IN (1 ¦2)",
        "metrics.m IN (1¦",
        "metrics.m IN (¦'1')",
        "metrics.m BETWEEN 1¦",
        "metrics.m BETWEEN 1 ¦OR 2",
        "metrics.m IS ¦1",
        "metrics.m IS NOT¦",
        "metrics.m NOT ¦= 1",
        "metrics.m NOT ¦NULL",
        "metrics.¦",
        "metrics.¦ m > 1",
        "¦Metrics.m > 1",
        "¦foo.m > 1",
        "¦'status' = 'a'",
        "¦1 = 1",
        "¦run name = 'a'",
        "params.a ¦> '1'",
        "params.a = ¦1",
        "params.a = ¦b",
        "params.a = ¦`b`",
        "params.a = ¦NULL",
        "params.a ¦BETWEEN '1' AND '2'",
        "params.a = ('1'¦",
        "params.a = (¦('1'))",
        "params.a IN ('it¦''s')",
        r"params.a IN ('¦\u0041')",
        "params.a¦-b = '1'",
        "params.a¦/b = '1'",
        "tags.`a`¦.b = '1'",
        "status ¦> 'A'",
        "¦bogus = 'a'",
        "attributes.¦bogus = 'a'",
        "¦Status = 'a'",
        "dataset.¦source = 'a'",
        "dataset.name ¦< 'a'",
        "(status = 'a'¦",
        "(¦)",
        "status = 'a'¦)",
        "status = 'a'¦;",
        "status = 'a' ¦-- comment",
        "status ¦/* comment */ = 'a'",
        "NOT¦",
        "start_time > ¦'1'",
    ],
)
def test_what_is_no_filter_for_runs_is_refused_where_it_goes_wrong(marked: str) -> None:
    refusal(marked, RUNS)


@pytest.mark.parametrize(
    "marked",
    [
        "¦attributes.name = 'a'",
        "¦params.a = '1'",
        "¦metrics.m > 1",
        "¦dataset.name = 'a'",
        "experiment_id = ¦1",
        "experiment_id = ¦'x'",
        "experiment_id IN ('1', ¦'1.0')",
        f"experiment_id = ¦'{2**63}'",
        "experiment_id ¦> '1'",
        "experiment_id ¦LIKE '1%'",
        "¦lifecycle_stage = 'active'",
    ],
)
def test_what_is_no_filter_for_experiments_is_refused_where_it_goes_wrong(marked: str) -> None:
    refusal(marked, EXPERIMENTS)


@pytest.mark.parametrize(
    "marked",
    [
        "¦attribute.name = 'a'",
        "¦tag.t = 'a'",
        "params.a = ¦NULL",
        "¦dataset.name = 'a'",
        "name = ¦`a`",
        "¦bogus = a",
    ],
)
def test_what_is_no_filter_for_logged_models_is_refused_where_it_goes_wrong(marked: str) -> None:
    refusal(marked, LOGGED_MODELS)


def test_a_refusal_says_what_could_stand_there_and_points() -> None:
    message = str(refusal("status ¦> 'A'", RUNS))
    assert "=, !=, LIKE, ILIKE, IN or IS NULL" in message
    assert message.endswith("status > 'A'\n       ^")


@pytest.mark.parametrize("nesting", ["(", "NOT ", "NOT ("])
def test_nesting_has_a_limit_far_below_the_stack(nesting: str) -> None:
    per_level = len(nesting.split())
    deepest = MAX_DEPTH // per_level
    closing = ")" * nesting.count("(")
    assert parse_filter(nesting * deepest + "status = 'a'" + closing * deepest, RUNS) is not None
    with pytest.raises(InvalidSearch, match="nest at most"):
        parse_filter(nesting * 50_000, RUNS)


def test_the_number_of_comparisons_has_a_limit() -> None:
    comparison = "metrics.m > 0"
    assert parse_filter(" OR ".join([comparison] * MAX_COMPARISONS), RUNS) is not None
    with pytest.raises(InvalidSearch, match="at most 500 comparisons"):
        parse_filter(" OR ".join([comparison] * (MAX_COMPARISONS + 1)), RUNS)


def test_the_lists_of_a_filter_have_a_limit_together() -> None:
    half = "run_id IN (" + ",".join(["'x'"] * (MAX_LISTED // 2)) + ")"
    assert parse_filter(f"{half} OR {half}", RUNS) is not None
    with pytest.raises(InvalidSearch, match="at most 10000 values"):
        parse_filter(f"{half} OR {half} OR {half}", RUNS)


def test_a_pattern_has_a_limit() -> None:
    assert parse_filter("tags.t LIKE '" + "%" * MAX_PATTERN + "'", RUNS) is not None
    with pytest.raises(InvalidSearch, match="at most 10000 characters"):
        parse_filter("tags.t LIKE '" + "%" * (MAX_PATTERN + 1) + "'", RUNS)


@pytest.mark.parametrize(
    ("marked", "grammar"),
    [
        ("¦", RUNS),
        ("¦bogus", RUNS),
        ("metrics.¦", RUNS),
        ("metrics.m ¦foo", RUNS),
        ("metrics.m DESC ¦x", RUNS),
        ("metrics.m ¦NULLS FIRST", RUNS),
        ("metrics.m¦, start_time", RUNS),
        ("metrics.a¦-b", RUNS),
        ("metrics.m ¦= 1", RUNS),
        ("¦(metrics.m)", RUNS),
        ("¦desc", RUNS),
        ("¦datasets.name", RUNS),
        ("¦tags.t", EXPERIMENTS),
        ("¦attributes.name", EXPERIMENTS),
        ("¦params.a", LOGGED_MODELS),
    ],
)
def test_what_is_no_term_of_an_ordering_is_refused_where_it_goes_wrong(marked: str, grammar: Grammar) -> None:
    with pytest.raises(InvalidSearch) as refused:
        parse_order([marked.replace("¦", "")], grammar)
    assert refused.value.position == marked.index("¦")


@pytest.mark.parametrize(
    "marked", ["¦", "¦bogus", "¦name DESC", "metrics.¦", "¦metric.m", "¦params.a", "¦tags.t", "¦`name`"]
)
def test_what_is_no_field_to_order_logged_models_by_is_refused(marked: str) -> None:
    with pytest.raises(InvalidSearch) as refused:
        parse_order_fields([(marked.replace("¦", ""), True)], LOGGED_MODELS)
    assert refused.value.position == marked.index("¦")


def test_an_ordering_has_a_limit() -> None:
    assert parse_order([f"metrics.m{n}" for n in range(MAX_ORDER)], RUNS)
    with pytest.raises(InvalidSearch, match="at most 50 terms, not 51"):
        parse_order(["metrics.m"] * (MAX_ORDER + 1), RUNS)
