"""Plugins for MLflow's client that are installed beside this one, found by their entry points."""

from __future__ import annotations

import functools
import logging
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from genesis_flow.exceptions import MlflowException

log = logging.getLogger("genesis_flow")


def load(group: str) -> Iterator[Any]:
    """What the entry points of a group name, one by one; one that cannot be loaded is told of and left out."""
    for point in entry_points(group=group):
        try:
            yield point.load()
        except Exception as error:  # a plugin may fail in any way, and must not take the program with it
            log.warning("The plugin %s of %s cannot be loaded: %s", point.name, group, error)


@functools.cache
def named(group: str, name: str) -> Any:
    """What the entry point of a group with this name names; None if there is none.

    Raises:
        MlflowException: it cannot be loaded.
    """
    for point in entry_points(group=group, name=name):
        try:
            return point.load()
        except Exception as error:  # a plugin may fail in any way
            raise MlflowException(f"The plugin {name} of {group} cannot be loaded: {error}") from error
    return None


def instances(group: str) -> Iterator[Any]:
    """One of each class that the entry points of a group name; one that cannot be made is told of and left out."""
    for plugin in load(group):
        try:
            yield plugin()
        except Exception as error:  # as above
            log.warning("The plugin %r of %s cannot be made: %s", plugin, group, error)


@functools.cache
def _header_providers() -> tuple[Any, ...]:
    return tuple(instances("mlflow.request_header_provider"))


def request_headers() -> dict[str, str]:
    """The headers that plugins (``mlflow.request_header_provider``) add to each request."""
    headers: dict[str, str] = {}
    for provider in _header_providers():
        if provider.in_context():
            headers.update(provider.request_headers())
    return headers
