"""Datasets that runs were given."""

from __future__ import annotations

from typing import Any

from genesis_flow.entities.entity import Entity, Record, Tag
from genesis_flow.values import datasets as values


class InputTag(Tag, frozen=True):
    """A tag of the use of a dataset in a run."""


class Dataset(Record, frozen=True):
    """A dataset: name, digest, and where it came from. Schema and profile are JSON."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None


class DatasetInput(Entity):
    """A dataset that a run was given, with tags on this use of it."""

    def __init__(self, dataset: Dataset, tags: list[InputTag] | None = None) -> None:
        self.dataset = dataset
        self.tags = tags or []

    def to_dictionary(self) -> dict[str, Any]:
        """Dataset and tags as dictionaries."""
        return {"dataset": self.dataset.to_dictionary(), "tags": {tag.key: tag.value for tag in self.tags}}

    @classmethod
    def of(cls, value: values.DatasetInput) -> DatasetInput:
        """The input of an answer."""
        d = value.dataset
        dataset = Dataset(d.name, d.digest, d.source_type, d.source, d.schema, d.profile)
        return cls(dataset, [InputTag(tag.key, tag.value or "") for tag in value.tags])

    def value(self) -> values.DatasetInput:
        """The input as it is sent."""
        return values.DatasetInput(
            dataset=values.Dataset(**self.dataset.to_dictionary()),
            tags=tuple(values.InputTag(key=tag.key, value=tag.value) for tag in self.tags),
        )


class _DatasetSummary(Record, frozen=True):
    """A dataset of an experiment, and the context in which its runs used it."""

    experiment_id: str
    name: str
    digest: str
    context: str | None

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return self.to_dictionary()


DatasetSummary = _DatasetSummary
