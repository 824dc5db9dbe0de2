// Bundles the command line. Bundling is for start-up time: one file loads several times faster than the
// packages it is made of. Every command is its own chunk, so that `serve` does not load the compiler.
import { chmodSync, existsSync, readFileSync, rmSync } from "node:fs";
import { build } from "esbuild";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));

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
  // Native: it must load its binary from its own folder.
  external: ["@photostructure/sqlite", "node:sqlite", "@cedar-policy/cedar-wasm"],
  legalComments: "none",
  logLevel: "warning",
});
chmodSync("dist/mcpp.js", 0o755);
