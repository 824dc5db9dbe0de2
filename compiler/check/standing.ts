import type { LimitClause, Source, Span } from "../../language/index.ts";
import { compileGlob } from "../../policy/index.ts";
import type { BoundRule, Program } from "../program.ts";

/** The rules that speak of one tool, apart by what they do to a call. Shadow rules decide nothing and are left out. */
export interface Standing {
  readonly hides: readonly BoundRule[];
  /** `deny` without a condition. */
  readonly denies: readonly BoundRule[];
  readonly conditionalDenies: readonly BoundRule[];
  /** `allow` and `ask`. */
  readonly permits: readonly BoundRule[];
  readonly asks: readonly BoundRule[];
  /** `limit` rules and the rules with limit clauses; `limit all` too. */
  readonly limits: readonly BoundRule[];
}

/** Why no call of a tool is ever permitted, whatever its arguments. */
export type Closed =
  | { readonly why: "hidden" | "denied"; readonly by: BoundRule }
  | { readonly why: "not permitted" };

const known = new WeakMap<Program, (tool: string) => Standing>();

export function standingOf(program: Program, tool: string): Standing {
  let lookup = known.get(program);
  if (lookup === undefined) {
    lookup = standings(program);
    known.set(program, lookup);
  }
  return lookup(tool);
}

function standings(program: Program): (tool: string) => Standing {
  const byName = new Map<string, BoundRule[]>();
  const global: { readonly rule: BoundRule; readonly covers: (tool: string) => boolean }[] = [];
  for (const rule of program.rules) {
    if (rule.shadow || rule.of !== "tool") continue;
    for (const name of rule.selection.names) {
      const rules = byName.get(name);
      if (rules === undefined) byName.set(name, [rule]);
      else rules.push(rule);
    }
    if (rule.all) global.push({ rule, covers: () => true });
    if (rule.guard.always && (rule.kind === "deny" || rule.kind === "hide")) {
      for (const glob of rule.selection.globs) global.push({ rule, covers: compileGlob(glob) });
    }
  }
  const made = new Map<string, Standing>();
  return (tool) => {
    const before = made.get(tool);
    if (before !== undefined) return before;
    const rules = new Set(byName.get(tool));
    for (const { rule, covers } of global) if (covers(tool)) rules.add(rule);
    const standing = standingAmong([...rules], tool);
    made.set(tool, standing);
    return standing;
  };
}

/** By their first rule and the tool: the same rules make the same standing, in the policy after an edit too. */
const standingsMade = new WeakMap<
  BoundRule,
  Map<string, { readonly rules: readonly BoundRule[]; readonly standing: Standing }>
>();
const NOTHING: Standing = {
  hides: [],
  denies: [],
  conditionalDenies: [],
  permits: [],
  asks: [],
  limits: [],
};

function standingAmong(rules: readonly BoundRule[], tool: string): Standing {
  const [first] = rules;
  if (first === undefined) return NOTHING;
  const of = standingsMade.get(first) ?? new Map();
  standingsMade.set(first, of);
  const before = of.get(tool);
  if (before !== undefined && areSame(before.rules, rules)) return before.standing;
  const standing = makeStanding(rules);
  of.set(tool, { rules, standing });
  return standing;
}

function areSame(a: readonly BoundRule[], b: readonly BoundRule[]): boolean {
  return a.length === b.length && a.every((rule, index) => rule === b[index]);
}

function makeStanding(rules: readonly BoundRule[]): Standing {
  const of = (test: (rule: BoundRule) => boolean) => rules.filter(test);
  return {
    hides: of((rule) => rule.kind === "hide"),
    denies: of((rule) => rule.kind === "deny" && rule.guard.always),
    conditionalDenies: of((rule) => rule.kind === "deny" && !rule.guard.always),
    permits: of((rule) => rule.kind === "allow" || rule.kind === "ask"),
    asks: of((rule) => rule.kind === "ask"),
    limits: of((rule) => limitClauses(rule).length > 0),
  };
}

/** Undefined where some call may pass. */
export function closedOf(program: Program, tool: string): Closed | undefined {
  const standing = standingOf(program, tool);
  const [hide] = standing.hides;
  if (hide !== undefined) return { why: "hidden", by: hide };
  const [deny] = standing.denies;
  if (deny !== undefined) return { why: "denied", by: deny };
  const open = program.defaults.tool.effect === "allow" || standing.permits.length > 0;
  return open ? undefined : { why: "not permitted" };
}

export function limitClauses(rule: BoundRule): readonly LimitClause[] {
  if (rule.kind === "limit") return [rule.node.limit];
  return rule.kind === "allow" || rule.kind === "ask" ? rule.node.limits : [];
}

/** Where a diagnostic of the whole policy stands: its server, else its default, else its first statement. */
export function placeOfPolicy(program: Program): { readonly source: Source; readonly span: Span } {
  const main = program.files[0];
  const statement =
    main?.document.statements.find((node) => node.kind === "server") ??
    main?.document.statements.find((node) => node.kind === "default" && node.of === "tool") ??
    main?.document.statements[0];
  const source = main?.source ?? (program.server?.source as Source);
  return { source, span: statement?.span ?? { start: 0, end: 0 } };
}
