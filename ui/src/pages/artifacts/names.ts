/** How much of a file is read without a click, in bytes. */
export const MOST_TEXT = 1_000_000;
export const MOST_IMAGE = 10_000_000;

/** How a file is shown; `none` is not shown at all. */
export type Kind = "image" | "table" | "json" | "text" | "none";

const IMAGES = words("png jpg jpeg jfif gif webp bmp svg");
const TEXTS = words(
  "txt text log out err md markdown rst tex bib yaml yml toml ini cfg conf properties env lock patch diff xml html htm " +
    "xhtml css scss js mjs cjs ts jsx tsx vue py pyi ipynb r jl lua rb pl go rs java kt scala c cc cpp cxx h hpp cs swift " +
    "sh bash zsh fish bat ps1 sql proto graphql cmake gradle tf dot jsonl ndjson mlmodel mlproject requirements srt vtt",
);
/** Files that have no extension, or whose whole name says what they are. */
const NAMED = words(
  "mlmodel mlproject dockerfile makefile readme license licence notice authors changelog version .gitignore " +
    ".dockerignore .env .python-version",
);
/** What files are that are not shown, by their extension. */
const OTHERS: Readonly<Record<string, string>> = {
  pkl: "a Python pickle, which runs code when it is loaded",
  pickle: "a Python pickle, which runs code when it is loaded",
  joblib: "a Python pickle, which runs code when it is loaded",
  pt: "a file of PyTorch, which may run code when it is loaded",
  pth: "a file of PyTorch, which may run code when it is loaded",
  ckpt: "a checkpoint",
  safetensors: "tensors",
  onnx: "a model in ONNX",
  h5: "a file in HDF5",
  keras: "a model of Keras",
  npy: "an array of NumPy",
  npz: "arrays of NumPy",
  parquet: "a table in Parquet",
  feather: "a table in Feather",
  arrow: "a table in Arrow",
  xlsx: "a workbook",
  pdf: "a PDF document",
  zip: "a ZIP archive",
  tar: "a TAR archive",
  gz: "compressed with gzip",
  whl: "a Python package",
  mp4: "a video",
  webm: "a video",
  mov: "a video",
  mp3: "a sound",
  wav: "a sound",
  ogg: "a sound",
  flac: "a sound",
  tif: "an image in TIFF",
  tiff: "an image in TIFF",
  db: "a database",
  sqlite: "a database",
};

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The folders above a path, from the top; the first is the root, whose path is empty. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return ["", ...parts.map((_, index) => parts.slice(0, index + 1).join("/"))];
}

/** How a file of this name is shown. */
export function kindOf(path: string): Kind {
  const name = nameOf(path).toLowerCase();
  const extension = extensionOf(name);
  if (IMAGES.has(extension)) return "image";
  if (extension === "csv" || extension === "tsv") return "table";
  if (extension === "json" || extension === "geojson") return "json";
  return TEXTS.has(extension) || NAMED.has(name) ? "text" : "none";
}

/** What a file that is not shown is, as far as its name tells. */
export function whatIs(path: string): string {
  return OTHERS[extensionOf(nameOf(path).toLowerCase())] ?? "a file of a kind that is not shown here";
}

/** A text as a literal of Python; what is invisible or turns the direction of text is escaped. */
export function pythonText(text: string): string {
  return JSON.stringify(text).replace(/[\x7f-\x9f\u2028\u2029]|\p{Cf}/gu, (found) => {
    const code = found.codePointAt(0) ?? 0;
    return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
  });
}

/** A number of bytes with its unit: `1.2 MB`. */
export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let [size, unit] = [value, 0];
  while (size >= 999.5 && unit < units.length - 1) [size, unit] = [size / 1_000, unit + 1];
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** What is left of a text whose bytes were cut anywhere, or why it is none. */
export function decoded(content: Uint8Array): { readonly text: string; readonly note: string } | null {
  if (content.includes(0)) return null;
  // In a stream a character whose last bytes are missing is kept back, not replaced.
  const text = new TextDecoder("utf-8").decode(content, { stream: true });
  const notes = [];
  if (text.includes("\ufffd")) notes.push("Some bytes are no UTF-8; � stands for each.");
  if (/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/.test(text)) {
    notes.push("It has marks that turn the direction of text: what you see may be in another order than it is.");
  }
  return { text, note: notes.join(" ") };
}

function extensionOf(name: string): string {
  return name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : "";
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(" "));
}
