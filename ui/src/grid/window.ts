/** Browsers lay out no more than some ten million pixels; what is taller scrolls in larger steps. */
const MOST_PX = 8_000_000;

/** Which rows are drawn, and where. */
export interface RowWindow {
  readonly first: number;
  /** One behind the last. */
  readonly end: number;
  /** The height of the content. */
  readonly heightPx: number;
  /** Where row 0 would be, so that row `i` is at `shiftPx + i * rowPx`. */
  readonly shiftPx: number;
}

/** The rows that are seen, and some around them.
 *
 * @param scrollPx how far the content is scrolled.
 * @param viewPx the height of what is seen of the rows. */
export function rowWindow(total: number, rowPx: number, scrollPx: number, viewPx: number, around: number): RowWindow {
  const wholePx = total * rowPx;
  const heightPx = Math.min(wholePx, MOST_PX);
  const top = topPx(wholePx, heightPx, scrollPx, viewPx);
  const first = Math.max(0, Math.min(total, Math.floor(top / rowPx)) - around);
  const end = Math.min(total, Math.ceil((top + viewPx) / rowPx) + around);
  return { first, end, heightPx, shiftPx: scrollPx - top };
}

/** How far to scroll so that a row is at the top. */
export function scrollOf(row: number, total: number, rowPx: number, viewPx: number): number {
  const wholePx = total * rowPx;
  const heightPx = Math.min(wholePx, MOST_PX);
  if (wholePx <= viewPx) return 0;
  return (Math.min(row * rowPx, wholePx - viewPx) * (heightPx - viewPx)) / (wholePx - viewPx);
}

/** The row at the top. */
export function rowAt(scrollPx: number, total: number, rowPx: number, viewPx: number): number {
  const wholePx = total * rowPx;
  return Math.round(topPx(wholePx, Math.min(wholePx, MOST_PX), scrollPx, viewPx) / rowPx);
}

function topPx(wholePx: number, heightPx: number, scrollPx: number, viewPx: number): number {
  if (wholePx === heightPx || heightPx <= viewPx) return Math.max(0, scrollPx);
  return (Math.max(0, scrollPx) * (wholePx - viewPx)) / (heightPx - viewPx);
}

/** The columns that are seen, one around them: the first, and one behind the last.
 *
 * @param edges where each column begins, and at the end where the last one ends, in pixels. */
export function columnWindow(edges: readonly number[], scrollPx: number, viewPx: number): readonly [number, number] {
  const columns = edges.length - 1;
  let first = 0;
  while (first < columns - 1 && (edges[first + 1] ?? 0) <= scrollPx) first++;
  let end = first;
  while (end < columns && (edges[end] ?? 0) < scrollPx + viewPx) end++;
  return [Math.max(0, first - 1), Math.min(columns, end + 1)];
}
