"""Tags and params: one file each, whose path is the key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from genesis_flow.errors import InvalidParameter
from genesis_flow.folders import Folder, is_folder
from genesis_flow.stores.file.disk import key_names, write
from genesis_flow.stores.file.snapshots import Said


def texts_in(said: Said, part: str) -> dict[str, str]:
    """The texts below a folder, by key."""
    start = f"{part}/"
    return {path[len(start) :]: text for path, text in said.items() if path.startswith(start)}


def check_keys(field: str, keys: Iterable[str], known: Iterable[str]) -> None:
    """Refuses keys that no file can have, also because another key is a folder or a file on its way.

    Args:
        field: what they are the keys of.
        keys: the new ones.
        known: those that are there.

    Raises:
        InvalidParameter
    """
    new = [key for key in keys if key_names(field, key)]
    every = {*known, *new}
    folders = {key[:at] for key in every for at, character in enumerate(key) if character == "/"}
    for key in new:
        parents = {key[:at] for at, character in enumerate(key) if character == "/"}
        if key in folders or parents & every:
            raise InvalidParameter(
                field, key, "no folder of another key: this store keeps 'a' in a file and 'a/b' in a folder 'a'"
            )


def save_texts(owner: Folder, part: str, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Writes what is new or changed and removes what is gone.

    Args:
        owner: the folder of what they belong to, where files are until they are whole.
        part: the folder in it.
        before: the texts as they were.
        after: the texts as they are to be.
    """
    for key in before.keys() - after.keys():
        _remove(owner, (part, *key_names(part, key)))
    folders: dict[tuple[str, ...], dict[str, str]] = {}
    for key, text in after.items():
        if before.get(key) != text:
            *names, name = part, *key_names(part, key)
            folders.setdefault(tuple(names), {})[name] = text
    for place, texts in sorted(folders.items()):
        with owner.again().walk(place, make=True) as folder:
            for name, text in texts.items():
                _make_room(folder, name)
                write(folder, name, text.encode(), owner)
            folder.sync()


def _remove(owner: Folder, names: tuple[str, ...]) -> None:
    """Removes a file, and the folders of its key that are empty then."""
    with suppress(FileNotFoundError), owner.again().walk(names[:-1]) as folder:
        folder.unlink(names[-1])
        folder.sync()
    for depth in range(len(names) - 2, 0, -1):
        with suppress(OSError), owner.again().walk(names[:depth]) as folder:
            folder.rmdir(names[depth])


def _make_room(folder: Folder, name: str) -> None:
    """Removes an empty folder that has the name of a file; MLflow leaves some when it removes tags."""
    status = folder.stat_or_none(name)
    if status is None or not is_folder(status):
        return
    with folder.enter(name) as inner:
        for below in inner.names():
            _make_room(inner, below)
    with suppress(OSError):
        folder.rmdir(name)
