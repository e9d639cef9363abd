// A real browser on a real server. tests/page/test_browser.py starts the server and says where everything is.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";

import { chromium } from "playwright-core";

const given = JSON.parse(process.env.GENESIS_PAGE_TESTS ?? "null");
if (!given) throw new Error("tests/page/test_browser.py runs this.");

/** Where the server is, and what is on it: { address, prefixed, program, runs, hostile, empty, run, prefixedRun, compared, … }. */
export const here = given;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FIRST_ROW = ".grid-row[aria-rowindex='2'] a";

let browser;
before(async () => {
  // Somebody who is root has no sandbox to go into.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  browser = await chromium.launch({ executablePath: here.program, args });
});
after(() => browser?.close());

/** Opens an address in a new profile, and does something there.
 *
 * Fails if the page asked any other host, had an error that is not expected, or ran what was planted. */
export async function visit(path, body, { expected = /^$/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const wrong = [];
  const asked = [];
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("console", (message) => {
      if (message.type() === "error" && !expected.test(message.text())) wrong.push(message.text());
    });
    page.on("pageerror", (error) => wrong.push(String(error)));
    page.on("dialog", (dialog) => {
      wrong.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      asked.push(request);
      const url = new URL(request.url());
      if (url.protocol !== "data:" && ![here.address, here.prefixed].some((each) => each.startsWith(url.origin))) {
        wrong.push(`a request to ${url}`);
      }
    });
    await page.goto(path.startsWith("http") ? path : here.address + path);
    await body(page, asked);
    assert.equal(await page.evaluate(() => globalThis.planted), undefined, "something planted has run");
  } finally {
    await context.close();
  }
  assert.deepEqual(wrong, []);
}

/** Waits for the rows of a grid, and for its columns. */
export async function rows(page) {
  await page.waitForSelector(FIRST_ROW);
  await page.waitForSelector(".grid[aria-busy='false']");
}

/** The texts of a column from the top, in the order of the rows, as they are seen. */
export async function column(page, id, most = 20) {
  const index = await page.getAttribute(`[data-column="${id}"]`, "aria-colindex");
  const cells = await page.$$eval(`.grid-row > [aria-colindex="${index}"]`, (found) =>
    found
      .map((cell) => [Number(cell.parentElement.getAttribute("aria-rowindex")), cell.textContent])
      .sort(([a], [b]) => a - b),
  );
  return cells.slice(0, most).map(([, text]) => text);
}

/** Numbers as they are written on the page. */
export const numbers = (texts) => texts.map((text) => Number(text.replaceAll("−", "-").replaceAll(",", "")));

/** Where axe finds fault with what is seen. */
export async function faults(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  );
}
