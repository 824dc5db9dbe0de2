import {
  type LimitClause,
  parsed,
  type Rule,
  rulesOf,
  type Source,
  type Span,
} from "../../language/index.ts";

/** A policy without one of its rules, or without one limit of a rule. */
export interface Mutant {
  /** The line of what is gone, and its text. */
  readonly line: number;
  readonly gone: string;
  /** The comment above it, one line; "" without one. */
  readonly doc: string;
  readonly text: string;
}

/**
 * A mutant for each rule and each limit clause of a policy, and for `validate`.
 *
 * Left out is what the tests of a policy cannot see: `shadow` rules decide nothing, calls of a test are never at work
 * at once (`concurrent`), and tests are about the tools of the list (`pin`) and about nothing but tools.
 */
export function mutantsOf(source: Source): readonly Mutant[] {
  const { document } = parsed(source);
  const mutants: Mutant[] = [];
  const add = (span: Span, doc: readonly string[] = []): void => {
    mutants.push({
      line: source.positionAt(span.start).line,
      gone: source.slice(span).replace(/\s+/g, " "),
      doc: doc.join(" "),
      text: without(source, span),
    });
  };
  for (const statement of document.statements) {
    if (statement.kind === "validate") add(statement.span, statement.doc);
  }
  for (const { rule } of rulesOf(document)) {
    if (isUnseen(rule)) continue;
    add(rule.span, rule.doc);
    if (rule.kind !== "allow" && rule.kind !== "ask") continue;
    for (const limit of rule.limits) if (!isConcurrent(limit)) add(limit.span);
  }
  return mutants;
}

function isUnseen(rule: Rule): boolean {
  if (rule.shadow) return true;
  if (rule.kind === "limit") return isConcurrent(rule.limit);
  return rule.kind !== "hide" && rule.targets?.of !== undefined && rule.targets.of !== "tool";
}

function isConcurrent({ amount }: LimitClause): boolean {
  return amount.kind === "concurrent";
}

/** The text of a policy without some parts of it, which do not overlap. */
export function without(source: Source, ...parts: readonly Span[]): string {
  return [...parts]
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end }) => text.slice(0, start) + text.slice(end), source.text);
}
