"""A page of a search."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


def every_page(
    search: Callable[[int, str | None], PagedList[T]], most_of_a_page: int, most: int | None = None
) -> list[T]:
    """What is on all pages of a search, or the first so many of it.

    Args:
        search: answers the page of a token with at most so many things on it.
        most_of_a_page: how many to ask for at once.
        most: after how many to stop; None goes on to the end.
    """
    found: list[T] = []
    token: str | None = None
    while most is None or len(found) < most:
        page = search(most_of_a_page if most is None else min(most_of_a_page, most - len(found)), token)
        found += page
        token = page.token
        if not token:
            break
    return found
