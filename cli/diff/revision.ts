import { spawnSync } from "node:child_process";
import { basename, dirname, isAbsolute, relative, resolve } from "node:path";
import { Failure } from "../command.ts";

/** The files of a revision: the text of one by its path, undefined where there is none. */
export type FilesThen = (path: string) => string | undefined;

/** No file of a policy is larger. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Reads the files around a policy as they were. Undefined when the policy itself was not there then. Throws `Failure`
 * where there is no repository, no such revision, or no git.
 */
export function readAtRevision(revision: string, file: string): FilesThen | undefined {
  const folder = dirname(resolve(file));
  const root = git(folder, ["rev-parse", "--show-toplevel"]);
  if (root === undefined) throw new Failure(`\`${file}\` is in no git repository.`);
  const top = root.trim();
  // A revision that began with a dash would be an option.
  const commit = git(folder, [
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${revision}^{commit}`,
  ]);
  if (commit === undefined) {
    throw new Failure(`There is no revision \`${revision}\` in the repository of \`${file}\`.`);
  }
  const id = commit.trim();
  // The folder as git names it, whatever links lead to it.
  const prefix = git(folder, ["rev-parse", "--show-prefix"])?.trim() ?? "";
  const read: FilesThen = (path) => {
    const inside = relative(folder, resolve(path));
    if (isAbsolute(inside)) return undefined;
    const name = posix(`${prefix}${inside}`);
    if (name === undefined) return undefined;
    return git(top, ["cat-file", "blob", `${id}:${name}`]);
  };
  return read(resolve(folder, basename(file))) === undefined ? undefined : read;
}

/** A path from the top, without `..`; undefined for one outside. */
function posix(path: string): string | undefined {
  const steps: string[] = [];
  for (const step of path.split(/[\\/]/)) {
    if (step === "" || step === ".") continue;
    if (step !== "..") steps.push(step);
    else if (steps.pop() === undefined) return undefined;
  }
  return steps.join("/");
}

/** What git prints; undefined when it says no. */
function git(folder: string, args: readonly string[]): string | undefined {
  const { status, stdout, error } = spawnSync("git", ["-C", folder, ...args], {
    encoding: "buffer",
    maxBuffer: MAX_BYTES,
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (error !== undefined) throw new Failure(`git could not be run: ${error.message}.`);
  if (status !== 0) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(stdout);
  } catch {
    return undefined;
  }
}
