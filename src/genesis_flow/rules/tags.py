"""The tags that MLflow's interface gives a meaning."""

from __future__ import annotations

from typing import Any

import msgspec

from genesis_flow.errors import InvalidParameter

RESERVED = "mlflow."
"""How the names of those begin."""
RUN_NAME = "mlflow.runName"
NOTE = "mlflow.note.content"
LOGGED_MODELS = "mlflow.log-model.history"
DATASET_CONTEXT = "mlflow.data.context"


def with_model(tag: str | None, model_json: str | None) -> str:
    """The tag ``LOGGED_MODELS`` with a further model's description at its end.

    Raises:
        InvalidParameter: a client wrote something into the tag that is no list.
    """
    text = "[]" if tag is None else tag
    try:
        described: list[Any] = msgspec.json.decode(text, type=list)
    except msgspec.DecodeError:
        raise InvalidParameter(LOGGED_MODELS, text, "a JSON list") from None
    return msgspec.json.encode([*described, msgspec.json.decode(model_json or "{}")]).decode()
