import { expect, test } from "vitest";

import { blocksOf, MOST_LINES, MOST_OF_LINE } from "../src/pages/artifacts/blocks";
import { Folders } from "../src/pages/artifacts/folders";
import { bytes, decoded, foldersAbove, kindOf, nameOf, pythonText, whatIs } from "../src/pages/artifacts/names";
import { digestIn } from "../src/pages/artifacts/reading";
import { indented, loggedTable, separated, separatorOf } from "../src/pages/artifacts/tables";
import { ofOldLink, place } from "../src/app/places";
import { ApiError } from "../src/api/client";

const utf8 = (text: string) => new TextEncoder().encode(text);

test("values are separated, quoted ones may have anything in them", () => {
  const text = 'a,"b ""quoted"", with\r\na line",c\r\n1,,"3"\n\n4,5\n';
  expect(separated(text, ",")).toEqual({
    head: ["a", 'b "quoted", with\r\na line', "c"],
    rows: [
      ["1", "", "3"],
      ["4", "5"],
    ],
    more: false,
  });
  expect(separated("a\tb,c\n1\t2", "\t").rows).toEqual([["1", "2"]]);
  expect(separated("a,b\n1,", ",").rows).toEqual([["1", ""]]);
  expect(separated("a\r1\r2", ",").rows).toEqual([["1"], ["2"]]);
});

test("broken quotes lose no text", () => {
  expect(separated('a\n"x"y,"z', ",").rows).toEqual([["xy", "z"]]);
  expect(separated('a\nx"y",z', ",").rows).toEqual([['x"y"', "z"]]);
  expect(separated('a\n"never closed,\n1', ",").rows).toEqual([["never closed,\n1"]]);
});

test("of a file that was cut the last row is left out, and it is said that there is more", () => {
  expect(separated("a,b\n1,2\n3,4", ",", true)).toEqual({ head: ["a", "b"], rows: [["1", "2"]], more: true });
  expect(separated('a,b\n1,2\n3,"4', ",", true).rows).toEqual([["1", "2"]]);
});

test("no more rows than asked for are kept, and it is known whether there are more", () => {
  const rows = (count: number) => `a\n${Array.from({ length: count }, (_, i) => i).join("\n")}`;
  expect(separated(rows(3), ",", false, 3)).toMatchObject({ rows: [["0"], ["1"], ["2"]], more: false });
  expect(separated(rows(4), ",", false, 3)).toMatchObject({ rows: [["0"], ["1"], ["2"]], more: true });
  expect(separated("", ",")).toEqual({ head: [], rows: [], more: false });
});

test("the separator is that of the name or of the first line", () => {
  expect(separatorOf("a.tsv", "a,b")).toBe("\t");
  expect(separatorOf("a.csv", "a;b\n1,2")).toBe(";");
  expect(separatorOf("a.csv", "a;b,c")).toBe(",");
});

test("what log_table writes is a table, other JSON is none", () => {
  const value = {
    columns: ["x", "y"],
    data: [
      ["=1+1", null],
      [1.5, { a: [1] }],
    ],
  };
  expect(loggedTable(value)).toEqual({
    head: ["x", "y"],
    rows: [
      ["=1+1", "null"],
      ["1.5", '{"a":[1]}'],
    ],
    more: false,
  });
  expect(loggedTable({ columns: ["x"], data: [[1], [2]] }, 1)).toMatchObject({ rows: [["1"]], more: true });
  for (const other of [null, 3, [], {}, { columns: ["x"] }, { columns: "x", data: [] }, { columns: [], data: [1] }]) {
    expect(loggedTable(other)).toBeNull();
  }
});

