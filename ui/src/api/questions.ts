import { call } from "./client";
import type { Question } from "./query";
import type {
  CompareRunsResponse,
  Experiment,
  GetRunsTable,
  GetRunsTableResponse,
  ListExperimentKeysResponse,
  MetricWithRunId,
  Run,
} from "./schema";

/** How many rows are asked for at once. */
export const BLOCK_ROWS = 200;
/** How many columns the server reads at once. */
export const MOST_COLUMNS = 100;
/** How many points a curve has on the screen at most; the server leaves out those between. */
const CURVE_POINTS = 300;

/** An experiment. */
export function experimentOf(id: string): Question<Experiment> {
  return {
    queryKey: ["experiment", id],
    queryFn: async ({ signal }) => (await call("get_experiment", { experiment_id: id }, signal)).experiment ?? {},
  };
}

/** All experiments that are not deleted, the last changed first. */
export function allExperiments(): Question<readonly Experiment[]> {
  return {
    queryKey: ["experiments"],
    queryFn: async ({ signal }) => {
      const found: Experiment[] = [];
      let token: string | null | undefined;
      do {
        const page = await call(
          "search_experiments",
          { max_results: 1_000, order_by: ["last_update_time DESC"], ...(token ? { page_token: token } : {}) },
          signal,
        );
        found.push(...(page.experiments ?? []));
        token = page.next_page_token;
      } while (token);
      return found;
    },
  };
}

/** What the runs of an experiment have: metrics, params, tags. */
export function keysOf(experimentId: string): Question<ListExperimentKeysResponse> {
  return {
    queryKey: ["keys", experimentId],
    queryFn: ({ signal }) => call("list_experiment_keys", { experiment_id: experimentId, max_results: 10_000 }, signal),
  };
}

/** A block of rows of a table of runs. */
export function tableOf(asked: GetRunsTable): Question<GetRunsTableResponse> {
  return { queryKey: ["table", asked], queryFn: ({ signal }) => call("get_runs_table", asked, signal) };
}

/** A run with its last values. */
export function runOf(id: string): Question<Run> {
  return {
    queryKey: ["run", id],
    queryFn: async ({ signal }) => (await call("get_run", { run_id: id }, signal)).run ?? {},
  };
}

/** Runs beside each other. */
export function comparisonOf(runIds: readonly string[]): Question<CompareRunsResponse> {
  return {
    queryKey: ["comparison", runIds],
    queryFn: ({ signal }) => call("compare_runs", { run_ids: runIds }, signal),
  };
}

/** The points of a metric of a run, in the order of their steps, thinned by the server. */
export function curveOf(runId: string, metric: string): Question<readonly MetricWithRunId[]> {
  return {
    queryKey: ["curve", runId, metric],
    queryFn: async ({ signal }) => {
      const asked = { run_ids: [runId], metric_key: metric, max_results: CURVE_POINTS };
      return (await call("get_metric_history_bulk_interval", asked, signal)).metrics ?? [];
    },
  };
}
