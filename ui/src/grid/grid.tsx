import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { useKeys } from "../app/keys";
import { between } from "../state/selection";
import type { Sort } from "../state/view";
import { columnWindow, rowAt, rowWindow, scrollOf } from "./window";

export const ROW_PX = 28;
const HEAD_PX = 28;
const AROUND_ROWS = 8;
/** How long after a scroll its place is told: the address changes no more often than browsers allow. */
const TELL_MS = 250;

/** A column of a grid. */
export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** What stands under the mouse, if that is more than the title. */
  readonly hint?: string;
  readonly widthPx: number;
  readonly right?: boolean;
  readonly sortable: boolean;
  readonly cell: (row: Row) => ComponentChildren;
}

/** Rows of which only some are here. */
export interface Rows<Row> {
  /** The number of all; null until that is known. */
  readonly total: number | null;
  /** A row, if it is here. */
  row(index: number): Row | undefined;
  /** Says which rows are seen now. */
  want(first: number, end: number): void;
}

/** Which rows are selected. */
export interface Selection<Row> {
  has(row: Row): boolean;
  /** Selects rows, or no longer. */
  set(rows: readonly Row[], on: boolean): void;
  /** What the box of a row is called. */
  label(row: Row): string;
}

interface Props<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: Rows<Row>;
  /** Whether the rows that are shown are about to be replaced. */
  readonly stale: boolean;
  readonly sort: readonly Sort[];
  readonly onSort: (column: string, several: boolean) => void;
  readonly hrefOf: (row: Row) => string;
  readonly open: (href: string, newTab: boolean) => void;
  readonly selection?: Selection<Row>;
  /** The row to have at the top, and what is told when that is another one. */
  readonly at: number;
  readonly onAt: (row: number) => void;
  /** What the place of a row depends on; a change of it goes to the row of `at` again. */
  readonly order: string;
  /** What stands in the place of rows when there are none. */
  readonly children?: ComponentChildren;
}

interface Place {
  /** -1 is the head. */
  readonly row: number;
  readonly column: number;
}

/** A table of any number of rows, of which those that are seen are drawn; so with columns.
 *
 * It is an ARIA grid: one cell takes part in the order of Tab, arrows move it. The cell that has the focus stays drawn
 * wherever the view is, so the focus is never lost. */
