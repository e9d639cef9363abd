"""What is noted of a registered model: one line for each change, never changed and never removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["created", "deleted", "renamed", "stage", "alias", "tag"]


@dataclass(frozen=True)
class Change:
    """A change.

    Attributes:
        kind: what kind of change.
        version: the version that was changed; None for the model itself. Of an alias both are in question: it is None.
        key: the alias or the tag; empty for other kinds.
        before: what was there; None if nothing.
        after: what is there; None if nothing.
    """

    kind: Kind
    version: int | None = None
    key: str = ""
    before: str | None = None
    after: str | None = None


def aliases_moved(before: Mapping[str, int], after: Mapping[str, int]) -> list[Change]:
    """The changes that lead from the aliases of a model to others, by alias."""
    return [
        Change("alias", None, alias, _text(before.get(alias)), _text(after.get(alias)))
        for alias in sorted({*before, *after})
        if before.get(alias) != after.get(alias)
    ]


def tag_changed(version: int | None, key: str, before: str | None, after: str | None) -> list[Change]:
    """The change of a tag; none if it stays what it is."""
    return [] if before == after else [Change("tag", version, key, before, after)]


def tags_set(version: int | None, tags: Mapping[str, str]) -> Iterable[Change]:
    """The changes that give something new its tags."""
    return [Change("tag", version, key, None, text) for key, text in sorted(tags.items())]


def _text(version: int | None) -> str | None:
    return None if version is None else str(version)
