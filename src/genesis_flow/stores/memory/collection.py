"""Removing the deleted from memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

import msgspec

from genesis_flow.rules.stages import ACTIVE, REMOVED
from genesis_flow.stores.collecting import Deleted, Kind
from genesis_flow.stores.memory.state import State, StoredExperiment, StoredModel, StoredRun

Stored = StoredExperiment | StoredRun | StoredModel


class Collection:
    """The methods of ``CollectionStore``."""

    _state: State

    async def list_deleted(
        self, kind: Kind, before_ms: int, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        start = (after.at_ms, _order(after)) if after else (-1, "")
        found = [one for one in self._every(kind) if one.stage != ACTIVE and one.at_ms < before_ms]
        return sorted((one for one in found if (one.at_ms, _order(one)) > start), key=_by_time)[:limit]

    async def list_within(
        self, kind: Kind, experiment_id: str, limit: int, after: Deleted | None = None
    ) -> Sequence[Deleted]:
        found = [one for one in self._every(kind) if one.experiment_id == experiment_id]
        wanted = [one for one in found if kind == "model" or one.stage != ACTIVE]
        return sorted((one for one in wanted if after is None or one.id > after.id), key=lambda one: one.id)[:limit]

    async def find(self, kind: Kind, ids: Sequence[str]) -> Sequence[Deleted]:
        return [one for one in self._every(kind) if one.id in ids]

    async def take(self, found: Sequence[Deleted]) -> Sequence[Deleted]:
        return [one for one in found if self._took(one)]

    def _took(self, wanted: Deleted) -> bool:
        stored = self._kept(wanted)
        if stored is None or _deleted(stored) != wanted:
            return False
        stored.deleted = 0
        match stored:
            case StoredExperiment():
                stored.value = msgspec.structs.replace(stored.value, lifecycle_stage=REMOVED)
            case StoredRun():
                stored.info = msgspec.structs.replace(stored.info, lifecycle_stage=REMOVED)
            case StoredModel():
                stored.stage = REMOVED
        return True

    async def remove(self, taken: Sequence[Deleted]) -> None:
        state = self._state
        for one in self._still_taken(taken):
            match one.kind:
                case "run":
                    del state.runs[one.id]
                case "model":
                    del state.models[one.id]
                case "experiment" if not any(it.experiment == int(one.id) for it in self._contents()):
                    del state.experiments[int(one.id)]
        self._drop_unused_datasets({int(one.experiment_id) for one in taken})

    async def retain(self, taken: Sequence[Deleted], now_ms: int) -> None:
        for one in self._still_taken(taken):
            match stored := self._kept(one):
                case StoredRun():
                    self._state.runs[one.id] = StoredRun(stored.experiment, stored.info, deleted=now_ms)
                case StoredModel():
                    self._state.models[one.id] = StoredModel(stored.experiment, stored.info, REMOVED, deleted=now_ms)
                case StoredExperiment():
                    self._state.experiments[int(one.id)] = StoredExperiment(stored.value, deleted=now_ms)
        self._drop_unused_datasets({int(one.experiment_id) for one in taken})

    async def needed(self) -> AsyncIterator[Sequence[str]]:
        yield [version.location for model in self._state.registered.values() for version in model.versions.values()]

    async def lease(self, name: str, holder: str, until_ms: int, now_ms: int) -> bool:
        held_by, until = self._state.leases.get(name, (holder, 0))
        if held_by != holder and until > now_ms:
            return False
        self._state.leases[name] = holder, until_ms
        return True

    def _every(self, kind: Kind) -> Iterable[Deleted]:
        state = self._state
        stored: Mapping[Kind, Iterable[Stored]] = {
            "experiment": state.experiments.values(),
            "run": state.runs.values(),
            "model": state.models.values(),
        }
        return map(_deleted, stored[kind])

    def _kept(self, one: Deleted) -> Stored | None:
        match one.kind:
            case "experiment":
                return self._state.experiments.get(int(one.id))
            case "run":
                return self._state.runs.get(one.id)
            case "model":
                return self._state.models.get(one.id)

    def _contents(self) -> Iterable[StoredRun | StoredModel]:
        return [*self._state.runs.values(), *self._state.models.values()]

    def _still_taken(self, taken: Sequence[Deleted]) -> list[Deleted]:
        stored = [(one, self._kept(one)) for one in taken]
        return [one for one, it in stored if it is not None and _deleted(it).stage == REMOVED]

    def _drop_unused_datasets(self, experiments: set[int]) -> None:
        used = {key for run in self._state.runs.values() for key in run.inputs}
        for key in [key for key in self._state.datasets if key[0] in experiments and key not in used]:
            del self._state.datasets[key]


def _deleted(stored: Stored) -> Deleted:
    at_ms = stored.deleted or 0
    match stored:
        case StoredExperiment(value=value):
            id_ = value.experiment_id or ""
            return Deleted("experiment", id_, id_, value.artifact_location or "", value.lifecycle_stage or "", at_ms)
        case StoredRun(info=info):
            stage, uri = info.lifecycle_stage or "", info.artifact_uri or ""
            return Deleted("run", info.run_id or "", str(stored.experiment), uri, stage, at_ms)
        case StoredModel(info=about):
            uri = about.artifact_uri or ""
            return Deleted("model", about.model_id or "", str(stored.experiment), uri, stored.stage, at_ms)


def _order(one: Deleted) -> str:
    """What tells those apart that were deleted at once; the ids of experiments are numbers."""
    return one.id.rjust(20) if one.kind == "experiment" else one.id


def _by_time(one: Deleted) -> tuple[int, str]:
    return one.at_ms, _order(one)
