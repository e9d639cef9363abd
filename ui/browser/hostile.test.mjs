import assert from "node:assert/strict";
import { test } from "node:test";

import { column, here, rows, visit } from "./browser.mjs";

// tests/page/test_browser.py planted markup that sets `planted`, text that turns around, and names without an end in
// every place where a client may write; `visit` fails if any of it ran.

test("names, keys, values, tags and notes of an enemy are text and nothing else", async () => {
  await visit(`/experiments/${here.hostile}`, async (page) => {
    await rows(page);
    const names = await column(page, "attributes.run_name");
    assert.ok(
      names.some((name) => name.startsWith("<img src=x onerror=")),
      String(names),
    );
    assert.equal(await page.$("main img, main script:not([src])"), null);
    const widest = await page.$$eval(".cell", (cells) => Math.max(...cells.map((cell) => cell.offsetWidth)));
    assert.ok(widest < 400, `${widest} px`);
    await page.keyboard.press("c");
    await page.waitForSelector("dialog[open]");
    assert.equal(await page.$("dialog img"), null);
  });
  await visit(`/runs/${here.hostileRun}`, async (page) => {
    await page.waitForSelector(".note");
    assert.match(await page.textContent(".note"), /<script>/);
    assert.equal(await page.$("main img, main script, main iframe, a[href^='javascript:']"), null);
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  });
  await visit(`/compare?runs=${here.hostileRuns}`, async (page) => {
    await page.waitForSelector(".compare tbody td");
    for (const button of await page.$$(".fold button[aria-expanded]")) await button.click();
    assert.ok((await page.textContent(".compare")).includes("<img src=x onerror="));
    assert.equal(await page.$("main img, main script, a[href^='javascript:']"), null);
    const widest = await page.$$eval(".compare tbody tr:not(.fold, .group) td", (cells) =>
      Math.max(...cells.map((cell) => cell.offsetWidth)),
    );
    assert.ok(widest < 300, `${widest} px`);
  });
  for (const path of ["/", "/experiments"]) {
    await visit(path, async (page) => {
      await page.waitForSelector("a:has-text('<img')");
      assert.equal(await page.$("main img"), null);
    });
  }
});

test("markup in an address is text", () =>
  visit(
    `/experiments/${here.hostile}?filter=${encodeURIComponent("<img src=x onerror=planted=1>")}&sort=${encodeURIComponent("metrics.<b>")}&column=${encodeURIComponent("params.<i>x</i>")}`,
    async (page) => {
      await page.waitForSelector("[role=columnheader]");
      await page.waitForSelector("#filter-error");
      assert.equal(await page.inputValue("[aria-label=Filter]"), "<img src=x onerror=planted=1>");
      assert.equal(await page.$("main img, main b, main i"), null);
    },
    { expected: /400 \(Bad Request\)/ },
  ));

test("the policy forbids what is written into the page", () =>
  visit(
    "/experiments",
    async (page) => {
      await page.waitForSelector(".grid-row a");
      const refused = await page.evaluate(() => {
        const script = document.createElement("script");
        try {
          script.textContent = "globalThis.planted = 1";
        } catch {
          return true;
        }
        document.body.append(script);
        return globalThis.planted === undefined;
      });
      assert.equal(refused, true);
    },
    { expected: /Content Security Policy|TrustedScript/ },
  ));
