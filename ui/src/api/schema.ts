// Written by openapi.mjs from the server's own description; do not edit by hand.

/** A number as the interface writes it: what JSON has no number for is text. */
export type Real = number | "NaN" | "Infinity" | "-Infinity";

/** The operations that the page calls. */
export interface Operations {
  compare_runs: {
    request: CompareRuns;
    reply: CompareRunsResponse;
  };
  get_experiment: {
    request: {
      readonly experiment_id: string;
    };
    reply: GetExperimentResponse;
  };
  get_metric_history_bulk_interval: {
    request: {
      readonly metric_key: string;
      readonly run_ids?: readonly string[];
      readonly start_step?: number | null;
      readonly end_step?: number | null;
      readonly max_results?: number | null;
    };
    reply: GetMetricHistoryBulkIntervalResponse;
  };
  get_run: {
    request: {
      readonly run_id?: string | null;
      readonly run_uuid?: string | null;
    };
    reply: GetRunResponse;
  };
  get_runs_table: {
    request: GetRunsTable;
    reply: GetRunsTableResponse;
  };
  list_artifacts: {
    request: {
      readonly run_id?: string | null;
      readonly run_uuid?: string | null;
      readonly path?: string | null;
      readonly page_token?: string | null;
      readonly max_results?: number | null;
      readonly digests?: boolean | null;
    };
    reply: ListArtifactsResponse;
  };
  list_experiment_keys: {
    request: {
      readonly experiment_id: string;
      readonly kind?: "metric" | "param" | "tag" | null;
      readonly q?: string | null;
      readonly max_results?: number;
      readonly page_token?: string | null;
    };
    reply: ListExperimentKeysResponse;
  };
  search_experiments: {
    request: SearchExperiments;
    reply: SearchExperimentsResponse;
  };
}

/** How each is asked for. */
export const PATHS: Readonly<Record<keyof Operations, readonly ["GET" | "POST", string]>> = {
  compare_runs: ["POST", "/api/genesis/v1/runs/compare"],
  get_experiment: ["GET", "/api/2.0/mlflow/experiments/get"],
  get_metric_history_bulk_interval: ["GET", "/api/2.0/mlflow/metrics/get-history-bulk-interval"],
  get_run: ["GET", "/api/2.0/mlflow/runs/get"],
  get_runs_table: ["POST", "/api/genesis/v1/runs/table"],
  list_artifacts: ["GET", "/api/2.0/mlflow/artifacts/list"],
  list_experiment_keys: ["GET", "/api/genesis/v1/experiments/{experiment_id}/keys"],
  search_experiments: ["POST", "/api/2.0/mlflow/experiments/search"],
};

export interface CompareRuns {
  readonly run_ids?: readonly string[];
}

export interface CompareRunsResponse {
  readonly runs: readonly ComparedRun[];
  readonly groups: readonly ComparedGroup[];
}

export interface ComparedGroup {
  readonly name: "datasets" | "metrics" | "params" | "source" | "tags";
  readonly rows: readonly ComparedKey[];
}

export interface ComparedKey {
  readonly key: string;
  readonly values: readonly (Real | string | null)[];
  readonly same: boolean;
}

export interface ComparedRun {
  readonly run_id: string;
  readonly run_name?: string | null;
  readonly experiment_id?: string | null;
  readonly status?: "FAILED" | "FINISHED" | "KILLED" | "RUNNING" | "SCHEDULED" | null;
  readonly start_time?: number | null;
  readonly end_time?: number | null;
  readonly lifecycle_stage?: string | null;
}

export interface Dataset {
  readonly name: string;
  readonly digest: string;
  readonly source_type: string;
  readonly source: string;
  readonly schema?: string | null;
  readonly profile?: string | null;
}

export interface DatasetInput {
  readonly dataset: Dataset;
  readonly tags?: readonly InputTag[];
}

export interface Experiment {
  readonly experiment_id?: string | null;
  readonly name?: string | null;
  readonly artifact_location?: string | null;
  readonly lifecycle_stage?: string | null;
  readonly last_update_time?: number | null;
  readonly creation_time?: number | null;
  readonly tags?: readonly ExperimentTag[];
  readonly effective_trace_archival_retention?: string | null;
  readonly workspace?: string | null;
}

