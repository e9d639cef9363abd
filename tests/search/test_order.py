from __future__ import annotations

import math

import pytest

from genesis_flow.search.ast import Field, Kind, Order, Value
from genesis_flow.search.evaluate import ordered
from genesis_flow.search.fields import EXPERIMENTS, LOGGED_MODELS, RUNS, Grammar
from genesis_flow.search.parse import parse_order, parse_order_fields


def texts(orders: tuple[Order, ...]) -> list[str]:
    return list(map(str, orders))


@pytest.mark.parametrize(
    ("terms", "grammar", "order"),
    [
        ([], RUNS, ["start_time DESC", "run_id ASC"]),
        (["metrics.m"], RUNS, ["metrics.`m` ASC", "start_time DESC", "run_id ASC"]),
        (["created asc", "tags.`x y` Desc"], RUNS, ["start_time ASC", "tags.`x y` DESC", "run_id ASC"]),
        (["run_id DESC"], RUNS, ["run_id DESC", "start_time DESC"]),
        ([], EXPERIMENTS, ["creation_time DESC", "experiment_id ASC"]),
        (["creation_time DESC"], EXPERIMENTS, ["creation_time DESC", "experiment_id DESC"]),
        (["`name`", "name DESC"], EXPERIMENTS, ["name ASC", "experiment_id DESC"]),
        ([], LOGGED_MODELS, ["creation_timestamp DESC", "model_id ASC"]),
    ],
)
def test_every_order_is_total(terms: list[str], grammar: Grammar, order: list[str]) -> None:
    assert texts(parse_order(terms, grammar)) == order


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("attributes.end_time", "end_time"),
        ("attr.`end_time`", "end_time"),
        ('attributes."end_time"', "end_time"),
        ("metrics.desc", "desc"),
        ("`metrics`.m", "m"),
        ("metric.'m'", "m"),
        ("parameters.a", "a"),
        ("tag.mlflow.user", "mlflow.user"),
    ],
)
def test_a_term_names_its_field_as_filters_do(written: str, key: str) -> None:
    first, *_ = parse_order([f"{written}  DESC"], RUNS)
    assert first.field.key == key
    assert not first.ascending


def test_the_fields_of_logged_models_come_without_quotes_and_with_a_flag() -> None:
    order = parse_order_fields([("metrics.a b.c", False), ("creation_time", True)], LOGGED_MODELS)
    assert texts(order) == ["metrics.`a b.c` DESC", "creation_timestamp ASC", "model_id ASC"]


METRICS: dict[str, Value] = {"low": -3.0, "high": 2.0, "nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@pytest.mark.parametrize(
    ("term", "names"),
    [
        ("metrics.m ASC", ["-inf", "low", "high", "inf", "nan", "a none", "b none"]),
        ("metrics.m DESC", ["inf", "high", "low", "-inf", "nan", "a none", "b none"]),
    ],
)
def test_nan_comes_after_every_number_and_absent_last_in_both_directions(term: str, names: list[str]) -> None:
    def value(name: str, field: Field) -> Value | None:
        return METRICS.get(name) if field.kind is Kind.METRIC else name if field.key == "run_id" else 0

    assert ordered(["b none", *METRICS, "a none"], parse_order([term], RUNS), value) == names


def test_the_first_term_decides_before_the_second() -> None:
    people = [
        {"run_name": "b", "user_id": "1"},
        {"run_name": "a", "user_id": "2"},
        {"run_name": "a", "user_id": "1"},
    ]
    order = parse_order(["run_name", "user_id DESC"], RUNS)
    names = [person["run_name"] + person["user_id"] for person in ordered(people, order, lambda p, f: p.get(f.key))]
    assert names == ["a2", "a1", "b1"]


def test_ids_order_as_numbers_and_strings_by_code_point() -> None:
    order = parse_order(["experiment_id"], EXPERIMENTS)
    assert ordered(["10", "9", "1"], order, lambda item, _: item) == ["1", "9", "10"]
    order = parse_order(["params.a"], RUNS)
    assert ordered(["b", "10", "é", "B", "9", ""], order, lambda item, _: item) == [
        "",
        "10",
        "9",
        "B",
        "b",
        "é",
    ]
