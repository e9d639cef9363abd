import { expect, test } from "vitest";

import type { ExperimentKey as Key } from "../src/api/schema";
import { ofOldLink } from "../src/app/places";
import { filterOf, keyOf, kindOf, termOf } from "../src/state/fields";
import { smart } from "../src/state/smart";
import { formatView, parseView, sorted, type View } from "../src/state/view";

test("a view comes back from its address", () => {
  const view: View = {
    filter: "metrics.`val/loss` < 0.5 and params.model = 'a&b=c'",
    sort: [
      { field: "metrics.val/loss", descending: false },
      { field: "params.a b", descending: true },
    ],
    columns: ["metrics.val/loss", "tags.-team", "params.é 🦊"],
    at: 350,
  };
  expect(parseView(formatView(view))).toEqual(view);
});

test("no chosen columns are not the same as none that are chosen", () => {
  const view = { filter: "", sort: [], at: 0 };
  expect(formatView({ ...view, columns: null })).toBe("");
  expect(parseView(formatView({ ...view, columns: [] })).columns).toEqual([]);
  expect(parseView("").columns).toBeNull();
});

test.each(["-3", "1.5", "x", "1e99"])("a row that is none, %s, is the first", (at) => {
  expect(parseView(`?at=${at}`).at).toBe(0);
});

test("a click sorts up, then down, then not; Shift keeps what was there", () => {
  const up = sorted([], "metrics.a", false);
  expect(up).toEqual([{ field: "metrics.a", descending: false }]);
  const down = sorted(up, "metrics.a", false);
  expect(down).toEqual([{ field: "metrics.a", descending: true }]);
  expect(sorted(down, "metrics.a", false)).toEqual([]);
  const both = sorted(down, "params.b", true);
  expect(both.map(({ field }) => field)).toEqual(["metrics.a", "params.b"]);
  expect(sorted(both, "metrics.a", true)).toEqual([{ field: "params.b", descending: false }]);
  expect(sorted(both, "tags.c", false)).toEqual([{ field: "tags.c", descending: false }]);
});

test("a key is quoted whole, whatever is in it", () => {
  expect(termOf("metrics.loss.min")).toBe("metrics.`loss.min`");
  expect(termOf("params.a b")).toBe("params.`a b`");
  expect(termOf('tags.a"b')).toBe('tags.`a"b`');
  expect(termOf("tags.a`b")).toBe('tags."a`b"');
  expect(termOf("attributes.status")).toBe("attributes.status");
  expect([kindOf("metrics.a.b"), keyOf("metrics.a.b")]).toEqual(["metrics", "a.b"]);
});

test("plain text asks for a part of the name, everything else is the language's", () => {
  expect(filterOf("  fox ")).toBe("attributes.run_name ILIKE '%fox%'");
  expect(filterOf("it's")).toBe('attributes.run_name ILIKE "%it\'s%"');
  expect(filterOf("metrics.loss<0.5")).toBe("metrics.loss<0.5");
  expect(filterOf("status in ('FAILED')")).toBe("status in ('FAILED')");
  expect(filterOf("")).toBe("");
});

const key = (kind: Key["kind"], name: string, runs: number, distinct: number): Key => ({
  kind,
  key: name,
  runs,
  distinct,
  numeric: kind === "metric",
});

test("columns are the metrics of at least half of the runs and the params that differ", () => {
  const keys = [
    key("metric", "loss", 10, 9),
    key("metric", "rare", 4, 4),
    key("metric", "train_loss", 10, 9),
    key("metric", "val_loss", 5, 5),
    key("metric", "system/cpu", 10, 10),
    key("param", "depth", 10, 3),
    key("param", "lr", 8, 8),
    key("param", "optimizer", 10, 1),
    key("param", "once", 1, 1),
    key("tag", "team", 10, 3),
  ];
  expect(smart(keys, 10)).toEqual({
    columns: ["metrics.val_loss", "metrics.loss", "metrics.train_loss", "params.depth", "params.lr"],
    constants: ["params.optimizer"],
  });
});

test("there are no more than five metrics and six params", () => {
  const many = Array.from({ length: 40 }, (_, i) => [key("metric", `m${i}`, 2, 2), key("param", `p${i}`, 2, 2)]).flat();
  expect(smart(many, 2).columns).toHaveLength(11);
});

test.each([
  ["#/experiments/12", "/experiments/12"],
  ["#/experiments/12/runs/abc", "/runs/abc"],
  ["#/experiments/12/runs/abc/artifacts", "/runs/abc/artifacts"],
  ["#/runs/a%2Fb", "/runs/a%2Fb"],
  ["#/experiments", "/experiments"],
  ["#/models", "/"],
  ["#/", "/"],
])("the old address %s leads to %s", (hash, path) => {
  expect(ofOldLink(hash)).toBe(path);
});

test.each(["", "#main", "#x/experiments/1"])("%s is no old address", (hash) => {
  expect(ofOldLink(hash)).toBeNull();
});
