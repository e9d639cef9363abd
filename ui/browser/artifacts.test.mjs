import assert from "node:assert/strict";
import { test } from "node:test";

import { faults, here, visit } from "./browser.mjs";

// tests/page/files.py made the files; those of an enemy set `planted` if anything of them runs, and `visit` fails then.
const at = (path) => `/runs/${here.files}/artifacts${path ? `?path=${encodeURIComponent(path)}` : ""}`;
const item = (page, name) => page.locator(".tree-row", { has: page.getByText(name, { exact: true }) });
const focused = (page) => page.evaluate(() => document.activeElement.querySelector("bdi, .tree-name")?.textContent);
const ranges = (asked) =>
  asked.filter((request) => request.url().includes("/get-artifact")).map((request) => request.headers().range);

test("from a run to a file and back, and the address is the file", () =>
  visit(`/runs/${here.files}`, async (page, asked) => {
    await page.click("nav[aria-label='Parts of the run'] >> text=Artifacts");
    await item(page, "model").click();
    await item(page, "MLmodel").click();
    await page.waitForSelector(".lines");
    assert.match(await page.textContent(".lines pre:not([aria-hidden])"), /^flavors:\n {2}python_function:/);
    assert.equal(page.url(), `${here.address}/runs/${here.files}/artifacts?path=model/MLmodel`);
    assert.match(await page.textContent(".digest code"), /^[0-9a-f]{64}$/);
    await page.reload();
    await page.waitForSelector(".lines");
    assert.equal(await page.textContent("[aria-selected=true] bdi"), "MLmodel");
    await page.goBack();
    await page.waitForSelector("text=Its files stand in the tree");
    await page.goBack();
    await page.waitForSelector("text=Choose a file");
    await page.goBack();
    await page.waitForSelector(".facts");
    assert.equal(asked.filter((request) => request.resourceType() === "document").length, 2);
  }));

test("the tree is walked with the arrows, and the focus goes nowhere else", () =>
  visit(at(""), async (page) => {
    await item(page, "images").waitFor();
    await page.focus(".tree-row[tabindex='0']");
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    for (let steps = 0; (await focused(page)) !== "images"; steps += 1) {
      assert.ok(steps < 30);
      await page.keyboard.press("ArrowDown");
    }
    await page.keyboard.press("ArrowRight");
    await item(page, "chart.png").waitFor();
    assert.equal(await focused(page), "images");
    await page.keyboard.press("ArrowRight");
    assert.equal(await focused(page), "chart.png");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=320 × 200 pixels");
    assert.equal(await focused(page), "chart.png");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await focused(page), "images");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await item(page, "chart.png").count(), 0);
    assert.equal(await page.locator(".tree-row[tabindex='0']").count(), 1);
    await page.keyboard.press("r");
    await page.waitForSelector(".tree-reading", { state: "detached" });
    assert.equal(await focused(page), "images");
  }));

test("a folder of many files is read in pages", () =>
  visit(at("many/"), async (page) => {
    const shown = () => page.locator(".tree-row[aria-level='2'].tree-file").count();
    await page.waitForSelector(".tree-more >> text=200 are shown");
    assert.equal(await shown(), 200);
    await page.focus(".tree-more");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".tree-more", { state: "detached" });
    assert.equal(await shown(), 230);
    assert.equal(await focused(page), "0200.txt");
  }));

test("a folder that is asked for as if it were a file is opened", () =>
  visit(
    at("many"),
    async (page) => {
      await page.waitForSelector(".tree-more");
      await page.waitForSelector("text=Its files stand in the tree");
    },
    { expected: /400 \(Bad Request\)/ },
  ));

test("images of every kind are shown, and what is none is said", async () => {
  for (const name of ["chart.png", "dot.gif", "dot.webp", "dot.bmp", "drawing.svg"]) {
    await visit(at(`images/${name}`), async (page) => {
      await page.waitForFunction(() => document.querySelector(".picture img")?.naturalWidth > 0);
      assert.equal(await page.$("main svg rect, main script, main iframe, main object, main embed"), null);
    });
  }
  await visit(at("images/none.png"), (page) => page.waitForSelector("text=can make no image"));
});

test("large files are read only after a click, and of a text no more than its beginning", async () => {
  await visit(at("large.txt"), async (page, asked) => {
    await page.waitForSelector("text=This file has 1.5 MB");
    assert.deepEqual(ranges(asked), ["bytes=-1"]);
    await page.click("text=Show the first 1 MB");
    await page.waitForSelector("text=The first 1 MB of 1.5 MB.");
    assert.deepEqual(ranges(asked), ["bytes=-1", "bytes=0-999999"]);
  });
  await visit(at("images/large.png"), async (page, asked) => {
    await page.waitForSelector("text=This file has 10.0 MB");
    assert.deepEqual(ranges(asked), ["bytes=-1"]);
    await page.click("text=Show it");
    await page.waitForSelector("text=can make no image");
  });
});

