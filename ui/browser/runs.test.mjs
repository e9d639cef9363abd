import assert from "node:assert/strict";
import { test } from "node:test";

import { column, here, numbers, rows, visit } from "./browser.mjs";

const EXPERIMENT = `/experiments/${here.runs}`;
const ascending = (values) => values.every((value, i) => i === 0 || values[i - 1] <= value);

test("a thousand runs: the first rows, the true total, metrics and the params that differ", () =>
  visit(EXPERIMENT, async (page, asked) => {
    await page.waitForSelector(".grid-row a");
    // Beside the rows and the keys: the experiment's name; behind them: the rows with more columns, the constants.
    const later = /^data:|experiments\/get|runs\/table/;
    const before = 1 + asked.filter((request) => !later.test(request.url())).length;
    assert.ok(before <= 7, `${before} requests`);
    await rows(page);
    await page.waitForSelector("[data-column='metrics.val_loss']");
    assert.match(await page.textContent("[role=status]"), /^1,000 runs$/);
    assert.equal(await page.getAttribute("[role=grid]", "aria-rowcount"), "1001");
    const heads = await page.$$eval("[role=columnheader]", (found) => found.map((each) => each.textContent));
    assert.deepEqual(heads.slice(0, 6), ["name", "status", "started", "took", "val_loss", "accuracy"]);
    assert.ok(heads.includes("lr") && !heads.includes("optimizer"), String(heads));
    await page.waitForSelector(".same");
    assert.match(await page.textContent(".same"), /optimizer = adam/);
    const seen = await page.$$eval(".grid-row", (found) => {
      const box = document.querySelector(".grid").getBoundingClientRect();
      return found.map((each) => each.getBoundingClientRect()).filter(({ bottom }) => bottom <= box.bottom).length;
    });
    assert.ok(seen >= 26, `${seen} rows`);
    assert.ok((await page.$$(".grid-row")).length < 60, "all rows are drawn");
  }));

test("a click sorts by a metric up and down, Shift by a second one, and the address tells it", () =>
  visit(EXPERIMENT, async (page) => {
    await rows(page);
    await page.click("[data-column='metrics.val_loss']");
    await page.waitForSelector("[data-column='metrics.val_loss'][aria-sort=ascending]");
    await rows(page);
    const up = numbers(await column(page, "metrics.val_loss"));
    assert.ok(ascending(up) && up.length === 20, String(up));
    await page.click("[data-column='metrics.val_loss']");
    await page.waitForSelector("[data-column='metrics.val_loss'][aria-sort=descending]");
    await rows(page);
    const down = numbers(await column(page, "metrics.val_loss"));
    assert.ok(ascending([...down].reverse()) && down[0] > up[0], String(down));
    await page.click("[data-column='params.lr']", { modifiers: ["Shift"] });
    await page.waitForSelector("[data-column='params.lr'][aria-sort=ascending]");
    assert.match(page.url(), /sort=-metrics\.val_loss&sort=params\.lr/);
  }));

test("the keyboard does it all: to a row, to the head, sort, open", () =>
  visit(EXPERIMENT, async (page) => {
    await rows(page);
    await page.waitForSelector("[data-column='metrics.val_loss']");
    await rows(page);
    const focused = () =>
      page.evaluate(() => {
        const cell = document.activeElement;
        return `${cell.parentElement.getAttribute("aria-rowindex")}/${cell.getAttribute("aria-colindex")}`;
      });
    await page.keyboard.press("j");
    assert.equal(await focused(), "2/1");
    for (const key of ["j", "ArrowDown", "k", "ArrowRight", "ArrowRight", "l", "ArrowRight"])
      await page.keyboard.press(key);
    assert.equal(await focused(), "3/5");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    assert.equal(await focused(), "1/5");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-column='metrics.val_loss'][aria-sort=ascending]");
    await rows(page);
    assert.ok(ascending(numbers(await column(page, "metrics.val_loss"))));
    await page.keyboard.press("Control+End");
    await page.waitForSelector(".grid-row[aria-rowindex='1001'] a");
    assert.equal(await focused(), "1001/5");
    await page.keyboard.press("Control+Home");
    await page.waitForSelector(".grid-row[aria-rowindex='2'] a");
    const name = (await column(page, "attributes.run_name"))[0];
    await page.keyboard.press("Enter");
    await page.waitForSelector(".facts");
    assert.match(page.url(), /\/runs\/[0-9a-f]{32}$/);
    assert.equal(await page.textContent("h1"), name);
  }));

test("the last rows come when they are scrolled to, and the focus stays where it is", () =>
  visit(EXPERIMENT, async (page) => {
    await rows(page);
    await page.keyboard.press("j");
    await page.$eval(".grid", (grid) => grid.scrollTo(0, 1e9));
    await page.waitForSelector(".grid-row[aria-rowindex='1001'] a");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("role")), "gridcell");
    await page.waitForFunction(() => /at=\d{3}/.test(location.search));
    await page.reload();
    await page.waitForSelector(".grid-row[aria-rowindex='1001'] a");
    await page.click("[data-column='attributes.status']");
    await page.waitForSelector("[aria-sort=ascending]");
    await page.waitForFunction(() => document.querySelector(".grid").scrollTop === 0);
    await page.waitForFunction(() => location.search === "?sort=attributes.status");
  }));

