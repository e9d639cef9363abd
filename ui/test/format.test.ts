import { expect, test } from "vitest";

import { ago, brief, duration, real, short } from "../src/app/format";
import { curveThrough, summaryOf } from "../src/pages/run/curve";

test.each([
  [0, "0"],
  [0.211342, "0.2113"],
  [0.5, "0.5000"],
  [12.3456, "12.35"],
  [123456.7, "123457"],
  [1234, "1,234"],
  [-0.05678, "−0.05678"],
  [0.00001234, "1.234e−5"],
  [2e9, "2e9"],
  [5e-324, "4.941e−324"],
  [1.7976931348623157e308, "1.798e308"],
  [Number.NaN, "NaN"],
  [Number.POSITIVE_INFINITY, "∞"],
  [Number.NEGATIVE_INFINITY, "−∞"],
])("%d is written %s", (value, text) => {
  expect(short(value)).toBe(text);
});

test("where nothing stands below a number it has no zeros at its end", () => {
  expect([0.5, 1, 100, 0.21134, 1200].map(brief)).toEqual(["0.5", "1", "100", "0.2113", "1,200"]);
});

test.each([
  [40, "40 ms"],
  [42_000, "42 s"],
  [1_000_000, "16m40"],
  [7_500_000, "2h05"],
  [363_600_000, "4d05h"],
  [-1, "–"],
])("%d ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [0, "now"],
  [42, "42 s"],
  [300, "5 min"],
  [7_300, "2 h"],
  [3 * 86_400, "3 d"],
  [70 * 86_400, "2 mo"],
  [800 * 86_400, "2 y"],
])("%d seconds before is %s", (s, text) => {
  expect(ago(1_700_000_000_000 - s * 1_000, 1_700_000_000_000)).toBe(text);
});

test("numbers that JSON does not have come as text", () => {
  expect([real("NaN"), real("-Infinity"), real(0), real(null), real("1"), real(undefined)]).toEqual([
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    0,
    null,
    null,
    null,
  ]);
});

test("a curve goes by steps, the last point of a step stays, what is no number is a gap", () => {
  const points = [
    { step: 2, value: 3 },
    { step: 0, value: 5 },
    { step: 1, value: "NaN" as const },
    { step: 2, value: 4 },
  ];
  const curve = curveThrough(points);
  expect(curve).toEqual({ x: [0, 1, 2], y: [5, null, 4] });
  expect(summaryOf("loss", curve)).toBe("loss falls from 5 to 4 over 3 steps, lowest 4, highest 5.");
});
