"""The switch that turns on autologging: kept for the flavors to come, for none logs by itself in this version."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

log = logging.getLogger("genesis_flow")

FRAMEWORKS: tuple[str, ...] = ()
"""The frameworks whose training is logged without a call; none in this version."""


@dataclass(frozen=True)
class Autologging:
    """How a program wants its training logged, as it told :func:`autolog`."""

    log_input_examples: bool = False
    log_model_signatures: bool = True
    log_models: bool = True
    log_datasets: bool = True
    log_traces: bool = True
    disable: bool = False
    exclusive: bool = False
    disable_for_unsupported_versions: bool = False
    silent: bool = False
    extra_tags: Mapping[str, Any] | None = None
    exclude_flavors: Sequence[str] | None = None


_settings = Autologging(disable=True)
_told = False


def settings() -> Autologging:
    """What was said last; disabled before the first call."""
    return _settings


def autolog(
    log_input_examples: bool = False,
    log_model_signatures: bool = True,
    log_models: bool = True,
    log_datasets: bool = True,
    log_traces: bool = True,
    disable: bool = False,
    exclusive: bool = False,
    disable_for_unsupported_versions: bool = False,
    silent: bool = False,
    extra_tags: Mapping[str, str] | None = None,
    exclude_flavors: Sequence[str] | None = None,
) -> None:
    """Lets frameworks log their training by themselves: those in ``FRAMEWORKS``, which are none in this version.

    Programs call this on their first line, so it never raises; it says once that nothing is logged by itself.

    Args:
        log_input_examples: whether to log a few inputs with a model.
        log_model_signatures: whether to log what a model takes and answers.
        log_models: whether to log models.
        log_datasets: whether to log what was trained on.
        log_traces: whether to log traces.
        disable: whether to turn it off again.
        exclusive: whether to log nothing to runs that the program started itself.
        disable_for_unsupported_versions: whether to leave frameworks alone whose version was not tested.
        silent: whether to say nothing while logging.
        extra_tags: tags for runs that are started here.
        exclude_flavors: frameworks that are left alone.
    """
    global _settings, _told
    _settings = Autologging(
        log_input_examples,
        log_model_signatures,
        log_models,
        log_datasets,
        log_traces,
        disable,
        exclusive,
        disable_for_unsupported_versions,
        silent,
        extra_tags,
        exclude_flavors,
    )
    if not (disable or silent or _told):
        _told = True
        log.warning(
            "autolog() logs nothing in this version of Genesis-Flow: no framework is watched yet. Call log_params and "
            "log_metrics, or use the framework's own callback for MLflow."
        )
