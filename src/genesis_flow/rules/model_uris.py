"""The URIs of registered and logged models: ``models:/name/3``, ``models:/name@alias`` and their like."""

from __future__ import annotations

import re
from dataclasses import dataclass

from genesis_flow.errors import InvalidParameter
from genesis_flow.rules.registry import LATEST, check_alias, check_registered_name, stage_of, version_number
from genesis_flow.rules.times import parse_time_ms

SCHEME = "models:/"
LOGGED_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_URI = re.compile(r"models:/(?P<path>(?!/).*?)(?:\?as_of=(?P<as_of>[^?]*))?", re.DOTALL | re.IGNORECASE)
_RULE = (
    "models:/NAME/VERSION, models:/NAME@ALIAS (perhaps with ?as_of=TIME), models:/NAME/latest, models:/NAME/STAGE or "
    "models:/MODEL_ID"
)


@dataclass(frozen=True)
class ModelUri:
    """What a URI names: a logged model, or of a registered one a version.

    Attributes:
        model_id: the logged model; the other attributes are empty then.
        name: the registered model.
        version: the version, if it is named by its number.
        alias: the alias that the version has.
        stage: the stage in which the version is the latest.
        as_of_ms: when it had the alias; None is now.
    """

    model_id: str = ""
    name: str = ""
    version: int | None = None
    alias: str = ""
    stage: str = ""
    as_of_ms: int | None = None

    @property
    def is_latest(self) -> bool:
        """Whether the highest version is named."""
        return bool(self.name) and self.version is None and not self.alias and not self.stage


def parse_model_uri(field: str, text: str) -> ModelUri:
    """What a URI of the scheme ``models:`` says.

    Raises:
        InvalidParameter: it is none, or one of its parts is not allowed.
    """
    found = _URI.fullmatch(text)
    if found is None:
        raise InvalidParameter(field, text, _RULE)
    path, as_of = found["path"], found["as_of"]
    if LOGGED_MODEL_ID.fullmatch(path) and as_of is None:
        return ModelUri(model_id=path)
    name, slash, last = path.rpartition("/")
    if slash and as_of is None:
        return _numbered(field, name, last)
    name, at, alias = path.rpartition("@")
    if slash or not at:
        raise InvalidParameter(field, text, _RULE)
    as_of_ms = None if as_of is None else parse_time_ms(field, as_of)
    return ModelUri(name=check_registered_name(field, name), alias=check_alias(alias, field), as_of_ms=as_of_ms)


def _numbered(field: str, name: str, last: str) -> ModelUri:
    check_registered_name(field, name)
    if last.lower() == LATEST:
        return ModelUri(name=name)
    if last.isdecimal():
        return ModelUri(name=name, version=version_number(last, field))
    return ModelUri(name=name, stage=stage_of(last, field))
