import { BLOCK_ROWS, tableOf } from "../api/questions";
import type { Question } from "../api/query";
import type { GetRunsTableResponse } from "../api/schema";
import { type Field, filterOf, termOf } from "./fields";
import type { View } from "./view";

/** What every table of runs asks for: name, status, and the times. */
export const ALWAYS: readonly Field[] = [
  "attributes.run_name",
  "attributes.status",
  "attributes.start_time",
  "attributes.end_time",
];

/** A run in a table. */
export interface TableRun {
  readonly id: string;
  /** The values of the fields that were asked for. */
  readonly values: Readonly<Record<Field, unknown>>;
}

/** The question for a block of a view of an experiment's runs. */
export function blockOf(
  experimentIds: readonly string[],
  view: Pick<View, "filter" | "sort">,
  columns: readonly Field[],
  offset: number,
  limit = BLOCK_ROWS,
): Question<GetRunsTableResponse> {
  return tableOf({
    experiment_ids: experimentIds,
    filter: filterOf(view.filter),
    order_by: view.sort.map(({ field, descending }) => `${termOf(field)} ${descending ? "DESC" : "ASC"}`),
    columns: [...ALWAYS, ...columns].map(termOf),
    offset,
    limit,
  });
}

/** The rows of an answer, whose columns come in the order in which they were asked for. */
export function rowsOf(reply: GetRunsTableResponse, columns: readonly Field[]): readonly TableRun[] {
  const fields = [...ALWAYS, ...columns];
  return reply.run_ids.map((id, row) => ({
    id,
    values: Object.fromEntries(fields.map((field, column) => [field, reply.columns[column]?.values[row] ?? null])),
  }));
}
