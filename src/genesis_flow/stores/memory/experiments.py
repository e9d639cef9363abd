"""Experiments in memory."""

from __future__ import annotations

import msgspec

from genesis_flow.errors import ExperimentExists, ExperimentNameNotFound, ExperimentNotFound, TagNotFound
from genesis_flow.rules.ids import DEFAULT_EXPERIMENT_ID, DEFAULT_EXPERIMENT_NAME, experiment_key
from genesis_flow.rules.limits import SEARCH_EXPERIMENTS_DEFAULT
from genesis_flow.rules.locations import joined
from genesis_flow.rules.stages import ACTIVE, DELETED, REMOVED, STAGES
from genesis_flow.search.ast import Field, Kind, Value
from genesis_flow.stores import asking
from genesis_flow.stores.memory.search import Query, page
from genesis_flow.stores.memory.state import State, StoredExperiment
from genesis_flow.values.experiments import Experiment, ExperimentTag
from genesis_flow.wire.messages import experiments as messages


class Experiments:
    """The verbs of the noun."""

    _state: State

    def _add_experiment(self, key: int, name: str, location: str) -> StoredExperiment:
        now = self._state.clock()
        stored = StoredExperiment(
            Experiment(
                experiment_id=str(key),
                name=name,
                artifact_location=location or joined(self._state.artifact_root, str(key)),
                lifecycle_stage=ACTIVE,
                creation_time=now,
                last_update_time=now,
                workspace="default",
            )
        )
        self._state.experiments[key] = stored
        return stored

    def _add_default_experiment(self) -> None:
        self._add_experiment(int(DEFAULT_EXPERIMENT_ID), DEFAULT_EXPERIMENT_NAME, "")

    def _named(self, name: str) -> StoredExperiment | None:
        known = (one for one in self._state.experiments.values() if one.value.lifecycle_stage != REMOVED)
        return next((one for one in known if one.value.name == name), None)

    async def create_experiment(self, message: messages.CreateExperiment) -> messages.CreateExperimentResponse:
        if (taken := self._named(message.name)) is not None:
            raise ExperimentExists(message.name, taken.value.lifecycle_stage == DELETED)
        key = self._state.new_experiment_key()
        stored = self._add_experiment(key, message.name, message.artifact_location or "")
        stored.tags.update({tag.key or "": tag.value or "" for tag in message.tags})
        return messages.CreateExperimentResponse(experiment_id=str(key))

    async def get_experiment(self, message: messages.GetExperiment) -> messages.GetExperimentResponse:
        return messages.GetExperimentResponse(experiment=_entity(self._state.experiment(message.experiment_id)))

    async def get_experiment_by_name(
        self, message: messages.GetExperimentByName
    ) -> messages.GetExperimentByNameResponse:
        stored = self._named(message.experiment_name)
        if stored is None:
            raise ExperimentNameNotFound(message.experiment_name)
        return messages.GetExperimentByNameResponse(experiment=_entity(stored))

    async def update_experiment(self, message: messages.UpdateExperiment) -> messages.UpdateExperimentResponse:
        stored = self._state.active_experiment(message.experiment_id)
        name = message.new_name or ""
        taken = self._named(name)
        if taken is not None and taken is not stored:
            raise ExperimentExists(name, taken.value.lifecycle_stage == DELETED)
        stored.value = msgspec.structs.replace(stored.value, name=name, last_update_time=self._state.clock())
        return messages.UpdateExperimentResponse()

    async def delete_experiment(self, message: messages.DeleteExperiment) -> messages.DeleteExperimentResponse:
        self._set_stage(message.experiment_id, ACTIVE, DELETED)
        return messages.DeleteExperimentResponse()

    async def restore_experiment(self, message: messages.RestoreExperiment) -> messages.RestoreExperimentResponse:
        self._set_stage(message.experiment_id, DELETED, ACTIVE)
        return messages.RestoreExperimentResponse()

    def _set_stage(self, experiment_id: str, before: str, after: str) -> None:
        stored = self._state.experiment(experiment_id)
        if stored.value.lifecycle_stage != before:
            raise ExperimentNotFound(experiment_id)
        now = self._state.clock()
        deleted = now if after == DELETED else None
        stored.value = msgspec.structs.replace(stored.value, lifecycle_stage=after, last_update_time=now)
        stored.deleted = deleted
        for run in self._state.runs_in([experiment_key(experiment_id)]):
            if run.info.lifecycle_stage != REMOVED:
                run.info = msgspec.structs.replace(run.info, lifecycle_stage=after)
                run.deleted = deleted

    async def set_experiment_tag(self, message: messages.SetExperimentTag) -> messages.SetExperimentTagResponse:
        self._state.active_experiment(message.experiment_id).tags[message.key] = message.value
        return messages.SetExperimentTagResponse()

    async def delete_experiment_tag(
        self, message: messages.DeleteExperimentTag
    ) -> messages.DeleteExperimentTagResponse:
        stored = self._state.active_experiment(message.experiment_id)
        if stored.tags.pop(message.key, None) is None:
            raise TagNotFound(message.key, f"The experiment '{message.experiment_id}'")
        return messages.DeleteExperimentTagResponse()

    async def search_experiments(self, message: messages.SearchExperiments) -> messages.SearchExperimentsResponse:
        view = message.view_type or "ACTIVE_ONLY"
        asked = asking.of_experiments(message, view, self._state.secret)
        query = Query(asked, _values, lambda stored, field: next(iter(_values(stored, field)), None))
        shown, token = page(
            [one for one in self._state.experiments.values() if one.value.lifecycle_stage in STAGES[view]],
            query,
            message.max_results or SEARCH_EXPERIMENTS_DEFAULT,
        )
        return messages.SearchExperimentsResponse(
            experiments=tuple(_entity(stored) for stored in shown), next_page_token=token
        )


def _entity(stored: StoredExperiment) -> Experiment:
    tags = tuple(ExperimentTag(key=k, value=v) for k, v in sorted(stored.tags.items()))
    return msgspec.structs.replace(stored.value, tags=tags)


def _values(stored: StoredExperiment, field: Field) -> list[Value]:
    if field.kind is Kind.TAG:
        return [stored.tags[field.key]] if field.key in stored.tags else []
    value: Value = getattr(stored.value, field.key)
    return [value]
