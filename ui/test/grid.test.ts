import { expect, test } from "vitest";

import { type Block, Blocks } from "../src/grid/blocks";
import { columnWindow, rowAt, rowWindow, scrollOf } from "../src/grid/window";

const ROW = 28;

test("rows that are seen are drawn, and some around them", () => {
  expect(rowWindow(1_000, ROW, 0, 280, 3)).toEqual({ first: 0, end: 13, heightPx: 28_000, shiftPx: 0 });
  const middle = rowWindow(1_000, ROW, 2_814, 280, 3);
  expect([middle.first, middle.end, middle.shiftPx]).toEqual([97, 114, 0]);
});

test.each([1, 27, 1_000, 250_000, 5_000_000])("the last of %d rows can be seen", (total) => {
  const { heightPx } = rowWindow(total, ROW, 0, 700, 0);
  const scroll = Math.max(0, heightPx - 700);
  const { first, end, shiftPx } = rowWindow(total, ROW, scroll, 700, 0);
  expect(end).toBe(total);
  expect(first).toBeLessThanOrEqual(end - Math.min(total, 25));
  if (total > 25) expect(shiftPx + total * ROW).toBeCloseTo(scroll + 700, 3);
  expect(heightPx).toBeLessThanOrEqual(8_000_000);
});

test.each([100, 250_000, 5_000_000])("of %d rows the one that is scrolled to is at the top", (total) => {
  for (const row of [0, 1, Math.floor(total / 3), total - 30]) {
    expect(rowAt(scrollOf(row, total, ROW, 700), total, ROW, 700)).toBe(row);
  }
});

test("columns that are seen are drawn, and one on each side", () => {
  const edges = [0, 200, 300, 400, 500, 600];
  expect(columnWindow(edges, 0, 250)).toEqual([0, 3]);
  expect(columnWindow(edges, 310, 100)).toEqual([1, 5]);
  expect(columnWindow(edges, 0, 2_000)).toEqual([0, 5]);
});

/** Blocks of ten rows of a thousand, and what was asked for. */
function thousand(before: Blocks<string> | null = null, name = "row") {
  const asked: number[] = [];
  const load = async (offset: number): Promise<Block<string>> => {
    asked.push(offset);
    return { total: 1_000, rows: Array.from({ length: 10 }, (_, i) => `${name} ${offset + i}`) };
  };
  const blocks = new Blocks(10, load, () => undefined, before);
  return { blocks, asked };
}

const settled = () => new Promise((done) => setTimeout(done));

test("what is wanted is read once, and the block behind it ahead of time", async () => {
  const { blocks, asked } = thousand();
  blocks.want(0, 5);
  await settled();
  blocks.want(0, 5);
  await settled();
  expect([asked, blocks.total, blocks.row(3), blocks.row(12)]).toEqual([[0], 1_000, "row 3", undefined]);
  blocks.want(0, 8);
  await settled();
  expect([asked, blocks.row(12)]).toEqual([[0, 10], "row 12"]);
});

test("ten blocks are kept, those that were looked at last", async () => {
  const { blocks, asked } = thousand();
  for (let block = 0; block < 30; block++) {
    blocks.want(block * 10, block * 10 + 10);
    await settled();
  }
  expect(blocks.row(0)).toBeUndefined();
  expect(blocks.row(290)).toBe("row 290");
  blocks.want(0, 10);
  await settled();
  expect(asked.filter((offset) => offset === 0)).toHaveLength(2);
});

test("what was there shows until something new comes", async () => {
  const { blocks: before } = thousand();
  before.want(0, 10);
  await settled();
  const { blocks } = thousand(before, "new");
  expect([blocks.row(3), blocks.stale, blocks.total]).toEqual(["row 3", true, 1_000]);
  blocks.want(0, 10);
  await settled();
  expect([blocks.row(3), blocks.stale]).toEqual(["new 3", false]);
});

test("what comes after the end changes nothing, and what was refused is told and not asked again", async () => {
  const { blocks } = thousand();
  blocks.want(0, 10);
  blocks.close();
  await settled();
  expect(blocks.total).toBeNull();
  let asked = 0;
  const refuse = () => {
    asked++;
    return Promise.reject(new Error("no"));
  };
  const refused = new Blocks<string>(10, refuse, () => undefined);
  refused.want(0, 10);
  await settled();
  refused.want(0, 10);
  expect([refused.error?.message, refused.total, asked]).toEqual(["no", 0, 1]);
});
