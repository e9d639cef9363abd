/** How much of a table is shown. */
export const MOST_ROWS = 1_000;
export const MOST_SHOWN_COLUMNS = 50;

/** A table of texts; rows may be shorter or longer than the head. */
export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Whether there are more rows than these. */
  readonly more: boolean;
}

/** A table of separated values, of which the first row is the head (RFC 4180, and lines that end as they like).
 *
 * @param cut whether the text ends before the file does: its last row may then be half of one, and is left out.
 * @param separator what stands between two values. */
export function separated(text: string, separator: string, cut = false, most = MOST_ROWS): Table {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length && rows.length <= most + 1) {
    const [value, end] = text[at] === '"' ? quoted(text, at, separator) : plain(text, at, separator);
    row.push(value);
    at = end;
    if (text[at] === separator) {
      at += 1;
      if (at < text.length) continue;
      row.push("");
    }
    if (at < text.length || !cut) {
      // A line with nothing in it is no row.
      if (row.length > 1 || row[0] !== "") rows.push(row);
    }
    row = [];
    if (text[at] === "\r") at += 1;
    if (text[at] === "\n") at += 1;
  }
  const [head = [], ...others] = rows;
  return { head, rows: others.slice(0, most), more: cut || others.length > most };
}

/** What separates the values of a file: tabs in `.tsv`; else a comma, or a semicolon if the first line has no comma. */
export function separatorOf(path: string, text: string): string {
  if (path.toLowerCase().endsWith(".tsv")) return "\t";
  const first = text.slice(0, text.search(/[\r\n]|$/));
  return !first.includes(",") && first.includes(";") ? ";" : ",";
}

/** A value of JSON as a table, if it is one that `log_table` writes: `{"columns": [...], "data": [[...], ...]}`. */
export function loggedTable(value: unknown, most = MOST_ROWS): Table | null {
  if (typeof value !== "object" || value === null) return null;
  const { columns, data } = value as { columns?: unknown; data?: unknown };
  if (!Array.isArray(columns) || !Array.isArray(data) || !data.every((row) => Array.isArray(row))) return null;
  const rows = (data as unknown[][]).slice(0, most).map((row) => row.map(written));
  return { head: columns.map(written), rows, more: data.length > most };
}

/** JSON with a line for each value. Numbers and texts stay as they are written, also those that JavaScript rounds.
 *
 * A text that would get much longer by it, because it is nested deeply, stays as it is.
 *
 * @param text must be valid. */
export function indented(text: string): string {
  const out: string[] = [];
  const most = 100_000 + 8 * text.length;
  let [length, depth, last] = [0, 0, ""];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[^\s"{}[\],:]+|[{}[\],:]/g)) {
    const closes = token === "}" || token === "]";
    const opened = last === "{" || last === "[";
    if (closes) depth -= 1;
    if (closes ? !opened : opened || last === ",") out.push(`\n${"  ".repeat(depth)}`);
    out.push(token === ":" ? ": " : token);
    if (token === "{" || token === "[") depth += 1;
    length += token.length + 2 * depth;
    if (length > most) return text;
    last = token;
  }
  return out.join("");
}

function quoted(text: string, start: number, separator: string): [string, number] {
  let value = "";
  let at = start + 1;
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) return [value + text.slice(at), text.length];
    value += text.slice(at, end);
    if (text[end + 1] !== '"') {
      // What follows the second quote, though nothing should, belongs to the value.
      const [rest, next] = plain(text, end + 1, separator);
      return [value + rest, next];
    }
    value += '"';
    at = end + 2;
  }
}

function plain(text: string, start: number, separator: string): [string, number] {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== "\n" && text[end] !== "\r") end += 1;
  return [text.slice(start, end), end];
}

function written(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value);
}
