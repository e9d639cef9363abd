"""What every store does alike with registered models: answers made of stored values, promotions, copies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from genesis_flow.errors import AliasMoved, InvalidParameter
from genesis_flow.rules.history import Change
from genesis_flow.rules.registry import stage_of, version_number
from genesis_flow.values.registry import (
    ModelVersion,
    ModelVersionStatus,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)
from genesis_flow.wire.messages.model_history import AliasToSet, AliasToUnset, ModelChange, PromoteModelVersions
from genesis_flow.wire.messages.registry import CreateModelVersion

READY: ModelVersionStatus = "READY"
"""The status of every version: one that is there can be used."""

VERSIONS_OF_MODEL = "mlflow.modelVersions"
"""The tag of a logged model that lists the versions made of it."""


class Origin(NamedTuple):
    """What a new version is made of.

    Attributes:
        source: as it is kept, which names a version by its number.
        location: where the artifacts are to which the source leads.
        run_id: the run of the version of which this is a copy.
    """

    source: str
    location: str
    run_id: str = ""


def version_entity(
    *,
    name: str,
    number: int,
    created_ms: int,
    updated_ms: int,
    stage: str,
    description: str | None,
    source: str,
    run_id: str,
    run_link: str,
    tags: Mapping[str, str],
    aliases: Collection[str] = (),
) -> ModelVersion:
    """A version as it is answered; its aliases only where one version is asked for."""
    return ModelVersion(
        name=name,
        version=str(number),
        creation_timestamp=created_ms,
        last_updated_timestamp=updated_ms,
        current_stage=stage,
        description=description,
        source=source,
        run_id=run_id,
        status=READY,
        run_link=run_link,
        tags=tuple(ModelVersionTag(key=k, value=v) for k, v in sorted(tags.items())),
        aliases=tuple(sorted(aliases)),
    )


def model_entity(
    *,
    name: str,
    created_ms: int,
    updated_ms: int,
    description: str | None,
    tags: Mapping[str, str],
    aliases: Mapping[str, int],
    latest: Sequence[ModelVersion],
) -> RegisteredModel:
    """A model as it is answered."""
    return RegisteredModel(
        name=name,
        creation_timestamp=created_ms,
        last_updated_timestamp=updated_ms,
        description=description or None,  # COMPAT: mlflow 3.17 leaves an empty one out here, and not of a version
        latest_versions=tuple(latest),
        tags=tuple(RegisteredModelTag(key=k, value=v) for k, v in sorted(tags.items())),
        aliases=alias_entities(aliases),
    )


def alias_entities(aliases: Mapping[str, int]) -> tuple[RegisteredModelAlias, ...]:
    """The aliases of a model, by name."""
    return tuple(RegisteredModelAlias(alias=alias, version=str(number)) for alias, number in sorted(aliases.items()))


def change_entity(change: Change, name: str, at_ms: int, user_id: str) -> ModelChange:
    """A change as it is answered."""
    return ModelChange(
        timestamp=at_ms,
        user_id=user_id,
        kind=change.kind,
        name=name,
        version=None if change.version is None else str(change.version),
        key=change.key or None,
        before=change.before,
        after=change.after,
    )


def latest_of_stages(ends: Iterable[tuple[str, int, int]], stages: Sequence[str] = ()) -> list[int]:
    """The highest version of each stage, or of those that are named.

    COMPAT: mlflow 3.17 answers the stage first that holds the lowest number.

    Args:
        ends: each stage that has versions, with its lowest and highest number.
        stages: in any spelling.

    Raises:
        InvalidParameter: a stage is none.
    """
    wanted = {stage_of(stage, "stages") for stage in stages}
    by_lowest = sorted(ends, key=lambda end: end[1])
    return [highest for stage, _, highest in by_lowest if not wanted or stage in wanted]


def promoted(message: PromoteModelVersions, aliases: Mapping[str, int]) -> dict[str, int]:
    """The aliases of a model after a promotion.

    Raises:
        AliasMoved: one is not where it is expected.
    """
    every: tuple[AliasToSet | AliasToUnset, ...] = (*message.set, *message.unset)
    for one in every:
        expected = one.expected_version
        if expected is None:
            continue
        if aliases.get(one.alias) != (version_number(expected, "expected_version") if expected else None):
            raise AliasMoved(message.name, one.alias, expected, aliases)
    removed = {gone.alias for gone in message.unset}
    after = {alias: number for alias, number in aliases.items() if alias not in removed}
    return after | {given.alias: version_number(given.version) for given in message.set}


def copied(message: CreateModelVersion, source: str, location: str, run_id: str, model_id: str) -> Origin:
    """What a copy is made of: of a version with this location, run and logged model.

    Raises:
        InvalidParameter: it claims another run or logged model than that version has.
    """
    for field, claimed, found in (("run_id", message.run_id, run_id), ("model_id", message.model_id, model_id)):
        if claimed and claimed != found:
            raise InvalidParameter(field, claimed, "that of the version in the source")
    return Origin(source, location, run_id)


def tags_given(tags: Iterable[RegisteredModelTag | ModelVersionTag]) -> dict[str, str]:
    """Tags by key; the last of one key counts."""
    return {tag.key or "": tag.value or "" for tag in tags}


def with_version(tag: str | None, name: str, number: int) -> str:
    """The tag ``VERSIONS_OF_MODEL`` with a further version; what a client wrote into it that is no list is replaced."""
    try:
        known = msgspec.json.decode(tag or "[]", type=list[dict[str, str | int]])
    except msgspec.MsgspecError:
        known = []
    one: dict[str, str | int] = {"name": name, "version": number}
    return msgspec.json.encode(known if one in known else [*known, one]).decode()
