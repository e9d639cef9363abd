"""A registered model with its versions in MLflow's directory form, where a deleted version is a stage of its own."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping

from genesis_flow.errors import InvalidParameter
from genesis_flow.folders import Folder
from genesis_flow.rules.registry import NONE
from genesis_flow.stores.file import meta
from genesis_flow.stores.file.disk import one_name
from genesis_flow.stores.file.fields import Fields
from genesis_flow.stores.file.runs import updated_meta
from genesis_flow.stores.file.snapshots import META, Said
from genesis_flow.stores.file.texts import check_keys, save_texts, texts_in
from genesis_flow.stores.memory.state import StoredRegistered, StoredVersion

ROOT = "models"
DELETED_STAGE = "Deleted_Internal"
_VERSION = re.compile(r"version-([1-9][0-9]{0,17})")


def parts(folder: Folder) -> list[str]:
    """The folders of a model that are read."""
    return ["tags", "aliases", *(name for name in folder.names() if _VERSION.fullmatch(name))]


def copied(model: StoredRegistered) -> StoredRegistered:
    """A copy that stays as it is when the model is changed."""
    return copy.deepcopy(model)


def check_name(name: str) -> None:
    """Refuses a name that a folder cannot have, or that makes MLflow refuse to list any model.

    Raises:
        InvalidParameter
    """
    one_name("name", name)
    if "%" in name:
        raise InvalidParameter("name", name, "free of '%', which MLflow refuses to read in the names of folders")


def registered_of(said: Said, name: str, key: int) -> StoredRegistered:
    """The model in a folder.

    Args:
        said: what its files say.
        name: of the folder.
        key: what stays the same when the model is renamed.

    Raises:
        MalformedFile
    """
    fields = Fields(said[META], f"{ROOT}/{name}/{META}")
    numbers = {int(found[1]) for path in said if (found := _VERSION.match(path))}
    stored = {number: _version_of(said, name, number) for number in numbers}
    return StoredRegistered(
        key,
        name,
        fields.text_or_none("description"),
        fields.number("creation_timestamp"),
        fields.number("last_updated_timestamp"),
        texts_in(said, "tags"),
        last=max(numbers, default=0),
        aliases=_aliases(said, stored),
        versions={number: one for number, one in sorted(stored.items()) if one.stage != DELETED_STAGE},
    )


def _aliases(said: Said, versions: Mapping[int, StoredVersion]) -> dict[str, int]:
    found = texts_in(said, "aliases")
    return {alias: int(text) for alias, text in found.items() if text.isdecimal() and int(text) in versions}


def _version_of(said: Said, name: str, number: int) -> StoredVersion:
    place = f"version-{number}"
    fields = Fields(said.get(f"{place}/{META}", {}), f"{ROOT}/{name}/{place}/{META}")
    return StoredVersion(
        number,
        fields.text("source"),
        fields.text("storage_location") or fields.text("source"),
        fields.number("creation_timestamp"),
        fields.number("last_updated_timestamp"),
        # A version without its file is one that somebody is making or that went wrong; its number is taken.
        stage=fields.text("current_stage", NONE) if f"{place}/{META}" in said else DELETED_STAGE,
        description=fields.text_or_none("description"),
        run_id=fields.text("run_id"),
        run_link=fields.text("run_link"),
        model_id=fields.text("model_id"),
        tags=texts_in(said, f"{place}/tags"),
    )


def check_registered(before: StoredRegistered | None, after: StoredRegistered) -> None:
    """Refuses what the folder of a model cannot hold, before anything is written.

    Raises:
        InvalidParameter
    """
    check_name(after.name)
    check_keys("tags", after.tags.keys() - (before.tags if before else {}), before.tags if before else {})
    for alias in after.aliases:
        one_name("alias", alias)
    for number, version in after.versions.items():
        old = before.versions.get(number) if before else None
        known = old.tags if old else {}
        check_keys("tags", version.tags.keys() - known, known)


def save_registered(folder: Folder, before: StoredRegistered | None, after: StoredRegistered) -> None:
    """Writes what has changed of a model into its folder; ``meta.yaml``, which makes it a model, comes last."""
    old = before.versions if before else {}
    for number in sorted({*old, *after.versions}):
        if old.get(number) is None or vars(old[number]) != _values_of(after.versions.get(number)):
            _save_version(folder, after, number, old.get(number))
    save_texts(folder, "tags", before.tags if before else {}, after.tags)
    aliases = {alias: str(number) for alias, number in after.aliases.items()}
    save_texts(folder, "aliases", {k: str(v) for k, v in before.aliases.items()} if before else {}, aliases)
    values: meta.Meta = {
        "aliases": dict(aliases),
        "creation_timestamp": after.created,
        "description": after.description,
        "last_updated_timestamp": after.updated,
        "name": after.name,
    }
    updated_meta(folder, values)


def _values_of(version: StoredVersion | None) -> object:
    return vars(version) if version else None


def _save_version(folder: Folder, model: StoredRegistered, number: int, before: StoredVersion | None) -> None:
    after = model.versions.get(number)
    with folder.again().walk([f"version-{number}"], make=True) as inner:
        if after is None:
            updated_meta(inner, {"current_stage": DELETED_STAGE, "last_updated_timestamp": model.updated})
            return
        save_texts(inner, "tags", before.tags if before else {}, after.tags)
        updated_meta(inner, _version_values(model.name, after))


def _version_values(name: str, version: StoredVersion) -> meta.Meta:
    return {
        "creation_timestamp": version.created,
        "current_stage": version.stage,
        "description": version.description,
        "last_updated_timestamp": version.updated,
        "model_id": version.model_id or None,
        "name": name,
        "run_id": version.run_id or None,
        "run_link": version.run_link or None,
        "source": version.source,
        "status": "READY",
        "status_message": None,
        "storage_location": version.location,
        "user_id": None,
        "version": version.number,
    }
