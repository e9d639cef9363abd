import type { Field } from "./fields";

/** A field to sort by. */
export interface Sort {
  readonly field: Field;
  readonly descending: boolean;
}

/** What a table of runs shows. It stands in the address, so that a link is the view. */
export interface View {
  /** What stands in the filter box. */
  readonly filter: string;
  /** By what it is sorted, the most important first; empty is the server's order, the latest first. */
  readonly sort: readonly Sort[];
  /** The chosen columns, or null for those that the page picks. */
  readonly columns: readonly Field[] | null;
  /** The row at the top. */
  readonly at: number;
}

/** The view in the query of an address. */
export function parseView(search: string): View {
  const query = new URLSearchParams(search);
  const at = Number(query.get("at") ?? 0);
  return {
    filter: query.get("filter") ?? "",
    sort: query.getAll("sort").map((text) => ({ field: text.replace(/^-/, ""), descending: text.startsWith("-") })),
    columns: query.has("column") ? query.getAll("column").filter((field) => field !== "") : null,
    at: Number.isSafeInteger(at) && at > 0 ? at : 0,
  };
}

/** The query of the address of a view, with its question mark; empty for the plain one. */
export function formatView({ filter, sort, columns, at }: View): string {
  const query = new URLSearchParams();
  if (filter) query.set("filter", filter);
  for (const { field, descending } of sort) query.append("sort", `${descending ? "-" : ""}${field}`);
  for (const field of columns?.length === 0 ? [""] : (columns ?? [])) query.append("column", field);
  if (at) query.set("at", String(at));
  // These need no escape in a query, and a person reads it.
  const text = query.toString().replace(/%2F/gi, "/").replace(/%3A/gi, ":");
  return text && `?${text}`;
}

/** Writes the row at the top into the address without a step in the history, if it is still that of the page. */
export function keepPlace(path: string, at: number): void {
  if (location.pathname !== path) return;
  // Of the address and not of what was last drawn: meanwhile it may be that of another order.
  history.replaceState(history.state, "", `${path}${formatView({ ...parseView(location.search), at })}`);
}

/** The order after a click on a column: up, down, none; beside the others if `several`. */
export function sorted(sort: readonly Sort[], field: Field, several: boolean): readonly Sort[] {
  const before = sort.find((each) => each.field === field);
  const next =
    before === undefined ? [{ field, descending: false }] : before.descending ? [] : [{ field, descending: true }];
  if (!several) return next;
  return before === undefined ? [...sort, ...next] : sort.flatMap((each) => (each.field === field ? next : [each]));
}
