import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";

import { cache, useAnswer } from "../../api/query";
import { comparisonOf, experimentOf } from "../../api/questions";
import type { ComparedGroup, ComparedRun, CompareRunsResponse } from "../../api/schema";
import { count } from "../../app/format";
import { useKeys } from "../../app/keys";
import { Failure, IconButton, Status, Time } from "../../app/parts";
import { place } from "../../app/places";
import { Head } from "../../app/shell";
import { nextBaseline, parseComparison } from "../../state/comparison";
import { comparable, LEAST, MOST } from "../../state/selection";
import { Cell, CopyCell } from "./cells";

/** How many rows of a group are drawn at first. */
const SHOWN = 200;

const TITLES: Readonly<Record<ComparedGroup["name"], string>> = {
  params: "Params",
  metrics: "Metrics",
  tags: "Tags",
  source: "Source",
  datasets: "Datasets",
};

/** Runs beside each other: what differs, and folded what does not. */
export default function Compare(): JSX.Element {
  const { url, route } = useLocation();
  const comparison = parseComparison(url.includes("?") ? url.slice(url.indexOf("?")) : "");
  const { runs: ids, baseline } = comparison;
  const can = comparable(ids.length);
  const found = useAnswer(comparisonOf(ids), can);
  const experiments = new Set(found.data?.runs.map((run) => run.experiment_id ?? ""));
  const only = experiments.size === 1 ? [...experiments][0] : undefined;
  const experiment = useAnswer(experimentOf(only ?? ""), only !== undefined);
  const choose = (id: string | null) => route(place.compare(ids, id), true);
  const refresh = () => void cache.invalidateQueries({ queryKey: ["comparison", ids] });
  useKeys({
    r: refresh,
    b: () => {
      const cell = document.activeElement?.closest<HTMLTableCellElement>(".compare td, .compare thead th");
      const here = cell ? ids[cell.cellIndex - 1] : undefined;
      choose(here === undefined ? nextBaseline(comparison) : here === baseline ? null : here);
    },
  });
  return (
    <>
      <Head
        crumbs={[
          { text: "Experiments", to: place.experiments() },
          ...(only === undefined ? [] : [{ text: experiment.data?.name ?? only, to: place.experiment(only) }]),
          { text: can ? `${count(ids.length)} runs compared` : "Compare" },
        ]}
      >
        {can && <IconButton icon="refresh" label="Read anew" onClick={refresh} />}
      </Head>
      {!can ? (
        <div class="empty">
          <p>
            {ids.length > MOST
              ? `${count(ids.length)} runs are too many; at most ${MOST} are compared.`
              : `At least ${LEAST} runs are compared: select them in a table (x), then press d.`}
          </p>
          <a href={place.experiments()}>All experiments</a>
        </div>
      ) : found.error ? (
        <Failure error={found.error} retry={refresh} />
      ) : (
        found.data && <Diff found={found.data} baseline={baseline} choose={choose} several={experiments.size > 1} />
      )}
    </>
  );
}

function Diff(props: {
  readonly found: CompareRunsResponse;
  readonly baseline: string | null;
  readonly choose: (id: string | null) => void;
  readonly several: boolean;
}): JSX.Element {
  const { runs, groups } = props.found;
  const [box, setBox] = useState<HTMLElement | null>(null);
  const column = runs.findIndex((run) => run.run_id === props.baseline);
  const step = (down: number, right: number) => () => box && move(box, down, right);
  useKeys({
    j: step(1, 0),
    k: step(-1, 0),
    l: step(0, 1),
    h: step(0, -1),
    ArrowDown: step(1, 0),
    ArrowUp: step(-1, 0),
    ArrowRight: step(0, 1),
    ArrowLeft: step(0, -1),
  });
  return (
    <div ref={setBox} class="compare" role="region" aria-label="What differs" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <td />
            {runs.map((run) => (
              <RunHead
                key={run.run_id}
                run={run}
                isBaseline={run.run_id === props.baseline}
                several={props.several}
                choose={props.choose}
              />
            ))}
          </tr>
        </thead>
        {groups
          .filter(({ rows }) => rows.length > 0)
          .map((group) => (
            <Group key={group.name} group={group} columns={runs.length} baseline={column} />
          ))}
      </table>
      <CopyCell box={box} />
    </div>
  );
}

