"""Values of the noun ``labels``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

from genesis_flow.values.message import Int64, Message


LabelSchemaType = Literal[
    "LABEL_SCHEMA_TYPE_UNSPECIFIED",
    "FEEDBACK",
    "EXPECTATION",
]


class InputCategorical(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.InputCategorical``."""

    options: tuple[str, ...] = ()
    multi_select: bool | None = None


class InputNumeric(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.InputNumeric``."""

    min_value: float | None = None
    max_value: float | None = None


class InputPassFail(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.InputPassFail``."""

    positive_label: str | None = None
    negative_label: str | None = None


class InputText(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.InputText``."""

    max_length: Int64 | None = None


class LabelSchemaInput(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.LabelSchemaInput``."""

    pass_fail: InputPassFail | None = None
    categorical: InputCategorical | None = None
    numeric: InputNumeric | None = None
    text: InputText | None = None


class LabelSchema(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.LabelSchema``."""

    schema_id: str | None = None
    experiment_id: str | None = None
    name: str | None = None
    type: LabelSchemaType | None = None
    instruction: str | None = None
    enable_comment: bool | None = None
    input: LabelSchemaInput | None = None
    created_by: str | None = None
    created_at: Int64 | None = None
    last_updated_at: Int64 | None = None
    is_default: bool | None = None
