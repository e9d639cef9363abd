import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import type { ComparedGroup, ComparedKey } from "../../api/schema";
import { brief, short } from "../../app/format";
import { Icon } from "../../app/icons";
import { type Delta, deltaOf, numberOf } from "../../state/comparison";

/** How much of a text is drawn; all of it is under the mouse, and copied. */
const SHOWN_CHARACTERS = 200;

/** What a run has of a key, and how that differs from the baseline. */
export function Cell(props: {
  readonly group: ComparedGroup["name"];
  readonly row: ComparedKey;
  readonly column: number;
  /** The column of the baseline; -1 without one. */
  readonly baseline: number;
}): JSX.Element {
  const { group, row, column, baseline } = props;
  const value = row.values[column] ?? null;
  if (value === null) {
    return (
      <td tabIndex={-1}>
        <span class="faint">–</span>
      </td>
    );
  }
  const text = String(value);
  const number = numberOf(group, value);
  const delta = column === baseline ? null : deltaOf(number, numberOf(group, row.values[baseline]));
  return (
    <td tabIndex={-1} class={group === "metrics" ? "number" : undefined} title={text}>
      <bdi>{group === "metrics" && number !== null ? short(number) : text.slice(0, SHOWN_CHARACTERS)}</bdi>
      {delta && <span class="delta">{deltaText(delta)}</span>}
    </td>
  );
}

/** A difference in words: `+0.1 (+50 %)`. */
export function deltaText({ difference, share }: Delta): string {
  if (difference === 0) return "=";
  return signed(difference) + (share === null ? "" : ` (${percentText(share * 100)} %)`);
}

/** With at most one place behind the point: the difference itself is more precise. */
function percentText(percent: number): string {
  return Math.abs(percent) < 0.05 ? "<0.1" : signed(Math.round(percent * 10) / 10);
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${brief(value)}`;
}

interface Place {
  readonly top: number;
  readonly left: number;
  readonly text: string;
}

/** The button that copies the cell under the mouse or with the focus. One for all cells: there may be many thousands. */
export function CopyCell({ box }: { readonly box: HTMLElement | null }): JSX.Element | null {
  const [place, setPlace] = useState<Place | null>(null);
  const [done, setDone] = useState(false);
  const copy = (text: string) => void navigator.clipboard?.writeText(text).then(() => setDone(true));
  useEffect(() => {
    if (!box) return;
    const look = ({ target }: Event) => {
      if (!(target instanceof Element) || target.closest(".copy-cell")) return;
      const cell = target.closest<HTMLElement>("td[title]");
      setDone(false);
      if (!cell) return setPlace(null);
      const [inside, around] = [cell.getBoundingClientRect(), box.getBoundingClientRect()];
      setPlace({
        top: inside.top - around.top + box.scrollTop,
        left: inside.right - around.left + box.scrollLeft - 28,
        text: cell.title,
      });
    };
    const leave = () => setPlace(null);
    const onKey = (event: KeyboardEvent) => {
      const cell = event.target;
      if (event.key !== "Enter" || !(cell instanceof HTMLElement) || !cell.matches("td[title]")) return;
      event.preventDefault();
      copy(cell.title);
    };
    box.addEventListener("mouseover", look);
    box.addEventListener("focusin", look);
    box.addEventListener("mouseleave", leave);
    box.addEventListener("keydown", onKey);
    return () => {
      box.removeEventListener("mouseover", look);
      box.removeEventListener("focusin", look);
      box.removeEventListener("mouseleave", leave);
      box.removeEventListener("keydown", onKey);
    };
  }, [box]);
  if (!place || !navigator.clipboard) return null;
  return (
    <button
      type="button"
      class="copy-cell"
      tabIndex={-1}
      aria-label={done ? "Copied" : "Copy the value"}
      style={{ top: `${place.top}px`, left: `${place.left}px` }}
      onClick={() => copy(place.text)}
    >
      <Icon name={done ? "finished" : "copy"} size={14} />
    </button>
  );
}
