"""Ids in the forms that MLflow's clients expect, made without a central counter."""

from __future__ import annotations

import re
import uuid

from genesis_flow.errors import ExperimentNotFound, InvalidParameter

DEFAULT_EXPERIMENT_ID = "0"
DEFAULT_EXPERIMENT_NAME = "Default"

EXPERIMENT_ID = re.compile(r"0|[1-9][0-9]{0,17}")
"""The id of an experiment as a store gives it."""

_INTEGER = re.compile(r"-?[0-9]+")
_MOST_DIGITS = 18


def new_run_id() -> str:
    """32 hexadecimal digits."""
    return uuid.uuid4().hex


def new_model_id() -> str:
    """``m-`` and 32 hexadecimal digits."""
    return f"m-{uuid.uuid4().hex}"


def experiment_key(experiment_id: str) -> int:
    """The integer that an experiment's id is in a store that counts them.

    Raises:
        InvalidParameter: the id is not a decimal integer, as every experiment's id is.
        ExperimentNotFound: it is, but one larger than any that exists.
    """
    if not _INTEGER.fullmatch(experiment_id):
        raise InvalidParameter("experiment_id", experiment_id, "an integer")
    if len(experiment_id) > _MOST_DIGITS:
        raise ExperimentNotFound(experiment_id)
    return int(experiment_id)
