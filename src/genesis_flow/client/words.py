"""From what programs hand to the client to what goes out."""

from __future__ import annotations

from typing import Any, TypeVar

from genesis_flow.entities import RunStatus, ViewType
from genesis_flow.errors import InvalidMetricValue, InvalidParameter, Unavailable
from genesis_flow.values import experiments, runs

_VIEW_TYPES: dict[int, experiments.ViewType] = {
    ViewType.ACTIVE_ONLY: "ACTIVE_ONLY",
    ViewType.DELETED_ONLY: "DELETED_ONLY",
    ViewType.ALL: "ALL",
}
_STATUSES: dict[str, runs.RunStatus] = {
    "RUNNING": "RUNNING",
    "SCHEDULED": "SCHEDULED",
    "FINISHED": "FINISHED",
    "FAILED": "FAILED",
    "KILLED": "KILLED",
}


T = TypeVar("T")


def there(value: T | None) -> T:
    """What an answer must hold.

    Raises:
        Unavailable: it does not: whoever answered is no server of this interface.
    """
    if value is None:
        raise Unavailable("The server answered without what it was asked for; it may be none of MLflow's interface.")
    return value


def text_of(value: Any) -> str:
    """A value of a param or a tag as its text."""
    return value if type(value) is str else str(value)


def metric_value_of(key: str, value: Any) -> float:
    """A metric's value as a float: numbers, and what holds one number (NumPy, PyTorch, TensorFlow, JAX).

    Raises:
        InvalidMetricValue: it is none.
    """
    if type(value) is float:
        return value
    try:
        return float(value.item() if hasattr(value, "item") else value.numpy() if hasattr(value, "numpy") else value)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        raise InvalidMetricValue(key, value) from None


def view_type_of(view_type: int) -> experiments.ViewType:
    """A view type as it goes out.

    Raises:
        InvalidParameter: there is none of this number.
    """
    if view_type not in _VIEW_TYPES:
        raise InvalidParameter("view_type", view_type, "ViewType.ACTIVE_ONLY, DELETED_ONLY or ALL")
    return _VIEW_TYPES[view_type]


def status_of(status: str | int) -> runs.RunStatus:
    """The status of a run, by its name or its number, as it goes out.

    Raises:
        InvalidParameter: there is none of this name.
    """
    name = RunStatus.to_string(status) if isinstance(status, int) and status in RunStatus.all_status() else status
    if name not in _STATUSES:
        raise InvalidParameter("status", status, ", ".join(_STATUSES))
    return _STATUSES[str(name)]
