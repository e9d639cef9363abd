import type { JSX } from "preact";

import { count } from "../../app/format";
import { MOST_SHOWN_COLUMNS, type Table } from "./tables";

const MOST_OF_CELL = 500;

/** A table of texts. A formula is a text like any other. */
export function Sheet({ table, label }: { table: Table; label: string }): JSX.Element {
  const width = table.rows.reduce((most, { length }) => Math.max(most, length), table.head.length);
  const columns = Array.from({ length: Math.min(width, MOST_SHOWN_COLUMNS) }, (_, index) => index);
  return (
    <>
      <p class="faint">
        {table.more ? `The first ${count(table.rows.length)} rows` : rowsIn(table.rows.length)}
        {width > MOST_SHOWN_COLUMNS && `, the first ${MOST_SHOWN_COLUMNS} of ${count(width)} columns`}
      </p>
      <div class="sheet" role="region" aria-label={label} tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Row</th>
              {columns.map((column) => (
                <th key={column} scope="col">
                  <bdi>{short(table.head[column] ?? "") || `Column ${column + 1}`}</bdi>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, index) => (
              <tr key={index}>
                <th scope="row">{count(index + 1)}</th>
                {columns.map((column) => {
                  const text = row[column] ?? "";
                  return (
                    <td key={column} class={isNumber(text) ? "right" : undefined}>
                      <bdi>{short(text)}</bdi>
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function rowsIn(rows: number): string {
  return rows === 1 ? "1 row" : `${count(rows)} rows`;
}

function isNumber(text: string): boolean {
  return text !== "" && text.length < 40 && /^[-+]?(?:\d|\.\d)[\d.,eE+-]*$/.test(text);
}

function short(text: string): string {
  return text.length > MOST_OF_CELL ? `${text.slice(0, MOST_OF_CELL)}…` : text;
}
