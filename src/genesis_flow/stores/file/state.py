"""The state that a verb works on: read from the disk as it is asked for, written back when the verb has answered."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

from genesis_flow.errors import InvalidParameter, MalformedFile, StoreBusy
from genesis_flow.folders import Folder, is_folder
from genesis_flow.rules.clock import Clock
from genesis_flow.rules.stages import ACTIVE
from genesis_flow.stores.file import experiments, models, registered, runs
from genesis_flow.stores.file.disk import Disk, Place
from genesis_flow.stores.file.fields import Fields
from genesis_flow.stores.file.history import History, complete, key_of
from genesis_flow.stores.file.places import DATASETS, ID, MODELS, TRASH, Places, experiment_of
from genesis_flow.stores.file.points import metric, trusted_ns
from genesis_flow.stores.file.shelf import Changed, Shelf
from genesis_flow.stores.file.snapshots import META, Snapshots
from genesis_flow.stores.memory.state import (
    DatasetKey,
    State,
    StoredExperiment,
    StoredModel,
    StoredRegistered,
    StoredRun,
)
from genesis_flow.values.datasets import Dataset
from genesis_flow.values.metrics import Metric

S = TypeVar("S")

_LOG = logging.getLogger(__name__)


class Store:
    """What the verbs of one store share.

    Args:
        root: its folder.
    """

    def __init__(self, root: str) -> None:
        self.disk = Disk(root)
        self.places = Places(self.disk)
        self.snapshots = Snapshots()
        self.history = History(self.disk)


class FileState(State):
    """A state of which only what is asked for is read.

    Args:
        store: where it is.
        secret: what signs page tokens.
        artifact_root: below which new experiments get their artifact locations.
        clock: the time.
        writing: whether anything will be changed.
        with_history: whether the history of registered models may be asked for or changed.
    """

    def __init__(
        self, store: Store, secret: bytes, artifact_root: str, clock: Clock, *, writing: bool, with_history: bool
    ) -> None:
        super().__init__(artifact_root, clock)
        self.secret = secret
        self._store, self._writing = store, writing
        places = store.places
        self._experiments = Shelf(
            self._experiment, lambda: [int(place[-1]) for place in places.experiments()], experiments.copied
        )
        self._runs = Shelf(self._run, lambda: (), runs.copied)
        self._models = Shelf(self._model, lambda: (), models.copied)
        self._registered = Shelf(self._registered_model, lambda: store.disk.folders((MODELS,)), registered.copied)
        self.experiments, self.runs = self._experiments, self._runs
        self.models, self.registered = self._models, self._registered
        self._datasets_there: set[DatasetKey] = set()
        self.changes = store.history.read() if with_history else []
        self._changes_there = len(self.changes)

    # --- what the verbs ask for besides ---------------------------------------------------------------------------

    def next_registered(self) -> int:
        return max((one.model for one in self.changes), default=0) + 1

    def new_experiment_key(self) -> int:
        # COMPAT: mlflow 3.17 draws ids of 18 digits, too, so that no two programs need to agree on the next one.
        key = time.time_ns() // 10
        while self._store.places.experiment(key) is not None:
            key += 1
        return key

    def runs_in(self, experiments: Collection[int]) -> Iterator[StoredRun]:
        for place in self._places_in(experiments, ()):
            run = unless_broken(self._run_at, place)
            if run is not None:
                yield self._runs.put(place[-1], run) if self._writing else run

    def models_in(self, experiments: Collection[int]) -> Iterator[StoredModel]:
        for place in self._places_in(experiments, (MODELS,)):
            model = unless_broken(self._model_at, place)
            if model is not None:
                yield model

    def model_of_points(self, model_id: str) -> StoredModel | None:
        # COMPAT: mlflow 3.17 refuses a point of an unknown model on a database, and in a folder it keeps it.
        return self.models.get(model_id)

    def datasets_in_order(self, run: StoredRun) -> Sequence[DatasetKey]:
        return list(run.inputs)

    def _places_in(self, experiments: Iterable[int], between: Place) -> Iterator[Place]:
        for key in sorted(experiments):
            if (home := self._store.places.experiment(key)) is not None:
                names = self._store.disk.folders((*home, *between))
                yield from ((*home, *between, name) for name in sorted(names) if ID.fullmatch(name))

    # --- reading --------------------------------------------------------------------------------------------------

    def _experiment(self, key: int) -> StoredExperiment | None:
        place = self._store.places.experiment(key)
        if place is None:
            return None
        said = self._store.snapshots.at(self._store.disk, place, experiments.PARTS)
        return experiments.experiment_of(said, "/".join(place), deleted=place[0] == TRASH) if said else None

    def _location(self, key: int) -> str:
        found = self.experiments.get(key)
        return found.value.artifact_location or "" if found else ""

    def _run(self, run_id: str) -> StoredRun | None:
        place = self._store.places.run(run_id)
        return self._run_at(place) if place else None

    def _run_at(self, place: Place) -> StoredRun | None:
        said = self._store.snapshots.at(self._store.disk, place, runs.PARTS)
        if said is None:
            return None
        home = experiment_of(place)
        key = int(home[-1])
        return runs.run_of(
            said,
            "/".join(place),
            key,
            dataset=lambda id_: self._dataset(home, key, id_),
            read_points=lambda metric_key: self._points(place, metric_key),
            location=lambda: self._location(key),
        )

    def _points(self, place: Place, key: str) -> list[Metric]:
        none = suppress(FileNotFoundError, NotADirectoryError, InvalidParameter)
        with none, self._store.disk.folder(place) as folder:
            return [metric(key, point) for point in runs.stored_points(folder, key, "/".join(place))]
        return []

    def _dataset(self, experiment: Place, key: int, id_: str) -> Dataset | None:
        if not ID.fullmatch(id_):
            return None
        place = (*experiment, DATASETS, id_)
        said = self._store.snapshots.at(self._store.disk, place, ())
        if said is None:
            return None
        fields = Fields(said[META], "/".join((*place, META)))
        found = Dataset(
            name=fields.text("name"),
            digest=fields.text("digest"),
            source_type=fields.text("source_type"),
            source=fields.text("source"),
            schema=fields.text_or_none("schema"),
            profile=fields.text_or_none("profile"),
        )
        there = key, found.name, found.digest
        self._datasets_there.add(there)
        return self.datasets.setdefault(there, found)

    def _model(self, model_id: str) -> StoredModel | None:
        place = self._store.places.model(model_id)
        return self._model_at(place) if place else None

    def _model_at(self, place: Place) -> StoredModel | None:
        said = self._store.snapshots.at(self._store.disk, place, models.PARTS, whole=True)
        key = int(experiment_of(place)[-1])
        return models.model_of(said, "/".join(place), key, self._location(key)) if said else None

    def _registered_model(self, name: str) -> StoredRegistered | None:
        try:
            registered.check_name(name)
        except InvalidParameter:
            return None
        place = MODELS, name
        try:
            with self._store.disk.folder(place) as folder:
                said = self._store.snapshots.of(folder, place, registered.parts(folder))
        except (FileNotFoundError, NotADirectoryError):
            return None
        if said is None:
            return None
        key = key_of(self.changes, name)
        found = registered.registered_of(said, name, self.next_registered() if key is None else key)
        complete(self.changes, found)
        return found

    # --- writing --------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Writes what was changed; refuses what cannot be written before anything is.

        Raises:
            InvalidParameter
        """
        changed_experiments, changed_runs = self._experiments.changes(), self._runs.changes()
        changed_models, changed_registered = self._models.changes(), self._registered.changes()
        for _, before, after in changed_runs:
            assert after
            runs.check_run(before, after)
        for _, old_model, model in changed_models:
            assert model
            models.check_model(old_model, model)
        for _, old_experiment, experiment in changed_experiments:
            assert experiment
            experiments.check_experiment(old_experiment, experiment)
        for _, old_registered, one in changed_registered:
            if one is not None:
                registered.check_registered(old_registered, one)
        self._save_datasets()
        for change in changed_runs:
            self._save_run(change)
        for of_model in changed_models:
            self._save_model(of_model)
        for of_experiment in changed_experiments:
            self._save_experiment(of_experiment)
        self._save_registered(changed_registered)
        self._store.history.write(self.changes[self._changes_there :])

    def _save_datasets(self) -> None:
        for key in self.datasets.keys() - self._datasets_there:
            home, one = self._store.places.experiment(key[0]), self.datasets[key]
            place = DATASETS, runs.dataset_id(key)
            if home is None or self._store.disk.has((*home, *place, META)):
                continue  # the first one stays
            with self._store.disk.folder(home) as folder:
                runs.save_meta(
                    folder,
                    place,
                    {
                        "digest": one.digest,
                        "name": one.name,
                        "profile": one.profile,
                        "schema": one.schema,
                        "source": one.source,
                        "source_type": one.source_type,
                    },
                )

    def _save_run(self, change: Changed[str, StoredRun]) -> None:
        assert change.after
        place = self._place(self._store.places.run(change.key), change.after.experiment, (), change.key)
        with self._store.disk.folder(place, make=change.before is None) as folder:
            runs.save_run(folder, change.before, change.after)

    def _save_model(self, change: Changed[str, StoredModel]) -> None:
        assert change.after
        known = self._store.places.model(change.key)
        place = self._place(known, change.after.experiment, (MODELS,), change.key)
        with self._store.disk.folder(place, make=change.before is None) as folder:
            models.save_model(folder, change.before, change.after)

    def _place(self, known: Place | None, experiment: int, between: Place, id_: str) -> Place:
        home = self._store.places.experiment(experiment) or (str(experiment),)
        return known or (*home, *between, id_)

    def _save_experiment(self, change: Changed[int, StoredExperiment]) -> None:
        after, name, disk = change.after, str(change.key), self._store.disk
        assert after
        place = self._store.places.experiment(change.key) or (name,)
        with disk.folder(place, make=change.before is None) as folder:
            experiments.save_experiment(folder, change.before, after)
        wanted: Place = (name,) if after.value.lifecycle_stage == ACTIVE else (TRASH, name)
        if wanted != place:
            with disk.folder(place[:-1]) as old, disk.folder(wanted[:-1], make=True) as new:
                old.move(name, new, name)
                new.sync()
                old.sync()

    def _save_registered(self, changed: list[Changed[str, StoredRegistered]]) -> None:
        left = {before.key: change for change in changed if (before := change.before) and change.after is None}
        for change in changed:
            if change.after is None:
                continue
            renamed = None if change.before else left.pop(change.after.key, None)
            with self._store.disk.folder((MODELS,), make=True) as folder:
                if change.before is None:
                    _clear(folder, change.key)
                if renamed:
                    folder.move(renamed.key, folder, change.key)
                with folder.again().walk([change.key], make=True) as inner:
                    registered.save_registered(inner, renamed.before if renamed else change.before, change.after)
                folder.sync()
        for gone in left.values():
            with self._store.disk.folder((MODELS,)) as folder:
                with folder.again().walk([gone.key]) as inner:
                    inner.unlink(META)
                    inner.sync()
                remove_tree(folder, gone.key)


def unless_broken(read: Callable[[Place], S | None], place: Place) -> S | None:
    """What is read, or nothing, if a file is not what it should be; the log says which."""
    try:
        return read(place)
    except MalformedFile as error:
        _LOG.warning("left out: %s", error)
        return None


def _clear(folder: Folder, name: str) -> None:
    """Removes what is left of a model that was deleted, unless it is a new one that another program is just making."""
    status = folder.stat_or_none(name)
    if status and status.st_mtime_ns > trusted_ns():
        raise StoreBusy
    remove_tree(folder, name)


def remove_tree(folder: Folder, name: str) -> None:
    """Removes a folder with everything in it, or a file; links are removed, not followed."""
    status = folder.stat_or_none(name)
    if status is None:
        return
    if not is_folder(status):
        folder.unlink(name)
        return
    with folder.enter(name) as inner:
        for below in inner.names():
            remove_tree(inner, below)
    folder.rmdir(name)
    folder.sync()
