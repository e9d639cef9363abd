import { signal } from "@preact/signals";

/** How few and how many runs are compared. */
export const LEAST = 2;
export const MOST = 50;

/** The ids of the runs that are selected, in the order in which that was done. They may be of several experiments, and
 * are kept until the page is loaded anew; a link to them is that of their comparison. */
export const selected = signal<readonly string[]>([]);

/** A selection with some ids more or less. */
export function withIds(before: readonly string[], ids: readonly string[], on: boolean): readonly string[] {
  const changed = new Set(ids);
  const others = before.filter((id) => !changed.has(id));
  if (!on) return others;
  const had = new Set(before);
  return [...before, ...ids.filter((id) => !had.has(id))];
}

/** The rows from one to another, both included, in their order. */
export function between(one: number, other: number): readonly number[] {
  const first = Math.min(one, other);
  return Array.from({ length: Math.abs(one - other) + 1 }, (_, index) => first + index);
}

/** Whether so many runs can be compared. */
export function comparable(count: number): boolean {
  return count >= LEAST && count <= MOST;
}
