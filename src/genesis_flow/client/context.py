"""Where a run comes from, as its tags tell: who started it, which program, at which commit.

Source: the tags that mlflow 3.17.2 sets in the same situations.
"""

from __future__ import annotations

import functools
import getpass
import json
import logging
import os
import sys
from typing import Any

from genesis_flow.client import git, plugins
from genesis_flow.environment_variables import MLFLOW_RUN_CONTEXT

log = logging.getLogger("genesis_flow")

USER = "mlflow.user"
SOURCE_NAME = "mlflow.source.name"
SOURCE_TYPE = "mlflow.source.type"
GIT_COMMIT = "mlflow.source.git.commit"
GIT_BRANCH = "mlflow.source.git.branch"
GIT_URL = "mlflow.source.git.repoURL"

_told: set[str] = set()


def run_tags() -> dict[str, str]:
    """The tags that a run gets at its start: they are found anew each time, for a notebook outlives its commits.

    What plugins (``mlflow.run_context_provider``) say comes after what is found here, and the JSON in
    ``MLFLOW_RUN_CONTEXT`` before the plugins. Whatever fails among them is left out, and told of once.
    """
    program = _program()
    tags: dict[str, Any] = {
        **_user(),
        SOURCE_NAME: _notebook_name() or program,
        SOURCE_TYPE: "NOTEBOOK" if _in_notebook() else "LOCAL",
        **_code(program),
        **_of_environment(),
    }
    for provider in _providers():
        try:
            if provider.in_context():
                tags.update(provider.tags())
        except Exception as error:  # a plugin may fail in any way, and must not take the run with it
            _tell(f"The plugin {type(provider).__name__} cannot say where a run comes from: {error}")
    return {str(key): str(value) for key, value in tags.items()}


def _user() -> dict[str, str]:
    try:
        return {USER: getpass.getuser()}
    except (KeyError, ImportError, OSError):  # nobody: a number without a name, as in containers
        return {}


def _program() -> str:
    """The program as it was called; ``-c`` and ``-`` are what Python calls a command and its input."""
    return (sys.argv[0] if getattr(sys, "argv", None) else "") or "<console>"


def _in_notebook() -> bool:
    # IPython is there already, if this is a notebook.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return type(shell).__name__ == "ZMQInteractiveShell"


def _notebook_name() -> str | None:
    """What the server of a notebook calls it, in the environment of its kernel; MLflow asks the server by HTTP."""
    return os.path.basename(os.environ.get("JPY_SESSION_NAME", "")) or None if _in_notebook() else None


def _code(program: str) -> dict[str, str]:
    code = git.code_at(program)
    if code is None:
        return {}
    named = {GIT_COMMIT: code.commit, GIT_BRANCH: code.branch, GIT_URL: code.url}
    return {key: value for key, value in named.items() if value is not None}


def _of_environment() -> dict[str, Any]:
    text = MLFLOW_RUN_CONTEXT.get()
    if not text:
        return {}
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError):
        _tell("The environment variable MLFLOW_RUN_CONTEXT is passed over: it must be a JSON object of tags.")
        return {}


@functools.cache
def _providers() -> tuple[Any, ...]:
    """The providers that are installed, each made once."""
    made = []
    for provider in plugins.load("mlflow.run_context_provider"):
        try:
            made.append(provider())
        except Exception as error:  # as above
            _tell(f"The plugin {provider!r} cannot say where a run comes from: {error}")
    return tuple(made)


def _tell(sentence: str) -> None:
    if sentence not in _told:
        _told.add(sentence)
        log.warning("%s", sentence)
