import assert from "node:assert/strict";
import { test } from "node:test";

import { here, rows, visit } from "./browser.mjs";

test("addresses that MLflow's client prints lead to the same thing", async () => {
  for (const [hash, path] of [
    [`#/experiments/${here.runs}`, `/experiments/${here.runs}`],
    [`#/experiments/${here.runs}/runs/${here.run}`, `/runs/${here.run}`],
    [`#/runs/${here.run}`, `/runs/${here.run}`],
  ]) {
    await visit(`/${hash}`, async (page) => {
      await page.waitForSelector(path.startsWith("/runs") ? ".facts" : ".grid-row a");
      assert.equal(page.url(), here.address + path);
    });
  }
});

test("from home to a run and back by links alone, without loading the page anew", () =>
  visit("/", async (page, asked) => {
    await page.click("a:has-text('thousand')");
    await rows(page);
    await page.click(".grid-row[aria-rowindex='2'] a");
    await page.waitForSelector(".facts");
    await page.click("nav[aria-label='Way here'] >> text=Experiments");
    await page.waitForSelector(".grid-row a");
    await page.click("nav[aria-label=Places] >> text=Home");
    await page.waitForSelector(".list tbody a");
    assert.equal(asked.filter((request) => request.resourceType() === "document").length, 1);
    assert.equal(await page.title(), "Home · Genesis-Flow");
  }));

test("below a prefix every place works, also when it is opened at once", async () => {
  await visit(here.prefixed, async (page) => {
    await page.waitForSelector(".list tbody a");
    await page.click("nav[aria-label=Places] >> text=Runs");
    await page.click(".grid-row a:has-text('prefixed')");
    await page.click(".grid-row a:has-text('only')");
    await page.waitForSelector(".facts");
    assert.equal(page.url(), `${here.prefixed}/runs/${here.prefixedRun}`);
    await page.reload();
    await page.waitForSelector(".facts");
  });
  await visit(`${here.prefixed}/#/experiments/0/runs/${here.prefixedRun}`, async (page) => {
    await page.waitForSelector(".facts");
    assert.equal(page.url(), `${here.prefixed}/runs/${here.prefixedRun}`);
  });
});

test("the list of experiments sorts, filters and opens", () =>
  visit("/experiments", async (page) => {
    await page.waitForSelector(".grid-row a");
    await page.fill("[aria-label=Filter]", "thous");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("[role=status]").textContent === "1 experiment");
    await page.click("[data-column=name]");
    await page.waitForSelector("[data-column=name][aria-sort=ascending]");
    assert.match(page.url(), /\?filter=thous&sort=name$/);
    await page.click(".grid-row a");
    await rows(page);
  }));

test("an experiment without runs says how to log one, with the address of this server", () =>
  visit(`/experiments/${here.empty}`, async (page) => {
    await page.waitForSelector(".code");
    const program = await page.textContent(".code pre");
    assert.ok(program.includes(`mlflow.set_tracking_uri("${here.address}")`), program);
    assert.ok(program.includes('mlflow.set_experiment("empty")'), program);
  }));

test("what is not there is said, and the rest of the page works", () =>
  visit(
    "/runs/no-such-run",
    async (page) => {
      assert.match(await page.textContent("[role=alert]"), /There is nothing here/);
      await page.click("nav[aria-label=Places] >> text=Home");
      await page.waitForSelector(".list tbody a");
    },
    { expected: /404 \(Not Found\)|400 \(Bad Request\)/ },
  ));

test("the list of keys opens with ?, and keys do nothing once they are switched off", () =>
  visit("/experiments", async (page) => {
    await page.waitForSelector(".grid-row a");
    await page.keyboard.press("?");
    await page.waitForSelector("dialog[open]");
    await page.click("text=Single keys do something");
    await page.keyboard.press("Escape");
    await page.waitForFunction(() => !document.querySelector("dialog"));
    await page.keyboard.press("?");
    await page.keyboard.press("/");
    assert.equal(await page.$("dialog"), null);
    assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "INPUT");
  }));

test("the theme of the system is followed, and one that is chosen is there before the first paint", async () => {
  const ground = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const grounds = [];
  for (const colorScheme of ["light", "dark"]) {
    await visit("/experiments", async (page) => void grounds.push(await ground(page)), { colorScheme });
  }
  assert.notEqual(grounds[0], grounds[1]);
  await visit(
    "/experiments",
    async (page) => {
      await page.waitForSelector(".grid-row a");
      await page.keyboard.press("\\");
      await page.keyboard.press("\\");
      assert.equal(await ground(page), grounds[1]);
      await page.route("**/main-*.js", (route) => route.abort());
      await page.reload().catch(() => undefined);
      assert.equal(await ground(page), grounds[1]);
    },
    { expected: /Failed to load resource/ },
  );
});
