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
};

/** Where an address of MLflow's page is here, or null if it is none: its client prints them after every run. */
export function ofOldLink(hash: string): string | null {
  const path = /^#\/([^?]*)/.exec(hash)?.[1];
  if (path === undefined) return null;
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

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
