import { comparisonOf, experimentOf, keysOf } from "../api/questions";
import type { Question } from "../api/query";
import { experimentAt, isComparison } from "../app/places";
import { parseComparison } from "./comparison";
import { blockOf } from "./runs";
import { comparable } from "./selection";
import { parseView } from "./view";

/** What the page at an address asks first.
 *
 * For a table of runs these are, side by side: its first rows with the columns that are known (those of the address,
 * else only name, status and times) and the keys of the experiment, from which the other columns are picked. */
export function firstQuestions({ pathname, search }: Location): readonly Question<unknown>[] {
  if (isComparison(pathname)) {
    const { runs } = parseComparison(search);
    return comparable(runs.length) ? [comparisonOf(runs)] : [];
  }
  const id = experimentAt(pathname);
  if (id === null) return [];
  const view = parseView(search);
  const rows = view.at === 0 ? [blockOf([id], view, view.columns ?? [], 0)] : [];
  return [...rows, keysOf(id), experimentOf(id)];
}
