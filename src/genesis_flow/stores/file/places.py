"""Where experiments, runs and logged models lie: ``ID``, ``ID/RUN``, ``ID/models/MODEL``, and that in ``.trash``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from genesis_flow.rules.ids import EXPERIMENT_ID
from genesis_flow.stores.file.disk import Disk, Place
from genesis_flow.stores.file.snapshots import META

TRASH = ".trash"
MODELS = "models"
DATASETS = "datasets"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
"""Of a run, a logged model or a dataset."""

_REMEMBERED = 100_000


class Places:
    """Finds them by their ids, and remembers where runs and models were, which does not change often."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._known: dict[Place, Place] = {}

    def experiments(self) -> Iterator[Place]:
        """All of them, first those that are not deleted."""
        for base in ((), (TRASH,)):
            yield from ((*base, name) for name in self._disk.folders(base) if EXPERIMENT_ID.fullmatch(name))

    def experiment(self, key: int) -> Place | None:
        """An experiment, deleted or not."""
        return next((place for place in ((str(key),), (TRASH, str(key))) if self._disk.has((*place, META))), None)

    def run(self, run_id: str) -> Place | None:
        """A run in any experiment."""
        return self._found(run_id, ())

    def model(self, model_id: str) -> Place | None:
        """A logged model in any experiment."""
        return self._found(model_id, (MODELS,))

    def _found(self, id_: str, between: Place) -> Place | None:
        if not ID.fullmatch(id_):
            return None
        key = (*between, id_)
        known = self._known.get(key)
        if known and self._disk.has((*known, META)):
            return known
        for experiment in self.experiments():
            place = (*experiment, *between, id_)
            if self._disk.has((*place, META)):
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[key] = place
                return place
        return None


def experiment_of(place: Place) -> Place:
    """The experiment that a run or model lies in."""
    return place[:2] if place[0] == TRASH else place[:1]
