import type { Real } from "../api/schema";

/** A number of the interface as one of the language; null if there is none. */
export function real(value: Real | null | undefined | unknown): number | null {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  return null;
}

/** A number with four significant digits. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return minus(value.toLocaleString("en"));
  if (size >= 1e6 || size < 1e-4)
    return minus(
      value
        .toExponential(3)
        .replace(/\.?0+e/, "e")
        .replace("e+", "e"),
    );
  const digits = Math.max(0, 3 - Math.floor(Math.log10(size)));
  return minus(value.toFixed(Math.min(digits, 7)));
}

/** A number with at most four significant digits, where nothing has to stand below it. */
export function brief(value: number): string {
  return short(value)
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

/** A whole number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** How long something took: `42 s`, `16m40`, `2h05`, `3d04h`. */
export function duration(ms: number): string {
  if (ms < 0) return "–";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const s = Math.round(ms / 1_000);
  if (s < 60) return `${s} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes}m${two(s % 60)}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h${two(minutes % 60)}`;
  return `${Math.floor(hours / 24)}d${two(hours % 24)}h`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [60, "s"],
  [60, "min"],
  [24, "h"],
  [30, "d"],
  [12, "mo"],
];

/** How long ago something was: `5 min`. */
export function ago(ms: number, now = Date.now()): string {
  let left = Math.round((now - ms) / 1_000);
  if (left < 5) return left < -60 ? iso(ms).slice(0, 16).replace("T", " ") : "now";
  for (const [size, unit] of UNITS) {
    if (left < size) return `${left} ${unit}`;
    left = Math.floor(left / size);
  }
  return `${left} y`;
}

/** A time as ISO 8601 in UTC. */
export function iso(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}
