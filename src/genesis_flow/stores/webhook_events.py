"""The events that a change causes, as every store records them and as webhooks get them.

Nearly all of it stands in the message that asked for the change. Whether a model is a prompt stands in its tags, and a
store looks there only if somebody listens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Union

import msgspec

from genesis_flow.rules.registry import IS_PROMPT
from genesis_flow.rules.webhooks import RUN, Kind
from genesis_flow.values.registry import ModelVersionTag, RegisteredModelTag
from genesis_flow.values.runs import RunInfo
from genesis_flow.wire import codec
from genesis_flow.wire.messages import model_history, registry, runs, webhook_deliveries

PROMPT_TEXT = "mlflow.prompt.text"
ENDED = frozenset({"FINISHED", "FAILED", "KILLED"})
_OF_PROMPTS = frozenset({IS_PROMPT, PROMPT_TEXT})

_TAGS = ("MODEL_VERSION_TAG", "PROMPT_VERSION_TAG")
_ALIASES = ("MODEL_VERSION_ALIAS", "PROMPT_ALIAS")
# What a change tells of: an entity of models, and one of prompts.
_ENTITIES: dict[type[object], tuple[str, str]] = {
    registry.CreateRegisteredModel: ("REGISTERED_MODEL", "PROMPT"),
    registry.CreateModelVersion: ("MODEL_VERSION", "PROMPT_VERSION"),
    # COMPAT: mlflow 3.17 tells of the tags of prompts, and not of those of other models.
    registry.SetRegisteredModelTag: ("", "PROMPT_TAG"),
    registry.DeleteRegisteredModelTag: ("", "PROMPT_TAG"),
    registry.SetModelVersionTag: _TAGS,
    registry.DeleteModelVersionTag: _TAGS,
    registry.SetRegisteredModelAlias: _ALIASES,
    registry.DeleteRegisteredModelAlias: _ALIASES,
    model_history.PromoteModelVersions: _ALIASES,
}


Tagging = Union[
    registry.SetRegisteredModelTag,
    registry.DeleteRegisteredModelTag,
    registry.SetModelVersionTag,
    registry.DeleteModelVersionTag,
]
Aliasing = Union[
    registry.SetRegisteredModelAlias, registry.DeleteRegisteredModelAlias, model_history.PromoteModelVersions
]


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        data: what webhooks are told of it.
    """

    kind: Kind
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Such as ``model_version.created``."""
        return f"{self.kind.entity}.{self.kind.action}".lower()

    def body(self, at_ms: int) -> bytes:
        """What is sent: MLflow's JSON, in which nothing is left out."""
        at = datetime.fromtimestamp(at_ms / 1000, timezone.utc).isoformat(timespec="microseconds")
        entity, action = (part.lower() for part in self.kind)
        return msgspec.json.encode({"entity": entity, "action": action, "timestamp": at, "data": self.data})


def entities_of(message: object) -> tuple[str, str] | None:
    """What the events of a message about the registry may be about: of models, and of prompts; None: it has none."""
    return _ENTITIES.get(type(message))


def may_have_events(message: object) -> bool:
    """Whether webhooks may be told of what this message does, or by it: a reason to look into the outbox soon."""
    if isinstance(message, runs.UpdateRun):
        return message.status in ENDED
    return type(message) in _ENTITIES or isinstance(message, webhook_deliveries.ReplayWebhookDelivery)


def says_prompt(tags: Mapping[str, str]) -> bool:
    """Whether these are the tags of a prompt, in any spelling, as MLflow reads them for this."""
    return tags.get(IS_PROMPT, "").lower() == "true"


def events_of(message: object, reply: codec.Reply[Any], *, of_prompt: bool) -> list[Event]:
    """The events of a change that was made.

    Args:
        message: what asked for it.
        reply: what it was answered.
        of_prompt: whether the model has the tags of a prompt, after the change.
    """
    match message:
        case registry.CreateRegisteredModel():
            tags = _texts(message.tags)
            data = {"name": message.name, "tags": _plain(tags), "description": message.description or ""}
            return [_event(message, "CREATED", says_prompt(tags), data)]
        case registry.CreateModelVersion():
            return [_version_created(message, reply)]
        case registry.SetRegisteredModelTag() | registry.DeleteRegisteredModelTag():
            return [_tag(message, {"name": message.name}, of_prompt)] if of_prompt else []
        case registry.SetModelVersionTag() | registry.DeleteModelVersionTag():
            return [_tag(message, {"name": message.name, "version": message.version}, of_prompt)]
        case registry.SetRegisteredModelAlias():
            return [_alias(message, message.alias, message.version, of_prompt)]
        case registry.DeleteRegisteredModelAlias():
            return [_alias(message, message.alias, None, of_prompt)]
        case model_history.PromoteModelVersions():
            given = [_alias(message, one.alias, one.version, of_prompt) for one in message.set]
            return [*given, *(_alias(message, one.alias, None, of_prompt) for one in message.unset)]
    return []


def run_ended(run: RunInfo, before: str | None) -> Event | None:
    """The event of a run whose status was another one before, if it has ended."""
    if run.status is None or run.status == before or run.status not in ENDED:
        return None
    data = {
        "run_id": run.run_id,
        "run_name": run.run_name,
        "experiment_id": run.experiment_id,
        "status": run.status,
        "start_time": run.start_time,
        "end_time": run.end_time,
        "user_id": run.user_id,
    }
    return Event(Kind(RUN, run.status), data)


def _version_created(message: registry.CreateModelVersion, reply: codec.Reply[Any]) -> Event:
    version = codec.value(reply).model_version
    tags = _texts(message.tags)
    data: dict[str, Any] = {"name": message.name, "version": version.version}
    if says_prompt(tags):
        data["template"] = tags.get(PROMPT_TEXT)
    else:
        data |= {"source": message.source, "run_id": message.run_id or None}
    data |= {"tags": _plain(tags), "description": message.description or None}
    return _event(message, "CREATED", says_prompt(tags), data)


def _tag(message: Tagging, owner: Mapping[str, Any], of_prompt: bool) -> Event:
    data = {**owner, "key": message.key}
    if isinstance(message, (registry.SetRegisteredModelTag, registry.SetModelVersionTag)):
        return _event(message, "SET", of_prompt, data | {"value": message.value})
    return _event(message, "DELETED", of_prompt, data)


def _alias(message: Aliasing, alias: str, version: str | None, of_prompt: bool) -> Event:
    data = {"name": message.name, "alias": alias} | ({} if version is None else {"version": version})
    return _event(message, "DELETED" if version is None else "CREATED", of_prompt, data)


def _event(message: object, action: str, of_prompt: bool, data: Mapping[str, Any]) -> Event:
    return Event(Kind(_ENTITIES[type(message)][of_prompt], action), data)


def _texts(tags: Iterable[RegisteredModelTag | ModelVersionTag]) -> dict[str, str]:
    return {tag.key or "": tag.value or "" for tag in tags}


def _plain(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags without those that make a prompt of it."""
    return {key: text for key, text in sorted(tags.items()) if key not in _OF_PROMPTS}
