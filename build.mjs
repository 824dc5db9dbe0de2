// Bundles the command line. Bundling is for start-up time: one file loads several times faster than the
// packages it is made of. Every command is its own chunk, so that `serve` does not load the compiler.
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

/** Compiles the schema of policies now, which would take longer than everything else at each start. */
const compiledSchema = {
  name: "compiled-schema",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]policy[\\/]structure-validator\.ts$/ }, async ({ path }) => {
      const { outputFiles } = await build({
        // Together: the code generator knows only what its own copy of Ajv has made.
        stdin: {
          contents: `
            import standalone from "ajv/dist/standalone/index.js";
            import { compileStructure } from "./structure-schema.ts";
            const { ajv, validate } = compileStructure({ source: true, esm: true });
            export const code = standalone(ajv, validate);`,
          resolveDir: dirname(path),
        },
        bundle: true,
        write: false,
        format: "cjs",
        platform: "node",
      });
      const compiler = { exports: {} };
      new Function("module", "exports", "require", outputFiles[0].text)(
        compiler,
        compiler.exports,
        createRequire(path),
      );
      return {
        contents: `${compiler.exports.code}\nexport function structureValidator() { return validate; }\n`,
        resolveDir: dirname(path),
        loader: "js",
      };
    });
  },
};

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: Object.fromEntries(
    Object.entries({
      mcpp: "cli/main.ts",
      demo: "examples/demo.ts",
      bench: "bench/main.ts",
    }).filter(([, file]) => existsSync(file)),
  ),
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  chunkNames: "chunks/[name]-[hash]",
  define: { MCPP_VERSION: JSON.stringify(version) },
  // Some packages are CommonJS inside and call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  external: [
    // Optional, and loaded only where a collector is named.
    "@opentelemetry/*",
    // Native: it must load its binary from its own folder.
    "@photostructure/sqlite",
    "node:sqlite",
    // Only the benches use them, and run in a checkout.
    "@cedar-policy/cedar-wasm",
    "@marcbachmann/cel-js",
    "casbin",
    "json-logic-engine",
  ],
  plugins: [compiledSchema],
  legalComments: "none",
  logLevel: "warning",
});
chmodSync("dist/mcpp.js", 0o755);

// The admin page, as browsers get it.
const page = "runtime/admin/page";
await build({
  entryPoints: { page: `${page}/main.ts` },
  outdir: "dist/page",
  bundle: true,
  format: "esm",
  target: ["es2023", "chrome115", "firefox115", "safari16.4"],
  legalComments: "none",
  logLevel: "warning",
});
for (const file of ["index.html", "page.css", "icon.svg"]) {
  copyFileSync(`${page}/${file}`, `dist/page/${file}`);
}