export function Grid<Row>(props: Props<Row>): JSX.Element {
  const { columns, rows, selection } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, left: 0, width: 0, height: 0 });
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const focusing = useRef(false);
  const told = useRef(0);
  /** The row from which a range goes. */
  const anchor = useRef<number | null>(null);
  const total = rows.total;
  const viewPx = Math.max(0, view.height - HEAD_PX);
  const edges = useMemo(() => edgesOf(columns), [columns]);
  const widthPx = edges[edges.length - 1] ?? 0;

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const look = () =>
      setView({
        top: element.scrollTop,
        left: element.scrollLeft,
        width: element.clientWidth,
        height: element.clientHeight,
      });
    look();
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, []);

  // To where the address says, but not back to what this grid has told itself.
  const known = total !== null && viewPx > 0;
  useLayoutEffect(() => {
    if (!known || !box.current || props.at === told.current) return;
    told.current = props.at;
    box.current.scrollTop = scrollOf(props.at, total, ROW_PX, viewPx);
  }, [known, props.at, props.order]);

  useEffect(() => {
    if (!known) return;
    const row = rowAt(view.top, total, ROW_PX, viewPx);
    const timer = setTimeout(() => {
      if (row === told.current) return;
      told.current = row;
      props.onAt(row);
    }, TELL_MS);
    return () => clearTimeout(timer);
  }, [known, view.top]);

  const drawn = rowWindow(total ?? Math.ceil(viewPx / ROW_PX), ROW_PX, view.top, viewPx, AROUND_ROWS);
  useEffect(() => rows.want(drawn.first, drawn.end));

  const last = Math.max(0, (total ?? 0) - 1);
  const at: Place = { row: Math.min(active.row, last), column: Math.min(active.column, columns.length - 1) };
  const move = (row: number, column: number) => {
    const next = { row: clamp(row, -1, last), column: clamp(column, 0, columns.length - 1) };
    focusing.current = true;
    setActive(next);
    show(next);
  };
  const show = ({ row, column }: Place) => {
    const element = box.current;
    if (!element) return;
    if (row >= 0 && total !== null) {
      const top = rowAt(element.scrollTop, total, ROW_PX, viewPx);
      const whole = viewPx / ROW_PX;
      if (row < top || (row === top && element.scrollTop > scrollOf(row, total, ROW_PX, viewPx))) {
        element.scrollTop = scrollOf(row, total, ROW_PX, viewPx);
      } else if (row + 1 > top + whole) {
        element.scrollTop = Math.ceil(scrollOf(row + 1 - whole, total, ROW_PX, viewPx));
      }
    }
    if (column > 0) {
      const [from, to, fixed] = [edges[column] ?? 0, edges[column + 1] ?? 0, edges[1] ?? 0];
      if (from < element.scrollLeft + fixed) element.scrollLeft = from - fixed;
      else if (to > element.scrollLeft + element.clientWidth) element.scrollLeft = to - element.clientWidth;
    } else {
      element.scrollLeft = 0;
    }
  };
  useLayoutEffect(() => {
    if (!focusing.current) return;
    const cell = box.current?.querySelector<HTMLElement>('[tabindex="0"]');
    if (!cell) return;
    focusing.current = false;
    cell.focus({ preventScroll: true });
  });

  useEffect(() => void (anchor.current = null), [props.order]);
  const pick = (index: number, on: boolean, range: boolean) => {
    const from = range ? (anchor.current ?? index) : index;
    anchor.current = index;
    const all = between(from, index).map((each) => rows.row(each));
    const here = all.filter((row) => row !== undefined);
    // Not a range with holes in it: where rows are not here, it is this one alone.
    const row = rows.row(index);
    if (row !== undefined) selection?.set(here.length === all.length ? here : [row], on);
  };
  const pickHere = (range: boolean) => () => {
    const index = Math.max(0, at.row);
    const row = rows.row(index);
    if (!selection || row === undefined) return;
    move(index, at.column);
    pick(index, range || !selection.has(row), range);
  };

  const enter = (event: KeyboardEvent) => {
    if (at.row < 0) {
      const column = columns[at.column];
      if (column?.sortable) props.onSort(column.id, event.shiftKey);
      return;
    }
    const row = rows.row(at.row);
    if (row) props.open(props.hrefOf(row), event.ctrlKey || event.metaKey);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(viewPx / ROW_PX) - 1);
    const control = event.ctrlKey || event.metaKey;
    const moves: Record<string, () => void> = {
      ArrowDown: () => move(at.row + 1, at.column),
      ArrowUp: () => move(at.row - 1, at.column),
      ArrowRight: () => move(at.row, at.column + 1),
      ArrowLeft: () => move(at.row, at.column - 1),
      PageDown: () => move(Math.max(at.row, 0) + page, at.column),
      PageUp: () => move(Math.max(0, at.row - page), at.column),
      Home: () => (control ? move(0, at.column) : move(at.row, 0)),
      End: () => (control ? move(last, at.column) : move(at.row, columns.length - 1)),
      Enter: () => enter(event),
    };
    if (at.row < 0) moves[" "] = () => enter(event);
    const does = event.altKey ? undefined : moves[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  };
  const inside = () => box.current?.contains(document.activeElement) ?? false;
  const step = (rowsDown: number, right: number) => () =>
    inside() ? move(at.row + rowsDown, at.column + right) : move(Math.max(0, at.row), at.column);
  useKeys({
    j: step(1, 0),
    k: step(-1, 0),
    l: step(0, 1),
    h: step(0, -1),
    ArrowDown: step(1, 0),
    G: () => move(last, at.column),
    ...(selection && { x: pickHere(false), X: pickHere(true) }),
  });

  const [firstColumn, endColumn] = columnWindow(edges, view.left, view.width);
  const seen = columns
    .map((column, index) => ({ column, index }))
    .filter(({ index }) => index === 0 || index === at.column || (index >= firstColumn && index < endColumn));
  const indices = Array.from({ length: drawn.end - drawn.first }, (_, i) => drawn.first + i);
  if (total && at.row >= 0 && (at.row < drawn.first || at.row >= drawn.end)) indices.push(at.row);
  const cellProps = (row: number, index: number, column: Column<Row>) => ({
    tabIndex: row === at.row && index === at.column ? 0 : -1,
    "aria-colindex": index + 1,
    class: `cell${column.right ? " right" : ""}${index === 0 ? " pinned" : ""}`,
    style: { left: `${index === 0 ? 0 : (edges[index] ?? 0)}px`, width: `${column.widthPx}px` },
    onFocus: () => {
      if (row !== active.row || index !== active.column) setActive({ row, column: index });
    },
  });

  return (
    <>
      <div
        ref={box}
        class={`grid${selection ? " selects" : ""}${props.stale ? " stale" : ""}${total === 0 ? " none" : ""}`}
        role="grid"
        aria-label={props.label}
        aria-rowcount={total === null ? -1 : total + 1}
        aria-colcount={columns.length}
        aria-multiselectable={selection ? true : undefined}
        aria-busy={props.stale || total === null}
        onKeyDown={onKeyDown}
      >
        <div class="grid-head" role="row" aria-rowindex={1} style={{ width: `${widthPx}px` }}>
          {seen.map(({ column, index }) => {
            const place = props.sort.findIndex(({ field }) => field === column.id);
            const by = props.sort[place];
            return (
              <div
                key={column.id}
                role="columnheader"
                {...cellProps(-1, index, column)}
                aria-sort={by ? (by.descending ? "descending" : "ascending") : column.sortable ? "none" : undefined}
                title={column.hint ?? column.title}
                data-column={column.id}
                data-sortable={column.sortable}
                onClick={(event) => {
                  if (column.sortable) props.onSort(column.id, event.shiftKey);
                }}
              >
                <bdi>{column.title}</bdi>
                {by && (
                  <span class="sorted" aria-hidden="true">
                    {by.descending ? "↓" : "↑"}
                    {props.sort.length > 1 && place + 1}
                  </span>
                )}
              </div>
            );
          })}
        </div>
        <div class="grid-body" role="rowgroup" style={{ height: `${drawn.heightPx}px`, width: `${widthPx}px` }}>
          {indices.map((index) => {
            const row = rows.row(index);
            return (
              <div
                key={index}
                class="grid-row"
                role="row"
                aria-rowindex={index + 2}
                aria-selected={selection && row !== undefined ? selection.has(row) : undefined}
                style={{ top: `${drawn.shiftPx + index * ROW_PX}px` }}
              >
                {seen.map(({ column, index: place }) => (
                  <div key={column.id} role="gridcell" {...cellProps(index, place, column)}>
                    {row === undefined ? (
                      <span class="blank" />
                    ) : place === 0 ? (
                      <>
                        {selection && (
                          <label class="pick">
                            <input
                              type="checkbox"
                              tabIndex={-1}
                              aria-label={selection.label(row)}
                              checked={selection.has(row)}
                              onClick={(event) => {
                                setActive({ row: index, column: 0 });
                                pick(index, event.currentTarget.checked, event.shiftKey);
                              }}
                            />
                          </label>
                        )}
                        <a href={props.hrefOf(row)} tabIndex={-1}>
                          {column.cell(row)}
                        </a>
                      </>
                    ) : (
                      column.cell(row)
                    )}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {total === 0 && <div class="empty">{props.children}</div>}
    </>
  );
}

function edgesOf(columns: readonly { readonly widthPx: number }[]): readonly number[] {
  const edges = [0];
  for (const { widthPx } of columns) edges.push((edges[edges.length - 1] ?? 0) + widthPx);
  return edges;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
