"""What a verb takes from the disk, each thing once, and what it has changed in the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Generic, NamedTuple, TypeVar

from genesis_flow.errors import MalformedFile

K = TypeVar("K")
S = TypeVar("S")

_LOG = logging.getLogger(__name__)


class Changed(NamedTuple, Generic[K, S]):
    """What is to be saved; ``before`` is None for something new, ``after`` for something removed."""

    key: K
    before: S | None
    after: S | None


class Shelf(MutableMapping[K, S]):
    """Things by key, loaded when they are asked for.

    Args:
        load: reads one; None if there is none.
        keys: the keys of all.
        copy: of one, as deep as it is changed.
    """

    def __init__(self, load: Callable[[K], S | None], keys: Callable[[], Iterable[K]], copy: Callable[[S], S]) -> None:
        self._load, self._keys, self._copy = load, keys, copy
        self._now: dict[K, S | None] = {}
        self._before: dict[K, S] = {}

    def put(self, key: K, one: S) -> S:
        """Takes something that was loaded otherwise, unless it is there; what is there."""
        if key not in self._now:
            self._now[key], self._before[key] = one, self._copy(one)
        return self[key]

    def __getitem__(self, key: K) -> S:
        if key not in self._now:
            one = self._load(key)
            if one is None:
                self._now[key] = None
            else:
                self.put(key, one)
        found = self._now[key]
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: K, one: S) -> None:
        self._now[key] = one

    def __delitem__(self, key: K) -> None:
        self[key]
        self._now[key] = None

    def __iter__(self) -> Iterator[K]:
        for key in dict.fromkeys((*self._keys(), *self._now)):
            try:
                if self.get(key) is not None:
                    yield key
            except MalformedFile as error:
                _LOG.warning("left out: %s", error)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def changes(self) -> list[Changed[K, S]]:
        """What is not as it was."""
        return [
            Changed(key, self._before.get(key), after)
            for key, after in self._now.items()
            if (before := self._before.get(key)) is not after
            and (before is None or after is None or vars(before) != vars(after))
        ]
