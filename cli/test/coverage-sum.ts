import type { Source, Span } from "../../language/index.ts";
import { firstLine } from "../statement.ts";
import type { BranchCoverage, Coverage, RuleCoverage } from "./coverage.ts";

/** How much of something is covered. */
export interface Share {
  readonly covered: number;
  readonly of: number;
}

export interface CoverageSum {
  readonly rules: Share;
  /** Each condition has two, and so has each limit. */
  readonly branches: Share;
}

export function sumOf({ rules, branches }: Coverage): CoverageSum {
  const ways = branches.flatMap(({ taken, untaken }) => [taken, untaken]);
  return {
    rules: { covered: rules.filter(({ hits }) => hits > 0).length, of: rules.length },
    branches: { covered: ways.filter((count) => count > 0).length, of: ways.length },
  };
}

/** In percent, with one decimal place and never rounded up: 100 is all. Of nothing all is covered. */
export function percentOf({ covered, of }: Share): number {
  return of === 0 ? 100 : Math.floor((covered * 1000) / of) / 10;
}

/** What tests have not covered at one place. */
export interface Uncovered {
  readonly source: Source;
  readonly span: Span;
  /** The rule or condition, on one line. */
  readonly text: string;
  /** `never seen false` */
  readonly missing: string;
}

/** In the order of the coverage; one for each place. */
export function uncoveredOf({ rules, branches }: Coverage): readonly Uncovered[] {
  const found = new Map<string, Uncovered>();
  const add = ({ source, span }: RuleCoverage | BranchCoverage, missing: string): void => {
    const key = JSON.stringify([source.name, span.start, span.end]);
    const known = found.get(key);
    const all = known === undefined ? missing : `${known.missing}, ${missing}`;
    found.set(key, { source, span, text: firstLine({ source, span }), missing: all });
  };
  for (const rule of rules) if (rule.hits === 0) add(rule, NEVER[rule.kind]);
  for (const branch of branches) {
    const missing = missingOf(branch);
    if (missing !== undefined) add(branch, missing);
  }
  const files = [...new Set([...rules, ...branches].map(({ source }) => source.name))];
  return [...found.values()].sort(
    (a, b) =>
      files.indexOf(a.source.name) - files.indexOf(b.source.name) || a.span.start - b.span.start,
  );
}

const NEVER: Readonly<Record<RuleCoverage["kind"], string>> = {
  allow: "never allowed a call",
  deny: "never denied a call",
  hide: "never hid a tool",
  ask: "never asked a person",
  limit: "never counted a call",
  default: "never decided a call",
};

function missingOf({ kind, taken, untaken }: BranchCoverage): string | undefined {
  if (kind === "limit") return untaken === 0 ? "never refused a call" : undefined;
  if (taken === 0 && untaken === 0) return "never looked at";
  if (taken === 0) return "never seen true";
  return untaken === 0 ? "never seen false" : undefined;
}
