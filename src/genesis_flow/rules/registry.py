"""The model registry's names, aliases, versions and stages, as a running MLflow 3.17 decides them."""

from __future__ import annotations

import posixpath
import re

from genesis_flow.errors import InvalidParameter
from genesis_flow.rules.limits import ALIAS_LENGTH, REGISTERED_NAME_LENGTH
from genesis_flow.rules.texts import check_plain_line, require

NONE, STAGING, PRODUCTION, ARCHIVED = "None", "Staging", "Production", "Archived"
STAGES = (NONE, STAGING, PRODUCTION, ARCHIVED)
ACTIVE_STAGES = (STAGING, PRODUCTION)
"""The stages out of which another version may push those that are there."""
LATEST = "latest"
"""What stands for the highest version where an alias is read."""

IS_PROMPT = "mlflow.prompt.is_prompt"
"""The tag of models and versions that are prompts; its value is ``true``."""
PROMPT_SOURCES = frozenset({"dummy-source", "prompt-template"})
"""What a prompt has as a source, for its text stands in a tag."""

_STAGE_OF = {stage.lower(): stage for stage in STAGES}
_ENCODED = re.compile(r"%(?:2f|5c|2e)", re.IGNORECASE)
_ALIAS = re.compile(r"[\w-]+")
_VERSION_ALIAS = re.compile(r"v[0-9]+", re.IGNORECASE)
_VERSION = re.compile(r"-?[0-9]+")
_MOST_DIGITS = 18


def check_registered_name(field: str, name: str | None) -> str:
    """The name of a registered model, which stands in URIs and in paths.

    Raises:
        MissingParameter, InvalidParameter
    """
    text = check_plain_line(field, require(field, name), REGISTERED_NAME_LENGTH)
    if "/" in text or ":" in text:
        raise InvalidParameter(field, text, "free of '/' and ':'")
    if _ENCODED.search(text):
        raise InvalidParameter(field, text, "free of an encoded '/', '\\' or '.'")
    if posixpath.normpath(text).startswith("..") or text == "." or not text.strip():
        raise InvalidParameter(field, text, "more than blanks, not '.', and not begin with '..'")
    return text


def check_alias(alias: str | None, field: str = "alias") -> str:
    """An alias as it may be read and removed.

    Raises:
        MissingParameter, InvalidParameter
    """
    text = require(field, alias)
    if _ALIAS.fullmatch(text) is None:
        raise InvalidParameter(field, text, "made of letters, digits, '_' and '-' only")
    if len(text) > ALIAS_LENGTH:
        raise InvalidParameter(field, text, f"at most {ALIAS_LENGTH} characters long, not {len(text)}")
    return text


def check_new_alias(alias: str | None, field: str = "alias") -> str:
    """An alias as it may be given: ``latest`` and ``v1`` have a meaning already.

    Raises:
        MissingParameter, InvalidParameter
    """
    text = check_alias(alias, field)
    if text.lower() == LATEST or _VERSION_ALIAS.fullmatch(text):
        raise InvalidParameter(field, text, "another name than 'latest' or 'v' and a number, which are reserved")
    return text


def version_number(version: str | None, field: str = "version") -> int:
    """The number of a version; 0, which no version has, for one that none can have.

    Raises:
        MissingParameter, InvalidParameter
    """
    text = require(field, version)
    if _VERSION.fullmatch(text) is None or not text.isascii():
        raise InvalidParameter(field, text, "an integer")
    return max(0, int(text)) if len(text) <= _MOST_DIGITS else 0


def stage_of(text: str, field: str = "stage") -> str:
    """A stage in its own spelling, however it was written.

    Raises:
        InvalidParameter
    """
    stage = _STAGE_OF.get(text.lower())
    if stage is None:
        raise InvalidParameter(field, text, f"one of {', '.join(STAGES)}")
    return stage


def is_prompt(tags: dict[str, str]) -> bool:
    """Whether these are the tags of a prompt."""
    return tags.get(IS_PROMPT) == "true"
