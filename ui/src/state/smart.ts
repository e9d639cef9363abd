import type { ExperimentKey as Key } from "../api/schema";
import { type Field, KINDS, type Kind } from "./fields";

const METRICS = 5;
const PARAMS = 6;
const CONSTANTS = 12;

/** What a table shows of runs of which it knows only the keys. */
export interface Smart {
  /** The fields beside name, status and times. */
  readonly columns: readonly Field[];
  /** Params that are the same for all runs. */
  readonly constants: readonly Field[];
}

/** Picks columns: metrics that at least half of the runs have, and params that differ.
 *
 * Of metrics, those of validation come first, then those that most runs have. */
export function smart(keys: readonly Key[], runs: number): Smart {
  const ofKind = (kind: Kind) => keys.filter((key) => key.kind === kind);
  const metrics = ofKind("metric")
    .filter(({ key, runs: has }) => has * 2 >= runs && !key.startsWith("system/"))
    .sort((a, b) => rank(a.key) - rank(b.key) || b.runs - a.runs || order(a.key, b.key));
  const params = ofKind("param");
  const varying = params.filter(({ distinct }) => distinct > 1).sort((a, b) => b.runs - a.runs || order(a.key, b.key));
  const same = params.filter(({ distinct, runs: has }) => distinct === 1 && has === runs && runs > 1);
  return {
    columns: [...metrics.slice(0, METRICS).map(fieldOf), ...varying.slice(0, PARAMS).map(fieldOf)],
    constants: same.slice(0, CONSTANTS).map(fieldOf),
  };
}

/** The field of a key. */
export function fieldOf({ kind, key }: Key): Field {
  return `${KINDS[kind]}.${key}`;
}

function rank(key: string): number {
  if (/(?:^|[^a-z])(?:val|valid|validation|eval|test)(?:[^a-z]|$)/i.test(key)) return 0;
  return /(?:^|[^a-z])(?:train|training)(?:[^a-z]|$)/i.test(key) ? 2 : 1;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
