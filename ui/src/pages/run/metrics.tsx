import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useAnswer } from "../../api/query";
import { MOST_COLUMNS, tableOf } from "../../api/questions";
import type { Metric } from "../../api/schema";
import { count, real, short } from "../../app/format";
import { termOf } from "../../state/fields";
import { CurvePanel } from "./curve";

const AGGREGATES = ["min", "max", "count"] as const;
/** As many metrics as one question for their aggregates takes. */
const SHOWN = Math.floor(MOST_COLUMNS / AGGREGATES.length);

type Aggregates = Readonly<Record<(typeof AGGREGATES)[number], number | null>>;

/** The metrics of a run as numbers and as curves. */
export function Metrics(props: { experimentId: string; runId: string; metrics: readonly Metric[] }): JSX.Element {
  const [text, setText] = useState("");
  const [shown, setShown] = useState(SHOWN);
  const asked = text.trim().toLowerCase();
  const found = props.metrics.filter(({ key }) => (key ?? "").toLowerCase().includes(asked));
  const visible = found.slice(0, shown);
  const chunks = Array.from({ length: Math.ceil(visible.length / SHOWN) }, (_, i) =>
    visible.slice(i * SHOWN, (i + 1) * SHOWN),
  );
  return (
    <section class="card" aria-labelledby="metrics">
      <header>
        <h2 id="metrics">
          Metrics <span class="faint">{count(props.metrics.length)}</span>
        </h2>
        {props.metrics.length > 8 && (
          <input
            type="text"
            aria-label="Part of a metric"
            placeholder="Part of a metric"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        )}
      </header>
      {props.metrics.length === 0 && <p class="faint">None were logged.</p>}
      {chunks.map((metrics) => (
        <Chunk key={metrics[0]?.key} experimentId={props.experimentId} runId={props.runId} metrics={metrics} />
      ))}
      {found.length > shown && (
        <button type="button" onClick={() => setShown(shown + SHOWN)}>
          {count(found.length - shown)} more
        </button>
      )}
    </section>
  );
}

function Chunk(props: { experimentId: string; runId: string; metrics: readonly Metric[] }): JSX.Element {
  const { runId, metrics } = props;
  const terms = metrics.flatMap(({ key }) => AGGREGATES.map((name) => `${termOf(`metrics.${key}`)}.${name}`));
  const table = useAnswer(
    tableOf({
      experiment_ids: [props.experimentId],
      filter: `attributes.run_id = '${runId}'`,
      columns: terms,
      limit: 1,
      run_view_type: "ALL",
    }),
    /^\w+$/.test(runId),
  );
  const aggregatesOf = (index: number): Aggregates | null => {
    if (!table.data) return null;
    const values = AGGREGATES.map((_, i) => real(table.data.columns[index * AGGREGATES.length + i]?.values[0]));
    return { min: values[0] ?? null, max: values[1] ?? null, count: values[2] ?? null };
  };
  const curves = metrics.filter((_, index) => (aggregatesOf(index)?.count ?? 0) > 1);
  return (
    <>
      <table class="list numbers">
        <thead>
          <tr>
            <th scope="col">Metric</th>
            {["Last", "Min", "Max", "Points"].map((title) => (
              <th key={title} scope="col" class="right">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {metrics.map((metric, index) => {
            const aggregates = aggregatesOf(index);
            return (
              <tr key={metric.key}>
                <th scope="row">
                  <bdi>{metric.key}</bdi>
                </th>
                <NumberCell value={real(metric.value)} />
                <NumberCell value={aggregates?.min ?? null} />
                <NumberCell value={aggregates?.max ?? null} />
                <NumberCell value={aggregates?.count ?? null} />
              </tr>
            );
          })}
        </tbody>
      </table>
      <div class="panels">
        {curves.map(({ key }) => (
          <CurvePanel key={key} runId={runId} metric={key ?? ""} />
        ))}
      </div>
    </>
  );
}

function NumberCell({ value }: { value: number | null }): JSX.Element {
  return (
    <td class="right" title={value === null ? "" : String(value)}>
      {value === null ? "–" : short(value)}
    </td>
  );
}
