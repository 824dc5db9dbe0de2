import { resolve } from "node:path";
import type { BranchCoverage, Coverage, RuleCoverage } from "./coverage.ts";

/**
 * A tracefile as `genhtml` reads it. A line is counted by the calls that something on it was looked at for; every
 * condition and every limit is a branch with two ways: true and false, room and none.
 */
export function lcovOf({ rules, branches }: Coverage): string {
  const files = new Set([...rules, ...branches].map(({ source }) => source.name));
  return [...files]
    .map((name) => {
      const isIn = (part: RuleCoverage | BranchCoverage): boolean => part.source.name === name;
      return fileRecord(name, rules.filter(isIn), branches.filter(isIn));
    })
    .join("");
}

function fileRecord(
  name: string,
  rules: readonly RuleCoverage[],
  branches: readonly BranchCoverage[],
): string {
  const lines = new Map<number, number>();
  const look = (part: RuleCoverage | BranchCoverage, count: number): void => {
    const line = lineOf(part);
    lines.set(line, Math.max(lines.get(line) ?? 0, count));
  };
  for (const rule of rules) look(rule, rule.looked);
  for (const branch of branches) look(branch, branch.taken + branch.untaken + branch.errors);
  const counts = [...lines].sort(([a], [b]) => a - b);
  const ways = waysOf(branches, lines);
  const text = [
    "TN:mcpp",
    // Relative ones would be those of the folder that `genhtml` runs in.
    `SF:${resolve(name)}`,
    ...ways.map(({ line, block, way, taken }) => `BRDA:${line},${block},${way},${taken ?? "-"}`),
    `BRF:${ways.length}`,
    `BRH:${ways.filter(({ taken = 0 }) => taken > 0).length}`,
    ...counts.map(([line, count]) => `DA:${line},${count}`),
    `LF:${counts.length}`,
    `LH:${counts.filter(([, count]) => count > 0).length}`,
    "end_of_record",
  ];
  return `${text.join("\n")}\n`;
}

interface Way {
  readonly line: number;
  /** Tells the conditions of a line apart. */
  readonly block: number;
  readonly way: 0 | 1;
  /** Undefined where nothing on the line was looked at. */
  readonly taken: number | undefined;
}

function waysOf(
  branches: readonly BranchCoverage[],
  lines: ReadonlyMap<number, number>,
): readonly Way[] {
  const blocks = new Map<number, number>();
  const ways = branches.flatMap((branch): readonly Way[] => {
    const line = lineOf(branch);
    const block = blocks.get(line) ?? 0;
    blocks.set(line, block + 1);
    const looked = (lines.get(line) ?? 0) > 0;
    return [branch.taken, branch.untaken].map((taken, way) => ({
      line,
      block,
      way: way as 0 | 1,
      taken: looked ? taken : undefined,
    }));
  });
  return ways.sort((a, b) => a.line - b.line || a.block - b.block || a.way - b.way);
}

function lineOf({ source, span }: RuleCoverage | BranchCoverage): number {
  return source.positionAt(span.start).line;
}
