import type { JSX } from "preact";

import { useAnswer } from "../api/query";
import { experimentOf } from "../api/questions";
import type { RunInfo } from "../api/schema";
import { useKeys } from "./keys";
import { IconButton } from "./parts";
import { place } from "./places";
import { Head } from "./shell";

interface Props {
  readonly id: string;
  /** What is known of the run so far. */
  readonly info: RunInfo | null | undefined;
  readonly here: "overview" | "artifacts";
  readonly refresh: () => void;
}

/** The head of all pages of a run. */
export function RunHead({ id, info, here, refresh }: Props): JSX.Element {
  const experimentId = info?.experiment_id ?? "";
  const experiment = useAnswer(experimentOf(experimentId), experimentId !== "");
  useKeys({ r: refresh });
  return (
    <Head
      crumbs={[
        { text: "Experiments", to: place.experiments() },
        ...(experimentId ? [{ text: experiment.data?.name ?? experimentId, to: place.experiment(experimentId) }] : []),
        { text: info?.run_name || id },
      ]}
    >
      {info?.lifecycle_stage === "deleted" && <span class="badge">deleted</span>}
      <nav class="tabs" aria-label="Parts of the run">
        <a href={place.run(id)} aria-current={here === "overview" ? "page" : undefined}>
          Overview
        </a>
        <a href={place.artifacts(id)} aria-current={here === "artifacts" ? "page" : undefined}>
          Artifacts
        </a>
      </nav>
      <IconButton icon="refresh" label="Read anew" onClick={refresh} />
    </Head>
  );
}
