import { spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "../fixtures/build.ts";
import { type Results, readResults } from "./results.ts";
import type { Suite } from "./suites.ts";

/** What the suite tests: a server at a URL, or a client that it starts with the URL of its own server appended. */
export type Subject = { url: string } | { command: string; env: Readonly<Record<string, string>> };

/** The longest that one start of the suite may take, in milliseconds; then it is ended, with what it has found. */
const LONGEST = 600_000;

/**
 * Runs a suite and reads what it found.
 *
 * @param node Path of a Node that the suite runs on.
 * @param folder Where the suite leaves its results; emptied first.
 */
export async function runSuite(
  suite: Suite,
  subject: Subject,
  node: string,
  folder: string,
): Promise<Results> {
  // What an earlier run left must not stand in for what this one lacks.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const program = join(ROOT, "node_modules", suite.package, "dist", "index.js");
  const target = "url" in subject ? ["--url", subject.url] : ["--command", subject.command];
  const env = { ...process.env, ...("env" in subject ? subject.env : {}) };
  let output = "";
  for (const run of suite.runs) {
    output += await collect(node, [program, suite.side, ...target, ...run, "-o", folder], env);
  }
  const results = await readResults(folder, suite.side);
  if (results.size === 0)
    throw new Error(`The suite \`${suite.name}\` left no results.\n${output}`);
  return results;
}

/** The suite's exit code says no more than its results do, and is not the same for its two versions. */
function collect(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: LONGEST,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    child.once("error", reject);
    child.once("close", () => resolve(output));
  });
}