test("a filter that is wrong is told under the box, and what was there stays; one that is right matches", () =>
  visit(
    EXPERIMENT,
    async (page) => {
      await rows(page);
      await page.keyboard.press("/");
      await page.keyboard.type("metrics.val_loss << 0.3");
      await page.keyboard.press("Enter");
      await page.waitForSelector("#filter-error");
      const error = await page.textContent("#filter-error");
      assert.match(error, /found '<<'/);
      assert.match(error, /\n +\^$/);
      assert.ok((await page.$$(".grid-row a")).length > 20);
      await page.fill("[aria-label=Filter]", "metrics.val_loss < 0.3 and params.model = 'base'");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => / of 1,000 runs$/.test(document.querySelector("[role=status]").textContent));
      await rows(page);
      assert.equal(await page.$("#filter-error"), null);
      assert.ok(numbers(await column(page, "metrics.val_loss")).every((value) => value < 0.3));
      await page.fill("[aria-label=Filter]", "run-0042");
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => /^1 of/.test(document.querySelector("[role=status]").textContent));
      assert.deepEqual(await column(page, "attributes.run_name"), ["run-0042"]);
      await page.fill("[aria-label=Filter]", "no such name");
      await page.keyboard.press("Enter");
      await page.click("text=Clear the filter");
      await page.waitForFunction(() => document.querySelector("[role=status]").textContent === "1,000 runs");
    },
    { expected: /400 \(Bad Request\)/ },
  ));

test("columns are chosen with the picker, by what is typed, and are kept in the address", () =>
  visit(EXPERIMENT, async (page) => {
    await rows(page);
    await page.waitForSelector("[data-column='params.lr']");
    await page.keyboard.press("c");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.type("opti");
    await page.click("dialog >> text=optimizer");
    await page.waitForSelector("[data-column='params.optimizer']");
    await page.fill("[aria-label='Part of a key']", "lr");
    await page.click("dialog >> text=lr");
    await page.waitForFunction(() => !document.querySelector("[data-column='params.lr']"));
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector("dialog"));
    await rows(page);
    assert.deepEqual(new Set(await column(page, "params.optimizer")), new Set(["adam"]));
    await page.reload();
    await rows(page);
    assert.ok(await page.$("[data-column='params.optimizer']"));
    await page.keyboard.press("c");
    await page.click("dialog >> text=Default");
    await page.waitForSelector("[data-column='params.lr']");
    assert.doesNotMatch(page.url(), /column/);
  }));

test("back, forward and reload show the same view again", () =>
  visit(EXPERIMENT, async (page) => {
    await rows(page);
    await page.waitForSelector("[data-column='metrics.val_loss']");
    await page.click("[data-column='metrics.val_loss']");
    await page.waitForSelector("[aria-sort=ascending]");
    await rows(page);
    await page.$eval(".grid", (grid) => grid.scrollTo(0, 28 * 300));
    await page.waitForSelector(".grid-row[aria-rowindex='305'] a");
    await page.waitForFunction(() => location.search.includes("at=300"));
    const name = await page.textContent(".grid-row[aria-rowindex='305'] a");
    await page.click(".grid-row[aria-rowindex='305'] a");
    await page.waitForSelector(".facts");
    assert.equal(await page.textContent("h1"), name);
    await page.goBack();
    await page.waitForSelector(".grid-row[aria-rowindex='305'] a");
    assert.equal(await page.textContent(".grid-row[aria-rowindex='305'] a"), name);
    assert.ok(await page.$("[data-column='metrics.val_loss'][aria-sort=ascending]"));
    await page.reload();
    await page.waitForSelector(".grid-row[aria-rowindex='305'] a");
    assert.equal(await page.textContent(".grid-row[aria-rowindex='305'] a"), name);
    await page.goBack();
    await page.waitForFunction(() => !document.querySelector("[aria-sort=ascending]"));
    await page.goForward();
    await page.waitForSelector("[aria-sort=ascending]");
    await page.goForward();
    await page.waitForSelector(".facts");
  }));

test("a run has its metrics with their ranges, its curves, params, tags, source, datasets and note", () =>
  visit(`/runs/${here.run}`, async (page) => {
    await page.waitForSelector(".panel canvas");
    const table = await page.$$eval(".numbers tbody tr", (found) =>
      found.map((each) => [...each.cells].map((cell) => cell.textContent)),
    );
    const row = table.find(([key]) => key === "val_loss");
    assert.deepEqual(row, ["val_loss", "0.2500", "0.2500", "1", "4"]);
    const summary = await page.getAttribute(".panel .plot[aria-label^='val_loss']", "aria-label");
    assert.equal(summary, "val_loss falls from 1 to 0.2500 over 4 steps, lowest 0.2500, highest 1.");
    const text = await page.textContent("main");
    for (const part of [
      "optimizer",
      "adam",
      "team",
      "vision",
      "train.py",
      "churn",
      "d1g3st",
      "training",
      "# A note",
      "finished",
    ]) {
      assert.ok(text.includes(part), part);
    }
    await page.keyboard.press("\\");
    await page.keyboard.press("\\");
    await page.waitForSelector("html[data-theme=dark] .panel canvas");
    await page.reload();
    await page.waitForSelector("html[data-theme=dark] .panel canvas");
  }));
