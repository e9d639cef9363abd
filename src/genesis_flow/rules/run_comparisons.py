"""How runs are compared: what each has of a key, side by side, and whether that is the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from genesis_flow.rules.tags import DATASET_CONTEXT, NOTE, RESERVED, RUN_NAME
from genesis_flow.values.datasets import DatasetInput
from genesis_flow.values.runs import Run, RunData, RunInputs

Value = float | str
Group = Literal["params", "metrics", "tags", "source", "datasets"]


class Row(NamedTuple):
    """What the runs have of one key.

    Attributes:
        values: in the order of the runs; None where a run has none.
        same: whether all have it, with one value; NaN is one value.
    """

    key: str
    values: tuple[Value | None, ...]
    same: bool


def compared(runs: Sequence[Run]) -> dict[Group, tuple[Row, ...]]:
    """The values of runs by group (params, metrics, tags, source, datasets), the rows of each by key."""
    parts = [_parts(run) for run in runs]
    return {name: rows([part[name] for part in parts]) for name in parts[0]}


def rows(columns: Sequence[Mapping[str, Value]]) -> tuple[Row, ...]:
    """Columns of values by key, side by side."""
    found = []
    for key in sorted(set().union(*columns)):
        values = tuple(column.get(key) for column in columns)
        found.append(Row(key, values, all(_equal(values[0], value) for value in values)))
    return tuple(found)


def _equal(one: Value | None, other: Value | None) -> bool:
    # NaN is not equal to itself.
    return one == other or (one != one and other != other)


def _parts(run: Run) -> dict[Group, Mapping[str, Value]]:
    """What a run has, by group."""
    data, inputs = run.data or RunData(), run.inputs or RunInputs()
    tags = {tag.key or "": tag.value or "" for tag in data.tags}
    own = {key: text for key, text in tags.items() if key == NOTE or not key.startswith(RESERVED)}
    return {
        "params": {param.key or "": param.value or "" for param in data.params},
        "metrics": {metric.key or "": metric.value for metric in data.metrics if metric.value is not None},
        "tags": own,
        # The name of a run stands above its values.
        "source": {key: text for key, text in tags.items() if key not in own and key != RUN_NAME},
        "datasets": _digests(inputs.dataset_inputs),
    }


def _digests(inputs: Sequence[DatasetInput]) -> dict[str, Value]:
    """The digests of a run's datasets by name and, in parentheses, what they are for."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for each in inputs:
        context = next((tag.value for tag in each.tags if tag.key == DATASET_CONTEXT), None)
        found[f"{each.dataset.name} ({context})" if context else each.dataset.name].add(each.dataset.digest)
    return {key: ", ".join(sorted(digests)) for key, digests in found.items()}
