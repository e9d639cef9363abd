"""What is where in a folder of offline runs.

    journals/<time>-<machine>-<process>-<chance>.journal    what a process logged, but for points
    journals/….points                                       points of metrics
    artifacts/<experiment>/<run>/artifacts/…                files of runs
    artifacts/<experiment>/models/<model>/artifacts/…       files of logged models
    pushed/<server>/…                                       what a server has confirmed

Each process writes files of its own, at their ends. So nobody waits for anybody, on any number of machines.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from genesis_flow.errors import UnsupportedLocation
from genesis_flow.rules.ids import EXPERIMENT_ID
from genesis_flow.rules.locations import scheme_of

SCHEME = "offline"
JOURNALS, ARTIFACTS, PUSHED, MODELS = "journals", "artifacts", "pushed", "models"
JOURNAL, POINTS = ".journal", ".points"

FILE_NAME = re.compile(r"[A-Za-z0-9._-]{1,200}\.(?:journal|points)")
RUN_ID = re.compile(r"[0-9a-f]{32}")
MODEL_ID = re.compile(r"m-[0-9a-f]{32}")

_DIGITS = 17


def is_offline(uri: str) -> bool:
    """Whether a tracking URI names such a folder."""
    return scheme_of(uri) == SCHEME


def offline_folder(uri: str) -> Path:
    """The folder of ``offline:./runs``, ``offline:/shared/runs`` or ``offline:///shared/runs``, as an absolute path.

    Raises:
        UnsupportedLocation: it names none.
    """
    path = uri.partition(":")[2]
    names_host = path.startswith("//") and not path.startswith("///")
    path = path.removeprefix("//")
    if names_host or not path or "\0" in path:
        raise UnsupportedLocation(SCHEME, "A folder of offline runs is offline:./runs or offline:/path/to/runs")
    return Path(os.path.abspath(os.path.expanduser(path)))


def experiment_id_of(name: str, again: int = 0) -> str:
    """The id of an experiment: the same for one name on all machines, so that none has to ask another.

    Args:
        name: of the experiment.
        again: how many experiments had this id before they got other names.
    """
    digest = hashlib.sha256(f"{again}\0{name}".encode("utf-8", "surrogatepass")).digest()
    return str(10**_DIGITS + int.from_bytes(digest[:8], "big") % (9 * 10**_DIGITS))


def owner_of(path: Sequence[str]) -> tuple[str, str] | None:
    """To which run or model a file belongs, and its path there.

    Args:
        path: from the folder of offline runs.
    """
    match path:
        case ["artifacts", experiment, "models", owner, "artifacts", *rest]:
            is_one = EXPERIMENT_ID.fullmatch(experiment) and MODEL_ID.fullmatch(owner)
        case ["artifacts", experiment, owner, "artifacts", *rest]:
            is_one = EXPERIMENT_ID.fullmatch(experiment) and RUN_ID.fullmatch(owner)
        case _:
            return None
    return (owner, "/".join(rest)) if is_one and rest else None


def artifacts_of(experiment_id: str, owner: str) -> tuple[str, ...]:
    """Where the files of a run or a model are, from the folder of offline runs."""
    between = (MODELS,) if MODEL_ID.fullmatch(owner) else ()
    return (ARTIFACTS, experiment_id, *between, owner, "artifacts")
