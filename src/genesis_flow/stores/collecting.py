"""What a store does so that the deleted can go for good, files and all, and be cut off anywhere on the way.

1. ``take``: what is still deleted becomes ``removed``. From then on no verb finds it, so nobody restores it, and it is
   listed first whatever its age.
2. Its files are deleted, by whoever took it.
3. ``remove``: the rest of it goes from the store.

Who is killed between two steps leaves something that is ``removed`` and says where its files are, and the next one goes
on from there. So nothing that can be restored has lost a file, and no file is left that nothing points to. What a
registered model still needs stays behind as a note (``retain``) until that model has gone, too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

Kind = Literal["experiment", "run", "model"]
"""``model``: a logged one."""

IN_STORE = ""
"""The location of files that lie in the store itself, and go with the rest of what they belong to."""

LEASE = "collector"
"""The lease of those who collect unasked, one at a time."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """Something as the store had it when it was listed.

    Attributes:
        id: its id, as clients know it.
        experiment_id: the experiment that it is in, or is.
        location: where its files are; ``IN_STORE``, if ``remove`` removes them, too.
        stage: ``deleted`` or ``removed``; ``active`` for what is not deleted itself.
        at_ms: when it was deleted; 0 of what was taken.
    """

    kind: Kind
    id: str
    experiment_id: str
    location: str
    stage: str
    at_ms: int


@runtime_checkable
class CollectionStore(Protocol):
    """A store from which the deleted can be removed for good (capability ``collection``)."""

    async def list_deleted(
        self, kind: Kind, before_ms: int, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        """What was deleted before a time, the longest deleted first; and before that what was taken.

        Args:
            after: the last one of the page before.
        """

    async def list_within(
        self, kind: Kind, experiment_id: str, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        """What goes with an experiment: its deleted runs, or all its logged models, in the order of their ids."""

    async def find(self, kind: Kind, ids: Sequence[str]) -> Sequence[Deleted]:
        """Those that there are, in whatever stage and no order; nothing of an experiment's id that is none."""

    async def take(self, found: Sequence[Deleted]) -> Sequence[Deleted]:
        """Makes those ``removed`` that are still as they were found, and answers them.

        What was restored, deleted again or removed meanwhile is left alone. On repeat: the same for what was taken.
        """

    async def remove(self, taken: Sequence[Deleted]) -> None:
        """Removes all that is stored of what was taken, in steps that hold no other write up for long.

        An experiment stays as long as there is a run or a logged model in it. On repeat: nothing.
        """

    async def retain(self, taken: Sequence[Deleted], now_ms: int) -> None:
        """Removes all but a note of what was taken: it stays ``removed``, as if it had been deleted at ``now_ms``.

        Files that lie in the store itself stay, too.
        """

    def needed(self) -> AsyncIterator[Sequence[str]]:
        """The locations of the artifacts of all versions of registered models, in batches."""


@runtime_checkable
class UnaskedCollectionStore(CollectionStore, Protocol):
    """One from which servers also remove the deleted by themselves, one server at a time."""

    async def lease(self, name: str, holder: str, until_ms: int, now_ms: int) -> bool:
        """Takes or renews a lease, if nobody else holds it; ``until_ms`` 0 gives it back. Whether it is held now."""
