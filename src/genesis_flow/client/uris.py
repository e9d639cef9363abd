"""Where runs and models are kept: what was set, what the environment says, and what is meant by default."""

from __future__ import annotations

import os
from pathlib import Path

from genesis_flow.environment_variables import MLFLOW_REGISTRY_URI, MLFLOW_TRACKING_URI

DEFAULT_STORE = "sqlite:///genesis-flow.db"
"""What is meant when nobody said anything; a folder ``mlruns`` that is there already comes before it."""

_set_tracking_uri: str | None = None
_set_registry_uri: str | None = None


def is_tracking_uri_set() -> bool:
    """Whether the program or the environment says where runs are kept."""
    return bool(_set_tracking_uri or MLFLOW_TRACKING_URI.get())


def set_tracking_uri(uri: str | Path) -> None:
    """Says where runs are kept from now on, here and in the processes that this one starts.

    Args:
        uri: ``http(s)://server``, a database such as ``sqlite:///runs.db``, or a folder; empty: the default again.
    """
    global _set_tracking_uri
    text = uri.expanduser().resolve().as_uri() if isinstance(uri, Path) else uri
    _set_tracking_uri = text
    if text:
        MLFLOW_TRACKING_URI.set(text)
    else:
        MLFLOW_TRACKING_URI.unset()


def get_tracking_uri() -> str:
    """Where runs are kept."""
    return _set_tracking_uri or MLFLOW_TRACKING_URI.get() or _default_uri()


def set_registry_uri(uri: str | None) -> None:
    """Says where models are registered from now on; None or empty: where runs are kept."""
    global _set_registry_uri
    _set_registry_uri = uri
    if uri:
        MLFLOW_REGISTRY_URI.set(uri)
    else:
        MLFLOW_REGISTRY_URI.unset()


def get_registry_uri() -> str:
    """Where models are registered."""
    return _set_registry_uri or MLFLOW_REGISTRY_URI.get() or get_tracking_uri()


def _default_uri() -> str:
    runs = Path("mlruns")
    if any(runs.glob("*/meta.yaml")) and not Path(DEFAULT_STORE.removeprefix("sqlite:///")).exists():
        return runs.resolve().as_uri()
    return f"sqlite:///{os.path.abspath(DEFAULT_STORE.removeprefix('sqlite:///'))}"


def absolute(uri: str) -> str:
    """A tracking URI that means the same in any folder."""
    scheme, colon, rest = uri.partition(":///")
    if scheme == "sqlite" and colon and not rest.startswith("/"):
        path, question, query = rest.partition("?")
        return f"sqlite:///{os.path.abspath(path)}{question}{query}"
    if ":" not in uri or uri.startswith("~"):
        return Path(uri).expanduser().resolve().as_uri()
    return uri
