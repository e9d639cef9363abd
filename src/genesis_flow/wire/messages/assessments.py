"""Requests and responses of the noun ``assessments``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.assessments import Assessment
from genesis_flow.values.message import Message


class GetAssessmentRequest(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}``."""

    trace_id: str
    assessment_id: str


class GetAssessmentRequestResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetAssessmentRequest.Response``."""

    assessment: Assessment | None = None


class CreateAssessment(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/traces/{assessment.trace_id}/assessments``."""

    assessment: Assessment


class CreateAssessmentResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CreateAssessment.Response``."""

    assessment: Assessment | None = None


class UpdateAssessment(Message, frozen=True, kw_only=True):
    """``PATCH /api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}``."""

    assessment: Assessment
    update_mask: str


class UpdateAssessmentResponse(Message, frozen=True, kw_only=True):
    """``mlflow.UpdateAssessment.Response``."""

    assessment: Assessment | None = None


class DeleteAssessment(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}``."""

    trace_id: str
    assessment_id: str


class DeleteAssessmentResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteAssessment.Response``."""
