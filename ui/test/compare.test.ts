import { expect, test } from "vitest";

import { ofOldLink } from "../src/app/places";
import { deltaText } from "../src/pages/compare/cells";
import { deltaOf, formatComparison, nextBaseline, numberOf, parseComparison } from "../src/state/comparison";
import { between, comparable, withIds } from "../src/state/selection";

test("ids are selected in the order in which they come, each once, and taken away again", () => {
  expect(withIds([], ["b", "a"], true)).toEqual(["b", "a"]);
  expect(withIds(["b", "a"], ["a", "c", "b"], true)).toEqual(["b", "a", "c"]);
  expect(withIds(["b", "a", "c"], ["a", "x"], false)).toEqual(["b", "c"]);
});

test("a range has both of its ends, whichever is the first", () => {
  expect(between(2, 5)).toEqual([2, 3, 4, 5]);
  expect(between(5, 2)).toEqual([2, 3, 4, 5]);
  expect(between(3, 3)).toEqual([3]);
});

test.each([
  [0, false],
  [1, false],
  [2, true],
  [50, true],
  [51, false],
])("%i runs can be compared: %s", (count, can) => {
  expect(comparable(count)).toBe(can);
});

test("a comparison comes back from its address, and an address of somebody else is taken as it can be", () => {
  for (const comparison of [
    { runs: ["a", "b", "c"], baseline: null },
    { runs: ["a&b", "c=d"], baseline: "c=d" },
  ]) {
    expect(parseComparison(formatComparison(comparison))).toEqual(comparison);
  }
  expect(formatComparison({ runs: ["a", "b"], baseline: null })).toBe("?runs=a,b");
  expect(parseComparison("")).toEqual({ runs: [], baseline: null });
  expect(parseComparison("?runs=a,,b,a&baseline=z")).toEqual({ runs: ["a", "b"], baseline: null });
});

test("the baseline goes from run to run, then to none", () => {
  const runs = ["a", "b"];
  expect([null, "a", "b"].map((baseline) => nextBaseline({ runs, baseline }))).toEqual(["a", "b", null]);
});

test("metrics are numbers, params are where they read as one, and nothing else is", () => {
  expect([0.5, "NaN", null].map((value) => numberOf("metrics", value))).toEqual([0.5, NaN, null]);
  expect(["1e-3", "-.5", "7", "+2."].map((value) => numberOf("params", value))).toEqual([0.001, -0.5, 7, 2]);
  for (const text of ["", " ", "0x10", "1,5", "NaN", "Infinity", "1 2", "adam"]) {
    expect(numberOf("params", text)).toBeNull();
  }
  expect(numberOf("tags", "1")).toBeNull();
});

test("a difference has its share of the baseline, unless that is zero", () => {
  expect(deltaOf(0.3, 0.2)?.difference).toBeCloseTo(0.1);
  expect(deltaOf(0.3, 0.2)?.share).toBeCloseTo(0.5);
  expect(deltaOf(-1, -2)).toEqual({ difference: 1, share: 0.5 });
  expect(deltaOf(3, 0)).toEqual({ difference: 3, share: null });
  for (const [value, baseline] of [
    [null, 1],
    [1, null],
    [NaN, 1],
    [Infinity, Infinity],
    [1, -Infinity],
  ] as const) {
    expect(deltaOf(value, baseline)).toBeNull();
  }
});

test.each([
  [0.3, 0.2, "+0.1 (+50 %)"],
  [1, 4, "−3 (−75 %)"],
  [2, 3, "−1 (−33.3 %)"],
  [9_999, 10_000, "−1 (<0.1 %)"],
  [2, 2, "="],
  [3, 0, "+3"],
  [20_000, 1, "+19,999 (+2e6 %)"],
])("%d with a baseline of %d differs by %s", (value, baseline, text) => {
  const delta = deltaOf(value, baseline);
  expect(delta && deltaText(delta)).toBe(text);
});

test.each([
  ['#/compare-runs?runs=["a1","b2"]&experiments=["0"]', "/compare?runs=a1,b2"],
  ["#/compare-runs?runs=%5B%22a1%22%2C%22b2%22%5D", "/compare?runs=a1,b2"],
  ["#/compare-runs?runs=nonsense", "/compare?runs="],
  ["#/compare-runs", "/compare?runs="],
])("the old address %s leads to %s", (hash, path) => {
  expect(ofOldLink(hash)).toBe(path);
});
