"""Removing the deleted for good: their files below the operator's roots, then what the store holds of them.

What happens in which order, and why it may be cut off anywhere, is said in ``stores/collecting.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from genesis_flow.artifact_stores.open import Roots, locate
from genesis_flow.artifact_stores.protocol import ArtifactStore, Usage
from genesis_flow.errors import ArtifactsOutsideRoots, GenesisFlowError
from genesis_flow.rules.clock import Clock, now_ms
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.rules.retention import needed_parts
from genesis_flow.stores.collecting import IN_STORE, CollectionStore, Deleted, Kind

PAGE = 100
AT_ONCE = 16
"""Runs whose files are deleted at the same time."""
ALL_KINDS: tuple[Kind, ...] = ("experiment", "run", "model")
WITHIN: tuple[Kind, ...] = ("run", "model")
OUTSIDE = "its files are below none of the roots"
NEEDED = "a registered model needs the run itself"

Outcome = Literal["removed", "kept in part", "kept", "left", "failed"]
"""``kept in part``: but for what a registered model needs, and ``kept`` because it needs all of it. ``left``: the files
are not below the roots. ``failed``: it is removed for everybody, and the next collection goes on with it."""

Turn = Callable[[], AbstractAsyncContextManager[None]]
"""Around each piece of work; may wait for a good moment."""


class Collected(NamedTuple):
    """What became of something that was due.

    Attributes:
        usage: the files that were deleted, or would be.
        reason: why it was not removed; empty if it was.
    """

    deleted: Deleted
    outcome: Outcome
    usage: Usage = Usage()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for.

    Attributes:
        before_ms: only what was deleted before this time.
        ids: only these of a kind; if there are any, nothing of the other kinds.
    """

    before_ms: int
    ids: Mapping[Kind, Sequence[str]] = field(default_factory=dict)


class Place(NamedTuple):
    """The folder of a run or a logged model in a store of artifacts."""

    store: ArtifactStore
    folder: SafeRelPath


Needs = Mapping[str, Sequence[SafeRelPath | None]]
"""By id the paths within a folder that registered models need; None is all."""


