import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

/** The statuses of one check, in order: a scenario may report one check several times. */
export type Statuses = readonly string[];

/** Scenario → check id → statuses. */
export type Results = ReadonlyMap<string, ReadonlyMap<string, Statuses>>;

/** `server-NAME-2026-01-31T12-00-00-000Z` or `NAME-2026-…`, as the suite names its folders. */
const FOLDER = /^(?:server-)?(?<name>.+)-\d{4}-\d{2}-\d{2}T[\d-]+Z$/;

/** Reads what the suite left in its output folder: a `checks.json` for each scenario. */
export async function readResults(folder: string, side: "server" | "client"): Promise<Results> {
  const results = new Map<string, Map<string, string[]>>();
  const files = await readdir(folder, { recursive: true });
  for (const file of files.filter((name) => name.endsWith("checks.json")).sort()) {
    const path = relative(folder, join(folder, dirname(file)));
    // Some scenarios of the server side are called `server-…` themselves.
    const scenario = (side === "client" ? `server-${path}` : path).match(FOLDER)?.groups?.name;
    if (scenario === undefined)
      throw new Error(`\`${path}\` is not the name of a scenario's folder.`);
    const checks: unknown = JSON.parse(await readFile(join(folder, file), "utf8"));
    if (!Array.isArray(checks)) throw new Error(`\`${file}\` is not a list of checks.`);
    const statuses = new Map<string, string[]>();
    for (const { id, status } of checks as { id: string; status: string }[]) {
      statuses.set(id, [...(statuses.get(id) ?? []), status]);
    }
    results.set(scenario, statuses);
  }
  return results;
}

/** How many checks have each status; a failure in an unscored scenario counts as `unscored`. */
export function countStatuses(
  results: Results,
  unscored?: RegExp,
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [scenario, checks] of results) {
    for (const status of [...checks.values()].flat()) {
      const name = status === "FAILURE" && unscored?.test(scenario) ? "unscored" : status;
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}

/** `scenario: check` of every failed check whose scenario is scored. */
export function failures(results: Results, unscored?: RegExp): readonly string[] {
  const failed: string[] = [];
  for (const [scenario, checks] of results) {
    if (unscored?.test(scenario)) continue;
    for (const [id, statuses] of checks) {
      if (statuses.includes("FAILURE")) failed.push(`${scenario}: ${id}`);
    }
  }
  return failed;
}
