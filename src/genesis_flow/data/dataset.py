"""A dataset as it is logged: what it is called, what is in it, and where it comes from."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, Protocol

from genesis_flow import entities
from genesis_flow.data.dataset_source import DatasetSource

NAME = "dataset"
"""What a dataset is called if nobody names it."""


class Described(Protocol):
    """What is known of the form of a dataset; MLflow's ``Schema`` is one, too."""

    def to_dict(self) -> Any:
        """The form as what JSON can say."""


class Dataset(ABC):
    """A dataset. Subclass it for another kind of data.

    Args:
        source: where it comes from.
        name: what it is called.
        digest: what tells its contents from others; by default it is computed.
    """

    def __init__(self, source: DatasetSource, name: str | None = None, digest: str | None = None) -> None:
        self._source, self._name, self._given_digest = source, name, digest

    @abstractmethod
    def _compute_digest(self) -> str:
        """Eight hexadecimal digits that follow from the contents."""

    @property
    def name(self) -> str:
        """What it is called."""
        return NAME if self._name is None else self._name

    @cached_property
    def digest(self) -> str:
        """What tells its contents from others."""
        return self._given_digest or self._compute_digest()

    @property
    def source(self) -> DatasetSource:
        """Where it comes from."""
        return self._source

    @property
    def profile(self) -> Any | None:
        """How much there is of it; None if that is not known."""
        return None

    @property
    def schema(self) -> Any | None:
        """Its form; None if it has none that MLflow has words for."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """The dataset as it is logged; source, schema and profile are JSON."""
        return {
            "name": self.name,
            "digest": self.digest,
            "source": self.source.to_json(),
            "source_type": self._get_source_type(),
        }

    def to_json(self) -> str:
        """The same as JSON."""
        return json.dumps(self.to_dict())

    def _get_source_type(self) -> str:
        return self.source._get_source_type()

    def _to_mlflow_entity(self) -> entities.Dataset:
        """The dataset as it is sent."""
        return entities.Dataset.from_dictionary(self.to_dict())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: name={self.name!r}, digest={self.digest!r}, source={self.source!r}>"
