"""What the nouns of the client have in common: where their messages go."""

from __future__ import annotations

from genesis_flow.client.connection import Calls


class Noun:
    """The verbs of one noun; ``MlflowClient`` is all of them together.

    Attributes:
        _tracking: answers messages about experiments, runs and what belongs to them.
        _registry: answers messages about registered models.
    """

    _tracking: Calls
    _registry: Calls
