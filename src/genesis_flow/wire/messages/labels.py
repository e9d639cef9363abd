"""Requests and responses of the noun ``labels``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.labels import LabelSchema, LabelSchemaInput, LabelSchemaType
from genesis_flow.values.message import Int32, Message


class CreateLabelSchema(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/label-schemas/create``."""

    experiment_id: str
    name: str
    type: LabelSchemaType
    input: LabelSchemaInput
    instruction: str | None = None
    enable_comment: bool | None = None


class CreateLabelSchemaResponse(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.CreateLabelSchema.Response``."""

    label_schema: LabelSchema | None = None


class GetLabelSchema(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/label-schemas/get``."""

    schema_id: str


class GetLabelSchemaResponse(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.GetLabelSchema.Response``."""

    label_schema: LabelSchema | None = None


class GetLabelSchemaByName(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/label-schemas/get-by-name``."""

    experiment_id: str
    name: str


class GetLabelSchemaByNameResponse(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.GetLabelSchemaByName.Response``."""

    label_schema: LabelSchema | None = None


class ListLabelSchemas(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/label-schemas/list``."""

    experiment_id: str
    max_results: Int32 | None = None
    page_token: str | None = None


class ListLabelSchemasResponse(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.ListLabelSchemas.Response``."""

    label_schemas: tuple[LabelSchema, ...] = ()
    next_page_token: str | None = None


class UpdateLabelSchema(Message, frozen=True, kw_only=True):
    """``PATCH /api/3.0/mlflow/label-schemas/update``."""

    schema_id: str
    name: str | None = None
    instruction: str | None = None
    enable_comment: bool | None = None
    input: LabelSchemaInput | None = None


class UpdateLabelSchemaResponse(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.UpdateLabelSchema.Response``."""

    label_schema: LabelSchema | None = None


class DeleteLabelSchema(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/label-schemas/delete``."""

    schema_id: str


class DeleteLabelSchemaResponse(Message, frozen=True, kw_only=True):
    """``mlflow.label_schemas.DeleteLabelSchema.Response``."""
