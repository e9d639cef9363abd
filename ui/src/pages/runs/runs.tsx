import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";

import { ApiError } from "../../api/client";
import { cache, useAnswer } from "../../api/query";
import { BLOCK_ROWS, experimentOf, keysOf } from "../../api/questions";
import type { ExperimentKey as Key } from "../../api/schema";
import { FilterBox } from "../../app/filter";
import { count } from "../../app/format";
import { useKeys } from "../../app/keys";
import { Code, Failure, IconButton } from "../../app/parts";
import { place } from "../../app/places";
import { Head } from "../../app/shell";
import { snippet } from "../../app/snippet";
import { Blocks } from "../../grid/blocks";
import { Grid, type Selection } from "../../grid/grid";
import { type Field, keyOf } from "../../state/fields";
import { blockOf, rowsOf, type TableRun } from "../../state/runs";
import { comparable, MOST, selected, withIds } from "../../state/selection";
import { smart } from "../../state/smart";
import { formatView, keepPlace, parseView, sorted, type View } from "../../state/view";
import { columnsOf } from "./columns";
import { Picker } from "./picker";

const NO_KEYS: readonly Key[] = [];
const NO_FIELDS: readonly Field[] = [];

/** The runs of an experiment. */
export default function Runs({ id = "" }: { id?: string }): JSX.Element {
  const { url, route } = useLocation();
  const search = url.includes("?") ? url.slice(url.indexOf("?")) : "";
  const view = useMemo(() => parseView(search), [search]);
  const [picking, setPicking] = useState(false);
  const [generation, setGeneration] = useState(0);
  const experiment = useAnswer(experimentOf(id));
  const keys = useAnswer(keysOf(id));
  const known = keys.data?.keys ?? NO_KEYS;
  const picked = useMemo(() => (keys.data ? smart(keys.data.keys, keys.data.runs) : null), [keys.data]);
  const fields = view.columns ?? picked?.columns ?? NO_FIELDS;
  const rows = useRuns(id, view, fields, generation);
  const narrow = useNarrow();
  const columns = useMemo(() => columnsOf(fields, known, narrow), [fields, known, narrow]);

  const show = (change: Partial<View>) => {
    // The place is not of the new view, and the address has it more precisely than the router.
    const next = { ...view, at: 0, ...change };
    route(`${place.experiment(id)}${formatView(next)}`);
  };
  const refresh = () => {
    void cache.invalidateQueries({ refetchType: "none", queryKey: ["table"] });
    void cache.invalidateQueries({ queryKey: ["keys", id] });
    setGeneration(generation + 1);
  };
  const compare = () => {
    if (comparable(selected.value.length)) route(place.compare(selected.value));
  };
  useKeys({ c: () => setPicking(true), r: refresh, d: compare });
  const ids = new Set(selected.value);
  const selection: Selection<TableRun> = {
    has: (run) => ids.has(run.id),
    set: (runs, on) => {
      const changed = runs.map((run) => run.id);
      selected.value = withIds(selected.value, changed, on);
    },
    label: (run) => `Select ${String(run.values["attributes.run_name"] || run.id)}`,
  };

  const name = experiment.data?.name ?? "";
  const refused = rows.error instanceof ApiError && rows.error.status === 400 ? rows.error.message : null;
  const failure = experiment.error ?? (refused === null ? rows.error : null);
  return (
    <>
      <Head crumbs={[{ text: "Experiments", to: place.experiments() }, { text: name || (experiment.error ? id : "") }]}>
        {experiment.data?.lifecycle_stage === "deleted" && <span class="badge">deleted</span>}
      </Head>
      <div class="tools">
        <FilterBox
          value={view.filter}
          hint="Part of a name, or metrics.loss < 0.5 and params.model = 'base'"
          error={refused}
          apply={(filter) => show({ filter })}
        />
        <IconButton icon="columns" label="Columns" onClick={() => setPicking(true)}>
          <span class="wide">Columns</span>
        </IconButton>
        <IconButton icon="refresh" label="Read anew" onClick={refresh} />
      </div>
      <Summary
        id={id}
        total={rows.error ? null : rows.total}
        filtered={view.filter !== ""}
        keys={keys.data}
        constants={picked?.constants ?? NO_FIELDS}
        compare={compare}
      />
      {failure ? (
        <Failure error={failure} retry={refresh} />
      ) : (
        <Grid
          label={`Runs of ${name}`}
          columns={columns}
          rows={rows}
          stale={rows.stale}
          sort={view.sort}
          onSort={(field, several) => show({ sort: sorted(view.sort, field, several) })}
          hrefOf={(run) => place.run(run.id)}
          open={(href, newTab) => (newTab ? void window.open(href, "_blank", "noopener") : route(href))}
          selection={selection}
          at={view.at}
          onAt={(at) => keepPlace(place.experiment(id), at)}
          order={JSON.stringify([id, view.filter, view.sort])}
        >
          {refused !== null ? null : view.filter === "" ? (
            <>
              <p>No runs yet. This program makes the first one:</p>
              <Code text={snippet(name)} />
            </>
          ) : (
            <>
              <p>None of {keys.data ? `${count(keys.data.runs)} runs` : "the runs"} matches the filter.</p>
              <button type="button" onClick={() => show({ filter: "" })}>
                Clear the filter
              </button>
            </>
          )}
        </Grid>
      )}
      {picking && (
        <Picker
          keys={known}
          runs={keys.data?.runs ?? 0}
          chosen={fields}
          isDefault={view.columns === null}
          choose={(chosen) =>
            route(`${place.experiment(id)}${formatView({ ...parseView(location.search), columns: chosen })}`, true)
          }
          close={() => setPicking(false)}
        />
      )}
    </>
  );
}

