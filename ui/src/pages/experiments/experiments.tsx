import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { useLocation } from "preact-iso";

import { cache, useAnswer } from "../../api/query";
import { allExperiments } from "../../api/questions";
import type { Experiment } from "../../api/schema";
import { FilterBox } from "../../app/filter";
import { count } from "../../app/format";
import { useKeys } from "../../app/keys";
import { Code, Failure, IconButton, Time } from "../../app/parts";
import { place } from "../../app/places";
import { Head } from "../../app/shell";
import { snippet } from "../../app/snippet";
import { type Column, Grid, type Rows } from "../../grid/grid";
import { formatView, keepPlace, parseView, sorted, type View } from "../../state/view";

const NOTE = "mlflow.note.content";

const COLUMNS: readonly Column<Experiment>[] = [
  { id: "name", title: "name", widthPx: 360, sortable: true, cell: ({ name }) => <bdi title={name ?? ""}>{name}</bdi> },
  {
    id: "last_update_time",
    title: "changed",
    widthPx: 112,
    sortable: true,
    cell: (each) => <Time ms={each.last_update_time} />,
  },
  {
    id: "creation_time",
    title: "created",
    widthPx: 112,
    sortable: true,
    cell: (each) => <Time ms={each.creation_time} />,
  },
  {
    id: "experiment_id",
    title: "id",
    widthPx: 176,
    sortable: true,
    cell: ({ experiment_id: id }) => <code>{id}</code>,
  },
  { id: "note", title: "note", widthPx: 320, sortable: false, cell: (each) => <bdi>{noteOf(each)}</bdi> },
  { id: "tags", title: "tags", widthPx: 320, sortable: false, cell: (each) => <bdi>{tagsOf(each)}</bdi> },
];

/** All experiments. */
export default function Experiments(): JSX.Element {
  const { url, route } = useLocation();
  const search = url.includes("?") ? url.slice(url.indexOf("?")) : "";
  const view = useMemo(() => parseView(search), [search]);
  const experiments = useAnswer(allExperiments());
  const [narrow] = useState(() => matchMedia("(max-width: 640px)").matches);
  const found = useMemo(() => choose(experiments.data, view), [experiments.data, view]);
  const show = (change: Partial<View>) => route(`${place.experiments()}${formatView({ ...view, at: 0, ...change })}`);
  const refresh = () => void cache.invalidateQueries({ queryKey: ["experiments"] });
  useKeys({ r: refresh });
  const rows: Rows<Experiment> = {
    total: found?.length ?? null,
    row: (index) => found?.[index],
    want: () => undefined,
  };
  return (
    <>
      <Head crumbs={[{ text: "Experiments" }]} />
      <div class="tools">
        <FilterBox value={view.filter} hint="Part of a name" error={null} apply={(filter) => show({ filter })} />
        <IconButton icon="refresh" label="Read anew" onClick={refresh} />
      </div>
      <div class="summary">
        <span role="status">
          {found ? `${count(found.length)} ${found.length === 1 ? "experiment" : "experiments"}` : "…"}
        </span>
      </div>
      {experiments.error ? (
        <Failure error={experiments.error} retry={refresh} />
      ) : (
        <Grid
          label="Experiments"
          columns={narrow ? COLUMNS.map((each) => (each.id === "name" ? { ...each, widthPx: 220 } : each)) : COLUMNS}
          rows={rows}
          stale={experiments.isFetching && found !== undefined}
          sort={view.sort}
          onSort={(field, several) => show({ sort: sorted(view.sort, field, several) })}
          hrefOf={(each) => place.experiment(each.experiment_id ?? "")}
          open={(href, newTab) => (newTab ? void window.open(href, "_blank", "noopener") : route(href))}
          at={view.at}
          onAt={(at) => keepPlace(place.experiments(), at)}
          order={JSON.stringify([view.filter, view.sort])}
        >
          {view.filter === "" ? (
            <>
              <p>No experiments yet. This program makes the first one:</p>
              <Code text={snippet("first steps")} />
            </>
          ) : (
            <>
              <p>No experiment has “{view.filter}” in its name.</p>
              <button type="button" onClick={() => show({ filter: "" })}>
                Clear the filter
              </button>
            </>
          )}
        </Grid>
      )}
    </>
  );
}

/** The experiments of a view. They are few and all here, so the page sorts them itself. */
function choose(all: readonly Experiment[] | undefined, view: View): readonly Experiment[] | undefined {
  const part = view.filter.toLowerCase();
  const found = all?.filter(({ name }) => (name ?? "").toLowerCase().includes(part));
  if (!found || view.sort.length === 0) return found;
  return [...found].sort((a, b) => {
    for (const { field, descending } of view.sort) {
      const way = compare(a[field as keyof Experiment], b[field as keyof Experiment]);
      if (way !== 0) return descending ? -way : way;
    }
    return 0;
  });
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a ?? "").localeCompare(String(b ?? ""), "en", { numeric: true });
}

function noteOf({ tags }: Experiment): string {
  return tags?.find(({ key }) => key === NOTE)?.value?.split("\n", 1)[0] ?? "";
}

function tagsOf({ tags }: Experiment): string {
  const own = (tags ?? []).filter(({ key }) => !key?.startsWith("mlflow."));
  return own.map(({ key, value }) => `${key} = ${value}`).join(", ");
}
