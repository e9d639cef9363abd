"""A page of a search."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


class PagedList(list[T]):
    """A page as a list.

    Attributes:
        token: what to ask the next page with; None on the last one.
    """

    def __init__(self, items: Iterable[T] = (), token: str | None = None) -> None:
        super().__init__(items)
        self.token = token or None

    def to_list(self) -> list[T]:
        """The page as a plain list."""
        return list(self)