/** Moves the focus from cell to cell; from elsewhere it goes to the first. */
function move(box: HTMLElement, down: number, right: number): void {
  const here = document.activeElement?.closest<HTMLTableCellElement>(".compare tbody td");
  const rows = [...box.querySelectorAll<HTMLTableRowElement>("tbody tr")].filter((row) => row.cells.length > 1);
  const row = here ? rows.indexOf(here.parentElement as HTMLTableRowElement) + down : 0;
  const column = here ? here.cellIndex + right : 1;
  const cells = rows[Math.max(0, Math.min(row, rows.length - 1))]?.cells;
  cells?.[Math.max(1, Math.min(column, cells.length - 1))]?.focus();
}

function RunHead(props: {
  readonly run: ComparedRun;
  readonly isBaseline: boolean;
  readonly several: boolean;
  readonly choose: (id: string | null) => void;
}): JSX.Element {
  const { run, isBaseline } = props;
  const name = run.run_name || run.run_id;
  return (
    <th scope="col">
      <a href={place.run(run.run_id)} title={name}>
        <bdi>{name}</bdi>
      </a>
      <div class="facts-line">
        <Status status={run.status} />
        <Time ms={run.start_time} />
      </div>
      {props.several && (
        <div class="facts-line">
          <a href={place.experiment(run.experiment_id ?? "")}>experiment {run.experiment_id}</a>
        </div>
      )}
      <button
        type="button"
        aria-pressed={isBaseline}
        aria-label={`Baseline: ${name}`}
        onClick={() => props.choose(isBaseline ? null : run.run_id)}
      >
        Baseline
      </button>
      {run.lifecycle_stage === "deleted" && <span class="badge">deleted</span>}
    </th>
  );
}

function Group(props: {
  readonly group: ComparedGroup;
  readonly columns: number;
  readonly baseline: number;
}): JSX.Element {
  const { name, rows } = props.group;
  const [open, setOpen] = useState(false);
  const [shown, setShown] = useState(SHOWN);
  const same = rows.filter((row) => row.same);
  const differing = rows.filter((row) => !row.same);
  const drawn = [...differing, ...(open ? same : [])];
  return (
    <tbody class={`group-${name}`}>
      <tr class="group">
        <th colSpan={props.columns + 1} scope="rowgroup">
          <span>
            {TITLES[name]} <span class="faint">{differText(differing.length)}</span>
          </span>
        </th>
      </tr>
      {drawn.slice(0, shown).map((row) => (
        <tr key={row.key} class={row.same ? "alike" : undefined}>
          <th scope="row" title={row.key}>
            <bdi>{row.key}</bdi>
          </th>
          {row.values.map((_, column) => (
            <Cell key={column} group={name} row={row} column={column} baseline={props.baseline} />
          ))}
        </tr>
      ))}
      {(drawn.length > shown || same.length > 0) && (
        <tr class="fold">
          <td colSpan={props.columns + 1}>
            <span>
              {drawn.length > shown && (
                <button type="button" onClick={() => setShown(shown + SHOWN)}>
                  {count(drawn.length - shown)} more
                </button>
              )}
              {same.length > 0 && (
                <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
                  {count(same.length)} the same
                </button>
              )}
            </span>
          </td>
        </tr>
      )}
    </tbody>
  );
}

function differText(number: number): string {
  if (number === 0) return "nothing differs";
  return number === 1 ? "1 differs" : `${count(number)} differ`;
}
