import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { count } from "../../app/format";
import { rowWindow } from "../../grid/window";
import { MOST_SHOWN_COLUMNS, type Table } from "./tables";

const MOST_OF_CELL = 500;
const ROW_PX = 28;
const PADDING_PX = 24;
const AROUND_ROWS = 16;
/** How wide columns are, in characters. They are told to the browser, so that they stay when other rows are drawn. */
const LEAST_CH = 6;
const MOST_CH = 40;
const ROW_CH = 5;

/** A table of texts, of which the rows that are seen are drawn. A formula is a text like any other. */
export function Sheet({ table, label }: { table: Table; label: string }): JSX.Element {
  const { head, rows, more } = table;
  const [width, widths] = useMemo(() => widthsOf(table), [table]);
  const [seen, setSeen] = useState({ top: 0, height: 1_000 });
  const region = useRef<HTMLDivElement>(null);
  const look = () => {
    const { scrollTop: top = 0, clientHeight: height = 0 } = region.current ?? {};
    setSeen({ top, height });
  };
  useEffect(() => {
    const observer = new ResizeObserver(look);
    if (region.current) observer.observe(region.current);
    return () => observer.disconnect();
  }, []);
  const { first, end } = rowWindow(rows.length, ROW_PX, seen.top, seen.height, AROUND_ROWS);
  const whole = widths.reduce((sum, each) => sum + each, ROW_CH);
  return (
    <>
      <p class="faint">
        {more ? `The first ${count(rows.length)} rows` : rowsIn(rows.length)}
        {width > MOST_SHOWN_COLUMNS && `, the first ${MOST_SHOWN_COLUMNS} of ${count(width)} columns`}
      </p>
      <div class="sheet" role="region" aria-label={label} tabIndex={0} ref={region} onScroll={look}>
        <table
          aria-rowcount={rows.length + 1}
          style={{ width: `calc(${whole}ch + ${PADDING_PX * (widths.length + 1)}px)` }}
        >
          <colgroup>
            <col style={{ width: widthOf(ROW_CH) }} />
            {widths.map((each, column) => (
              <col key={column} style={{ width: widthOf(each) }} />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              <th scope="col">Row</th>
              {widths.map((_, column) => (
                <th key={column} scope="col" class={rightOf(rows[0]?.[column])} title={head[column]}>
                  {short(head[column] ?? "") || `Column ${column + 1}`}
                </th>
              ))}
            </tr>
          </thead>
          <Space rows={first} />
          <tbody>
            {rows.slice(first, end).map((row, index) => (
              <tr key={first + index} aria-rowindex={first + index + 2}>
                <th scope="row">{count(first + index + 1)}</th>
                {widths.map((_, column) => {
                  const text = row[column] ?? "";
                  return (
                    <td key={column} class={rightOf(text)} title={text.length > MOST_CH ? short(text) : undefined}>
                      {short(text)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
          <Space rows={rows.length - end} />
        </table>
      </div>
    </>
  );
}

/** The room of rows that are not drawn. */
function Space({ rows }: { rows: number }): JSX.Element | null {
  if (rows <= 0) return null;
  return (
    <tbody aria-hidden="true">
      <tr style={{ height: `${rows * ROW_PX}px` }} />
    </tbody>
  );
}

/** How many columns a table has, and the widths of those that are shown, in characters. */
function widthsOf({ head, rows }: Table): readonly [number, readonly number[]] {
  const width = rows.reduce((most, { length }) => Math.max(most, length), head.length);
  const shown = Array.from({ length: Math.min(width, MOST_SHOWN_COLUMNS) }, (_, column) => {
    const longest = rows.reduce(
      (most, row) => Math.max(most, row[column]?.length ?? 0),
      (head[column] ?? "").length + 1,
    );
    return Math.min(Math.max(longest, LEAST_CH), MOST_CH);
  });
  return [width, shown];
}

function widthOf(characters: number): string {
  return `calc(${characters}ch + ${PADDING_PX}px)`;
}

function rowsIn(rows: number): string {
  return rows === 1 ? "1 row" : `${count(rows)} rows`;
}

/** Numbers stand on the right, and what is over them, too. */
function rightOf(text = ""): "right" | undefined {
  return text.length < 40 && /^[-+]?(?:\d|\.\d)[\d.,eE+-]*$/.test(text) ? "right" : undefined;
}

function short(text: string): string {
  return text.length > MOST_OF_CELL ? `${text.slice(0, MOST_OF_CELL)}…` : text;
}
