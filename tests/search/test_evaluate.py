"""What filters select. The first table was observed on MLflow 3.17.2 with the same runs; the second is ours."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest

from genesis_flow.search.ast import Field, Kind, Value
from genesis_flow.search.evaluate import like, matches
from genesis_flow.search.fields import EXPERIMENTS, RUNS
from genesis_flow.search.parse import parse_filter

Run = dict[str, Sequence[Value]]

RUN_FIELDS: dict[str, Run] = {
    "alpha": {
        "run_name": ["alpha"],
        "start_time": [1000],
        "end_time": [5000],
        "metrics.m": [1.0],
        "params.a": ["1"],
        "params.b": ["Hello"],
        "tags.t": ["Foo"],
        "datasets.name": ["d1"],
        "datasets.context": ["train"],
    },
    "beta": {
        "run_name": ["beta"],
        "start_time": [2000],
        "end_time": [4000],
        "metrics.m": [2.0],
        "params.a": ["10"],
        "tags.t": ["foo"],
        "datasets.name": ["d1", "D2"],
        "datasets.context": ["eval", "train"],
    },
    "gamma": {
        "run_name": ["gamma"],
        "start_time": [3000],
        "metrics.m": [math.nan],
        "params.a": ["9"],
        "params.b": ["100%"],
        "tags.t": ["a_b"],
    },
    "delta": {
        "run_name": ["delta"],
        "start_time": [3000],
        "metrics.m": [math.inf],
        "params.b": ["axb"],
        "tags.t": ["a\\b"],
    },
    "eps": {
        "run_name": ["eps"],
        "start_time": [3000],
        "metrics.m": [-math.inf],
        "params.b": ["a_b"],
        "tags.t": ["É"],
    },
    "zeta": {"run_name": ["zeta"], "start_time": [4000]},
    "it's": {
        "run_name": ["it's"],
        "start_time": [500],
        "metrics.m": [-3.0],
        "params.b": [""],
        "tags.t": ['say "x"'],
    },
}


def values_of(run: Run) -> Callable[[Field], Sequence[Value]]:
    def values(field: Field) -> Sequence[Value]:
        prefix = "" if field.kind is Kind.ATTRIBUTE else f"{field.kind.value}."
        return run.get(prefix + field.key, [])

    return values


def selected(text: str) -> str:
    expression = parse_filter(text, RUNS)
    assert expression is not None
    return " ".join(name for name, run in RUN_FIELDS.items() if matches(expression, values_of(run)))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("metrics.m > 0", "alpha beta delta"),
        ("metrics.m > -1", "alpha beta delta"),
        ("metrics.m <= -3", "eps it's"),
        ("metrics.m = 1", "alpha"),
        ("metrics.m != 1", "beta gamma delta eps it's"),
        ("metrics.m != 0", "alpha beta gamma delta eps it's"),
        ("metrics.m > 99999999999999999999", "delta"),
        ("params.a = '1'", "alpha"),
        ("params.a != '1'", "beta gamma"),
        ("params.b LIKE 'hello'", ""),
        ("params.b ILIKE 'hello'", "alpha"),
        ("params.b LIKE '%ell%'", "alpha"),
        ("params.b LIKE 'a_b'", "delta eps"),
        (r"params.b LIKE 'a\_b'", ""),
        ("params.b LIKE '%%'", "alpha gamma delta eps it's"),
        ("params.b LIKE ''", "it's"),
        ("params.b IS NULL", "beta zeta"),
        ("params.b IS NOT NULL", "alpha gamma delta eps it's"),
        ("params.nowhere != 'x'", ""),
        (r"tags.t LIKE 'a\b'", "delta"),
        ("tags.t ILIKE 'é'", ""),
        ("tags.t ILIKE 'É'", "eps"),
        ("tags.t = 'say \"x\"'", "it's"),
        ('run_name = "it\'s"', "it's"),
        ("start_time = 3000.0", "gamma delta eps"),
        ("start_time > 2999.5", "gamma delta eps zeta"),
        ("start_time < 1e400", "alpha beta gamma delta eps zeta it's"),
        ("end_time > 0", "alpha beta"),
        ("end_time != 4000", "alpha"),
        ("dataset.name = 'd1' AND dataset.name = 'D2'", "beta"),
        ("dataset.name = 'D2' AND dataset.context = 'eval'", "beta"),
        ("dataset.name != 'd1'", "beta"),
        ("dataset.name NOT IN ('d1')", "beta"),
        ("dataset.context IN ('train', 'eval')", "alpha beta"),
    ],
)
def test_a_filter_of_mlflow_selects_what_it_selects_there(text: str, names: str) -> None:
    assert selected(text) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("params.a = '1' OR params.a = '9'", "alpha gamma"),
        ("params.a NOT IN ('1', '9')", "beta"),
        ("NOT params.a = '1'", "beta gamma delta eps zeta it's"),
        ("NOT params.a IN ('1', '9')", "beta delta eps zeta it's"),
        ("NOT (params.a IS NULL OR params.b IS NULL)", "alpha gamma"),
        ("params.b NOT LIKE 'a%'", "alpha gamma it's"),
        ("params.b NOT ILIKE 'h%'", "gamma delta eps it's"),
        ("metrics.m BETWEEN -3 AND 1", "alpha it's"),
        ("metrics.m BETWEEN 1 AND -3", ""),
        ("metrics.m NOT BETWEEN -3 AND 1", "beta gamma delta eps"),
        ("metrics.m IN (1, -3)", "alpha it's"),
        ("metrics.m NOT IN (1, -3)", "beta gamma delta eps"),
        ("metrics.m IS NULL", "zeta"),
        ("metrics.m = inf OR metrics.m = -inf", "delta eps"),
        ("metrics.m IS NOT NULL AND NOT metrics.m <= inf", "gamma"),
        ("end_time IS NULL", "gamma delta eps zeta it's"),
        ("NOT end_time > 4500", "beta gamma delta eps zeta it's"),
        ("start_time IN (1000, 2000) AND NOT tags.t = 'Foo'", "beta"),
        ("NOT dataset.name = 'd1'", "gamma delta eps zeta it's"),
        ("dataset.name IS NULL", "gamma delta eps zeta it's"),
    ],
)
def test_the_superset_selects_what_its_words_say(text: str, names: str) -> None:
    assert selected(text) == names


def test_ids_are_equal_as_numbers() -> None:
    expression = parse_filter("experiment_id IN ('1', '02')", EXPERIMENTS)
    assert expression is not None
    found = [one for one in ("1", "2", "3") if matches(expression, lambda _, one=one: [one])]  # type: ignore[misc]
    assert found == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "pattern", "found"),
    [
        ("", "", True),
        ("", "%", True),
        ("", "_", False),
        ("abc", "a%c", True),
        ("abc", "a%b", False),
        ("aXbXc", "%X%c", True),
        ("abcb", "%b", True),
        ("ab", "a_%", True),
        ("a", "a_%", False),
        ("a\nb", "a%b", True),
        ("😀", "_", True),
        ("a.c", "a.c", True),
        ("abc", "a.c", False),
        ("a" * 1000 + "b", "%a" * 500 + "%c", False),
    ],
)
def test_percent_is_any_run_and_underscore_one_character(text: str, pattern: str, found: bool) -> None:
    assert like(text, pattern) is found
