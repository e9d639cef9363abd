import { signal } from "@preact/signals";

import { entriesOf } from "./reading";
import type { FileInfo } from "../../api/schema";
import { foldersAbove, nameOf } from "./names";

/** What is known of the entries of a folder. */
export interface Folder {
  readonly entries: readonly FileInfo[];
  /** The token of the next page; null if there is none, or nothing was read yet. */
  readonly next: string | null;
  readonly reading: boolean;
  readonly error: Error | null;
}

/** A row of the tree: an entry, or what is to be said of the folder it stands in. */
export interface Row {
  readonly kind: "folder" | "file" | "more" | "reading" | "failed" | "empty";
  /** Of the entry; for what is said of a folder the path of that. */
  readonly path: string;
  readonly text: string;
  readonly level: number;
  readonly sizeBytes?: number;
  readonly open?: boolean;
}

type Read = typeof entriesOf;

/** The folders of a run: those that are open, and their entries as far as they were read. */
export class Folders {
  readonly known = signal<ReadonlyMap<string, Folder>>(new Map());
  readonly open = signal<ReadonlySet<string>>(new Set());
  readonly #gone = new AbortController();

  constructor(
    private readonly runId: string,
    private readonly read: Read = entriesOf,
  ) {}

  /** Opens the folders above a path, so that it is seen. */
  reveal(path: string): void {
    for (const folder of foldersAbove(path)) this.expand(folder);
  }

  /** Opens a folder, and reads it the first time. */
  expand(path: string): void {
    if (!this.open.value.has(path)) this.open.value = new Set([...this.open.value, path]);
    if (!this.known.value.has(path)) void this.more(path);
  }

  collapse(path: string): void {
    this.open.value = new Set([...this.open.value].filter((each) => each !== path));
  }

  /** Reads the next page of a folder, or again the one that could not be read.
   *
   * @param anew reads the first page instead; what is there stays until it comes. */
  async more(path: string, anew = false): Promise<void> {
    const { entries = [], next = null, reading = false } = this.known.value.get(path) ?? {};
    if (reading) return;
    this.#set(path, { entries, next, reading: true, error: null });
    try {
      const page = await this.read(this.runId, path, anew ? null : next, this.#gone.signal);
      const all = [...(anew ? [] : entries), ...(page.files ?? [])];
      this.#set(path, { entries: all, next: page.next_page_token || null, reading: false, error: null });
    } catch (error) {
      if (!this.#gone.signal.aborted) this.#set(path, { entries, next, reading: false, error: error as Error });
    }
  }

  /** Reads all open folders anew; those that are closed when they are opened again. */
  refresh(): void {
    const open = this.open.value;
    this.known.value = new Map([...this.known.value].filter(([path]) => open.has(path)));
    for (const path of open) void this.more(path, true);
  }

  /** Stops what is being read. */
  close(): void {
    this.#gone.abort();
  }

  /** What is seen, from the top. */
  rows(): readonly Row[] {
    return [...this.#rowsOf("", 1)];
  }

  *#rowsOf(path: string, level: number): Generator<Row> {
    const folder = this.known.value.get(path);
    if (!folder) return;
    for (const { path: entry, is_dir, file_size } of folder.entries) {
      if (!entry) continue;
      const open = this.open.value.has(entry);
      const text = nameOf(entry);
      if (!is_dir) yield { kind: "file", path: entry, text, level, sizeBytes: file_size ?? 0 };
      else yield { kind: "folder", path: entry, text, level, open };
      if (is_dir && open) yield* this.#rowsOf(entry, level + 1);
    }
    if (folder.reading) yield { kind: "reading", path, text: "Reading…", level };
    else if (folder.error) yield { kind: "failed", path, text: `${folder.error.message} Try again`, level };
    else if (folder.next) yield { kind: "more", path, text: "Show more", level };
    else if (folder.entries.length === 0) yield { kind: "empty", path, text: "Nothing is in it.", level };
  }

  #set(path: string, folder: Folder): void {
    this.known.value = new Map([...this.known.value, [path, folder]]);
  }
}
