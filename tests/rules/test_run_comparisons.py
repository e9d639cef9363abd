"""Runs side by side: the groups, the order of keys, what is absent, and when values are the same."""

from __future__ import annotations

import math

from genesis_flow.rules.run_comparisons import Row, compared, rows
from genesis_flow.values.datasets import Dataset, DatasetInput, InputTag
from genesis_flow.values.metrics import Metric
from genesis_flow.values.runs import Param, Run, RunData, RunInputs, RunTag


def test_rows_come_by_key_with_none_for_what_a_run_does_not_have() -> None:
    assert rows([{"b": "1", "a": "x"}, {"b": "1"}, {"c": "2", "b": "1"}]) == (
        Row("a", ("x", None, None), False),
        Row("b", ("1", "1", "1"), True),
        Row("c", (None, None, "2"), False),
    )
    assert rows([{}, {}]) == ()


def test_an_empty_text_is_a_value_and_nan_is_one_value() -> None:
    assert [row.same for row in rows([{"a": ""}, {}])] == [False]
    assert [row.same for row in rows([{"a": math.nan}, {"a": math.nan}])] == [True]
    assert [row.same for row in rows([{"a": math.nan}, {"a": 1.0}])] == [False]
    assert [row.same for row in rows([{"a": math.nan}, {}])] == [False]
    # Texts are compared as texts: that one says the same in other words is worth seeing.
    assert [row.same for row in rows([{"a": "0.1"}, {"a": "0.10"}])] == [False]


def test_every_kind_of_value_is_in_its_group() -> None:
    def dataset(name: str, digest: str, context: str | None = None) -> DatasetInput:
        tags = (InputTag(key="mlflow.data.context", value=context),) if context else ()
        return DatasetInput(dataset=Dataset(name=name, digest=digest, source_type="local", source="{}"), tags=tags)

    run = Run(
        data=RunData(
            params=(Param(key="lr", value="0.1"),),
            metrics=(Metric(key="loss", value=0.5),),
            tags=(
                RunTag(key="team", value="nlp"),
                RunTag(key="mlflow.note.content", value="a note"),
                RunTag(key="mlflow.runName", value="fox"),
                RunTag(key="mlflow.source.git.commit", value="c0ffee"),
            ),
        ),
        inputs=RunInputs(
            dataset_inputs=(dataset("churn", "2", "training"), dataset("churn", "1", "training"), dataset("churn", "3"))
        ),
    )
    found = {group: {row.key: row.values for row in found} for group, found in compared([run, Run()]).items()}
    assert found == {
        "params": {"lr": ("0.1", None)},
        "metrics": {"loss": (0.5, None)},
        "tags": {"team": ("nlp", None), "mlflow.note.content": ("a note", None)},
        "source": {"mlflow.source.git.commit": ("c0ffee", None)},
        "datasets": {"churn (training)": ("1, 2", None), "churn": ("3", None)},
    }
    assert list(found) == ["params", "metrics", "tags", "source", "datasets"]
