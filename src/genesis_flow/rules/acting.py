"""Who acts: the user for whom a verb is run, for what keeps a history of changes.

It stands beside the messages and not in them, because a message is the caller's own word and this is the server's.
"""

from __future__ import annotations

from contextvars import ContextVar

ACTING: ContextVar[str] = ContextVar("acting", default="")
"""The name of the user who asked; empty when the server asks nobody who they are."""
