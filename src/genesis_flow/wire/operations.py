"""The table of operations: MLflow's REST interface and our own, one row each.

The server mounts it, clients and ``RestStore`` send from it, authorization reads its permissions, OpenAPI and
``docs/compatibility.md`` are printed from it, and a test compares it with ``contract/rest.json``. Two rows of
one name are one operation that answers to two methods. A row that this version does not implement yet answers
501.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from genesis_flow.values.message import Message
from genesis_flow.wire.messages import (
    artifacts,
    assessments,
    datasets,
    evaluation_datasets,
    experiments,
    extended,
    gateway,
    issues,
    jobs,
    keys,
    labels,
    logged_models,
    metrics,
    model_history,
    registry,
    reviews,
    run_comparisons,
    run_tables,
    runs,
    scorers,
    traces,
    unlisted,
    webhook_deliveries,
    webhooks,
    workspaces,
)

Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


@dataclass(frozen=True, slots=True)
class Operation(Generic[Request, Response]):
    """One row of the table.

    Attributes:
        name: the verb, as the stores and services spell it.
        method: the HTTP method.
        path: the path under the server's prefix, with ``{field}`` where a field of the request stands in it.
        request: what is asked.
        response: what is answered.
        permission: what the caller needs, as ``noun:action``; never empty.
    """

    name: str
    method: str
    path: str
    request: type[Request]
    response: type[Response]
    permission: str

    def __post_init__(self) -> None:
        if not self.permission:
            raise ValueError(f"the operation {self.name} declares no permission")

    @property
    def mirror(self) -> str:
        """The same path as a page asks for it: every ``/api/…`` answers under ``/ajax-api/…`` too."""
        return self.path.replace("/api/", "/ajax-api/", 1)


# fmt: off
MLFLOW: tuple[Operation[Any, Any], ...] = (
    # --- MlflowService ---
    Operation("get_experiment_by_name", "GET", "/api/2.0/mlflow/experiments/get-by-name", experiments.GetExperimentByName, experiments.GetExperimentByNameResponse, "experiments:read"),
    Operation("create_experiment", "POST", "/api/2.0/mlflow/experiments/create", experiments.CreateExperiment, experiments.CreateExperimentResponse, "experiments:write"),
    Operation("search_experiments", "POST", "/api/2.0/mlflow/experiments/search", experiments.SearchExperiments, experiments.SearchExperimentsResponse, "experiments:read"),
    Operation("search_experiments", "GET", "/api/2.0/mlflow/experiments/search", experiments.SearchExperiments, experiments.SearchExperimentsResponse, "experiments:read"),
    Operation("get_experiment", "GET", "/api/2.0/mlflow/experiments/get", experiments.GetExperiment, experiments.GetExperimentResponse, "experiments:read"),
    Operation("delete_experiment", "POST", "/api/2.0/mlflow/experiments/delete", experiments.DeleteExperiment, experiments.DeleteExperimentResponse, "experiments:delete"),
    Operation("restore_experiment", "POST", "/api/2.0/mlflow/experiments/restore", experiments.RestoreExperiment, experiments.RestoreExperimentResponse, "experiments:delete"),
    Operation("update_experiment", "POST", "/api/2.0/mlflow/experiments/update", experiments.UpdateExperiment, experiments.UpdateExperimentResponse, "experiments:write"),
    Operation("create_run", "POST", "/api/2.0/mlflow/runs/create", runs.CreateRun, runs.CreateRunResponse, "runs:write"),
    Operation("update_run", "POST", "/api/2.0/mlflow/runs/update", runs.UpdateRun, runs.UpdateRunResponse, "runs:write"),
    Operation("delete_run", "POST", "/api/2.0/mlflow/runs/delete", runs.DeleteRun, runs.DeleteRunResponse, "runs:delete"),
    Operation("restore_run", "POST", "/api/2.0/mlflow/runs/restore", runs.RestoreRun, runs.RestoreRunResponse, "runs:delete"),
    Operation("log_metric", "POST", "/api/2.0/mlflow/runs/log-metric", metrics.LogMetric, metrics.LogMetricResponse, "metrics:write"),
    Operation("log_param", "POST", "/api/2.0/mlflow/runs/log-parameter", runs.LogParam, runs.LogParamResponse, "runs:write"),
    Operation("set_experiment_tag", "POST", "/api/2.0/mlflow/experiments/set-experiment-tag", experiments.SetExperimentTag, experiments.SetExperimentTagResponse, "experiments:write"),
    Operation("delete_experiment_tag", "POST", "/api/2.0/mlflow/experiments/delete-experiment-tag", experiments.DeleteExperimentTag, experiments.DeleteExperimentTagResponse, "experiments:write"),
    Operation("set_tag", "POST", "/api/2.0/mlflow/runs/set-tag", runs.SetTag, runs.SetTagResponse, "runs:write"),
    Operation("set_trace_tag", "PATCH", "/api/2.0/mlflow/traces/{request_id}/tags", traces.SetTraceTag, traces.SetTraceTagResponse, "traces:write"),
    Operation("set_trace_tag_v3", "PATCH", "/api/3.0/mlflow/traces/{trace_id}/tags", traces.SetTraceTagV3, traces.SetTraceTagV3Response, "traces:write"),
    Operation("delete_trace_tag", "DELETE", "/api/2.0/mlflow/traces/{request_id}/tags", traces.DeleteTraceTag, traces.DeleteTraceTagResponse, "traces:write"),
    Operation("delete_trace_tag_v3", "DELETE", "/api/3.0/mlflow/traces/{trace_id}/tags", traces.DeleteTraceTagV3, traces.DeleteTraceTagV3Response, "traces:write"),
    Operation("delete_tag", "POST", "/api/2.0/mlflow/runs/delete-tag", runs.DeleteTag, runs.DeleteTagResponse, "runs:write"),
    Operation("get_run", "GET", "/api/2.0/mlflow/runs/get", runs.GetRun, runs.GetRunResponse, "runs:read"),
    Operation("search_runs", "POST", "/api/2.0/mlflow/runs/search", runs.SearchRuns, runs.SearchRunsResponse, "runs:read"),
    Operation("list_artifacts", "GET", "/api/2.0/mlflow/artifacts/list", artifacts.ListArtifacts, artifacts.ListArtifactsResponse, "artifacts:read"),
    Operation("create_presigned_upload_url", "POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", artifacts.CreatePresignedUploadUrl, artifacts.CreatePresignedUploadUrlResponse, "artifacts:write"),
    Operation("create_presigned_download_url", "POST", "/api/2.0/mlflow/artifacts/presigned-download-url", artifacts.CreatePresignedDownloadUrl, artifacts.CreatePresignedDownloadUrlResponse, "artifacts:write"),
    Operation("get_metric_history", "GET", "/api/2.0/mlflow/metrics/get-history", metrics.GetMetricHistory, metrics.GetMetricHistoryResponse, "metrics:read"),
    Operation("get_metric_history_bulk_interval", "GET", "/api/2.0/mlflow/metrics/get-history-bulk-interval", metrics.GetMetricHistoryBulkInterval, metrics.GetMetricHistoryBulkIntervalResponse, "metrics:read"),
    Operation("log_batch", "POST", "/api/2.0/mlflow/runs/log-batch", runs.LogBatch, runs.LogBatchResponse, "runs:write"),
    Operation("log_model", "POST", "/api/2.0/mlflow/runs/log-model", runs.LogModel, runs.LogModelResponse, "runs:write"),
    Operation("log_inputs", "POST", "/api/2.0/mlflow/runs/log-inputs", runs.LogInputs, runs.LogInputsResponse, "runs:write"),
    Operation("log_outputs", "POST", "/api/2.0/mlflow/runs/outputs", runs.LogOutputs, runs.LogOutputsResponse, "runs:write"),
    Operation("search_datasets", "POST", "/api/2.0/mlflow/experiments/search-datasets", datasets.SearchDatasets, datasets.SearchDatasetsResponse, "datasets:read"),
    Operation("start_trace", "POST", "/api/2.0/mlflow/traces", traces.StartTrace, traces.StartTraceResponse, "traces:write"),
    Operation("end_trace", "PATCH", "/api/2.0/mlflow/traces/{request_id}", traces.EndTrace, traces.EndTraceResponse, "traces:write"),
    Operation("get_trace_info", "GET", "/api/2.0/mlflow/traces/{request_id}/info", traces.GetTraceInfo, traces.GetTraceInfoResponse, "traces:read"),
    Operation("get_trace_info_v3", "GET", "/api/3.0/mlflow/traces/{trace_id}", traces.GetTraceInfoV3, traces.GetTraceInfoV3Response, "traces:read"),
    Operation("get_trace", "GET", "/api/3.0/mlflow/traces/get", traces.GetTrace, traces.GetTraceResponse, "traces:read"),
    Operation("batch_get_traces", "GET", "/api/3.0/mlflow/traces/batchGet", traces.BatchGetTraces, traces.BatchGetTracesResponse, "traces:read"),
    Operation("batch_get_trace_infos", "POST", "/api/3.0/mlflow/traces/batchGetInfos", traces.BatchGetTraceInfos, traces.BatchGetTraceInfosResponse, "traces:read"),
    Operation("search_traces", "GET", "/api/2.0/mlflow/traces", traces.SearchTraces, traces.SearchTracesResponse, "traces:read"),
    Operation("search_traces_v3", "POST", "/api/3.0/mlflow/traces/search", traces.SearchTracesV3, traces.SearchTracesV3Response, "traces:read"),
    Operation("start_trace_v3", "POST", "/api/3.0/mlflow/traces", traces.StartTraceV3, traces.StartTraceV3Response, "traces:write"),
    Operation("link_traces_to_run", "POST", "/api/2.0/mlflow/traces/link-to-run", traces.LinkTracesToRun, traces.LinkTracesToRunResponse, "traces:write"),
    Operation("link_prompts_to_trace", "POST", "/api/2.0/mlflow/traces/link-prompts", traces.LinkPromptsToTrace, traces.LinkPromptsToTraceResponse, "traces:write"),
    Operation("search_unified_traces", "GET", "/api/2.0/mlflow/unified-traces", traces.SearchUnifiedTraces, traces.SearchUnifiedTracesResponse, "traces:read"),
    Operation("get_online_trace_details", "GET", "/api/2.0/mlflow/get-online-trace-details", traces.GetOnlineTraceDetails, traces.GetOnlineTraceDetailsResponse, "traces:read"),
    Operation("delete_traces", "POST", "/api/2.0/mlflow/traces/delete-traces", traces.DeleteTraces, traces.DeleteTracesResponse, "traces:delete"),
    Operation("delete_traces_v3", "POST", "/api/3.0/mlflow/traces/delete-traces", traces.DeleteTracesV3, traces.DeleteTracesV3Response, "traces:delete"),
    Operation("calculate_trace_filter_correlation", "POST", "/api/3.0/mlflow/traces/calculate-filter-correlation", traces.CalculateTraceFilterCorrelation, traces.CalculateTraceFilterCorrelationResponse, "traces:read"),
    Operation("query_trace_metrics", "POST", "/api/3.0/mlflow/traces/metrics", traces.QueryTraceMetrics, traces.QueryTraceMetricsResponse, "traces:read"),
    Operation("list_workspaces", "GET", "/api/3.0/mlflow/workspaces", workspaces.ListWorkspaces, workspaces.ListWorkspacesResponse, "workspaces:read"),
    Operation("create_workspace", "POST", "/api/3.0/mlflow/workspaces", workspaces.CreateWorkspace, workspaces.CreateWorkspaceResponse, "workspaces:write"),
    Operation("get_workspace", "GET", "/api/3.0/mlflow/workspaces/{workspace_name}", workspaces.GetWorkspace, workspaces.GetWorkspaceResponse, "workspaces:read"),
    Operation("update_workspace", "PATCH", "/api/3.0/mlflow/workspaces/{workspace_name}", workspaces.UpdateWorkspace, workspaces.UpdateWorkspaceResponse, "workspaces:write"),
    Operation("delete_workspace", "DELETE", "/api/3.0/mlflow/workspaces/{workspace_name}", workspaces.DeleteWorkspace, workspaces.DeleteWorkspaceResponse, "workspaces:delete"),
    Operation("create_logged_model", "POST", "/api/2.0/mlflow/logged-models", logged_models.CreateLoggedModel, logged_models.CreateLoggedModelResponse, "logged_models:write"),
    Operation("finalize_logged_model", "PATCH", "/api/2.0/mlflow/logged-models/{model_id}", logged_models.FinalizeLoggedModel, logged_models.FinalizeLoggedModelResponse, "logged_models:write"),
    Operation("get_logged_model", "GET", "/api/2.0/mlflow/logged-models/{model_id}", logged_models.GetLoggedModel, logged_models.GetLoggedModelResponse, "logged_models:read"),
    Operation("delete_logged_model", "DELETE", "/api/2.0/mlflow/logged-models/{model_id}", logged_models.DeleteLoggedModel, logged_models.DeleteLoggedModelResponse, "logged_models:delete"),
    Operation("search_logged_models", "POST", "/api/2.0/mlflow/logged-models/search", logged_models.SearchLoggedModels, logged_models.SearchLoggedModelsResponse, "logged_models:read"),
    Operation("set_logged_model_tags", "PATCH", "/api/2.0/mlflow/logged-models/{model_id}/tags", logged_models.SetLoggedModelTags, logged_models.SetLoggedModelTagsResponse, "logged_models:write"),
    Operation("delete_logged_model_tag", "DELETE", "/api/2.0/mlflow/logged-models/{model_id}/tags/{tag_key}", logged_models.DeleteLoggedModelTag, logged_models.DeleteLoggedModelTagResponse, "logged_models:write"),
    Operation("list_logged_model_artifacts", "GET", "/api/2.0/mlflow/logged-models/{model_id}/artifacts/directories", logged_models.ListLoggedModelArtifacts, logged_models.ListLoggedModelArtifactsResponse, "logged_models:read"),
    Operation("log_logged_model_params", "POST", "/api/2.0/mlflow/logged-models/{model_id}/params", logged_models.LogLoggedModelParamsRequest, logged_models.LogLoggedModelParamsRequestResponse, "logged_models:write"),
    Operation("get_assessment", "GET", "/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", assessments.GetAssessmentRequest, assessments.GetAssessmentRequestResponse, "assessments:read"),
    Operation("create_assessment", "POST", "/api/3.0/mlflow/traces/{assessment.trace_id}/assessments", assessments.CreateAssessment, assessments.CreateAssessmentResponse, "assessments:write"),
    Operation("update_assessment", "PATCH", "/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", assessments.UpdateAssessment, assessments.UpdateAssessmentResponse, "assessments:write"),
    Operation("delete_assessment", "DELETE", "/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", assessments.DeleteAssessment, assessments.DeleteAssessmentResponse, "assessments:delete"),
    Operation("create_issue", "POST", "/api/3.0/mlflow/issues", issues.CreateIssue, issues.CreateIssueResponse, "issues:write"),
    Operation("update_issue", "PATCH", "/api/3.0/mlflow/issues/{issue_id}", issues.UpdateIssue, issues.UpdateIssueResponse, "issues:write"),
    Operation("get_issue", "GET", "/api/3.0/mlflow/issues/{issue_id}", issues.GetIssue, issues.GetIssueResponse, "issues:read"),
    Operation("search_issues", "POST", "/api/3.0/mlflow/issues/search", issues.SearchIssues, issues.SearchIssuesResponse, "issues:read"),
    Operation("create_label_schema", "POST", "/api/3.0/mlflow/label-schemas/create", labels.CreateLabelSchema, labels.CreateLabelSchemaResponse, "labels:write"),
    Operation("get_label_schema", "GET", "/api/3.0/mlflow/label-schemas/get", labels.GetLabelSchema, labels.GetLabelSchemaResponse, "labels:read"),
    Operation("get_label_schema_by_name", "GET", "/api/3.0/mlflow/label-schemas/get-by-name", labels.GetLabelSchemaByName, labels.GetLabelSchemaByNameResponse, "labels:read"),
    Operation("list_label_schemas", "GET", "/api/3.0/mlflow/label-schemas/list", labels.ListLabelSchemas, labels.ListLabelSchemasResponse, "labels:read"),
    Operation("update_label_schema", "PATCH", "/api/3.0/mlflow/label-schemas/update", labels.UpdateLabelSchema, labels.UpdateLabelSchemaResponse, "labels:write"),
    Operation("delete_label_schema", "DELETE", "/api/3.0/mlflow/label-schemas/delete", labels.DeleteLabelSchema, labels.DeleteLabelSchemaResponse, "labels:delete"),
    Operation("create_dataset", "POST", "/api/3.0/mlflow/datasets/create", evaluation_datasets.CreateDataset, evaluation_datasets.CreateDatasetResponse, "evaluation_datasets:write"),
    Operation("get_dataset", "GET", "/api/3.0/mlflow/datasets/{dataset_id}", evaluation_datasets.GetDataset, evaluation_datasets.GetDatasetResponse, "evaluation_datasets:read"),
    Operation("delete_dataset", "DELETE", "/api/3.0/mlflow/datasets/{dataset_id}", evaluation_datasets.DeleteDataset, evaluation_datasets.DeleteDatasetResponse, "evaluation_datasets:delete"),
    Operation("search_evaluation_datasets", "POST", "/api/3.0/mlflow/datasets/search", evaluation_datasets.SearchEvaluationDatasets, evaluation_datasets.SearchEvaluationDatasetsResponse, "evaluation_datasets:read"),
    Operation("search_evaluation_datasets", "GET", "/api/3.0/mlflow/datasets/search", evaluation_datasets.SearchEvaluationDatasets, evaluation_datasets.SearchEvaluationDatasetsResponse, "evaluation_datasets:read"),
    Operation("set_dataset_tags", "PATCH", "/api/3.0/mlflow/datasets/{dataset_id}/tags", evaluation_datasets.SetDatasetTags, evaluation_datasets.SetDatasetTagsResponse, "evaluation_datasets:write"),
    Operation("delete_dataset_tag", "DELETE", "/api/3.0/mlflow/datasets/{dataset_id}/tags/{key}", evaluation_datasets.DeleteDatasetTag, evaluation_datasets.DeleteDatasetTagResponse, "evaluation_datasets:write"),
    Operation("upsert_dataset_records", "POST", "/api/3.0/mlflow/datasets/{dataset_id}/records", evaluation_datasets.UpsertDatasetRecords, evaluation_datasets.UpsertDatasetRecordsResponse, "evaluation_datasets:write"),
    Operation("get_dataset_experiment_ids", "GET", "/api/3.0/mlflow/datasets/{dataset_id}/experiment-ids", evaluation_datasets.GetDatasetExperimentIds, evaluation_datasets.GetDatasetExperimentIdsResponse, "evaluation_datasets:read"),
    Operation("register_scorer", "POST", "/api/3.0/mlflow/scorers/register", scorers.RegisterScorer, scorers.RegisterScorerResponse, "scorers:write"),
    Operation("list_scorers", "GET", "/api/3.0/mlflow/scorers/list", scorers.ListScorers, scorers.ListScorersResponse, "scorers:read"),
    Operation("list_scorer_versions", "GET", "/api/3.0/mlflow/scorers/versions", scorers.ListScorerVersions, scorers.ListScorerVersionsResponse, "scorers:read"),
    Operation("get_scorer", "GET", "/api/3.0/mlflow/scorers/get", scorers.GetScorer, scorers.GetScorerResponse, "scorers:read"),
    Operation("delete_scorer", "DELETE", "/api/3.0/mlflow/scorers/delete", scorers.DeleteScorer, scorers.DeleteScorerResponse, "scorers:delete"),
    Operation("get_dataset_records", "GET", "/api/3.0/mlflow/datasets/{dataset_id}/records", evaluation_datasets.GetDatasetRecords, evaluation_datasets.GetDatasetRecordsResponse, "evaluation_datasets:read"),
    Operation("delete_dataset_records", "DELETE", "/api/3.0/mlflow/datasets/{dataset_id}/records", evaluation_datasets.DeleteDatasetRecords, evaluation_datasets.DeleteDatasetRecordsResponse, "evaluation_datasets:delete"),
    Operation("add_dataset_to_experiments", "POST", "/api/3.0/mlflow/datasets/{dataset_id}/add-experiments", evaluation_datasets.AddDatasetToExperiments, evaluation_datasets.AddDatasetToExperimentsResponse, "evaluation_datasets:write"),
    Operation("remove_dataset_from_experiments", "POST", "/api/3.0/mlflow/datasets/{dataset_id}/remove-experiments", evaluation_datasets.RemoveDatasetFromExperiments, evaluation_datasets.RemoveDatasetFromExperimentsResponse, "evaluation_datasets:write"),
    Operation("create_gateway_secret", "POST", "/api/3.0/mlflow/gateway/secrets/create", gateway.CreateGatewaySecret, gateway.CreateGatewaySecretResponse, "gateway:write"),
    Operation("get_gateway_secret_info", "GET", "/api/3.0/mlflow/gateway/secrets/get", gateway.GetGatewaySecretInfo, gateway.GetGatewaySecretInfoResponse, "gateway:read"),
    Operation("update_gateway_secret", "POST", "/api/3.0/mlflow/gateway/secrets/update", gateway.UpdateGatewaySecret, gateway.UpdateGatewaySecretResponse, "gateway:write"),
    Operation("delete_gateway_secret", "DELETE", "/api/3.0/mlflow/gateway/secrets/delete", gateway.DeleteGatewaySecret, gateway.DeleteGatewaySecretResponse, "gateway:delete"),
    Operation("list_gateway_secret_infos", "GET", "/api/3.0/mlflow/gateway/secrets/list", gateway.ListGatewaySecretInfos, gateway.ListGatewaySecretInfosResponse, "gateway:read"),
    Operation("create_gateway_endpoint", "POST", "/api/3.0/mlflow/gateway/endpoints/create", gateway.CreateGatewayEndpoint, gateway.CreateGatewayEndpointResponse, "gateway:write"),
    Operation("get_gateway_endpoint", "GET", "/api/3.0/mlflow/gateway/endpoints/get", gateway.GetGatewayEndpoint, gateway.GetGatewayEndpointResponse, "gateway:read"),
    Operation("update_gateway_endpoint", "POST", "/api/3.0/mlflow/gateway/endpoints/update", gateway.UpdateGatewayEndpoint, gateway.UpdateGatewayEndpointResponse, "gateway:write"),
    Operation("delete_gateway_endpoint", "DELETE", "/api/3.0/mlflow/gateway/endpoints/delete", gateway.DeleteGatewayEndpoint, gateway.DeleteGatewayEndpointResponse, "gateway:delete"),
    Operation("list_gateway_endpoints", "GET", "/api/3.0/mlflow/gateway/endpoints/list", gateway.ListGatewayEndpoints, gateway.ListGatewayEndpointsResponse, "gateway:read"),
    Operation("create_gateway_model_definition", "POST", "/api/3.0/mlflow/gateway/model-definitions/create", gateway.CreateGatewayModelDefinition, gateway.CreateGatewayModelDefinitionResponse, "gateway:write"),
    Operation("get_gateway_model_definition", "GET", "/api/3.0/mlflow/gateway/model-definitions/get", gateway.GetGatewayModelDefinition, gateway.GetGatewayModelDefinitionResponse, "gateway:read"),
    Operation("list_gateway_model_definitions", "GET", "/api/3.0/mlflow/gateway/model-definitions/list", gateway.ListGatewayModelDefinitions, gateway.ListGatewayModelDefinitionsResponse, "gateway:read"),
    Operation("update_gateway_model_definition", "POST", "/api/3.0/mlflow/gateway/model-definitions/update", gateway.UpdateGatewayModelDefinition, gateway.UpdateGatewayModelDefinitionResponse, "gateway:write"),
    Operation("delete_gateway_model_definition", "DELETE", "/api/3.0/mlflow/gateway/model-definitions/delete", gateway.DeleteGatewayModelDefinition, gateway.DeleteGatewayModelDefinitionResponse, "gateway:delete"),
    Operation("attach_model_to_gateway_endpoint", "POST", "/api/3.0/mlflow/gateway/endpoints/models/attach", gateway.AttachModelToGatewayEndpoint, gateway.AttachModelToGatewayEndpointResponse, "gateway:write"),
    Operation("detach_model_from_gateway_endpoint", "POST", "/api/3.0/mlflow/gateway/endpoints/models/detach", gateway.DetachModelFromGatewayEndpoint, gateway.DetachModelFromGatewayEndpointResponse, "gateway:write"),
    Operation("create_gateway_endpoint_binding", "POST", "/api/3.0/mlflow/gateway/endpoints/bindings/create", gateway.CreateGatewayEndpointBinding, gateway.CreateGatewayEndpointBindingResponse, "gateway:write"),
    Operation("delete_gateway_endpoint_binding", "DELETE", "/api/3.0/mlflow/gateway/endpoints/bindings/delete", gateway.DeleteGatewayEndpointBinding, gateway.DeleteGatewayEndpointBindingResponse, "gateway:delete"),
    Operation("list_gateway_endpoint_bindings", "GET", "/api/3.0/mlflow/gateway/endpoints/bindings/list", gateway.ListGatewayEndpointBindings, gateway.ListGatewayEndpointBindingsResponse, "gateway:read"),
    Operation("set_gateway_endpoint_tag", "POST", "/api/3.0/mlflow/gateway/endpoints/set-tag", gateway.SetGatewayEndpointTag, gateway.SetGatewayEndpointTagResponse, "gateway:write"),
    Operation("delete_gateway_endpoint_tag", "DELETE", "/api/3.0/mlflow/gateway/endpoints/delete-tag", gateway.DeleteGatewayEndpointTag, gateway.DeleteGatewayEndpointTagResponse, "gateway:write"),
    Operation("create_gateway_budget_policy", "POST", "/api/3.0/mlflow/gateway/budgets/create", gateway.CreateGatewayBudgetPolicy, gateway.CreateGatewayBudgetPolicyResponse, "gateway:write"),
    Operation("get_gateway_budget_policy", "GET", "/api/3.0/mlflow/gateway/budgets/get", gateway.GetGatewayBudgetPolicy, gateway.GetGatewayBudgetPolicyResponse, "gateway:read"),
    Operation("update_gateway_budget_policy", "POST", "/api/3.0/mlflow/gateway/budgets/update", gateway.UpdateGatewayBudgetPolicy, gateway.UpdateGatewayBudgetPolicyResponse, "gateway:write"),
    Operation("delete_gateway_budget_policy", "DELETE", "/api/3.0/mlflow/gateway/budgets/delete", gateway.DeleteGatewayBudgetPolicy, gateway.DeleteGatewayBudgetPolicyResponse, "gateway:delete"),
    Operation("list_gateway_budget_policies", "GET", "/api/3.0/mlflow/gateway/budgets/list", gateway.ListGatewayBudgetPolicies, gateway.ListGatewayBudgetPoliciesResponse, "gateway:read"),
    Operation("list_gateway_budget_windows", "GET", "/api/3.0/mlflow/gateway/budgets/windows", gateway.ListGatewayBudgetWindows, gateway.ListGatewayBudgetWindowsResponse, "gateway:read"),
    Operation("create_gateway_guardrail", "POST", "/api/3.0/mlflow/gateway/guardrails/create", gateway.CreateGatewayGuardrail, gateway.CreateGatewayGuardrailResponse, "gateway:write"),
    Operation("get_gateway_guardrail", "GET", "/api/3.0/mlflow/gateway/guardrails/get", gateway.GetGatewayGuardrail, gateway.GetGatewayGuardrailResponse, "gateway:read"),
    Operation("delete_gateway_guardrail", "DELETE", "/api/3.0/mlflow/gateway/guardrails/delete", gateway.DeleteGatewayGuardrail, gateway.DeleteGatewayGuardrailResponse, "gateway:delete"),
    Operation("list_gateway_guardrails", "GET", "/api/3.0/mlflow/gateway/guardrails/list", gateway.ListGatewayGuardrails, gateway.ListGatewayGuardrailsResponse, "gateway:read"),
    Operation("add_guardrail_to_endpoint", "POST", "/api/3.0/mlflow/gateway/guardrails/add-to-endpoint", gateway.AddGuardrailToEndpoint, gateway.AddGuardrailToEndpointResponse, "gateway:write"),
    Operation("remove_guardrail_from_endpoint", "DELETE", "/api/3.0/mlflow/gateway/guardrails/remove-from-endpoint", gateway.RemoveGuardrailFromEndpoint, gateway.RemoveGuardrailFromEndpointResponse, "gateway:write"),
    Operation("list_endpoint_guardrail_configs", "GET", "/api/3.0/mlflow/gateway/guardrails/list-for-endpoint", gateway.ListEndpointGuardrailConfigs, gateway.ListEndpointGuardrailConfigsResponse, "gateway:read"),
    Operation("update_endpoint_guardrail_config", "PATCH", "/api/3.0/mlflow/gateway/guardrails/update-config", gateway.UpdateEndpointGuardrailConfig, gateway.UpdateEndpointGuardrailConfigResponse, "gateway:write"),
    Operation("create_prompt_optimization_job", "POST", "/api/3.0/mlflow/prompt-optimization/jobs", jobs.CreatePromptOptimizationJob, jobs.CreatePromptOptimizationJobResponse, "jobs:write"),
    Operation("get_prompt_optimization_job", "GET", "/api/3.0/mlflow/prompt-optimization/jobs/{job_id}", jobs.GetPromptOptimizationJob, jobs.GetPromptOptimizationJobResponse, "jobs:read"),
    Operation("search_prompt_optimization_jobs", "POST", "/api/3.0/mlflow/prompt-optimization/jobs/search", jobs.SearchPromptOptimizationJobs, jobs.SearchPromptOptimizationJobsResponse, "jobs:read"),
    Operation("search_prompt_optimization_jobs", "GET", "/api/3.0/mlflow/prompt-optimization/jobs/search", jobs.SearchPromptOptimizationJobs, jobs.SearchPromptOptimizationJobsResponse, "jobs:read"),
    Operation("cancel_prompt_optimization_job", "POST", "/api/3.0/mlflow/prompt-optimization/jobs/{job_id}/cancel", jobs.CancelPromptOptimizationJob, jobs.CancelPromptOptimizationJobResponse, "jobs:write"),
    Operation("delete_prompt_optimization_job", "DELETE", "/api/3.0/mlflow/prompt-optimization/jobs/{job_id}", jobs.DeletePromptOptimizationJob, jobs.DeletePromptOptimizationJobResponse, "jobs:delete"),
    Operation("create_review_queue", "POST", "/api/3.0/mlflow/review-queues/create", reviews.CreateReviewQueue, reviews.CreateReviewQueueResponse, "reviews:write"),
    Operation("get_or_create_user_queue", "POST", "/api/3.0/mlflow/review-queues/get-or-create-user", reviews.GetOrCreateUserQueue, reviews.GetOrCreateUserQueueResponse, "reviews:read"),
    Operation("get_review_queue", "GET", "/api/3.0/mlflow/review-queues/get", reviews.GetReviewQueue, reviews.GetReviewQueueResponse, "reviews:read"),
    Operation("get_review_queue_by_name", "GET", "/api/3.0/mlflow/review-queues/get-by-name", reviews.GetReviewQueueByName, reviews.GetReviewQueueByNameResponse, "reviews:read"),
    Operation("list_review_queues", "GET", "/api/3.0/mlflow/review-queues/list", reviews.ListReviewQueues, reviews.ListReviewQueuesResponse, "reviews:read"),
    Operation("update_review_queue", "POST", "/api/3.0/mlflow/review-queues/update", reviews.UpdateReviewQueue, reviews.UpdateReviewQueueResponse, "reviews:write"),
    Operation("delete_review_queue", "POST", "/api/3.0/mlflow/review-queues/delete", reviews.DeleteReviewQueue, reviews.DeleteReviewQueueResponse, "reviews:delete"),
    Operation("add_items_to_review_queue", "POST", "/api/3.0/mlflow/review-queues/items/add", reviews.AddItemsToReviewQueue, reviews.AddItemsToReviewQueueResponse, "reviews:write"),
    Operation("remove_items_from_review_queue", "POST", "/api/3.0/mlflow/review-queues/items/remove", reviews.RemoveItemsFromReviewQueue, reviews.RemoveItemsFromReviewQueueResponse, "reviews:write"),
    Operation("list_review_queue_items", "GET", "/api/3.0/mlflow/review-queues/items/list", reviews.ListReviewQueueItems, reviews.ListReviewQueueItemsResponse, "reviews:read"),
    Operation("set_review_queue_item_status", "POST", "/api/3.0/mlflow/review-queues/items/set-status", reviews.SetReviewQueueItemStatus, reviews.SetReviewQueueItemStatusResponse, "reviews:write"),
    # --- ModelRegistryService ---
    Operation("create_registered_model", "POST", "/api/2.0/mlflow/registered-models/create", registry.CreateRegisteredModel, registry.CreateRegisteredModelResponse, "registry:write"),
    Operation("rename_registered_model", "POST", "/api/2.0/mlflow/registered-models/rename", registry.RenameRegisteredModel, registry.RenameRegisteredModelResponse, "registry:write"),
    Operation("update_registered_model", "PATCH", "/api/2.0/mlflow/registered-models/update", registry.UpdateRegisteredModel, registry.UpdateRegisteredModelResponse, "registry:write"),
    Operation("delete_registered_model", "DELETE", "/api/2.0/mlflow/registered-models/delete", registry.DeleteRegisteredModel, registry.DeleteRegisteredModelResponse, "registry:delete"),
    Operation("get_registered_model", "GET", "/api/2.0/mlflow/registered-models/get", registry.GetRegisteredModel, registry.GetRegisteredModelResponse, "registry:read"),
    Operation("search_registered_models", "GET", "/api/2.0/mlflow/registered-models/search", registry.SearchRegisteredModels, registry.SearchRegisteredModelsResponse, "registry:read"),
    Operation("get_latest_versions", "POST", "/api/2.0/mlflow/registered-models/get-latest-versions", registry.GetLatestVersions, registry.GetLatestVersionsResponse, "registry:read"),
    Operation("get_latest_versions", "GET", "/api/2.0/mlflow/registered-models/get-latest-versions", registry.GetLatestVersions, registry.GetLatestVersionsResponse, "registry:read"),
    Operation("create_model_version", "POST", "/api/2.0/mlflow/model-versions/create", registry.CreateModelVersion, registry.CreateModelVersionResponse, "registry:write"),
    Operation("update_model_version", "PATCH", "/api/2.0/mlflow/model-versions/update", registry.UpdateModelVersion, registry.UpdateModelVersionResponse, "registry:write"),
    Operation("transition_model_version_stage", "POST", "/api/2.0/mlflow/model-versions/transition-stage", registry.TransitionModelVersionStage, registry.TransitionModelVersionStageResponse, "registry:write"),
    Operation("delete_model_version", "DELETE", "/api/2.0/mlflow/model-versions/delete", registry.DeleteModelVersion, registry.DeleteModelVersionResponse, "registry:delete"),
    Operation("get_model_version", "GET", "/api/2.0/mlflow/model-versions/get", registry.GetModelVersion, registry.GetModelVersionResponse, "registry:read"),
    Operation("search_model_versions", "GET", "/api/2.0/mlflow/model-versions/search", registry.SearchModelVersions, registry.SearchModelVersionsResponse, "registry:read"),
    Operation("get_model_version_download_uri", "GET", "/api/2.0/mlflow/model-versions/get-download-uri", registry.GetModelVersionDownloadUri, registry.GetModelVersionDownloadUriResponse, "registry:read"),
    Operation("set_registered_model_tag", "POST", "/api/2.0/mlflow/registered-models/set-tag", registry.SetRegisteredModelTag, registry.SetRegisteredModelTagResponse, "registry:write"),
    Operation("set_model_version_tag", "POST", "/api/2.0/mlflow/model-versions/set-tag", registry.SetModelVersionTag, registry.SetModelVersionTagResponse, "registry:write"),
    Operation("delete_registered_model_tag", "DELETE", "/api/2.0/mlflow/registered-models/delete-tag", registry.DeleteRegisteredModelTag, registry.DeleteRegisteredModelTagResponse, "registry:write"),
    Operation("delete_model_version_tag", "DELETE", "/api/2.0/mlflow/model-versions/delete-tag", registry.DeleteModelVersionTag, registry.DeleteModelVersionTagResponse, "registry:write"),
    Operation("set_registered_model_alias", "POST", "/api/2.0/mlflow/registered-models/alias", registry.SetRegisteredModelAlias, registry.SetRegisteredModelAliasResponse, "registry:write"),
    Operation("delete_registered_model_alias", "DELETE", "/api/2.0/mlflow/registered-models/alias", registry.DeleteRegisteredModelAlias, registry.DeleteRegisteredModelAliasResponse, "registry:write"),
    Operation("get_model_version_by_alias", "GET", "/api/2.0/mlflow/registered-models/alias", registry.GetModelVersionByAlias, registry.GetModelVersionByAliasResponse, "registry:read"),
    # --- MlflowArtifactsService ---
    Operation("download_artifact", "GET", "/api/2.0/mlflow-artifacts/artifacts/{artifact_path}", artifacts.DownloadArtifact, artifacts.DownloadArtifactResponse, "artifacts:read"),
    Operation("upload_artifact", "PUT", "/api/2.0/mlflow-artifacts/artifacts/{artifact_path}", artifacts.UploadArtifact, artifacts.UploadArtifactResponse, "artifacts:write"),
    Operation("list_proxied_artifacts", "GET", "/api/2.0/mlflow-artifacts/artifacts", artifacts.ArtifactsListArtifacts, artifacts.ArtifactsListArtifactsResponse, "artifacts:read"),
    Operation("delete_artifact", "DELETE", "/api/2.0/mlflow-artifacts/artifacts/{artifact_path}", artifacts.DeleteArtifact, artifacts.DeleteArtifactResponse, "artifacts:delete"),
    Operation("create_multipart_upload", "POST", "/api/2.0/mlflow-artifacts/mpu/create/{artifact_path}", artifacts.CreateMultipartUpload, artifacts.CreateMultipartUploadResponse, "artifacts:write"),
    Operation("complete_multipart_upload", "POST", "/api/2.0/mlflow-artifacts/mpu/complete/{artifact_path}", artifacts.CompleteMultipartUpload, artifacts.CompleteMultipartUploadResponse, "artifacts:write"),
    Operation("abort_multipart_upload", "POST", "/api/2.0/mlflow-artifacts/mpu/abort/{artifact_path}", artifacts.AbortMultipartUpload, artifacts.AbortMultipartUploadResponse, "artifacts:write"),
    Operation("get_presigned_download_url", "GET", "/api/2.0/mlflow-artifacts/presigned/{artifact_path}", artifacts.GetPresignedDownloadUrl, artifacts.GetPresignedDownloadUrlResponse, "artifacts:read"),
    # --- WebhookService ---
    Operation("create_webhook", "POST", "/api/2.0/mlflow/webhooks", webhooks.CreateWebhook, webhooks.CreateWebhookResponse, "webhooks:write"),
    Operation("list_webhooks", "GET", "/api/2.0/mlflow/webhooks", webhooks.ListWebhooks, webhooks.ListWebhooksResponse, "webhooks:read"),
    Operation("get_webhook", "GET", "/api/2.0/mlflow/webhooks/{webhook_id}", webhooks.GetWebhook, webhooks.GetWebhookResponse, "webhooks:read"),
    Operation("update_webhook", "PATCH", "/api/2.0/mlflow/webhooks/{webhook_id}", webhooks.UpdateWebhook, webhooks.UpdateWebhookResponse, "webhooks:write"),
    Operation("delete_webhook", "DELETE", "/api/2.0/mlflow/webhooks/{webhook_id}", webhooks.DeleteWebhook, webhooks.DeleteWebhookResponse, "webhooks:delete"),
    Operation("test_webhook", "POST", "/api/2.0/mlflow/webhooks/{webhook_id}/test", webhooks.TestWebhook, webhooks.TestWebhookResponse, "webhooks:write"),
)

# Operations of MLflow's server that its table does not list.
UNLISTED: tuple[Operation[Any, Any], ...] = (
    Operation("get_metric_history_bulk", "GET", "/ajax-api/2.0/mlflow/metrics/get-history-bulk", unlisted.GetMetricHistoryBulk, unlisted.GetMetricHistoryBulkResponse, "metrics:read"),
    # COMPAT: mlflow 3.17 registers this path without the slash after the version, and its clients call it so.
    Operation("search_datasets", "POST", "/api/2.0mlflow/experiments/search-datasets", datasets.SearchDatasets, datasets.SearchDatasetsResponse, "datasets:read"),
)

# What MLflow does not have.
GENESIS: tuple[Operation[Any, Any], ...] = (
    Operation("get_model_timeline", "GET", "/api/genesis/v1/models/{name}/timeline", model_history.GetModelTimeline, model_history.GetModelTimelineResponse, "registry:read"),
    Operation("resolve_model_alias", "GET", "/api/genesis/v1/models/{name}/resolve", model_history.ResolveModelAlias, model_history.ResolveModelAliasResponse, "registry:read"),
    Operation("promote_model_versions", "POST", "/api/genesis/v1/models/{name}/aliases", model_history.PromoteModelVersions, model_history.PromoteModelVersionsResponse, "registry:write"),
    Operation("list_webhook_deliveries", "GET", "/api/genesis/v1/webhooks/{webhook_id}/deliveries", webhook_deliveries.ListWebhookDeliveries, webhook_deliveries.ListWebhookDeliveriesResponse, "webhooks:read"),
    Operation("replay_webhook_delivery", "POST", "/api/genesis/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay", webhook_deliveries.ReplayWebhookDelivery, webhook_deliveries.ReplayWebhookDeliveryResponse, "webhooks:write"),
    Operation("get_runs_table", "POST", "/api/genesis/v1/runs/table", run_tables.GetRunsTable, run_tables.GetRunsTableResponse, "runs:read"),
    Operation("compare_runs", "POST", "/api/genesis/v1/runs/compare", run_comparisons.CompareRuns, run_comparisons.CompareRunsResponse, "runs:read"),
    Operation("list_experiment_keys", "GET", "/api/genesis/v1/experiments/{experiment_id}/keys", keys.ListExperimentKeys, keys.ListExperimentKeysResponse, "runs:read"),
)

# Rows of the table whose messages have fields of ours beside MLflow's.
_EXTENDED: tuple[Operation[Any, Any], ...] = (
    Operation("list_artifacts", "GET", "/api/2.0/mlflow/artifacts/list", extended.ListArtifacts, extended.ListArtifactsResponse, "artifacts:read"),
    Operation("list_logged_model_artifacts", "GET", "/api/2.0/mlflow/logged-models/{model_id}/artifacts/directories", extended.ListLoggedModelArtifacts, extended.ListArtifactsResponse, "logged_models:read"),
    Operation("list_proxied_artifacts", "GET", "/api/2.0/mlflow-artifacts/artifacts", extended.ListProxiedArtifacts, extended.ListProxiedArtifactsResponse, "artifacts:read"),
    Operation("create_webhook", "POST", "/api/2.0/mlflow/webhooks", extended.CreateWebhook, extended.WebhookResponse, "webhooks:write"),
    Operation("list_webhooks", "GET", "/api/2.0/mlflow/webhooks", extended.ListWebhooks, extended.ListWebhooksResponse, "webhooks:read"),
    Operation("get_webhook", "GET", "/api/2.0/mlflow/webhooks/{webhook_id}", webhooks.GetWebhook, extended.WebhookResponse, "webhooks:read"),
    Operation("update_webhook", "PATCH", "/api/2.0/mlflow/webhooks/{webhook_id}", extended.UpdateWebhook, extended.WebhookResponse, "webhooks:write"),
    Operation("test_webhook", "POST", "/api/2.0/mlflow/webhooks/{webhook_id}/test", extended.TestWebhook, webhooks.TestWebhookResponse, "webhooks:write"),
)
# fmt: on

EXTENDED: dict[str, Operation[Any, Any]] = {row.name: row for row in _EXTENDED}
OPERATIONS = tuple(EXTENDED.get(row.name, row) for row in MLFLOW) + UNLISTED + GENESIS


def operation(name: str) -> Operation[Any, Any]:
    """The first row of this name.

    Raises:
        KeyError: no row has it.
    """
    return _BY_NAME[name]


_BY_NAME: dict[str, Operation[Any, Any]] = {row.name: row for row in reversed(OPERATIONS)}

_BY_REQUEST: dict[type[Message], Operation[Any, Any]] = {row.request: row for row in reversed(OPERATIONS)}


def operation_of(request: type[Message]) -> Operation[Any, Any]:
    """The first row that is asked with a message of this type.

    Raises:
        KeyError: none is.
    """
    return _BY_REQUEST[request]


REPEATABLE = frozenset(
    row.name
    for row in OPERATIONS
    if row.method == "GET" or row.name.startswith(("get_", "search_", "list_", "log_", "set_", "update_", "rename_"))
) - {"log_model"}
"""Operations that leave the same if they arrive twice, one after the other."""
