import { signal } from "@preact/signals";

import { keep, kept } from "./kept";

export type Theme = "system" | "light" | "dark";
const THEMES: readonly Theme[] = ["system", "light", "dark"];

const before = kept("theme");
/** The chosen theme; `boot.js` has set it already, before the first paint. */
export const theme = signal<Theme>(before === "light" || before === "dark" ? before : "system");

/** Counts up whenever the colours on the screen change, for what is drawn by hand. */
export const repainted = signal(0);

/** From one theme to the next. */
export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  theme.value = next;
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  keep("theme", next === "system" ? null : next);
  repainted.value++;
}

/** Follows the system when it changes between day and night. */
export function followSystem(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => void repainted.value++);
}
