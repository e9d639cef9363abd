import assert from "node:assert/strict";
import { test } from "node:test";

import { column, faults, here, rows, visit } from "./browser.mjs";

const EXPERIMENT = `/experiments/${here.runs}`;

const chosen = (page) => page.textContent(".selected");
const box = (row) => `.grid-row[aria-rowindex='${row + 2}'] .pick input`;
const heads = (page) => page.$$eval(".compare thead th > a", (found) => found.map((each) => each.textContent));
/** The rows of a group that are seen: the key, then what each run has. */
const cells = (page, group) =>
  page.$$eval(`.compare .group-${group} tr:not(.group, .fold)`, (found) =>
    found.map((row) => [...row.cells].map((cell) => cell.textContent)),
  );

test("runs are selected with the mouse, compared, and forgotten", () =>
  visit(EXPERIMENT, async (page) => {
    await rows(page);
    const names = await column(page, "attributes.run_name");
    await page.click(box(0));
    assert.match(await chosen(page), /^1 selected/);
    assert.equal(await page.isDisabled(".selected >> text=Compare"), true);
    await page.click(box(3), { modifiers: ["Shift"] });
    await page.waitForFunction(() => document.querySelector(".selected").textContent.startsWith("4 selected"));
    await page.click(box(1));
    await page.waitForFunction(() => document.querySelectorAll(".grid-row[aria-selected=true]").length === 3);
    await page.click(".selected >> text=Compare");
    await page.waitForSelector(".compare tbody td");
    assert.deepEqual(await heads(page), [names[0], names[2], names[3]]);
    await page.goBack();
    await rows(page);
    assert.match(await chosen(page), /^3 selected/);
    await page.click("text=Clear");
    await page.waitForFunction(() => !document.querySelector(".grid-row[aria-selected=true], .pick input:checked"));
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds no fault with a selection, and with a comparison that is open, ${colorScheme}`, () =>
    visit(
      `${EXPERIMENT}?sort=attributes.status`,
      async (page) => {
        await rows(page);
        for (const row of [0, 2, 3]) await page.click(box(row));
        await page.waitForFunction(() => document.querySelectorAll(".grid-row[aria-selected=true]").length === 3);
        assert.deepEqual(await faults(page), []);
        await page.keyboard.press("d");
        await page.waitForSelector(".compare tbody td");
        await page.click(".group-params >> text=1 the same");
        await page.keyboard.press("j");
        await page.keyboard.press("b");
        await page.waitForSelector("button[aria-pressed=true]");
        assert.deepEqual(await faults(page), []);
      },
      { colorScheme, reducedMotion: "reduce" },
    ));
}

test("runs are selected and compared with keys alone", () =>
  visit(EXPERIMENT, async (page) => {
    await rows(page);
    const names = await column(page, "attributes.run_name");
    for (const key of ["d", "x", "d", "j", "j", "Shift+X", "k", "x"]) await page.keyboard.press(key);
    await page.waitForFunction(() => document.querySelector(".selected").textContent.startsWith("2 selected"));
    assert.match(page.url(), /\/experiments\/\d+$/);
    await page.keyboard.press("d");
    await page.waitForSelector(".compare tbody td");
    assert.deepEqual(await heads(page), [names[0], names[2]]);
    assert.match(page.url(), /\/compare\?runs=[0-9a-f]{32},[0-9a-f]{32}$/);
    const focused = () => page.evaluate(() => document.activeElement.title);
    await page.keyboard.press("j");
    const first = await focused();
    await page.keyboard.press("l");
    assert.notEqual(await focused(), first);
    await page.keyboard.press("b");
    await page.waitForSelector(".compare thead th:nth-child(3) button[aria-pressed=true]");
    await page.keyboard.press("b");
    await page.waitForFunction(() => !document.querySelector("button[aria-pressed=true]"));
  }));

test("what differs is shown, the rest is folded, numbers have their difference, and a reload shows it again", () =>
  visit(`/compare?runs=${here.compared}`, async (page) => {
    await page.waitForSelector(".compare tbody td");
    assert.deepEqual(await heads(page), ["run-0999", "run-0998", "run-0997"]);
    assert.deepEqual(await cells(page, "params"), [
      ["lr", "0.00001", "0.00002", "0.00002"],
      ["model", "base", "large", "small"],
    ]);
    assert.deepEqual(await cells(page, "datasets"), [["churn (training)", "d1g3st", "–", "–"]]);
    assert.deepEqual(
      (await cells(page, "tags")).map(([key]) => key),
      ["mlflow.note.content"],
    );
    await page.click(".group-params >> text=1 the same");
    assert.deepEqual((await cells(page, "params")).at(-1), ["optimizer", "adam", "adam", "adam"]);
    await page.click("[aria-label='Baseline: run-0999']");
    await page.waitForSelector(".delta");
    assert.match(page.url(), new RegExp(`&baseline=${here.run}$`));
    const losses = (await cells(page, "metrics")).find(([key]) => key === "val_loss");
    assert.equal(losses[1], "0.2500");
    assert.match(losses[2], /^0\.\d{4}\+0\.\d+ \(\+\d+(\.\d+)? %\)$/);
    await page.reload();
    await page.waitForSelector(".delta");
    assert.deepEqual(
      (await cells(page, "metrics")).find(([key]) => key === "val_loss"),
      losses,
    );
    await page.click(".compare thead a");
    await page.waitForSelector(".facts");
    assert.equal(await page.textContent("h1"), "run-0999");
  }));

test("a cell is copied whole, with the mouse and with a key", () =>
  visit(
    `/compare?runs=${here.compared}`,
    async (page) => {
      const copied = () => page.evaluate(() => navigator.clipboard.readText());
      await page.waitForSelector(".compare tbody td");
      await page.hover(".group-params td:has-text('large')");
      await page.click("[aria-label='Copy the value']");
      await page.waitForSelector("[aria-label=Copied]");
      assert.equal(await copied(), "large");
      await page.focus(".group-tags td[title]");
      await page.keyboard.press("Enter");
      await page.waitForSelector("[aria-label=Copied]");
      assert.equal(await copied(), "# A note\n\nas **text**");
    },
    { permissions: ["clipboard-read", "clipboard-write"] },
  ));

test("a run that is missing is named, and MLflow's own address leads here", async () => {
  const missing = "0".repeat(32);
  await visit(
    `/compare?runs=${here.run},${missing}`,
    async (page) => {
      await page.waitForSelector("[role=alert]");
      assert.ok((await page.textContent("[role=alert]")).includes(missing));
    },
    { expected: /404 \(Not Found\)/ },
  );
  const runs = JSON.stringify(here.compared.split(","));
  await visit(`/#/compare-runs?runs=${encodeURIComponent(runs)}&experiments=["${here.runs}"]`, async (page) => {
    await page.waitForSelector(".compare tbody td");
    assert.equal(page.url(), `${here.address}/compare?runs=${here.compared}`);
  });
});
