import type { ComponentChildren } from "preact";

import type { ExperimentKey as Key } from "../../api/schema";
import { duration, real, short } from "../../app/format";
import { Status, Time } from "../../app/parts";
import type { Column } from "../../grid/grid";
import { type Field, keyOf, kindOf } from "../../state/fields";
import type { TableRun } from "../../state/runs";
import { fieldOf } from "../../state/smart";

/** Attributes that somebody may add to those that are always there. */
export const ATTRIBUTES: Readonly<Record<Field, string>> = {
  "attributes.user_id": "user",
  "attributes.run_id": "id",
  "attributes.artifact_uri": "artifacts",
};

const CHARACTER_PX = 7.2;
const AROUND_PX = 46;

/** The columns of a table of runs: what is always there, then the chosen fields. */
export function columnsOf(
  fields: readonly Field[],
  keys: readonly Key[],
  narrow: boolean,
): readonly Column<TableRun>[] {
  const known = new Map(keys.map((key) => [fieldOf(key), key]));
  return [
    { id: "attributes.run_name", title: "name", widthPx: narrow ? 140 : 200, sortable: true, cell: nameOf },
    {
      id: "attributes.status",
      title: "status",
      widthPx: 104,
      sortable: true,
      cell: ({ values }) => <Status status={values["attributes.status"] as string | null} />,
    },
    {
      id: "attributes.start_time",
      title: "started",
      widthPx: 84,
      sortable: true,
      cell: ({ values }) => <Time brief ms={real(values["attributes.start_time"])} />,
    },
    { id: "took", title: "took", widthPx: 76, right: true, sortable: false, cell: tookOf },
    ...fields.map((field) => columnOf(field, known.get(field))),
  ];
}

function columnOf(field: Field, key: Key | undefined): Column<TableRun> {
  const title = ATTRIBUTES[field] ?? keyOf(field);
  const numeric = kindOf(field) === "metrics" || key?.numeric === true;
  const least = numeric ? 92 : 108;
  return {
    id: field,
    title,
    hint: `${field}${key ? ` · ${key.runs} runs` : ""}`,
    widthPx: Math.max(least, Math.min(220, Math.round(title.length * CHARACTER_PX + AROUND_PX))),
    right: numeric,
    sortable: true,
    cell: ({ values }) => valueOf(values[field], kindOf(field) === "metrics"),
  };
}

function nameOf({ id, values }: TableRun): ComponentChildren {
  const name = values["attributes.run_name"];
  return <bdi title={String(name || id)}>{String(name || id)}</bdi>;
}

function tookOf({ values }: TableRun): ComponentChildren {
  const [start, end] = [real(values["attributes.start_time"]), real(values["attributes.end_time"])];
  return start !== null && end ? duration(end - start) : <span class="faint">–</span>;
}

function valueOf(value: unknown, metric: boolean): ComponentChildren {
  if (value === undefined) return <span class="blank" />;
  if (value === null) return <span class="faint">–</span>;
  const number = metric ? real(value) : null;
  if (number !== null) return <span title={String(value)}>{short(number)}</span>;
  return <bdi title={String(value)}>{String(value)}</bdi>;
}
