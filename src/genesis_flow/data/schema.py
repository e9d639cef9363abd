"""The form of a dataset: its columns, or the shapes of its arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple


class Schema:
    """Columns or arrays, each as MLflow's schemas tell of it in JSON.

    Args:
        inputs: for each its type, and what belongs to this type.
    """

    def __init__(self, inputs: Sequence[dict[str, Any]]) -> None:
        self.inputs = list(inputs)

    def input_names(self) -> list[Any]:
        """The names of the columns."""
        return [one["name"] for one in self.inputs if "name" in one]

    def to_dict(self) -> list[dict[str, Any]]:
        """The columns as what JSON can say."""
        return self.inputs

    def to_json(self) -> str:
        """The columns as JSON."""
        return json.dumps(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)

    def __eq__(self, other: object) -> bool:
        return self.inputs == other.inputs if isinstance(other, Schema) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Schema({self.inputs!r})"


class TensorDatasetSchema(NamedTuple):
    """The forms of features and targets."""

    features: Schema
    targets: Schema | None = None

    def to_dict(self) -> dict[str, Any]:
        """The forms as they are logged: JSON within JSON."""
        targets = None if self.targets is None else self.targets.to_json()
        return {"mlflow_tensorspec": {"features": self.features.to_json(), "targets": targets}}
