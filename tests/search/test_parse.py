from __future__ import annotations

import math

import pytest

from genesis_flow.search.ast import (
    AGGREGATES,
    Aggregation,
    And,
    Between,
    Comparison,
    Expression,
    Field,
    IsNull,
    Kind,
    Like,
    Membership,
    Not,
    Or,
    Order,
    Type,
)
from genesis_flow.search.fields import EXPERIMENTS, LOGGED_MODELS, RUNS, Grammar
from genesis_flow.search.parse import parse_filter, parse_order, parse_order_fields

LOSS = Field(Kind.METRIC, "loss", Type.NUMBER)
MODEL = Field(Kind.PARAM, "model", Type.STRING)
USER = Field(Kind.TAG, "user", Type.STRING)
STATUS = Field(Kind.ATTRIBUTE, "status", Type.STRING)
START = Field(Kind.ATTRIBUTE, "start_time", Type.NUMBER)
NAME = Field(Kind.ATTRIBUTE, "run_name", Type.STRING)
CONTEXT = Field(Kind.DATASET, "context", Type.STRING)

A = Comparison(STATUS, "=", "a")
B = Comparison(STATUS, "=", "b")
C = Comparison(STATUS, "=", "c")


@pytest.mark.parametrize("grammar", [RUNS, EXPERIMENTS, LOGGED_MODELS])
@pytest.mark.parametrize("text", [None, ""])
def test_no_text_is_no_filter(text: str | None, grammar: Grammar) -> None:
    assert parse_filter(text, grammar) is None


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("metrics.loss < 0.5", Comparison(LOSS, "<", 0.5)),
        ("metrics.loss>=-1e3", Comparison(LOSS, ">=", -1000.0)),
        ("metrics.loss = inf", Comparison(LOSS, "=", math.inf)),
        ("metrics.loss > 1e999", Comparison(LOSS, ">", math.inf)),
        ("params.model != 'tree'", Comparison(MODEL, "!=", "tree")),
        ("tags.user = ''", Comparison(USER, "=", "")),
        ("start_time > 12", Comparison(START, ">", 12)),
        ("start_time > 2.5", Comparison(START, ">", 2.5)),
        ("tags.user LIKE 'a%'", Like(USER, "a%", ignore_case=False)),
        ("tags.user ilike 'a%'", Like(USER, "a%", ignore_case=True)),
        ("tags.user not like 'a%'", Like(USER, "a%", ignore_case=False, negated=True)),
        ("dataset.context IN ('train', \"eval\")", Membership(CONTEXT, ("train", "eval"))),
        ("status NOT IN ('a',)", Membership(STATUS, ("a",), negated=True)),
        ("metrics.loss IN (1, 2.5)", Membership(LOSS, (1.0, 2.5))),
        ("start_time BETWEEN 1 AND 2", Between(START, 1, 2)),
        ("metrics.loss NOT BETWEEN -1 AND 1", Between(LOSS, -1.0, 1.0, negated=True)),
        ("params.model IS NULL", IsNull(MODEL)),
        ("params.model is  Not\nnull", IsNull(MODEL, negated=True)),
    ],
)
def test_every_comparison_has_its_node(text: str, expression: Expression) -> None:
    assert parse_filter(text, RUNS) == expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("status='a' AND status='b' OR status='c'", Or((And((A, B)), C))),
        ("status='a' OR status='b' AND status='c'", Or((A, And((B, C))))),
        ("(status='a' OR status='b') AND status='c'", And((Or((A, B)), C))),
        ("NOT status='a' AND status='b'", And((Not(A), B))),
        ("NOT (status='a' AND status='b')", Not(And((A, B)))),
        ("not not status='a'", Not(Not(A))),
        ("((status='a'))", A),
        ("status='a' AND (status='b' AND status='c')", And((A, B, C))),
        ("(status='a' OR status='b') OR status='c'", Or((A, B, C))),
        ("start_time BETWEEN 1 AND 2 AND status='a'", And((Between(START, 1, 2), A))),
    ],
)
def test_not_binds_before_and_before_or(text: str, expression: Expression) -> None:
    assert parse_filter(text, RUNS) == expression


@pytest.mark.parametrize(
    "text",
    [
        "AND status='a' AND status='b'",
        "status='a' AND status='b' AND",
        "status='a' AND AND status='b'",
        "status='a' status='b'",
        "status='a'and\tstatus='b'",
    ],
)
def test_and_may_be_repeated_or_left_out_as_in_mlflow(text: str) -> None:
    assert parse_filter(text, RUNS) == And((A, B))


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("metric.loss", LOSS),
        ("metrics.`loss`", LOSS),
        ('metrics."loss"', LOSS),
        ("metrics.'loss'", LOSS),
        ("`metrics`.loss", LOSS),
        ("`metrics`.`loss`", LOSS),
        ("attributes.start_time", START),
        ("attribute.start_time", START),
        ("attr.`start_time`", START),
        ("run.start_time", START),
        ("created", START),
        ("attributes.Created", START),
        ('"start_time"', START),
        ("metrics.a.b.c", Field(Kind.METRIC, "a.b.c", Type.NUMBER)),
        ("metrics.1st", Field(Kind.METRIC, "1st", Type.NUMBER)),
        ("metrics.5", Field(Kind.METRIC, "5", Type.NUMBER)),
        ("metrics.and", Field(Kind.METRIC, "and", Type.NUMBER)),
        ("metrics.ключ", Field(Kind.METRIC, "ключ", Type.NUMBER)),
        ("metrics.`a-b/c d`", Field(Kind.METRIC, "a-b/c d", Type.NUMBER)),
    ],
)
def test_a_number_has_many_names_in_runs(written: str, field: Field) -> None:
    expression = parse_filter(f"{written} = 1", RUNS)
    assert isinstance(expression, Comparison)
    assert expression.field == field


