// Builds the extension: its own code and the command line in one folder, packed as lsp/vscode/mcpp.vsix.
// Run from the root of the repository, by `npm run package:vscode`.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createVSIX } from "@vscode/vsce";
import { build } from "esbuild";

const folder = fileURLToPath(new URL(".", import.meta.url));
const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const { version: own } = JSON.parse(readFileSync(`${folder}package.json`, "utf8"));
if (version !== own) throw new Error(`The extension is ${own}, and the package ${version}.`);

rmSync(`${folder}dist`, { recursive: true, force: true });
rmSync(`${folder}server`, { recursive: true, force: true });
const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};
await build({
  ...common,
  entryPoints: { extension: `${folder}src/extension.ts` },
  outdir: `${folder}dist`,
  outExtension: { ".js": ".cjs" },
  format: "cjs",
  external: ["vscode"],
});
await build({
  ...common,
  entryPoints: { mcpp: "cli/main.ts" },
  outdir: `${folder}server`,
  splitting: true,
  format: "esm",
  chunkNames: "chunks/[name]-[hash]",
  define: { MCPP_VERSION: JSON.stringify(version) },
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  // Only `serve` keeps state; the editor never runs it.
  external: ["@photostructure/sqlite", "node:sqlite"],
});
writeFileSync(`${folder}server/package.json`, '{ "type": "module" }\n');
cpSync("LICENSE", `${folder}LICENSE`);
await createVSIX({
  cwd: folder,
  packagePath: `${folder}mcpp.vsix`,
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});

const client = readFileSync(`${folder}dist/extension.cjs`, "utf8");
// A bundle that still asks for its packages would fail in every editor but ours.
const asked = [...client.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name);
const missing = asked.filter((name) => name.startsWith("vscode-") || name.startsWith("."));
if (missing.length > 0) throw new Error(`The bundle asks for ${missing.join(", ")}.`);
process.stdout.write(
  `lsp/vscode/mcpp.vsix, with ${readdirSync(`${folder}server/chunks`).length} chunks of the command line\n`,
);
