"""Where runs and models are kept: what was set, what the environment says, and what is meant by default."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from genesis_flow.environment_variables import MLFLOW_REGISTRY_URI, MLFLOW_TRACKING_URI
from genesis_flow.rules.locations import scheme_of

DEFAULT_STORE = "genesis-flow.db"
"""The database that is meant when nobody said anything; a folder ``mlruns`` that is there already comes before it."""

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
    return _set_tracking_uri or MLFLOW_TRACKING_URI.get() or _default_uri(os.getcwd())


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


def both(tracking_uri: str | None, registry_uri: str | None) -> tuple[str, str]:
    """Where runs are kept and models registered: as named, or as set; where runs are kept, unless it is said."""
    return tracking_uri or get_tracking_uri(), registry_uri or tracking_uri or get_registry_uri()


@lru_cache(maxsize=8)
def _default_uri(folder: str) -> str:
    """PERF: each call of the fluent interface asks for it twice, and a look at the disk takes as long as all else."""
    runs, store = Path(folder, "mlruns"), Path(folder, DEFAULT_STORE)
    if any(runs.glob("*/meta.yaml")) and not store.exists():
        return runs.resolve().as_uri()
    return f"sqlite:///{store}"


def absolute(uri: str) -> str:
    """A tracking URI that means the same in any folder."""
    scheme, _, rest = uri.partition(":///")
    if scheme == "sqlite" and not rest.startswith("/"):
        path, question, query = rest.partition("?")
        return f"sqlite:///{os.path.abspath(path)}{question}{query}"
    if scheme_of(uri) == "offline":
        from genesis_flow.journals.layout import SCHEME, offline_folder

        return f"{SCHEME}:{offline_folder(uri)}"
    return uri if scheme_of(uri) else Path(uri).expanduser().resolve().as_uri()