export interface ExperimentKey {
  readonly kind: "metric" | "param" | "tag";
  readonly key: string;
  readonly runs: number;
  readonly distinct: number;
  readonly numeric: boolean;
  readonly min?: Real | null;
  readonly max?: Real | null;
}

export interface ExperimentTag {
  readonly key?: string | null;
  readonly value?: string | null;
}

export interface FileInfo {
  readonly path?: string | null;
  readonly is_dir?: boolean | null;
  readonly file_size?: number | null;
  readonly sha256?: string | null;
}

export interface GetExperimentResponse {
  readonly experiment?: Experiment | null;
}

export interface GetMetricHistoryBulkIntervalResponse {
  readonly metrics?: readonly MetricWithRunId[];
}

export interface GetRunResponse {
  readonly run?: Run | null;
}

export interface GetRunsTable {
  readonly experiment_ids?: readonly string[];
  readonly filter?: string | null;
  readonly order_by?: readonly string[];
  readonly run_view_type?: "ACTIVE_ONLY" | "ALL" | "DELETED_ONLY";
  readonly columns?: readonly string[];
  readonly offset?: number;
  readonly limit?: number;
}

export interface GetRunsTableResponse {
  readonly total: number;
  readonly offset: number;
  readonly run_ids: readonly string[];
  readonly columns: readonly RunsColumn[];
}

export interface InputTag {
  readonly key: string;
  readonly value?: string | null;
}

export interface ListArtifactsResponse {
  readonly root_uri?: string | null;
  readonly files?: readonly FileInfo[];
  readonly next_page_token?: string | null;
}

export interface ListExperimentKeysResponse {
  readonly keys: readonly ExperimentKey[];
  readonly total: number;
  readonly runs: number;
  readonly next_page_token?: string | null;
}

export interface Metric {
  readonly key?: string | null;
  readonly value?: Real | null;
  readonly timestamp?: number | null;
  readonly step?: number | null;
  readonly dataset_name?: string | null;
  readonly dataset_digest?: string | null;
  readonly model_id?: string | null;
  readonly run_id?: string | null;
}

export interface MetricWithRunId {
  readonly key?: string | null;
  readonly value?: Real | null;
  readonly timestamp?: number | null;
  readonly step?: number | null;
  readonly run_id?: string | null;
}

export interface ModelInput {
  readonly model_id: string;
}

export interface ModelOutput {
  readonly model_id: string;
  readonly step: number;
}

export interface Param {
  readonly key?: string | null;
  readonly value?: string | null;
}

export interface Run {
  readonly info?: RunInfo | null;
  readonly data?: RunData | null;
  readonly inputs?: RunInputs | null;
  readonly outputs?: RunOutputs | null;
}

export interface RunData {
  readonly metrics?: readonly Metric[];
  readonly params?: readonly Param[];
  readonly tags?: readonly RunTag[];
}

export interface RunInfo {
  readonly run_id?: string | null;
  readonly run_uuid?: string | null;
  readonly run_name?: string | null;
  readonly experiment_id?: string | null;
  readonly user_id?: string | null;
  readonly status?: "FAILED" | "FINISHED" | "KILLED" | "RUNNING" | "SCHEDULED" | null;
  readonly start_time?: number | null;
  readonly end_time?: number | null;
  readonly artifact_uri?: string | null;
  readonly lifecycle_stage?: string | null;
}

export interface RunInputs {
  readonly dataset_inputs?: readonly DatasetInput[];
  readonly model_inputs?: readonly ModelInput[];
}

export interface RunOutputs {
  readonly model_outputs?: readonly ModelOutput[];
}

export interface RunTag {
  readonly key?: string | null;
  readonly value?: string | null;
}

export interface RunsColumn {
  readonly field: string;
  readonly type: "number" | "text";
  readonly values: readonly (number | Real | string | null)[];
}

export interface SearchExperiments {
  readonly max_results?: number | null;
  readonly page_token?: string | null;
  readonly filter?: string | null;
  readonly order_by?: readonly string[];
  readonly view_type?: "ACTIVE_ONLY" | "ALL" | "DELETED_ONLY" | null;
}

export interface SearchExperimentsResponse {
  readonly experiments?: readonly Experiment[];
  readonly next_page_token?: string | null;
}
