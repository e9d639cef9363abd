/** A block of rows as it came. */
export interface Block<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

const KEPT = 10;

/** Rows that are read in blocks when they are wanted, the last ten blocks of which are kept.
 *
 * Where the same rows are read anew with other columns, those that are there already show until the new ones come. */
export class Blocks<Row> {
  private readonly loaded = new Map<number, readonly Row[]>();
  private readonly loading = new Set<number>();
  private known: number | null = null;
  private before: Blocks<Row> | null;
  private closed = false;
  error: Error | null = null;

  /** @param size the number of rows of a block.
   *  @param load reads the block from an offset.
   *  @param changed is called when there is something new to draw.
   *  @param before what showed the same place until now. */
  constructor(
    private readonly size: number,
    private readonly load: (offset: number) => Promise<Block<Row>>,
    private readonly changed: () => void,
    before: Blocks<Row> | null = null,
  ) {
    this.before = before;
    if (before) before.before = null;
  }

  /** The number of all rows; null until that is known. What was refused has none. */
  get total(): number | null {
    return this.known ?? this.before?.total ?? (this.error ? 0 : null);
  }

  /** Whether what is shown is still what was there before. */
  get stale(): boolean {
    return this.known === null && this.total !== null && this.error === null;
  }

  /** A row, if it is there. */
  row(index: number): Row | undefined {
    const rows = this.loaded.get(Math.floor(index / this.size));
    return rows ? rows[index % this.size] : this.before?.row(index);
  }

  /** Reads what is missing of these rows, and the block behind them once they are in the second half of theirs. */
  want(first: number, end: number): void {
    const from = Math.floor(first / this.size);
    const to = Math.floor(Math.max(first, end - 1) / this.size);
    for (let block = from; block <= to; block++) this.read(block);
    const behind = (to + 1) * this.size;
    const isNear = end > behind - this.size / 2;
    if (this.known !== null && isNear && this.loaded.has(to) && behind < this.known) this.read(to + 1);
  }

  /** Nothing that comes from now on is drawn. */
  close(): void {
    this.closed = true;
  }

  private read(block: number): void {
    const rows = this.loaded.get(block);
    if (rows) {
      // The oldest of a Map is the first: what is looked at moves to its end.
      this.loaded.delete(block);
      this.loaded.set(block, rows);
      return;
    }
    if (this.loading.has(block) || this.error) return;
    this.loading.add(block);
    this.load(block * this.size).then(
      (found) => {
        this.loading.delete(block);
        if (this.closed) return;
        this.known = found.total;
        this.loaded.set(block, found.rows);
        this.before = null;
        for (const oldest of this.loaded.keys()) {
          if (this.loaded.size <= KEPT) break;
          this.loaded.delete(oldest);
        }
        this.changed();
      },
      (error: unknown) => {
        this.loading.delete(block);
        if (this.closed) return;
        this.error = error instanceof Error ? error : new Error(String(error));
        this.changed();
      },
    );
  }
}
