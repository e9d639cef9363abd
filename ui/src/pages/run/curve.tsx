import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { useAnswer } from "../../api/query";
import { curveOf } from "../../api/questions";
import type { MetricWithRunId } from "../../api/schema";
import { count, real, short } from "../../app/format";
import { repainted } from "../../app/theme";
import { type Chart, type Curve, drawing } from "../../chart/chart";

/** A small panel with the curve of a metric; it reads and draws while it is near what is seen. */
export function CurvePanel({ runId, metric }: { runId: string; metric: string }): JSX.Element {
  const panel = useRef<HTMLElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (!panel.current) return;
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? false), {
      rootMargin: "50%",
    });
    observer.observe(panel.current);
    return () => observer.disconnect();
  }, []);
  const points = useAnswer(curveOf(runId, metric), near);
  const curve = useMemo(() => points.data && curveThrough(points.data), [points.data]);
  const [hovered, setHovered] = useState<number | null>(null);
  const at = hovered ?? (curve ? curve.x.length - 1 : null);
  const value = at === null ? null : curve?.y[at];
  return (
    <section class="panel" ref={panel} aria-label={`Curve of ${metric}`}>
      <header>
        <h3>
          <bdi title={metric}>{metric}</bdi>
        </h3>
        <span class="reading">
          {at !== null && curve && (
            <>
              step {count(curve.x[at] ?? 0)} <b>{value === null || value === undefined ? "NaN" : short(value)}</b>
            </>
          )}
        </span>
      </header>
      {points.error ? (
        <p class="faint">{points.error.message}</p>
      ) : near && curve ? (
        <Plot curve={curve} summary={summaryOf(metric, curve)} hovered={setHovered} />
      ) : (
        <div class="plot" />
      )}
    </section>
  );
}

function Plot(props: { curve: Curve; summary: string; hovered: (index: number | null) => void }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const colours = repainted.value;
  useEffect(() => {
    const element = place.current;
    let chart: Chart | null = null;
    let gone = false;
    const observer = new ResizeObserver(() => {
      if (element) chart?.resize(element.clientWidth, element.clientHeight);
    });
    void drawing().then((draw) => {
      if (gone || !element) return;
      chart = draw(element, props.curve, props.hovered);
      observer.observe(element);
    });
    return () => {
      gone = true;
      observer.disconnect();
      chart?.close();
    };
  }, [props.curve, colours]);
  return <div class="plot" ref={place} role="img" aria-label={props.summary} />;
}

/** The points of a metric by step; of several at one step the last one stays. */
export function curveThrough(points: readonly MetricWithRunId[]): Curve {
  const bySteps = new Map<number, number | null>();
  for (const { step, value } of points) {
    const number = real(value);
    bySteps.set(step ?? 0, number !== null && Number.isFinite(number) ? number : null);
  }
  const x = [...bySteps.keys()].sort((a, b) => a - b);
  return { x, y: x.map((step) => bySteps.get(step) ?? null) };
}

/** What somebody is told who does not see the curve. */
export function summaryOf(metric: string, { x, y }: Curve): string {
  const values = y.filter((value): value is number => value !== null);
  const [first, last] = [values[0], values[values.length - 1]];
  if (first === undefined || last === undefined) return `${metric} has no number.`;
  const way = last < first ? "falls" : last > first ? "rises" : "stays";
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return `${metric} ${way} from ${short(first)} to ${short(last)} over ${x.length} steps, lowest ${short(low)}, highest ${short(high)}.`;
}
