"""Values of the noun ``assessments``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from genesis_flow.values.message import Message


AssessmentSourceSourceType = Literal[
    "SOURCE_TYPE_UNSPECIFIED",
    "HUMAN",
    "LLM_JUDGE",
    "CODE",
]


class AssessmentError(Message, frozen=True, kw_only=True):
    """``mlflow.assessments.AssessmentError``."""

    error_code: str | None = None
    error_message: str | None = None
    stack_trace: str | None = None


class AssessmentSource(Message, frozen=True, kw_only=True):
    """``mlflow.assessments.AssessmentSource``."""

    source_type: AssessmentSourceSourceType
    source_id: str


class ExpectationSerializedValue(Message, frozen=True, kw_only=True):
    """``mlflow.assessments.Expectation.SerializedValue``."""

    serialization_format: str | None = None
    value: str | None = None


class Expectation(Message, frozen=True, kw_only=True):
    """``mlflow.assessments.Expectation``."""

    value: Any | None = None
    serialized_value: ExpectationSerializedValue | None = None


class Feedback(Message, frozen=True, kw_only=True):
    """``mlflow.assessments.Feedback``."""

    value: Any | None = None
    error: AssessmentError | None = None


class IssueReference(Message, frozen=True, kw_only=True):
    """``mlflow.assessments.IssueReference``."""

    issue_name: str


class Assessment(Message, frozen=True, kw_only=True):
    """``mlflow.assessments.Assessment``."""

    assessment_name: str
    assessment_id: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    source: AssessmentSource | None = None
    create_time: str | None = None
    last_update_time: str | None = None
    feedback: Feedback | None = None
    expectation: Expectation | None = None
    issue: IssueReference | None = None
    rationale: str | None = None
    error: AssessmentError | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    overrides: str | None = None
    valid: bool = True
