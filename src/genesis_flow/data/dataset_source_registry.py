"""The kinds of sources that are known: those of this package, of plugins, and what a program adds."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from genesis_flow.client.plugins import load
from genesis_flow.data import artifact_dataset_sources
from genesis_flow.data.code_dataset_source import CodeDatasetSource
from genesis_flow.data.dataset_source import DatasetSource
from genesis_flow.data.http_dataset_source import HTTPDatasetSource
from genesis_flow.errors import UnknownDatasetSource

_added: list[type[DatasetSource]] = []


def register_dataset_source(source: type[DatasetSource]) -> None:
    """Adds a kind of sources; it is asked before those that were there."""
    _added.insert(0, source)


@functools.cache
def _of_plugins() -> tuple[type[DatasetSource], ...]:
    return tuple(load("mlflow.dataset_source"))


def get_registered_sources() -> list[type[DatasetSource]]:
    """The kinds of sources, in the order in which they are asked."""
    return [*_added, *_of_plugins(), *artifact_dataset_sources.SOURCES, HTTPDatasetSource, CodeDatasetSource]


def resolve_dataset_source(
    raw_source: Any, candidate_sources: Sequence[type[DatasetSource]] | None = None
) -> DatasetSource:
    """The source that a program means by a path, a URI or whatever the kinds of sources understand.

    Args:
        raw_source: what the program calls it.
        candidate_sources: of these kinds alone, or of kinds derived from them.

    Raises:
        UnknownDatasetSource: no kind of source understands it.
    """
    allowed = tuple(candidate_sources) if candidate_sources else (DatasetSource,)
    for kind in get_registered_sources():
        if issubclass(kind, allowed) and kind._can_resolve(raw_source):
            return kind._resolve(raw_source)
    raise UnknownDatasetSource(raw_source)


def get_dataset_source_from_json(source_json: str, source_type: str) -> DatasetSource:
    """The source that a dataset was logged with.

    Args:
        source_json: where it is.
        source_type: of which kind.

    Raises:
        UnknownDatasetSource: there is no such kind.
        InvalidParameter: it is not of this kind.
    """
    for kind in get_registered_sources():
        if kind._get_source_type() == source_type:
            return kind.from_json(source_json)
    raise UnknownDatasetSource(source_type)
