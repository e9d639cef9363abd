import type { JSX, TargetedKeyboardEvent } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { count } from "../../app/format";
import { Icon } from "../../app/icons";
import { place } from "../../app/places";
import { bytes } from "./names";
import type { Folders, Row } from "./folders";

/** The files and folders of a run. Where the focus is and what is shown beside it are two things, as in a list of mails. */
export function Tree(props: {
  runId: string;
  folders: Folders;
  selected: string;
  /** Shows a file, or a folder, whose path then ends with a slash. */
  show: (path: string) => void;
}): JSX.Element {
  const { folders, selected } = props;
  const rows = folders.rows();
  const [focused, setFocused] = useState<string | null>(null);
  const tree = useRef<HTMLDivElement>(null);
  const at = Math.max(
    0,
    rows.findIndex((row) => keyOf(row) === (focused ?? `entry ${selected}`)),
  );

  const seen = useRef<string | null>(null);
  const found = rows.some(({ path }) => path === selected);
  useEffect(() => {
    if (!found || seen.current === selected) return;
    seen.current = selected;
    tree.current?.querySelector("[aria-selected='true']")?.scrollIntoView({ block: "nearest" });
  }, [selected, found]);

  const [next, setNext] = useState<number | null>(null);
  useLayoutEffect(() => {
    if (next === null) return;
    setNext(null);
    // Somebody who has gone elsewhere meanwhile stays there.
    const { activeElement } = document;
    if (activeElement === document.body || tree.current?.contains(activeElement)) focus(next);
  }, [next]);

  const focus = (index: number) => {
    const row = rows[index];
    if (!row) return;
    setFocused(keyOf(row));
    (tree.current?.children[index] as HTMLElement | undefined)?.focus();
  };
  const act = (row: Row) => {
    if (row.kind === "file") props.show(row.path);
    else if (row.kind === "folder" && row.open) folders.collapse(row.path);
    else if (row.kind === "folder") {
      folders.expand(row.path);
      props.show(`${row.path}/`);
    } else if (row.kind === "more" || row.kind === "failed") {
      // The first of the new entries comes to stand where this row is.
      void folders.more(row.path).then(() => setNext(rows.indexOf(row)));
    }
  };
  const pressed = (event: TargetedKeyboardEvent<HTMLElement>, index: number) => {
    const row = rows[index];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const above = rows.slice(0, index).findLastIndex(({ level }) => level < row.level);
    const does = {
      ArrowDown: () => focus(index + 1),
      ArrowUp: () => focus(index - 1),
      Home: () => focus(0),
      End: () => focus(rows.length - 1),
      ArrowRight: () => {
        if (row.kind !== "folder") return;
        if (!row.open) folders.expand(row.path);
        else if ((rows[index + 1]?.level ?? 0) > row.level) focus(index + 1);
      },
      ArrowLeft: () => (row.kind === "folder" && row.open ? folders.collapse(row.path) : focus(above)),
      Enter: () => act(row),
      " ": () => act(row),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  };

  return (
    <div class="tree" role="tree" aria-label="Files" ref={tree}>
      {rows.map((row, index) => (
        <Item
          key={keyOf(row)}
          row={row}
          runId={props.runId}
          selected={isEntry(row) && row.path === selected}
          reachable={index === at}
          shown={folders.known.value.get(row.path)?.entries.length ?? 0}
          onFocus={() => setFocused(keyOf(row))}
          onKeyDown={(event) => pressed(event, index)}
          act={() => act(row)}
        />
      ))}
    </div>
  );
}

function Item(props: {
  row: Row;
  runId: string;
  selected: boolean;
  reachable: boolean;
  shown: number;
  onFocus: () => void;
  onKeyDown: (event: TargetedKeyboardEvent<HTMLElement>) => void;
  act: () => void;
}): JSX.Element {
  const { row, runId, selected, reachable, shown, onFocus, onKeyDown, act } = props;
  const shared = {
    role: "treeitem" as const,
    class: `tree-row tree-${row.kind}`,
    tabIndex: reachable ? 0 : -1,
    "aria-level": row.level,
    style: { "--level": row.level },
    onFocus,
    onKeyDown,
  };
  if (!isEntry(row)) {
    return (
      <div
        {...shared}
        aria-disabled={row.kind === "reading" || row.kind === "empty"}
        aria-selected={false}
        onClick={act}
      >
        <span class="tree-name">
          {row.text} {row.kind === "more" && <span class="faint">{count(shown)} are shown</span>}
        </span>
      </div>
    );
  }
  return (
    <a
      {...shared}
      href={place.artifacts(runId, row.kind === "folder" ? `${row.path}/` : row.path)}
      aria-selected={selected}
      aria-expanded={row.kind === "folder" ? row.open : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        // The router listens, too, and would follow the link as it stands.
        event.stopPropagation();
        act();
      }}
    >
      <Icon name={row.kind === "file" ? "file" : row.open ? "opened" : "folded"} size={14} />
      <span class="tree-name">
        <bdi title={row.text}>{row.text}</bdi>
      </span>
      {row.sizeBytes !== undefined && <span class="tree-size">{bytes(row.sizeBytes)}</span>}
    </a>
  );
}

function isEntry({ kind }: Row): boolean {
  return kind === "file" || kind === "folder";
}

/** Entries and what is said of a folder never have one key. */
function keyOf(row: Row): string {
  return `${isEntry(row) ? "entry" : "of"} ${row.path}`;
}
