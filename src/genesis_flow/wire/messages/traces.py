"""Requests and responses of the noun ``traces``.

Written by contract/generate.py from MLflow 3.17.2's interface; do not edit by hand.
"""

from __future__ import annotations

from genesis_flow.values.message import Int32, Int64, Message
from genesis_flow.values.trace_metrics import MetricAggregation, MetricDataPoint, MetricViewType
from genesis_flow.values.traces import LinkPromptsToTracePromptVersionRef, Trace, TraceInfo, TraceInfoV3, TraceLocation, TraceRequestMetadata, TraceStatus, TraceTag


class SetTraceTag(Message, frozen=True, kw_only=True):
    """``PATCH /api/2.0/mlflow/traces/{request_id}/tags``."""

    request_id: str | None = None
    key: str | None = None
    value: str | None = None


class SetTraceTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SetTraceTag.Response``."""


class SetTraceTagV3(Message, frozen=True, kw_only=True):
    """``PATCH /api/3.0/mlflow/traces/{trace_id}/tags``."""

    trace_id: str | None = None
    key: str | None = None
    value: str | None = None


class SetTraceTagV3Response(Message, frozen=True, kw_only=True):
    """``mlflow.SetTraceTagV3.Response``."""


class DeleteTraceTag(Message, frozen=True, kw_only=True):
    """``DELETE /api/2.0/mlflow/traces/{request_id}/tags``."""

    request_id: str | None = None
    key: str | None = None


class DeleteTraceTagResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteTraceTag.Response``."""


class DeleteTraceTagV3(Message, frozen=True, kw_only=True):
    """``DELETE /api/3.0/mlflow/traces/{trace_id}/tags``."""

    trace_id: str | None = None
    key: str | None = None


