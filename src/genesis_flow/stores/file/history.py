"""The history of registered models: one line for each change in a file beside them, at which MLflow does not look.

What MLflow changed is not in it. It is added when a model is read, as far as its files tell: that the model and its
versions were created, and where its aliases are now. So a model has a history as soon as it is seen, and a number that
stays the same when it is renamed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec

from genesis_flow.errors import MalformedFile
from genesis_flow.rules.history import Change, aliases_moved
from genesis_flow.stores.file.disk import Disk, TooLarge, append, read
from genesis_flow.stores.file.places import MODELS
from genesis_flow.stores.file.points import trusted_ns
from genesis_flow.stores.memory.state import StoredChange, StoredRegistered

FILE = ".genesis-flow-history.jsonl"

_DECODER = msgspec.json.Decoder(StoredChange)
_MOST_BYTES = 2**30


class History:
    """The file of changes."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._lock = threading.Lock()
        self._known: tuple[tuple[int, int, int], Sequence[StoredChange]] = (0, 0, 0), ()

    def read(self) -> list[StoredChange]:
        """Every change, in the order in which they were noted.

        Raises:
            MalformedFile
        """
        with suppress(FileNotFoundError, NotADirectoryError), self._disk.folder((MODELS,)) as folder:
            status = folder.stat(FILE)
            mark = status.st_mtime_ns, status.st_size, status.st_ino
            with self._lock:
                if self._known[0] == mark:
                    return list(self._known[1])
            try:
                lines = (read(folder, FILE, most=_MOST_BYTES) or b"").split(b"\n")
                found = [_DECODER.decode(line) for line in lines[:-1]]
            except (msgspec.MsgspecError, TooLarge) as error:
                raise MalformedFile(f"{MODELS}/{FILE}", f"it is no history of models ({error})") from None
            if status.st_mtime_ns < trusted_ns():
                with self._lock:
                    self._known = mark, found
            return list(found)
        return []

    def write(self, changes: Iterable[StoredChange]) -> None:
        """Adds changes; whoever does holds the lock of the registry."""
        lines = [msgspec.json.encode(one) for one in changes]
        if lines:
            with self._disk.folder((MODELS,), make=True) as folder:
                append(folder, FILE, lines, _is_change)
                folder.sync()


def _is_change(line: bytes) -> bool:
    try:
        return bool(_DECODER.decode(line))
    except msgspec.MsgspecError:
        return False


def key_of(changes: Sequence[StoredChange], name: str) -> int | None:
    """The number of the model that has a name now, if its history is known."""
    for one in reversed(changes):
        if one.change.kind == "renamed" and one.change.before == name:
            return None
        if one.name == name:
            return None if one.change.kind == "deleted" and one.change.version is None else one.model
    return None


def complete(changes: list[StoredChange], model: StoredRegistered) -> None:
    """Adds what the files of a model tell that its history does not; sees to it that no number comes again."""
    own = [one for one in changes if one.model == model.key]
    made = {one.change.version for one in own if one.change.kind == "created"}
    aliases: dict[str, int] = {}
    for one in sorted(own, key=lambda change: (change.at_ms, change.number)):
        if one.change.kind == "alias":
            aliases.pop(one.change.key, None)
            if one.change.after is not None:
                aliases[one.change.key] = int(one.change.after)
    if None not in made:
        _add(changes, model, model.created, Change("created", None, "", None, model.name))
    for number, version in model.versions.items():
        if number not in made:
            _add(changes, model, version.created, Change("created", number, "", None, version.source))
    last_ms = max((one.at_ms for one in own), default=0)
    for change in aliases_moved(aliases, model.aliases):
        _add(changes, model, max(model.updated, last_ms), change)
    model.last = max(model.last, *(number or 0 for number in made), 0)


def _add(changes: list[StoredChange], model: StoredRegistered, at_ms: int, change: Change) -> None:
    changes.append(StoredChange(len(changes), model.key, model.name, at_ms, "", change))
