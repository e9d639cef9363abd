import assert from "node:assert/strict";
import { test } from "node:test";

import { faults, here, rows, visit } from "./browser.mjs";

const PLACES = {
  home: ["/", ".list tbody a"],
  experiments: ["/experiments", ".grid-row a"],
  runs: [`/experiments/${here.runs}?sort=metrics.val_loss`, "[data-column='params.lr'][aria-sort]"],
  "no runs": [`/experiments/${here.empty}`, ".code"],
  comparison: [`/compare?runs=${here.compared}&baseline=${here.run}`, ".compare .delta"],
  "a comparison of nothing": ["/compare", ".empty a"],
  run: [`/runs/${here.run}`, ".panel canvas"],
};

for (const colorScheme of ["light", "dark"]) {
  for (const [name, [path, ready]] of Object.entries(PLACES)) {
    test(`axe finds no fault with ${name}, ${colorScheme}`, () =>
      visit(
        path,
        async (page) => {
          await page.waitForSelector(ready);
          if (ready.startsWith("[")) await rows(page);
          assert.deepEqual(await faults(page), []);
        },
        { colorScheme, reducedMotion: "reduce" },
      ));
  }

  test(`axe finds no fault with the dialogs and a refused filter, ${colorScheme}`, () =>
    visit(
      `/experiments/${here.runs}?filter=metrics.val_loss+%3C%3C+1`,
      async (page) => {
        await page.waitForSelector("#filter-error");
        assert.deepEqual(await faults(page), []);
        for (const key of ["c", "?"]) {
          await page.keyboard.press(key);
          await page.waitForSelector("dialog[open]");
          assert.deepEqual(await faults(page), []);
          await page.keyboard.press("Escape");
          await page.waitForFunction(() => !document.querySelector("dialog"));
        }
      },
      { colorScheme, reducedMotion: "reduce", expected: /400 \(Bad Request\)/ },
    ));
}

test("on a phone nothing is wider than the screen, and axe finds no fault", async () => {
  for (const [path, ready] of [PLACES.home, PLACES.runs, PLACES.run, PLACES.comparison]) {
    await visit(
      path,
      async (page) => {
        await page.waitForSelector(ready.startsWith("[") ? ".grid-row a" : ready);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
        assert.deepEqual(await faults(page), []);
      },
      { viewport: { width: 360, height: 740 }, reducedMotion: "reduce" },
    );
  }
});
