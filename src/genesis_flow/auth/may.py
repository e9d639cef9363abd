"""What a caller may do.

Every operation declares the permission that it needs, and nothing reaches a store without having been asked
here. This version has one policy, an open server; accounts and roles come as others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from genesis_flow.values.message import Message


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Attributes:
        name: the user's name; empty when the server asks nobody who they are.
    """

    name: str = ""


ANYONE = Caller()


class Policy(Protocol):
    """Decides what a caller may do."""

    def require(self, caller: Caller, permission: str, message: Message) -> None:
        """Answers if the caller may send this message.

        Args:
            caller: who asks.
            permission: what the operation needs, as ``noun:action``.
            message: what is asked, already validated.

        Raises:
            Forbidden: they may not.
        """


class OpenPolicy:
    """Everybody who reaches the server may do everything, as with MLflow's server by default."""

    def require(self, caller: Caller, permission: str, message: Message) -> None:
        return None