class DeleteTraceTagV3Response(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteTraceTagV3.Response``."""


class StartTrace(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/traces``."""

    experiment_id: str | None = None
    timestamp_ms: Int64 | None = None
    request_metadata: tuple[TraceRequestMetadata, ...] = ()
    tags: tuple[TraceTag, ...] = ()


class StartTraceResponse(Message, frozen=True, kw_only=True):
    """``mlflow.StartTrace.Response``."""

    trace_info: TraceInfo | None = None


class EndTrace(Message, frozen=True, kw_only=True):
    """``PATCH /api/2.0/mlflow/traces/{request_id}``."""

    request_id: str | None = None
    timestamp_ms: Int64 | None = None
    status: TraceStatus | None = None
    request_metadata: tuple[TraceRequestMetadata, ...] = ()
    tags: tuple[TraceTag, ...] = ()


class EndTraceResponse(Message, frozen=True, kw_only=True):
    """``mlflow.EndTrace.Response``."""

    trace_info: TraceInfo | None = None


class GetTraceInfo(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/traces/{request_id}/info``."""

    request_id: str | None = None


class GetTraceInfoResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetTraceInfo.Response``."""

    trace_info: TraceInfo | None = None


class GetTraceInfoV3(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/traces/{trace_id}``."""

    trace_id: str | None = None


class GetTraceInfoV3Response(Message, frozen=True, kw_only=True):
    """``mlflow.GetTraceInfoV3.Response``."""

    trace: Trace | None = None


class GetTrace(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/traces/get``."""

    trace_id: str
    allow_partial: bool | None = None


class GetTraceResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetTrace.Response``."""

    trace: Trace | None = None


class BatchGetTraces(Message, frozen=True, kw_only=True):
    """``GET /api/3.0/mlflow/traces/batchGet``."""

    trace_ids: tuple[str, ...] = ()
    experiment_ids: tuple[str, ...] = ()


class BatchGetTracesResponse(Message, frozen=True, kw_only=True):
    """``mlflow.BatchGetTraces.Response``."""

    traces: tuple[Trace, ...] = ()


class BatchGetTraceInfos(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/traces/batchGetInfos``."""

    trace_ids: tuple[str, ...] = ()
    experiment_ids: tuple[str, ...] = ()


class BatchGetTraceInfosResponse(Message, frozen=True, kw_only=True):
    """``mlflow.BatchGetTraceInfos.Response``."""

    trace_infos: tuple[TraceInfoV3, ...] = ()


class SearchTraces(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/traces``."""

    experiment_ids: tuple[str, ...] = ()
    filter: str | None = None
    max_results: Int32 = 100
    order_by: tuple[str, ...] = ()
    page_token: str | None = None


class SearchTracesResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchTraces.Response``."""

    traces: tuple[TraceInfo, ...] = ()
    next_page_token: str | None = None


class SearchTracesV3(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/traces/search``."""

    locations: tuple[TraceLocation, ...] = ()
    filter: str | None = None
    max_results: Int32 = 100
    order_by: tuple[str, ...] = ()
    page_token: str | None = None


class SearchTracesV3Response(Message, frozen=True, kw_only=True):
    """``mlflow.SearchTracesV3.Response``."""

    traces: tuple[TraceInfoV3, ...] = ()
    next_page_token: str | None = None


class StartTraceV3(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/traces``."""

    trace: Trace


class StartTraceV3Response(Message, frozen=True, kw_only=True):
    """``mlflow.StartTraceV3.Response``."""

    trace: Trace | None = None


class LinkTracesToRun(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/traces/link-to-run``."""

    run_id: str
    trace_ids: tuple[str, ...] = ()


class LinkTracesToRunResponse(Message, frozen=True, kw_only=True):
    """``mlflow.LinkTracesToRun.Response``."""


class LinkPromptsToTrace(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/traces/link-prompts``."""

    trace_id: str
    prompt_versions: tuple[LinkPromptsToTracePromptVersionRef, ...] = ()


class LinkPromptsToTraceResponse(Message, frozen=True, kw_only=True):
    """``mlflow.LinkPromptsToTrace.Response``."""


class SearchUnifiedTraces(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/unified-traces``."""

    model_id: str
    sql_warehouse_id: str
    experiment_ids: tuple[str, ...] = ()
    filter: str | None = None
    max_results: Int32 = 100
    order_by: tuple[str, ...] = ()
    page_token: str | None = None


class SearchUnifiedTracesResponse(Message, frozen=True, kw_only=True):
    """``mlflow.SearchUnifiedTraces.Response``."""

    traces: tuple[TraceInfo, ...] = ()
    next_page_token: str | None = None


class GetOnlineTraceDetails(Message, frozen=True, kw_only=True):
    """``GET /api/2.0/mlflow/get-online-trace-details``."""

    trace_id: str
    sql_warehouse_id: str
    source_inference_table: str
    source_databricks_request_id: str


class GetOnlineTraceDetailsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.GetOnlineTraceDetails.Response``."""

    trace_data: str | None = None


class DeleteTraces(Message, frozen=True, kw_only=True):
    """``POST /api/2.0/mlflow/traces/delete-traces``."""

    experiment_id: str
    max_timestamp_millis: Int64 | None = None
    max_traces: Int32 | None = None
    request_ids: tuple[str, ...] = ()


class DeleteTracesResponse(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteTraces.Response``."""

    traces_deleted: Int32 | None = None


class DeleteTracesV3(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/traces/delete-traces``."""

    experiment_id: str
    max_timestamp_millis: Int64 | None = None
    max_traces: Int32 | None = None
    request_ids: tuple[str, ...] = ()


class DeleteTracesV3Response(Message, frozen=True, kw_only=True):
    """``mlflow.DeleteTracesV3.Response``."""

    traces_deleted: Int32 | None = None


class CalculateTraceFilterCorrelation(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/traces/calculate-filter-correlation``."""

    experiment_ids: tuple[str, ...] = ()
    filter_string1: str | None = None
    filter_string2: str | None = None
    base_filter: str | None = None


class CalculateTraceFilterCorrelationResponse(Message, frozen=True, kw_only=True):
    """``mlflow.CalculateTraceFilterCorrelation.Response``."""

    npmi: float | None = None
    npmi_smoothed: float | None = None
    filter1_count: Int32 | None = None
    filter2_count: Int32 | None = None
    joint_count: Int32 | None = None
    total_count: Int32 | None = None


class QueryTraceMetrics(Message, frozen=True, kw_only=True):
    """``POST /api/3.0/mlflow/traces/metrics``."""

    experiment_ids: tuple[str, ...] = ()
    view_type: MetricViewType | None = None
    metric_name: str | None = None
    aggregations: tuple[MetricAggregation, ...] = ()
    dimensions: tuple[str, ...] = ()
    filters: tuple[str, ...] = ()
    time_interval_seconds: Int64 | None = None
    start_time_ms: Int64 | None = None
    end_time_ms: Int64 | None = None
    max_results: Int32 = 1000
    page_token: str | None = None


class QueryTraceMetricsResponse(Message, frozen=True, kw_only=True):
    """``mlflow.QueryTraceMetrics.Response``."""

    data_points: tuple[MetricDataPoint, ...] = ()
    next_page_token: str | None = None