def aggregate(key: str, name: str) -> Field:
    return Field(Kind.METRIC, f"{key}.{name}", Type.NUMBER, Aggregation(key, name))


@pytest.mark.parametrize(
    ("written", "field"),
    [
        *((f"metrics.loss.{name}", aggregate("loss", name)) for name in AGGREGATES),
        ("metric.`val/loss`.min", aggregate("val/loss", "min")),
        ("`metrics`.loss.min", aggregate("loss", "min")),
        ("metrics.a.b.min", aggregate("a.b", "min")),
        ("metrics.`a.b`.min", aggregate("a.b", "min")),
        ("metrics.min.min", aggregate("min", "min")),
        ("metrics.loss.min.max", aggregate("loss.min", "max")),
        ("metrics.`loss.min`", Field(Kind.METRIC, "loss.min", Type.NUMBER)),
        ('metrics."loss.min"', Field(Kind.METRIC, "loss.min", Type.NUMBER)),
        ("metrics.min", Field(Kind.METRIC, "min", Type.NUMBER)),
        ("metrics.loss.MIN", Field(Kind.METRIC, "loss.MIN", Type.NUMBER)),
        ("metrics.loss.median", Field(Kind.METRIC, "loss.median", Type.NUMBER)),
    ],
)
def test_the_name_of_an_aggregate_may_stand_behind_the_key_of_a_metric(written: str, field: Field) -> None:
    expression = parse_filter(f"{written} = 1", RUNS)
    assert expression == Comparison(field, "=", 1.0)
    assert parse_filter(str(expression), RUNS) == expression
    first, *_ = parse_order([f"{written} DESC"], RUNS)
    assert first == Order(field, ascending=False)


def test_only_metrics_of_runs_have_aggregates() -> None:
    assert parse_filter("params.a.min = 'x'", RUNS) == Comparison(Field(Kind.PARAM, "a.min", Type.STRING), "=", "x")
    literal = Field(Kind.METRIC, "a.min", Type.NUMBER)
    assert parse_filter("metrics.a.min = 1", LOGGED_MODELS) == Comparison(literal, "=", 1.0)
    assert parse_order_fields([("metrics.a.min", True)], LOGGED_MODELS)[0] == Order(literal)


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("param.model", MODEL),
        ("params.model", MODEL),
        ("parameter.model", MODEL),
        ("parameters.model", MODEL),
        ("tag.user", USER),
        ("dataset.context", CONTEXT),
        ("datasets.`context`", CONTEXT),
        ("run_name", NAME),
        ("`run name`", NAME),
        ("attributes.`Run name`", NAME),
        ('"Run Name"', NAME),
    ],
)
def test_a_string_has_many_names_in_runs(written: str, field: Field) -> None:
    assert parse_filter(f"{written} = 'x'", RUNS) == Comparison(field, "=", "x")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("= 'it''s'", "it''s"),
        (r"= 'it\'s'", r"it\'s"),
        ("= 'C:\\'", "C:\\"),
        (r"= ('it\'s \"x\" \\ \n \d')", 'it\'s "x" \\ \n \\d'),
        ('= ("it\'s")', "it's"),
    ],
)
def test_a_backslash_escapes_within_parentheses_only(text: str, value: str) -> None:
    assert parse_filter(f"tags.user {text}", RUNS) == Comparison(USER, "=", value)


def test_integers_beyond_64_bits_become_floats() -> None:
    assert parse_filter(f"start_time < {2**63 - 1}", RUNS) == Comparison(START, "<", 2**63 - 1)
    beyond = parse_filter(f"start_time < {2**63}", RUNS)
    assert isinstance(beyond, Comparison)
    assert isinstance(beyond.value, float)
    assert parse_filter("start_time < " + "9" * 5000, RUNS) == Comparison(START, "<", math.inf)


def test_an_experiment_id_is_an_integer_between_quotes() -> None:
    identity = Field(Kind.ATTRIBUTE, "experiment_id", Type.ID)
    assert parse_filter("experiment_id = '007'", EXPERIMENTS) == Comparison(identity, "=", 7)
    assert parse_filter("experiment_id NOT IN ('1', '2')", EXPERIMENTS) == Membership(identity, (1, 2), negated=True)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("name = tree", "name = 'tree'"),
        ("name = tree.v1 AND model_type = Agent", "name = 'tree.v1' AND model_type = 'Agent'"),
        ("params.lr = 0.01", "params.lr = '0.01'"),
        ("params.lr != -1", "params.lr != '-1'"),
        ("params.model LIKE tree", "params.model LIKE 'tree'"),
        ("tags.a-b/c@d = 'x'", "tags.`a-b/c@d` = 'x'"),
        ("creation_time > 5", "creation_timestamp > 5"),
        ("attributes.creation_timestamp_ms > 5", "creation_timestamp > 5"),
        ("last_updated_timestamp_ms > 5", "last_updated_timestamp > 5"),
        ("experiment_id = 7", "experiment_id = '7'"),
    ],
)
def test_logged_models_are_searched_more_loosely(text: str, same: str) -> None:
    assert parse_filter(text, LOGGED_MODELS) == parse_filter(same, LOGGED_MODELS)
