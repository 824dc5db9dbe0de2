import type { Results, Statuses } from "./results.ts";

/** A check that went differently directly and through the proxy. An absent side has no statuses. */
export interface Difference {
  scenario: string;
  check: string;
  direct: Statuses;
  proxied: Statuses;
}

const NONE: ReadonlyMap<string, Statuses> = new Map();

/** Every check whose statuses are not the same in both runs, by scenario and check. */
export function compareResults(direct: Results, proxied: Results): readonly Difference[] {
  const differences: Difference[] = [];
  for (const scenario of [...new Set([...direct.keys(), ...proxied.keys()])].sort()) {
    const left = direct.get(scenario) ?? NONE;
    const right = proxied.get(scenario) ?? NONE;
    for (const check of [...new Set([...left.keys(), ...right.keys()])].sort()) {
      const difference = {
        scenario,
        check,
        direct: left.get(check) ?? [],
        proxied: right.get(check) ?? [],
      };
      if (summary(difference.direct) !== summary(difference.proxied)) differences.push(difference);
    }
  }
  return differences;
}

/** `2 SUCCESS, 1 FAILURE`, in the order of first occurrence; `absent` for none. */
export function summary(statuses: Statuses): string {
  if (statuses.length === 0) return "absent";
  const counts = new Map<string, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  if (counts.size === 1 && statuses.length === 1) return statuses[0] as string;
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([status, count]) => `${count} ${status}`)
    .join(", ");
}

/** The differences as a table of plain text, one line each, under a line of titles. */
export function renderDifferences(differences: readonly Difference[]): string {
  const rows = [
    ["scenario", "check", "direct", "through the proxy"],
    ...differences.map(({ scenario, check, direct, proxied }) => [
      scenario,
      check,
      summary(direct),
      summary(proxied),
    ]),
  ];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
