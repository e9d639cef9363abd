import { readFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const out = fileURLToPath(new URL("../src/genesis_flow/server/static", import.meta.url));
const bootFile = fileURLToPath(new URL("src/app/boot.js", import.meta.url));
const server = process.env.GENESIS_SERVER ?? "http://127.0.0.1:5000";

/** Puts the script that runs before the first paint into the head, as a small file of its own: the policy of the page
 * forbids scripts in the HTML, and a module would run too late. */
function boot(): Plugin {
  let building = false;
  return {
    name: "boot",
    configResolved: (config) => {
      building = config.command === "build";
    },
    transformIndexHtml: {
      order: "pre",
      handler: () =>
        building ? [] : [{ tag: "script", attrs: { src: "/src/app/boot.js" }, injectTo: "head-prepend" }],
    },
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const id = this.emitFile({ type: "asset", name: "boot.js", source: readFileSync(bootFile, "utf8") });
        const html = bundle["index.html"];
        if (html?.type !== "asset") throw new Error("There is no index.html.");
        const script = `<script src="./${this.getFileName(id)}"></script>`;
        html.source = html.source.toString().replace("<title>", `${script}\n    <title>`);
      },
    },
  };
}

/** Writes each file a second and a third time, compressed as far as it goes: the server only picks. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    async closeBundle() {
      for (const name of await readdir(join(out, "assets"))) {
        const path = join(out, "assets", name);
        const bytes = await readFile(path);
        await writeFile(`${path}.gz`, gzipSync(bytes, { level: 9 }));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        await writeFile(`${path}.br`, brotliCompressSync(bytes, { params }));
      }
    },
  };
}

export default defineConfig({
  // The server writes its prefix in front of these; a script finds its chunks relative to itself.
  base: "./",
  plugins: [boot(), compressed()],
  build: {
    outDir: out,
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      // The entry carries what the pages share, instead of more files: each is a request before the first rows.
      output: {
        codeSplitting: {
          groups: [{ name: "main", test: /ui\/src\/(?:main\.tsx|(?:api|app|grid|state)\/)|node_modules\/(?!uplot)/ }],
        },
      },
      preserveEntrySignatures: "allow-extension",
    },
  },
  server: {
    // The server lets pages of its own host change things, so the host stays what the browser said.
    proxy: Object.fromEntries(
      ["/api", "/ajax-api", "/get-artifact"].map((path) => [path, { target: server, changeOrigin: false }]),
    ),
  },
  test: { include: ["test/**/*.test.ts"] },
});