test.each([
  { a: [1, "two", { b: null }], c: {}, d: [], 'e"\\{[': "}],:" },
  [[[]], [{}]],
  "text",
  "",
  -1.5e300,
  [true, false],
])("JSON is written as the language would write it: %j", (value) => {
  expect(indented(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
});

test("numbers of JSON stay as they are written", () => {
  expect(indented("[12345678901234567890,1.0, 1e2]")).toBe("[\n  12345678901234567890,\n  1.0,\n  1e2\n]");
});

test("JSON that is nested without end stays as it is", () => {
  const deep = "[".repeat(50_000) + "]".repeat(50_000);
  expect(indented(deep)).toBe(deep);
});

test("a text is cut between characters, and a binary file is none", () => {
  const cut = utf8("aé").slice(0, 2);
  expect(decoded(cut)).toEqual({ text: "a", note: "" });
  expect(decoded(utf8("a\0b"))).toBeNull();
  expect(decoded(new Uint8Array([97, 255, 98]))).toMatchObject({ text: "a�b", note: expect.stringContaining("UTF-8") });
  expect(decoded(utf8("a\u202eb"))?.note).toContain("direction");
  expect(decoded(utf8("\ufeffa"))?.text).toBe("a");
});

test("lines have their numbers, whatever ends them", () => {
  const { blocks, lines } = blocksOf("a\r\nb\rc\n\nd\n");
  expect(lines).toBe(5);
  expect(blocks).toEqual([{ first: 1, count: 5, numbers: "1\n2\n3\n4\n5", text: "a\nb\nc\n\nd" }]);
  const many = blocksOf("x\n".repeat(1_200));
  expect(many.blocks.map(({ first, count }) => [first, count])).toEqual([
    [1, 500],
    [501, 500],
    [1_001, 200],
  ]);
});

test("too many lines and too long ones are shortened, and that is known", () => {
  const { blocks, lines } = blocksOf("\n".repeat(MOST_LINES + 7));
  expect(lines).toBe(MOST_LINES + 7);
  expect(blocks.reduce((sum, { count }) => sum + count, 0)).toBe(MOST_LINES);
  const long = blocksOf("x".repeat(MOST_OF_LINE + 1));
  expect(long.shortened).toBe(1);
  expect(long.blocks[0]?.text).toBe(`${"x".repeat(MOST_OF_LINE)} …`);
});

test.each([
  ["a/b.PNG", "image"],
  ["x.svg", "image"],
  ["table.csv", "table"],
  ["eval.json", "json"],
  ["page.html", "text"],
  ["model/MLmodel", "text"],
  ["requirements.txt", "text"],
  [".gitignore", "text"],
  ["model.pkl", "none"],
  ["x.pdf", "none"],
  ["a.png/b", "none"],
  ["png", "none"],
])("%s is shown as %s", (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

test("a pickle is called what it is", () => {
  expect(whatIs("model/python_model.pkl")).toContain("runs code");
  expect(whatIs("no extension")).toContain("not shown");
});

test("a path has a name and folders above it", () => {
  expect(foldersAbove("a/b/c.txt")).toEqual(["", "a", "a/b"]);
  expect(foldersAbove("c.txt")).toEqual([""]);
  expect([nameOf("a/b"), nameOf("b")]).toEqual(["b", "b"]);
});

test("a path comes back from its address, whatever is in it", () => {
  for (const path of ["a/b c.png", "100%.txt", "a&b=c?d#e+f", "<img src=x>", "é🦊'\"", "x%2fy"]) {
    const address = place.artifacts("run", path);
    expect(new URL(address, "http://h").searchParams.get("path")).toBe(path);
    expect(new URL(address, "http://h").pathname).toBe("/runs/run/artifacts");
  }
  expect(place.artifacts("run", "a/b.png")).toBe("/runs/run/artifacts?path=a/b.png");
  expect(place.artifacts("run")).toBe("/runs/run/artifacts");
});

test("MLflow's address of a file leads to it", () => {
  expect(ofOldLink("#/experiments/1/runs/abc/artifacts/a/b%20c.png")).toBe("/runs/abc/artifacts?path=a/b%20c.png");
  expect(ofOldLink("#/experiments/1/runs/abc/artifacts")).toBe("/runs/abc/artifacts");
  expect(ofOldLink("#/experiments/1/runs/abc/model-metrics")).toBe("/runs/abc");
});

test("a text of Python is what it was, and shows all that is in it", () => {
  expect(pythonText("a\"b'\\\n")).toBe('"a\\"b\'\\\\\\n"');
  expect(pythonText("x\u202ey\u200b\u{e0041}é🦊")).toBe('"x\\u202ey\\u200b\\U000e0041é🦊"');
});

test("sizes have a unit", () => {
  expect([0, 999, 1_000, 1_550, 99_960, 1_000_000, 480e6, 2.5e12].map(bytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 KB",
    "1.6 KB",
    "100 KB",
    "1.0 MB",
    "480 MB",
    "2.5 TB",
  ]);
});

test("the digest of an answer is told in hexadecimal", () => {
  const header = "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:, sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
  expect(digestIn(header)).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(digestIn("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:")).toBeNull();
  expect(digestIn(null)).toBeNull();
});

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("folders are read when they are opened, a page at a time", async () => {
  const asked: (readonly [string, string | null])[] = [];
  const folders = new Folders("run", async (_, path, token) => {
    asked.push([path, token]);
    if (path === "a") return { files: [] };
    if (token) return { files: [{ path: "z.txt", file_size: 3 }] };
    return { files: [{ path: "a", is_dir: true }], next_page_token: "next" };
  });
  folders.reveal("a/b.txt");
  expect(folders.rows().map(({ kind }) => kind)).toEqual(["reading"]);
  await settled();
  expect(folders.rows().map(({ kind, path, level }) => [kind, path, level])).toEqual([
    ["folder", "a", 1],
    ["empty", "a", 2],
    ["more", "", 1],
  ]);
  await folders.more("");
  folders.collapse("a");
  expect(folders.rows().map(({ kind, text }) => [kind, text])).toEqual([
    ["folder", "a"],
    ["file", "z.txt"],
  ]);
  folders.expand("a");
  await settled();
  expect(asked).toEqual([
    ["", null],
    ["a", null],
    ["", "next"],
  ]);
});

test("a folder that cannot be read says so, keeps what it has, and can be read again", async () => {
  let fails = false;
  const folders = new Folders("run", async (_, __, token) => {
    if (fails) throw new ApiError(503, "UNAVAILABLE", "Not now.");
    return token ? { files: [{ path: "b" }] } : { files: [{ path: "a" }], next_page_token: "next" };
  });
  folders.expand("");
  await settled();
  fails = true;
  await folders.more("");
  expect(folders.rows().map(({ text }) => text)).toEqual(["a", "Not now. Try again"]);
  fails = false;
  await folders.more("");
  expect(folders.rows().map(({ text }) => text)).toEqual(["a", "b"]);
  folders.refresh();
  await settled();
  expect(folders.rows().map(({ text }) => text)).toEqual(["a", "Show more"]);
});
