"""Values of the noun ``traces``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from genesis_flow.values.assessments import Assessment
from genesis_flow.values.message import Int32, Int64, Message


TraceStatus = Literal[
    "TRACE_STATUS_UNSPECIFIED",
    "OK",
    "ERROR",
    "IN_PROGRESS",
]


TraceLocationTraceLocationType = Literal[
    "TRACE_LOCATION_TYPE_UNSPECIFIED",
    "MLFLOW_EXPERIMENT",
    "INFERENCE_TABLE",
]


TraceInfoV3State = Literal[
    "STATE_UNSPECIFIED",
    "OK",
    "ERROR",
    "IN_PROGRESS",
]


SpanSpanKind = Literal[
    "SPAN_KIND_UNSPECIFIED",
    "SPAN_KIND_INTERNAL",
    "SPAN_KIND_SERVER",
    "SPAN_KIND_CLIENT",
    "SPAN_KIND_PRODUCER",
    "SPAN_KIND_CONSUMER",
]


StatusStatusCode = Literal[
    "STATUS_CODE_UNSET",
    "STATUS_CODE_OK",
    "STATUS_CODE_ERROR",
]


class TraceRequestMetadata(Message, frozen=True, kw_only=True):
    """``mlflow.TraceRequestMetadata``."""

    key: str | None = None
    value: str | None = None


class TraceTag(Message, frozen=True, kw_only=True):
    """``mlflow.TraceTag``."""

    key: str | None = None
    value: str | None = None


class TraceInfo(Message, frozen=True, kw_only=True):
    """``mlflow.TraceInfo``."""

    request_id: str | None = None
    experiment_id: str | None = None
    timestamp_ms: Int64 | None = None
    execution_time_ms: Int64 | None = None
    status: TraceStatus | None = None
    request_metadata: tuple[TraceRequestMetadata, ...] = ()
    tags: tuple[TraceTag, ...] = ()


class TraceLocationInferenceTableLocation(Message, frozen=True, kw_only=True):
    """``mlflow.TraceLocation.InferenceTableLocation``."""

    full_table_name: str | None = None


class TraceLocationMlflowExperimentLocation(Message, frozen=True, kw_only=True):
    """``mlflow.TraceLocation.MlflowExperimentLocation``."""

    experiment_id: str | None = None


class TraceLocation(Message, frozen=True, kw_only=True):
    """``mlflow.TraceLocation``."""

    type: TraceLocationTraceLocationType | None = None
    mlflow_experiment: TraceLocationMlflowExperimentLocation | None = None
    inference_table: TraceLocationInferenceTableLocation | None = None


class TraceInfoV3(Message, frozen=True, kw_only=True):
    """``mlflow.TraceInfoV3``."""

    trace_id: str | None = None
    client_request_id: str | None = None
    trace_location: TraceLocation | None = None
    request: str | None = None
    response: str | None = None
    request_preview: str | None = None
    response_preview: str | None = None
    request_time: str | None = None
    execution_duration: str | None = None
    state: TraceInfoV3State | None = None
    trace_metadata: dict[str, str] = msgspec.field(default_factory=dict)
    assessments: tuple[Assessment, ...] = ()
    tags: dict[str, str] = msgspec.field(default_factory=dict)


class ArrayValue(Message, frozen=True, kw_only=True):
    """``opentelemetry.proto.common.v1.ArrayValue``."""

    values: tuple[AnyValue, ...] = ()


class KeyValueList(Message, frozen=True, kw_only=True):
    """``opentelemetry.proto.common.v1.KeyValueList``."""

    values: tuple[KeyValue, ...] = ()


class AnyValue(Message, frozen=True, kw_only=True):
    """``opentelemetry.proto.common.v1.AnyValue``."""

    string_value: str | None = None
    bool_value: bool | None = None
    int_value: Int64 | None = None
    double_value: float | None = None
    array_value: ArrayValue | None = None
    kvlist_value: KeyValueList | None = None
    bytes_value: bytes | None = None
    string_value_strindex: Int32 | None = None


class KeyValue(Message, frozen=True, kw_only=True):
    """``opentelemetry.proto.common.v1.KeyValue``."""

    key: str | None = None
    value: AnyValue | None = None
    key_strindex: Int32 | None = None


class SpanEvent(Message, frozen=True, kw_only=True):
    """``opentelemetry.proto.trace.v1.Span.Event``."""

    time_unix_nano: Int64 | None = None
    name: str | None = None
    attributes: tuple[KeyValue, ...] = ()
    dropped_attributes_count: Int32 | None = None


class SpanLink(Message, frozen=True, kw_only=True):
    """``opentelemetry.proto.trace.v1.Span.Link``."""

    trace_id: bytes | None = None
    span_id: bytes | None = None
    trace_state: str | None = None
    attributes: tuple[KeyValue, ...] = ()
    dropped_attributes_count: Int32 | None = None
    flags: Int32 | None = None


class Status(Message, frozen=True, kw_only=True):
    """``opentelemetry.proto.trace.v1.Status``."""

    message: str | None = None
    code: StatusStatusCode | None = None


class Span(Message, frozen=True, kw_only=True):
    """``opentelemetry.proto.trace.v1.Span``."""

    trace_id: bytes | None = None
    span_id: bytes | None = None
    trace_state: str | None = None
    parent_span_id: bytes | None = None
    flags: Int32 | None = None
    name: str | None = None
    kind: SpanSpanKind | None = None
    start_time_unix_nano: Int64 | None = None
    end_time_unix_nano: Int64 | None = None
    attributes: tuple[KeyValue, ...] = ()
    dropped_attributes_count: Int32 | None = None
    events: tuple[SpanEvent, ...] = ()
    dropped_events_count: Int32 | None = None
    links: tuple[SpanLink, ...] = ()
    dropped_links_count: Int32 | None = None
    status: Status | None = None


class Trace(Message, frozen=True, kw_only=True):
    """``mlflow.Trace``."""

    trace_info: TraceInfoV3 | None = None
    spans: tuple[Span, ...] = ()


class LinkPromptsToTracePromptVersionRef(Message, frozen=True, kw_only=True):
    """``mlflow.LinkPromptsToTrace.PromptVersionRef``."""

    name: str
    version: str


class TraceArchivalConfig(Message, frozen=True, kw_only=True):
    """``mlflow.TraceArchivalConfig``."""

    location: str | None = None
    retention: str | None = None