class Collector:
    """Removes what is due.

    Args:
        store: where it is noted.
        roots: below which files may be deleted.
        dry_run: only tells what would be done.
        turn: around each piece of work.
        clock: the time.
    """

    def __init__(
        self,
        store: CollectionStore,
        roots: Roots,
        *,
        dry_run: bool = False,
        turn: Turn = nullcontext,
        clock: Clock = now_ms,
    ) -> None:
        self._store = store
        self._roots = roots
        self._dry_run = dry_run
        self._turn = turn
        self._clock = clock
        self._limit = asyncio.Semaphore(AT_ONCE)
        self._seen: set[str] = set()
        self._now_ms = 0

    async def collect(self, wanted: Wanted) -> AsyncGenerator[Collected, None]:
        """Removes what is due, and tells of each what became of it.

        Experiments come first, so that none is restored without its runs.
        """
        # What is retained on the way counts as deleted later than all that is due.
        self._now_ms = self._clock() + 1
        wanted = replace(wanted, before_ms=min(wanted.before_ms, self._now_ms))
        for kind in ALL_KINDS:
            async for page in self._due(kind, wanted):
                if kind == "experiment":
                    for experiment in page:
                        async for one in self._experiment(experiment):
                            yield one
                else:
                    # In a dry run those of experiments that are due have been told of.
                    for one in await self._batch([d for d in page if d.experiment_id not in self._seen]):
                        yield one

    async def _due(self, kind: Kind, wanted: Wanted) -> AsyncIterator[Sequence[Deleted]]:
        if wanted.ids:
            found = await self._store.find(kind, wanted.ids.get(kind, ()))
            yield [one for one in found if one.stage != "active" and one.at_ms < wanted.before_ms]
            return
        last: Deleted | None = None
        while True:
            async with self._turn():
                page = await self._store.list_deleted(kind, wanted.before_ms, PAGE, last)
            if not page:
                return
            yield page
            last = page[-1]

    # --- experiments ------------------------------------------------------------------------------------------------

    async def _experiment(self, experiment: Deleted) -> AsyncIterator[Collected]:
        """Removes an experiment with all that is in it."""
        if self._is_outside(experiment):
            yield Collected(experiment, "left", reason=OUTSIDE)
            return
        if experiment.location == IN_STORE and await self._is_needed(experiment):
            yield Collected(experiment, "kept", reason="a registered model needs something in it")
            return
        if self._dry_run:
            self._seen.add(experiment.id)
        elif not await self._store.take([experiment]):
            return
        complete = True
        for kind in WITHIN:
            last: Deleted | None = None
            while page := await self._within(kind, experiment, last):
                last = page[-1]
                for one in await self._batch(page):
                    complete = complete and one.outcome == "removed"
                    yield one
        taken = [experiment]
        if not self._dry_run:
            await (self._store.remove(taken) if complete else self._store.retain(taken, self._now_ms))
        reason = "" if complete else "something in it is kept"
        yield Collected(experiment, "removed" if complete else "kept in part", reason=reason)

    async def _is_needed(self, experiment: Deleted) -> bool:
        """Whether a registered model needs anything in an experiment, whose files are found no more without it."""
        for kind in WITHIN:
            last: Deleted | None = None
            while page := await self._within(kind, experiment, last):
                last = page[-1]
                if await self._needs(page):
                    return True
        return False

    async def _within(self, kind: Kind, experiment: Deleted, last: Deleted | None) -> Sequence[Deleted]:
        async with self._turn():
            return await self._store.list_within(kind, experiment.id, PAGE, last)

    # --- runs and models --------------------------------------------------------------------------------------------

    async def _batch(self, due: Sequence[Deleted]) -> Sequence[Collected]:
        """Removes some runs or models."""
        async with self._turn():
            needs = await self._needs(due)
            whole = [one for one in due if one.id in needs and (None in needs[one.id] or one.location == IN_STORE)]
            left = [one for one in due if self._is_outside(one)]
            free = [one for one in due if one not in left and one not in whole]
            if not self._dry_run:
                free = list(await self._store.take(free))
                # Once more, because a version may have been made before they were taken; now none can be.
                needs = await self._needs(free)
        done = await asyncio.gather(*(self._files(one, self._place(one), needs.get(one.id, ())) for one in free))
        if not self._dry_run:
            async with self._turn():
                await self._store.remove([one.deleted for one in done if one.outcome == "removed"])
                kept = [one.deleted for one in done if one.outcome == "kept in part"]
                await self._store.retain(kept, self._now_ms)
        return [
            *done,
            *(Collected(one, "kept", reason=NEEDED) for one in whole),
            *(Collected(one, "left", reason=OUTSIDE) for one in left if one not in whole),
        ]

    async def _needs(self, due: Sequence[Deleted]) -> Needs:
        """What versions of registered models need of the files of these."""
        ids = {one.id for one in due}
        found: dict[str, list[SafeRelPath | None]] = {}
        if ids:
            async for locations in self._store.needed():
                for location in locations:
                    for id_, path in needed_parts(location, ids):
                        found.setdefault(id_, []).append(path)
        return found

    async def _files(self, one: Deleted, place: Place | None, needed: Sequence[SafeRelPath | None]) -> Collected:
        """Deletes the files of one, but for those that are needed.

        Args:
            place: where they are; None of those that go with the store's own.
        """
        if place is None:
            return Collected(one, "kept in part", reason=NEEDED) if needed else Collected(one, "removed")
        async with self._limit, self._turn():
            try:
                keep = _outermost([place.folder if path is None else place.folder / path for path in needed])
                usage = await self._delete(place, keep)
            except GenesisFlowError as error:
                return Collected(one, "failed", reason=str(error))
        if keep:
            names = ", ".join(str(path.relative_to(place.folder)) or "all" for path in keep)
            return Collected(one, "kept in part", usage, f"a registered model needs {names}")
        return Collected(one, "removed", usage)

    async def _delete(self, place: Place, keep: Sequence[SafeRelPath]) -> Usage:
        if not self._dry_run:
            return await delete_but(place.store, place.folder, keep)
        usage = await place.store.usage(place.folder)
        for path in keep:
            usage -= await place.store.usage(path)
        return usage

    def _is_outside(self, one: Deleted) -> bool:
        return one.location != IN_STORE and self._place(one) is None

    def _place(self, one: Deleted) -> Place | None:
        """Where the files of something are, if that is below one of the roots.

        Of a run or model it is the folder of its id, around its artifacts, which nobody else has.
        """
        try:
            store, path = locate(one.location, roots=self._roots)
        except ArtifactsOutsideRoots:
            return None
        if one.kind == "experiment":
            return Place(store, path)
        is_own = path.name == "artifacts" and path.parent.name == one.id
        return Place(store, path.parent) if is_own else None


def _outermost(paths: Sequence[SafeRelPath]) -> list[SafeRelPath]:
    """Those that lie within no other."""
    distinct = list(dict.fromkeys(paths))
    return [path for path in distinct if not any(path != other and path.is_within(other) for other in distinct)]


async def delete_but(store: ArtifactStore, path: SafeRelPath, keep: Sequence[SafeRelPath]) -> Usage:
    """Deletes a directory, but not these paths and what is below them."""
    if not keep:
        return await store.delete(path)
    if any(path.is_within(kept) for kept in keep):
        return Usage()
    total = Usage()
    for info in await store.list(path):
        around = [kept for kept in keep if kept.is_within(info.path) or info.path.is_within(kept)]
        if not around:
            total += await store.delete(info.path)
        elif info.is_dir:  # a file may have the name of a directory in a bucket, where deleting it takes both
            total += await delete_but(store, info.path, around)
    return total
