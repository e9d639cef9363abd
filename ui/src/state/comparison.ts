import type { ComparedGroup } from "../api/schema";
import { real } from "../app/format";

/** What a comparison shows. It stands in the address. */
export interface Comparison {
  /** The ids of the runs, each once. */
  readonly runs: readonly string[];
  /** The run with which the others are compared. */
  readonly baseline: string | null;
}

/** The comparison in the query of an address. */
export function parseComparison(search: string): Comparison {
  const query = new URLSearchParams(search);
  const runs = [...new Set((query.get("runs") ?? "").split(",").filter((id) => id !== ""))];
  const baseline = query.get("baseline");
  return { runs, baseline: baseline !== null && runs.includes(baseline) ? baseline : null };
}

/** The query of the address of a comparison, with its question mark. */
export function formatComparison({ runs, baseline }: Comparison): string {
  const query = new URLSearchParams({ runs: runs.join(",") });
  if (baseline !== null) query.set("baseline", baseline);
  // A comma needs no escape in a query, and a person reads it.
  return `?${query.toString().replace(/%2C/g, ",")}`;
}

/** The baseline after this one: each run in its order, then none. */
export function nextBaseline({ runs, baseline }: Comparison): string | null {
  return runs[baseline === null ? 0 : runs.indexOf(baseline) + 1] ?? null;
}

const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

/** The number that a value is: of a metric always, of a param if it reads as one. */
export function numberOf(group: ComparedGroup["name"], value: number | string | null | undefined): number | null {
  if (group === "metrics") return real(value);
  return group === "params" && typeof value === "string" && NUMBER.test(value) ? Number(value) : null;
}

/** How a number differs from that of the baseline. */
export interface Delta {
  readonly difference: number;
  /** As a part of the baseline; null where that is zero. */
  readonly share: number | null;
}

/** The difference of two numbers; null where there is none, or no number of it. */
export function deltaOf(value: number | null, baseline: number | null): Delta | null {
  if (value === null || baseline === null) return null;
  const difference = value - baseline;
  if (!Number.isFinite(difference)) return null;
  return { difference, share: baseline === 0 ? null : difference / Math.abs(baseline) };
}
