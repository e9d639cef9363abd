"""What a verb is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from genesis_flow.values.message import Message
from genesis_flow.wire.codec import Reply

M = TypeVar("M", bound=Message)


def unchecked(message: M) -> M:
    """The check of a message whose types say everything."""
    return message


@dataclass(frozen=True)
class Verb(Generic[M]):
    """How a message is answered.

    Attributes:
        run: what answers it.
        check: refuses a message that must not get there, before any effect; answers the message to go on with.
    """

    run: Callable[[M], Awaitable[Reply[Any]]]
    check: Callable[[M], M] = unchecked


Verbs = Mapping[str, Verb[Any]]
"""Verbs by the names that the table of operations gives them."""