test("texts have numbers, JSON its lines, tables their rows; numbers stay as they were written", async () => {
  await visit(at("train.log"), async (page) => {
    await page.waitForSelector(".lines");
    assert.equal(await page.locator(".lines-block").count(), 3);
    assert.match(await page.locator(".lines-numbers").last().textContent(), /^1001\n[\s\S]*\n1200$/);
  });
  await visit(at("config.json"), async (page) => {
    await page.waitForSelector(".lines");
    const text = () => page.textContent(".lines pre:not([aria-hidden])");
    assert.match(await text(), /\n {2}"rate": 1\.0,\n {2}"seed": 12345678901234567890,\n/);
    await page.click("text=As it is written");
    assert.match(await text(), /^\{"rate":1\.0,/);
  });
  await visit(at("invalid.json"), async (page) => {
    await page.waitForSelector("text=It is no valid JSON.");
    assert.equal(await page.textContent(".lines pre:not([aria-hidden])"), '{"loss": NaN}');
  });
  await visit(at("numbers.csv"), async (page) => {
    await page.waitForSelector("text=The first 1,000 rows");
    assert.deepEqual(await page.locator(".sheet thead th").allTextContents(), ["Row", "x", "y", "a, b"]);
    const first = page.locator(".sheet tbody tr").first().locator("td");
    assert.deepEqual(await first.allTextContents(), ["1", "-2.5", 'said "yes"']);
    assert.equal(await page.getAttribute(".sheet table", "aria-rowcount"), "1001");
    assert.ok((await page.locator(".sheet td").count()) < 300, "rows that nobody sees are drawn");
    await page.focus(".sheet");
    await page.keyboard.press("End");
    await page.waitForSelector(".sheet tr[aria-rowindex='1001'] >> text=1,000");
    assert.equal(await page.locator(".sheet tr[aria-rowindex='2']").count(), 0);
  });
  await visit(at("numbers.tsv"), (page) => page.waitForSelector(".sheet td >> text=2"));
});

test("what is binary, empty or of another kind is said and not drawn", async () => {
  await visit(at("binary.txt"), (page) => page.waitForSelector("text=this file is binary"));
  await visit(at("empty.txt"), (page) => page.waitForSelector("text=This file is empty."));
  await visit(at("model/model.pkl"), async (page, asked) => {
    await page.waitForSelector("text=a Python pickle, which runs code");
    assert.deepEqual(ranges(asked), ["bytes=-1"]);
  });
});

test("contents of an enemy are text", async () => {
  await visit(at("page.html"), async (page) => {
    await page.waitForSelector(".lines");
    assert.match(await page.textContent(".lines"), /<script>/);
    assert.equal(await page.$("main img, main script, main iframe"), null);
  });
  await visit(at("formulas.csv"), async (page) => {
    await page.waitForSelector(".sheet");
    const cells = await page.locator(".sheet td").allTextContents();
    assert.match(cells[0], /^=HYPERLINK/);
    assert.match(cells[1], /^<img/);
    assert.equal(await page.$(".sheet a, .sheet img"), null);
  });
  await visit(at("eval.json"), async (page) => {
    await page.waitForSelector(".sheet");
    assert.match(await page.locator(".sheet td").first().textContent(), /^<img/);
    assert.equal(await page.$(".sheet img"), null);
  });
});

test("names of an enemy are text, and open the file that has them", async () => {
  for (const [name, inside] of [
    ["<img src=x onerror=globalThis.planted=1>.txt", "named like markup"],
    [`it's "quoted" & so?a=b+c.txt`, "named like a query"],
    ["100%25.txt", "with percents"],
    [`${"long".repeat(60)}.txt`, "with a long name"],
  ]) {
    await visit(at(""), async (page) => {
      await item(page, name).click();
      await page.waitForSelector(`.lines >> text=${inside}`);
      assert.equal(await page.textContent(".file-head h2"), name);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
      const [saved] = await Promise.all([page.waitForEvent("download"), page.click("text=Download")]);
      assert.equal(await saved.failure(), null);
      await page.reload();
      await page.waitForSelector(`.lines >> text=${inside}`);
    });
  }
});

// Our server keeps no such names, but a bucket may have them.
test("names that turn around, or end an address early, open what has them and nothing else", () =>
  visit(`/runs/${here.noFiles}/artifacts`, async (page, asked) => {
    const names = ["a\u202egnp.txt", "x#y.txt", "x%2fy.txt", "x%00.txt", "\u2066y.txt"];
    const files = names.map((path) => ({ path, is_dir: false, file_size: 6 }));
    await page.route("**/artifacts/list?*", (route) => route.fulfill({ json: { files } }));
    await page.route("**/get-artifact?*", (route) =>
      route.fulfill({ status: 206, headers: { "content-range": "bytes 0-5/6" }, body: "inside" }),
    );
    await page.reload();
    for (const [index, name] of names.entries()) {
      await page.locator(".tree-file").nth(index).click();
      await page.waitForFunction((path) => document.querySelector(".file-head h2")?.textContent === path, name);
      await page.waitForSelector(".lines");
      assert.equal(new URL(page.url()).searchParams.get("path"), name);
      const { searchParams } = new URL(asked.at(-1).url());
      assert.equal(searchParams.get("path"), name);
      const width = await page.locator(".tree-file").nth(index).locator(".tree-size").boundingBox();
      assert.ok(width.x > 200, "the size stands on the left of the name");
    }
  }));

test("an SVG and a page that are opened by their address are saved and do not run", () =>
  visit(at(""), async (page) => {
    for (const path of ["images/drawing.svg", "page.html"]) {
      const address = `${here.address}/get-artifact?run_uuid=${here.files}&path=${path}`;
      const [saved] = await Promise.all([
        page.waitForEvent("download"),
        page.goto(address).catch((error) => assert.match(String(error), /Download is starting/)),
      ]);
      assert.equal(await saved.failure(), null);
    }
  }));

test("the path and a program that downloads the file are copied", () =>
  visit(
    at("model/MLmodel"),
    async (page) => {
      await page.waitForSelector(".lines");
      await page.click("button[aria-label='Copy path']");
      await page.waitForSelector("button[aria-label=Copied]");
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "model/MLmodel");
      await page.click("button[aria-label='Copy as Python']");
      await page.waitForFunction(async () => (await navigator.clipboard.readText()).includes("import mlflow"));
      const program = await page.evaluate(() => navigator.clipboard.readText());
      assert.ok(program.includes(`run_id="${here.files}", artifact_path="model/MLmodel"`), program);
    },
    { permissions: ["clipboard-read", "clipboard-write"] },
  ));

