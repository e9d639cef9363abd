import { formatComparison } from "../state/comparison";

/** What stands in front of every path: the server's `--static-prefix`. */
export const ROOT = globalThis.document?.documentElement.dataset.root ?? "";

/** The addresses in the page. */
export const place = {
  home: () => `${ROOT}/`,
  experiments: () => `${ROOT}/experiments`,
  experiment: (id: string) => `${ROOT}/experiments/${encodeURIComponent(id)}`,
  run: (id: string) => `${ROOT}/runs/${encodeURIComponent(id)}`,
  artifacts: (id: string, path = "") =>
    `${ROOT}/runs/${encodeURIComponent(id)}/artifacts${path && `?path=${encodeURIComponent(path).replaceAll("%2F", "/")}`}`,
  compare: (runs: readonly string[], baseline: string | null = null) =>
    `${ROOT}/compare${formatComparison({ runs, baseline })}`,
};

/** Where an address of MLflow's page is here, or null if it is none: its client prints them after every run. */
export function ofOldLink(hash: string): string | null {
  const [, path, query] = /^#\/([^?]*)(.*)$/s.exec(hash) ?? [];
  if (path === undefined) return null;
  if (path === "compare-runs") return place.compare(listed(new URLSearchParams(query).get("runs")));
  const [, run, rest] = /^(?:experiments\/[^/]+\/)?runs\/([^/]+)(.*)/.exec(path) ?? [];
  const file = /^\/artifacts(?:\/(.*))?$/.exec(rest ?? "");
  if (run !== undefined) return file ? place.artifacts(decoded(run), decoded(file[1] ?? "")) : place.run(decoded(run));
  const experiment = /^experiments\/([^/]+)/.exec(path)?.[1];
  if (experiment !== undefined) return place.experiment(decoded(experiment));
  return path === "experiments" || path === "experiments/" ? place.experiments() : place.home();
}

/** The experiment that an address shows, if it shows one. */
export function experimentAt(path: string): string | null {
  const id = new RegExp("^/experiments/([^/]+)/?$").exec(path.slice(ROOT.length))?.[1];
  return path.startsWith(ROOT) && id !== undefined ? decoded(id) : null;
}

/** Whether an address shows runs beside each other. */
export function isComparison(path: string): boolean {
  return path === `${ROOT}/compare`;
}

/** The texts of a list in JSON; none if it is something else. */
function listed(text: string | null): readonly string[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
