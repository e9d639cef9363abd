"""Removing the deleted from a folder, of whichever program that deleted them.

What is taken has its ``meta.yaml`` renamed, in one step: from then on it is no run, model or experiment for anybody,
for MLflow neither, and the renamed file is the note of what is to be done. It goes last.

MLflow keeps the files of a run in the run's own folder. These are the store's: they go with the folder, not before.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import PurePath
from typing import NamedTuple
from urllib.parse import unquote

from genesis_flow.errors import MalformedFile
from genesis_flow.folders import Folder
from genesis_flow.rules.ids import EXPERIMENT_ID
from genesis_flow.rules.locations import model_artifacts, run_artifacts, scheme_of
from genesis_flow.rules.stages import ACTIVE, DELETED, REMOVED
from genesis_flow.stores.collecting import IN_STORE, Deleted, Kind
from genesis_flow.stores.file import meta
from genesis_flow.stores.file.disk import LOCK, Place, read, write
from genesis_flow.stores.file.fields import Fields
from genesis_flow.stores.file.places import ID, MODELS, TRASH
from genesis_flow.stores.file.snapshots import META
from genesis_flow.stores.file.state import Store, remove_tree, unless_broken

NOTE = ".genesis-flow-removed"
"""What ``meta.yaml`` is called of something that was taken."""
ARTIFACTS = "artifacts"

_RETAINED = "genesis_flow_retained_ms"
_BETWEEN: dict[Kind, Place] = {"run": (), "model": (MODELS,)}
_INSIDE: tuple[Kind, ...] = ("run", "model")


class Found(NamedTuple):
    """Something, and where it lies."""

    place: Place
    deleted: Deleted


class Collection:
    """The methods of ``CollectionStore``, of which each looks at the folder.

    Args:
        store: the folder.
    """

    def __init__(self, store: Store) -> None:
        self._disk, self._places = store.disk, store.places

    def list_deleted(self, kind: Kind) -> list[Deleted]:
        """All that is deleted or was taken, by time and id."""
        experiments = self._places.experiments()
        found = experiments if kind == "experiment" else (p for e in experiments for p in self._inside(kind, e))
        deleted = (one.deleted for one in self._all(kind, found))
        return sorted((one for one in deleted if one.stage != ACTIVE), key=by_time)

    def list_within(self, kind: Kind, experiment_id: str) -> list[Deleted]:
        """What goes with an experiment, by id."""
        places = (place for home in self._homes(experiment_id) for place in self._inside(kind, home))
        found = (one.deleted for one in self._all(kind, places))
        return sorted((one for one in found if kind == "model" or one.stage != ACTIVE), key=lambda one: one.id)

    def find(self, kind: Kind, ids: Sequence[str]) -> list[Deleted]:
        """Those that there are."""
        pattern = EXPERIMENT_ID if kind == "experiment" else ID
        homes = list(self._places.experiments())
        found = []
        for id_ in dict.fromkeys(id_ for id_ in ids if pattern.fullmatch(id_)):
            if kind == "experiment":
                places: Iterable[Place] = self._homes(id_)
            else:
                places = ((*home, *_BETWEEN[kind], id_) for home in homes)
            found += [one.deleted for one in self._all(kind, places)]
        return found

    def take(self, wanted: Sequence[Deleted]) -> list[Deleted]:
        """Makes those removed that are as they were found."""
        return [one for one in wanted if self._take(one)]

    def _take(self, one: Deleted) -> bool:
        with self._locked(one) as locks:
            found = self._again(one, locks)
            if found is None or found.deleted != one:
                return False
            with self._disk.folder(found.place) as folder:
                if one.stage != REMOVED:
                    folder.move(META, folder, NOTE)
                elif one.at_ms:
                    _write_note(folder, 0)
                folder.sync()
            return True

    def remove(self, taken: Sequence[Deleted]) -> None:
        """Removes the folders of what was taken, those of experiments if nothing is in them any more."""
        for one, place in self._taken(taken):
            if one.kind == "experiment" and any(self._holds(kind, place) for kind in _INSIDE):
                continue
            self._empty(place)
            # Another one may be at it, too.
            with suppress(FileNotFoundError), self._disk.folder(place[:-1]) as around:
                remove_tree(around, place[-1])

    def retain(self, taken: Sequence[Deleted], now_ms: int) -> None:
        """Removes all but the note of what was taken, and but the files that are its own."""
        for one, place in self._taken(taken):
            if one.kind != "experiment":  # of which only tags are more than its note
                self._empty(place, but=(ARTIFACTS,))
            with suppress(FileNotFoundError), self._disk.folder(place) as folder:
                _write_note(folder, now_ms)
                folder.sync()

    def _holds(self, kind: Kind, experiment: Place) -> bool:
        """Whether there is any of a kind in the folder of an experiment."""
        return any(self._disk.has((*at, name)) for at in self._inside(kind, experiment) for name in (META, NOTE))

    def _empty(self, place: Place, but: Sequence[str] = ()) -> None:
        """Removes what is in a folder, but for its note."""
        with self._disk.locked(place), self._disk.folder(place) as folder:
            for name in folder.names():
                if name not in (NOTE, LOCK, *but):
                    remove_tree(folder, name)
            folder.sync()

    # --- where they are -----------------------------------------------------------------------------------------------

    def _homes(self, experiment_id: str) -> list[Place]:
        """Where an experiment may lie."""
        return [(experiment_id,), (TRASH, experiment_id)] if EXPERIMENT_ID.fullmatch(experiment_id) else []

    def _inside(self, kind: Kind, home: Place) -> Iterator[Place]:
        between = _BETWEEN[kind]
        yield from ((*home, *between, name) for name in self._disk.folders((*home, *between)) if ID.fullmatch(name))

    def _all(self, kind: Kind, places: Iterable[Place]) -> Iterator[Found]:
        for place in places:
            one = unless_broken(lambda at: self._read(kind, at), place)
            if one is not None:
                yield Found(place, one)

    def _candidates(self, one: Deleted) -> list[Place]:
        homes = self._homes(one.experiment_id)
        return homes if one.kind == "experiment" else [(*home, *_BETWEEN[one.kind], one.id) for home in homes]

    def _taken(self, taken: Sequence[Deleted]) -> Iterator[tuple[Deleted, Place]]:
        for one in taken:
            for place, found in self._all(one.kind, self._candidates(one)):
                if found.stage == REMOVED:
                    yield one, place

    def _locked(self, one: Deleted) -> ExitStack:
        """The locks of those who delete and restore it, from the large to the small."""
        locks = ExitStack()
        if one.kind == "experiment":
            locks.enter_context(self._disk.locked(()))
        for home in self._homes(one.experiment_id):
            locks.enter_context(self._disk.locked(home, shared=one.kind != "experiment"))
        return locks

    def _again(self, one: Deleted, locks: ExitStack) -> Found | None:
        """Something as it is now, when nobody changes it any more."""
        for place in self._candidates(one):
            if one.kind != "experiment":
                locks.enter_context(self._disk.locked(place))
            for found in self._all(one.kind, [place]):
                return found
        return None

    # --- what they are ------------------------------------------------------------------------------------------------

    def _read(self, kind: Kind, place: Place) -> Deleted | None:
        """What a folder holds; None if that is nothing of the kind."""
        try:
            folder = self._disk.folder(place)
        except (FileNotFoundError, NotADirectoryError):
            return None
        with folder:
            for name in (META, NOTE):
                data = read(folder, name)
                if data is not None:
                    status = folder.stat_or_none(name)
                    changed_ms = status.st_mtime_ns // 10**6 if status else 0
                    return self._deleted(kind, place, name, data, changed_ms)
        return None

    def _deleted(self, kind: Kind, place: Place, name: str, data: bytes, changed_ms: int) -> Deleted:
        try:
            values = meta.parse(data)
        except meta.MetaError as error:
            raise MalformedFile("/".join((*place, name)), str(error)) from None
        fields, id_ = Fields(values, "/".join((*place, name))), place[-1]
        experiment = place[1] if place[0] == TRASH else place[0]
        match kind:
            case "experiment":
                location, at_ms = fields.text("artifact_location"), fields.number_or_none("last_update_time")
                stage = DELETED if place[0] == TRASH else ACTIVE
            case "run":
                location, at_ms = fields.text("artifact_uri"), fields.number_or_none("deleted_time")
                location = location or run_artifacts(self._location(experiment), id_)
                stage = DELETED if fields.text("lifecycle_stage") == DELETED else ACTIVE
            case "model":
                location, at_ms = fields.text("artifact_location"), fields.number_or_none("last_updated_timestamp")
                location = location or model_artifacts(self._location(experiment), id_)
                stage = DELETED if fields.text("lifecycle_stage") == DELETED else ACTIVE
        # Who deleted it may not have said when, as older versions of MLflow did not.
        at_ms = at_ms or changed_ms
        if name == NOTE:
            stage, at_ms = REMOVED, fields.number(_RETAINED)
        if self._is_own(kind, location, experiment, id_):
            location = IN_STORE
        return Deleted(kind, id_, experiment, location, stage, at_ms)

    def _location(self, experiment_id: str) -> str:
        """Where the files of an experiment are."""
        for home in self._homes(experiment_id):
            with suppress(FileNotFoundError, NotADirectoryError), self._disk.folder(home) as folder:
                for name in (META, NOTE):
                    with suppress(meta.MetaError):
                        if data := read(folder, name):
                            return Fields(meta.parse(data), name).text("artifact_location")
        return ""

    def _is_own(self, kind: Kind, location: str, experiment: str, id_: str) -> bool:
        """Whether files lie in the folder of what they belong to, which may lie below ``.trash`` meanwhile."""
        inside = () if kind == "experiment" else (*_BETWEEN[kind], id_, ARTIFACTS)
        return _path_of(location) == PurePath(self._disk.root, experiment, *inside)


def _path_of(location: str) -> PurePath | None:
    """The path of this machine that a location says, if it says one."""
    scheme, path = scheme_of(location), location
    if scheme:
        host, path = "", location.partition(":")[2]
        if path.startswith("//"):
            host, _, path = path[2:].partition("/")
            path = f"/{path}"
        path = unquote(path.removeprefix("/") if os.name == "nt" else path)
        if scheme != "file" or host.lower() not in ("", "localhost"):
            return None
    return PurePath(path) if path else None


def _write_note(folder: Folder, retained_ms: int) -> None:
    values = meta.parse(read(folder, NOTE) or b"")
    write(folder, NOTE, meta.dump({**values, _RETAINED: retained_ms}))


def by_time(one: Deleted) -> tuple[int, str]:
    """What pages are in the order of; the ids of experiments are numbers."""
    return one.at_ms, one.id.rjust(20) if one.kind == "experiment" else one.id