test("a run without files says how to log one; a file and a run that are not there are said", async () => {
  await visit(`/runs/${here.noFiles}/artifacts`, async (page) => {
    await page.waitForSelector(".code");
    assert.ok((await page.textContent(".code pre")).includes(`run_id="${here.noFiles}"`));
  });
  await visit(
    at("model/gone.txt"),
    async (page) => {
      assert.match(await page.textContent("[role=alert]"), /There is nothing here\.[\s\S]*gone\.txt/);
      await item(page, "MLmodel").click();
      await page.waitForSelector(".lines");
    },
    { expected: /404 \(Not Found\)/ },
  );
  await visit(
    "/runs/no-such-run/artifacts",
    async (page) => assert.match(await page.textContent("[role=alert]"), /There is nothing here/),
    { expected: /404 \(Not Found\)|400 \(Bad Request\)/ },
  );
});

test("a file that cannot be read says why, and is read when it can be", () =>
  visit(
    at("model/MLmodel"),
    async (page) => {
      await page.waitForSelector(".lines");
      await page.route("**/get-artifact?*", (route) =>
        route.fulfill({ status: 409, json: { error_code: "CONFLICT", message: "Not at the moment." } }),
      );
      await page.keyboard.press("r");
      await page.waitForSelector("[role=alert] >> text=Not at the moment.");
      await page.unroute("**/get-artifact?*");
      await page.click("text=Try again");
      await page.waitForSelector(".lines");
    },
    { expected: /409 \(Conflict\)/ },
  ));

for (const colorScheme of ["light", "dark"]) {
  for (const [path, ready] of [
    ["", ".tree-row"],
    ["model/MLmodel", ".lines"],
    ["numbers.csv", ".sheet"],
    ["images/chart.png", "figcaption:has-text('pixels')"],
    ["many/", ".tree-more"],
    ["large.txt", ".file-large"],
    ["model/model.pkl", "text=a Python pickle"],
  ]) {
    test(`axe finds no fault with the file '${path}', ${colorScheme}`, () =>
      visit(
        at(path),
        async (page) => {
          await page.waitForSelector(ready);
          await page.waitForSelector(".tree-row");
          assert.deepEqual(await faults(page), []);
        },
        { colorScheme, reducedMotion: "reduce" },
      ));
  }
}

test("on a phone the tree stands over the file, nothing is wider than the screen, and axe finds no fault", async () => {
  for (const path of ["model/MLmodel", "numbers.csv", `${"long".repeat(60)}.txt`]) {
    await visit(
      at(path),
      async (page) => {
        await page.waitForSelector(".lines, .sheet");
        await page.waitForSelector(".tree-row");
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
        assert.deepEqual(await faults(page), []);
      },
      { viewport: { width: 360, height: 740 }, reducedMotion: "reduce" },
    );
  }
});
