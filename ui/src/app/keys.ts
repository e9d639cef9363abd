import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { kept, keep } from "./kept";

/** What a key does, by the key. */
export type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>;

/** Whether single keys do anything; somebody who dictates may switch them off. */
export const keysOn = signal(kept("keys") !== "off");

const layers: { current: Keys }[] = [];
let prefix = "";

/** Lets keys do something while a component is there; the newest component goes first.
 *
 * A key of two letters, `g e`, is one after the other. Nothing happens while somebody types or a dialog is open. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    layers.push(current);
    return () => void layers.splice(layers.indexOf(current), 1);
  }, []);
}

/** Switches single keys on or off, for good. */
export function setKeysOn(on: boolean): void {
  keysOn.value = on;
  keep("keys", on ? null : "off");
}

/** Begins to listen. */
export function listen(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (!keysOn.value || document.querySelector("dialog[open]")) return;
    const key = `${prefix}${event.key}`;
    prefix = prefix === "" && event.key === "g" ? "g " : "";
    for (const { current } of [...layers].reverse()) {
      const does = current[key];
      if (does) {
        event.preventDefault();
        does(event);
        return;
      }
    }
  });
}

function isTyping(target: EventTarget | null): boolean {
  const typing = "input:not([type=checkbox]), textarea, select, [contenteditable]";
  return target instanceof HTMLElement && target.closest(typing) !== null;
}
