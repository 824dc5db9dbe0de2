import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { grammarPage, pages } from "./pages.ts";
import { pagesThatShow, withOutput } from "./shown.ts";

// Writes the reference of diagnostics and of the grammar, and what pages show of the built command line: `npm run docs`,
// from the root of the repository.

const folder = join("docs", "diagnostics");
mkdirSync(folder, { recursive: true });
const written = pages();
for (const name of readdirSync(folder)) if (!written.has(name)) rmSync(join(folder, name));
for (const [name, text] of written) writeFileSync(join(folder, name), text);
writeFileSync(join("docs", "grammar.md"), grammarPage());
for (const page of pagesThatShow(".")) writeFileSync(page, withOutput(process.cwd(), page));
