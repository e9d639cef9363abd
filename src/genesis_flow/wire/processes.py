"""What a process must not share with its children."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class OfThisProcess(Generic[T]):
    """Something that each process makes for itself when it first asks, as a child must not use its parent's sockets.

    There is no lock, because a child that is forked while a thread holds it could never take it: threads that ask at
    the same time may be given two, of which one stays.

    Args:
        make: makes it.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._made: tuple[int, T] | None = None

    def get(self) -> T:
        """That of this process."""
        made = self._made
        if made is None or made[0] != os.getpid():
            made = self._made = os.getpid(), self._make()
        return made[1]

    def take(self) -> T | None:
        """That of this process, which makes another one if it asks again; None if it has none."""
        made, self._made = self._made, None
        return made[1] if made is not None and made[0] == os.getpid() else None
