// Writes src/api/schema.ts from the server's description of itself (OpenAPI), which comes on standard input:
//   python describe.py | node openapi.mjs
// With --check it writes nothing and fails if the file is not what it would write.
import { readFileSync, writeFileSync } from "node:fs";

const OPERATIONS = [
  "compare_runs",
  "get_experiment",
  "get_metric_history_bulk_interval",
  "get_run",
  "get_runs_table",
  "list_artifacts",
  "list_experiment_keys",
  "search_experiments",
];
const FILE = new URL("src/api/schema.ts", import.meta.url);
const REFERENCE = "#/components/schemas/";

const document = JSON.parse(readFileSync(0, "utf8"));
const schemas = document.components.schemas;
const wanted = new Set();

function type(schema) {
  if (schema.$ref) {
    const name = schema.$ref.slice(REFERENCE.length);
    wanted.add(name);
    return name;
  }
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return [...new Set(several.map(type))].join(" | ");
  switch (schema.type) {
    case "string":
      return "string";
    case "integer":
      return "number";
    case "number":
      return "Real";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `readonly ${wrapped(type(schema.items ?? {}))}[]`;
    case "object":
      return schema.properties
        ? fields(schema)
        : `Readonly<Record<string, ${type(schema.additionalProperties ?? {})}>>`;
    default:
      return "unknown";
  }
}

const wrapped = (text) => (/[ |]/.test(text) ? `(${text})` : text);

function fields(schema) {
  const required = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties ?? {}).map(
    ([name, field]) => `  readonly ${name}${required.has(name) ? "" : "?"}: ${type(field)};`,
  );
  return lines.length ? `{\n${lines.join("\n")}\n}` : "Readonly<Record<string, never>>";
}

function request(described) {
  const body = described.requestBody?.content["application/json"].schema;
  const parameters = described.parameters ?? [];
  const ofParameters = fields({
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  });
  if (!body) return ofParameters;
  return parameters.length ? `${type(body)} & ${ofParameters}` : type(body);
}

const found = new Map();
for (const [path, methods] of Object.entries(document.paths)) {
  for (const [method, described] of Object.entries(methods)) {
    const name = described.operationId.replace(new RegExp(`_${method}$`), "");
    // Where an operation answers GET and POST, POST has no limit on the length of a filter.
    if (OPERATIONS.includes(name) && (!found.has(name) || method === "post")) {
      found.set(name, { path, method: method.toUpperCase(), described });
    }
  }
}
const missing = OPERATIONS.filter((name) => !found.has(name));
if (missing.length) throw new Error(`The server does not describe ${missing.join(", ")}.`);

const operations = OPERATIONS.map((name) => {
  const { described } = found.get(name);
  const reply = type(described.responses["200"].content["application/json"].schema);
  return `  ${name}: {\n    request: ${request(described).replaceAll("\n", "\n    ")};\n    reply: ${reply};\n  };`;
});
const paths = OPERATIONS.map((name) => `  ${name}: ["${found.get(name).method}", "${found.get(name).path}"],`);

const written = new Map();
while ([...wanted].some((name) => !written.has(name))) {
  for (const name of [...wanted]) {
    if (written.has(name)) continue;
    const schema = schemas[name];
    written.set(name, "");
    const text = schema.properties || schema.type === "object" ? `export interface ${name} ${fields(schema)}` : "";
    written.set(name, text || `export type ${name} = ${type(schema)};`);
  }
}

const text = `// Written by openapi.mjs from the server's own description; do not edit by hand.

/** A number as the interface writes it: what JSON has no number for is text. */
export type Real = number | "NaN" | "Infinity" | "-Infinity";

/** The operations that the page calls. */
export interface Operations {
${operations.join("\n")}
}

/** How each is asked for. */
export const PATHS: Readonly<Record<keyof Operations, readonly ["GET" | "POST", string]>> = {
${paths.join("\n")}
};

${[...written]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([, each]) => each)
  .join("\n\n")}
`;

if (!process.argv.includes("--check")) {
  writeFileSync(FILE, text);
} else if (readFileSync(FILE, "utf8") !== text) {
  console.error("src/api/schema.ts is not what openapi.mjs writes: run 'make types'.");
  process.exit(1);
}
