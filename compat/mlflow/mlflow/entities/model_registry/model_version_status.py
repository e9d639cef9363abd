"""States of a version as numbers; the version itself has the name (``version.status``).

Source: the values of mlflow 3.17.2.
"""

from collections.abc import Mapping
from typing import TypeVar

from genesis_flow.exceptions import MlflowException

_NAMES = {1: "PENDING_REGISTRATION", 2: "FAILED_REGISTRATION", 3: "READY"}
_NUMBERS = {name: number for number, name in _NAMES.items()}
K = TypeVar("K")
V = TypeVar("V")


class ModelVersionStatus:
    """From a number to the name of a state, and back."""

    PENDING_REGISTRATION, FAILED_REGISTRATION, READY = _NAMES

    @staticmethod
    def from_string(status_str: str) -> int:
        """The number of a state; raises ``MlflowException`` for an unknown one."""
        return _found(_NUMBERS, status_str)

    @staticmethod
    def to_string(status: int) -> str:
        """The name of a state; raises ``MlflowException`` for an unknown one."""
        return _found(_NAMES, status)

    @staticmethod
    def all_status() -> list[int]:
        """Every state."""
        return list(_NAMES)


def _found(states: Mapping[K, V], state: K) -> V:
    if state not in states:
        raise MlflowException(f"There is no state {state!r} of a version: it is one of {', '.join(map(str, states))}.")
    return states[state]
