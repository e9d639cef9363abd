import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const STATIC = fileURLToPath(new URL("../../src/genesis_flow/server/static/", import.meta.url));
const KB = 1_000;

const html = readFileSync(`${STATIC}index.html`, "utf8");
const assets = readdirSync(`${STATIC}assets`);
const size = (name: string) => statSync(`${STATIC}assets/${name}.gz`).size;
const named = (name: string) => assets.find((each) => each.startsWith(`${name}-`) && each.endsWith(".js")) ?? name;

/** A chunk and all that it imports at once. */
function withImports(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const source = readFileSync(`${STATIC}assets/${name}`, "utf8");
  for (const [, other] of source.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g)) {
    if (other) withImports(other, seen);
  }
  return seen;
}

const first = new Set([named("boot"), ...withImports(named("main")), ...withImports(named("runs"))]);

test("the scripts for the first rows are within their budget", () => {
  const bytes = [...first].reduce((sum, name) => sum + size(name), 0);
  expect(bytes).toBeGreaterThan(10 * KB);
  expect(bytes).toBeLessThanOrEqual(60 * KB);
});

test("the style is one file and within its budget", () => {
  const styles = assets.filter((name) => name.endsWith(".css"));
  expect(styles).toHaveLength(1);
  expect(size(styles[0] ?? "")).toBeLessThanOrEqual(12 * KB);
});

test("the first rows take no more than eight requests", () => {
  const data = 2; // the rows and, beside them, the keys
  expect(1 + first.size + 1 + data).toBeLessThanOrEqual(8);
});

test("what draws curves is not loaded before there are any", () => {
  expect([...first].some((name) => name.startsWith("uplot"))).toBe(false);
  expect(size(named("uplot"))).toBeLessThanOrEqual(40 * KB);
});

test("every file that is served is there in each encoding, under a name with its hash", () => {
  const served = assets.filter((name) => !/\.(br|gz)$/.test(name));
  expect(served.length).toBeGreaterThan(5);
  for (const name of served) {
    expect(name).toMatch(/-[\w-]{8}\.(js|css)$/);
    expect(assets).toEqual(expect.arrayContaining([`${name}.br`, `${name}.gz`]));
  }
  for (const [, path] of html.matchAll(/(?:src|href)="(\.\/[^"]*)"/g)) {
    expect(served).toContain(path?.replace("./assets/", ""));
  }
});
