import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

// What pages show of commands is what the commands print: `npm run docs` writes it, and a test compares.

/** A command of the built command line and what it prints, in a fence of the language `console`. */
const SHOWN = /^```console\n\$ npx mcpp (.+)\n(?:[\s\S]*?\n)??```$/gm;

/** Pages that show commands: paths from the root of the repository. */
export function pagesThatShow(root: string): readonly string[] {
  return readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith("README.md"))
    .map((name) => join("examples", name))
    .sort();
}

/** A page as it has to be: each command is run in the folder of the page. */
export function withOutput(root: string, page: string): string {
  const path = join(root, page);
  return readFileSync(path, "utf8").replace(SHOWN, (_, command: string) => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, "dist", "mcpp.js"), ...command.split(" ")],
      { cwd: dirname(path), encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } },
    );
    const output = `${stdout}${stderr}`.replace(/\n+$/, "");
    return `\`\`\`console\n$ npx mcpp ${command}\n${output}\n\`\`\``;
  });
}
