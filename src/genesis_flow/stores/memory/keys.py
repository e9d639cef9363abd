"""The keys of experiments in memory: counted when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable

from genesis_flow.rules.ids import experiment_key
from genesis_flow.rules.stages import ACTIVE
from genesis_flow.stores import keys
from genesis_flow.stores.memory.outbox import Outbox
from genesis_flow.stores.memory.runs import latest
from genesis_flow.stores.memory.state import StoredRun
from genesis_flow.wire.messages import keys as messages
from genesis_flow.wire.messages.keys import KeyKind


class Keys(Outbox):
    """The verbs of the noun."""

    async def list_experiment_keys(self, message: messages.ListExperimentKeys) -> messages.ListExperimentKeysResponse:
        self._state.experiment(message.experiment_id)
        in_it = self._state.runs_in({experiment_key(message.experiment_id)})
        runs = [run for run in in_it if run.info.lifecycle_stage == ACTIVE]
        found = {
            kind: keys.of_values(kind, (entry for run in runs for entry in _entries(run, kind)))
            for kind in keys.asked_kinds(message)
        }
        return keys.page(message, [keys.Counted(len(runs), found)], self._state.secret)


def _entries(run: StoredRun, kind: KeyKind) -> Iterable[tuple[str, float | str | None]]:
    match kind:
        case "param":
            return run.params.items()
        case "tag":
            return run.tags.items()
        case "metric":
            return ((key, point.value) for key, point in latest(run).items())
