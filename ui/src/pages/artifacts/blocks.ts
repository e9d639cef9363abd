/** How many lines of a text are shown, and how much of one. */
export const MOST_LINES = 100_000;
export const MOST_OF_LINE = 10_000;
const BLOCK_LINES = 500;

/** Lines that follow each other. */
export interface Block {
  /** The number of the first, from 1. */
  readonly first: number;
  readonly count: number;
  readonly numbers: string;
  readonly text: string;
}

/** A text in blocks of lines; how many lines it has, and how many of those that are shown were shortened. */
export function blocksOf(text: string): { blocks: readonly Block[]; lines: number; shortened: number } {
  const all = text.split(/\r\n|\n|\r/);
  if (all.length > 1 && all.at(-1) === "") all.pop();
  let shortened = 0;
  const short = (line: string) => {
    if (line.length <= MOST_OF_LINE) return line;
    shortened += 1;
    return `${line.slice(0, MOST_OF_LINE)} …`;
  };
  const blocks = [];
  for (let at = 0; at < Math.min(all.length, MOST_LINES); at += BLOCK_LINES) {
    const lines = all.slice(at, Math.min(at + BLOCK_LINES, MOST_LINES)).map(short);
    const numbers = lines.map((_, index) => at + index + 1).join("\n");
    blocks.push({ first: at + 1, count: lines.length, numbers, text: lines.join("\n") });
  }
  return { blocks, lines: all.length, shortened };
}
