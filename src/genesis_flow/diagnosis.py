"""What is installed here, where runs are kept, and whether somebody answers there."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from urllib.parse import urlsplit

from genesis_flow import __version__
from genesis_flow.client import uris
from genesis_flow.client.http import connect_http
from genesis_flow.distributions import OURS, distributions_of_mlflow
from genesis_flow.errors import ServerError
from genesis_flow.exceptions import MlflowException
from genesis_flow.wire.messages.experiments import SearchExperiments
from genesis_flow.wire.operations import operation_of

Report = dict[str, "str | list[str] | dict[str, str]"]

HIDDEN = "***"
_SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|KEY|CREDENTIAL|CONTEXT", re.IGNORECASE)
_USER = re.compile(r"://.*@", re.DOTALL)  # to the last @: a password may have any character in it
_QUERY = re.compile(r"\?.*", re.DOTALL)
_OF_EXTRA = re.compile(r"""([\w.-]+).*;.*\bextra\s*==\s*['"]([\w-]+)['"]""")
_FOR_DEVELOPERS = frozenset({"dev", "compat"})


def doctor(mask_envs: bool = False) -> None:
    """Prints what is installed here, where runs are kept, and whether somebody answers there; for reports of bugs.

    Nothing is changed or opened but a connection to the server. No password and no token is printed.

    Args:
        mask_envs: whether to hide the values of all environment variables, not only of those that are secret.
    """
    print(show(examine(mask_envs=mask_envs)))


def examine(*, mask_envs: bool = False) -> Report:
    """What :func:`doctor` prints; the advice stands last, and is empty if all is well."""
    theirs, tracking_uri = distributions_of_mlflow(), uris.get_tracking_uri()
    answer, answers = _answer(tracking_uri)
    provider = _provider_of_mlflow()
    return {
        "genesis_flow": __version__,
        "genesis_flow_mlflow": _version(OURS),
        "mlflow": {name: _version(name) for name in theirs},
        "import_mlflow": provider,
        "python": platform.python_version(),
        "system": platform.platform(),
        "tracking_uri": public(tracking_uri),
        "registry_uri": public(uris.get_registry_uri()),
        "server": answer,
        "extras": dict(_extras()),
        "environment": dict(_environment(mask_envs)),
        "advice": [*_advice(theirs, provider), *([] if answers else ["See above why the server does not answer."])],
    }


def show(report: Report) -> str:
    """A report as lines to read."""
    width = max(map(len, report))
    return "\n".join(f"{name.replace('_', ' ').capitalize():{width}}  {_text(of)}" for name, of in report.items())


def public(uri: str) -> str:
    """A URI as it may be shown: without what may be a user, a password or a token."""
    return _QUERY.sub(f"?{HIDDEN}", _USER.sub(f"://{HIDDEN}@", uri))


def _text(value: str | list[str] | dict[str, str]) -> str:
    if isinstance(value, str):
        return value
    lines = value if isinstance(value, list) else [f"{name}: {text}" for name, text in value.items()]
    return "".join(f"\n  {line}" for line in lines) or "none"


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def _provider_of_mlflow() -> str:
    """Whose package ``import mlflow`` finds, without importing it."""
    spec = importlib.util.find_spec("mlflow")
    if spec is None or spec.origin is None:
        return "nobody's"
    return "Genesis-Flow's" if "genesis_flow" in Path(spec.origin).read_text(encoding="utf-8") else "MLflow's"


def _answer(tracking_uri: str) -> tuple[str, bool]:
    """What is at the tracking URI, and whether that is well."""
    if urlsplit(tracking_uri).scheme not in ("http", "https"):
        return "none; runs are kept in this process, in a database or a folder that is not opened now", True
    try:
        server = connect_http(tracking_uri, again=False)
        version = _asked(partial(server.request, "GET", "/version")).decode("utf-8", "replace")[:20]
        _asked(partial(server.send, operation_of(SearchExperiments), SearchExperiments(max_results=1)))
    except MlflowException as error:
        return str(error), False
    return f"answers, and speaks MLflow's interface of {version}", True


def _asked(question: Callable[[], bytes]) -> bytes:
    try:
        return question()
    except ServerError as error:
        raise MlflowException(f"The server refuses with status {error.status}: {error.message[:200]}") from None


def _extras() -> Iterator[tuple[str, str]]:
    """Each extra, and which of its packages are missing."""
    needed: dict[str, list[str]] = {}
    for line in _requirements():
        found = _OF_EXTRA.match(line)
        if found is not None and found[2] not in _FOR_DEVELOPERS:
            needed.setdefault(found[2], []).append(found[1])
    for extra, packages in needed.items():
        missing = [package for package in packages if _version(package) == "not installed"]
        yield extra, f"missing: {', '.join(missing)}" if missing else "installed"


def _requirements() -> list[str]:
    try:
        return requires("genesis-flow") or []
    except PackageNotFoundError:  # the sources, without an installation
        return []


def _environment(mask: bool) -> Iterator[tuple[str, str]]:
    for name, value in sorted(os.environ.items()):
        if name.startswith("MLFLOW_"):
            yield name, HIDDEN if mask or _SECRET.search(name) else public(value)


def _advice(theirs: list[str], provider: str) -> Iterator[str]:
    if theirs and (provider == "Genesis-Flow's" or _version(OURS) != "not installed"):
        yield (
            f"{', '.join(theirs)} and {OURS} both wrote the package mlflow (now: {provider}). To keep ours: "
            f"pip uninstall {' '.join(theirs)} && pip install --force-reinstall --no-deps {OURS}. "
            f"To keep MLflow's: pip uninstall {OURS} && pip install --force-reinstall --no-deps {' '.join(theirs)}."
        )