/** How many there are, and what is the same for all of them. */
function Summary(props: {
  readonly id: string;
  readonly total: number | null;
  readonly filtered: boolean;
  readonly keys: { readonly runs: number } | undefined;
  readonly constants: readonly Field[];
  readonly compare: () => void;
}): JSX.Element {
  const first = useAnswer(
    blockOf([props.id], { filter: "", sort: [] }, props.constants, 0, 1),
    props.constants.length > 0,
  );
  const run = first.data && rowsOf(first.data, props.constants)[0];
  const { total, keys } = props;
  return (
    <div class="summary">
      <span role="status">
        {total === null
          ? "…"
          : `${count(total)}${props.filtered && keys ? ` of ${count(keys.runs)}` : ""} ${total === 1 && !props.filtered ? "run" : "runs"}`}
      </span>
      <Selected compare={props.compare} />
      {run && (
        <span class="same">
          the same for all:{" "}
          {props.constants.map((field, index) => (
            <span key={field}>
              {index > 0 && ", "}
              <bdi>{keyOf(field)}</bdi> = <bdi>{String(run.values[field])}</bdi>
            </span>
          ))}
        </span>
      )}
    </div>
  );
}

/** How many are selected, and what can be done with them. */
function Selected({ compare }: { readonly compare: () => void }): JSX.Element {
  const number = selected.value.length;
  return (
    <span class="selected">
      <span role="status">{number > 0 && `${count(number)} selected`}</span>
      {number > 0 && (
        <>
          <button
            type="button"
            disabled={!comparable(number)}
            title={number > MOST ? `At most ${MOST} runs are compared` : "Compare (d)"}
            onClick={compare}
          >
            Compare
          </button>
          <button
            type="button"
            onClick={() => {
              selected.value = [];
              // The button goes away, and would take the focus with it.
              document.getElementById("main")?.focus();
            }}
          >
            Clear
          </button>
        </>
      )}
    </span>
  );
}

/** The rows of a view; while those of another view come, the ones before stay. */
function useRuns(id: string, view: View, fields: readonly Field[], generation: number): Blocks<TableRun> {
  const [, draw] = useState(0);
  const before = useRef<Blocks<TableRun> | null>(null);
  const of = useRef(id);
  const rows = useMemo(() => {
    const load = async (offset: number) => {
      const reply = await cache.fetchQuery(blockOf([id], view, fields, offset));
      return { total: reply.total, rows: rowsOf(reply, fields) };
    };
    before.current?.close();
    const shown = of.current === id ? before.current : null;
    of.current = id;
    before.current = new Blocks(BLOCK_ROWS, load, () => draw((drawn) => drawn + 1), shown);
    return before.current;
  }, [id, view.filter, JSON.stringify(view.sort), fields, generation]);
  useEffect(() => () => before.current?.close(), []);
  return rows;
}

function useNarrow(): boolean {
  const query = useMemo(() => matchMedia("(max-width: 640px)"), []);
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const look = () => setNarrow(query.matches);
    query.addEventListener("change", look);
    return () => query.removeEventListener("change", look);
  }, [query]);
  return narrow;
}
