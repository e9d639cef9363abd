"""What a verb locks before it works: the folder of what it changes, and nothing if it only reads.

Locks are taken from the large to the small, so that nobody waits for somebody who waits for him: the root, an
experiment, a run or the registry, logged models by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from genesis_flow.rules.ids import experiment_key
from genesis_flow.stores.file.disk import Disk, Place
from genesis_flow.stores.file.places import MODELS, Places

_READING = ("get_", "list_", "search_", "resolve_")
_ROOT = frozenset(("create_experiment", "update_experiment", "set_experiment_tag", "delete_experiment_tag"))
_WHOLE = frozenset(("delete_experiment", "restore_experiment"))
_MADE = frozenset(("create_run", "create_logged_model"))
_REGISTRY = frozenset(("registered_model", "model_version", "model_versions", "model_alias", "model_timeline"))


def is_reading(verb: str) -> bool:
    """Whether a verb changes nothing."""
    return verb.startswith(_READING)


def is_of_registry(verb: str) -> bool:
    """Whether a verb is one of registered models, which have a history."""
    return any(noun in verb for noun in _REGISTRY) or verb == "get_latest_versions"


@contextmanager
def locked(disk: Disk, places: Places, verb: str, message: Any) -> Iterator[None]:
    """Holds the locks of a verb."""
    with ExitStack() as locks:
        if not is_reading(verb):
            for place, shared in _places(places, verb, message):
                locks.enter_context(disk.locked(place, shared=shared))
        yield


def _places(places: Places, verb: str, message: Any) -> Iterator[tuple[Place, bool]]:
    if verb in _ROOT or verb in _WHOLE:
        yield (), False
    if verb in _WHOLE or verb in _MADE:
        home = places.experiment(experiment_key(message.experiment_id or ""))
        if home:
            yield home, verb in _MADE
    elif is_of_registry(verb):
        yield (MODELS,), False
        yield from _models(places, [getattr(message, "model_id", None)])
    elif hasattr(message, "run_id"):
        run = places.run(message.run_id or getattr(message, "run_uuid", None) or "")
        if run:
            yield run, False
        yield from _models(places, [point.model_id for point in getattr(message, "metrics", ())])
    else:
        yield from _models(places, [getattr(message, "model_id", None)])


def _models(places: Places, ids: list[str | None]) -> Iterator[tuple[Place, bool]]:
    for id_ in sorted({id_ for id_ in ids if id_}):
        if model := places.model(id_):
            yield model, False
