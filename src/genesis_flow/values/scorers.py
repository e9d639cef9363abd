"""Values of the noun ``scorers``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Int32, Int64, Message


class Scorer(Message, frozen=True, kw_only=True):
    """``mlflow.Scorer``."""

    experiment_id: Int32 | None = None
    scorer_name: str | None = None
    scorer_version: Int32 | None = None
    serialized_scorer: str | None = None
    creation_time: Int64 | None = None
    scorer_id: str | None = None
