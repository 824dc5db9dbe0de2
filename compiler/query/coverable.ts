import type { Condition, LimitClause, Node, Path, Source, Span } from "../../language/index.ts";
import { walk } from "../../language/index.ts";
import { type ConditionEntry, compileGlob, type PathJson } from "../../policy/index.ts";
import { lowerCondition, pathJson } from "../lower/condition.ts";
import { toConditions, toEntry } from "../lower/formula.ts";
import { clauseSpan } from "../lower/limits.ts";
import { formulasOf, type Lowering } from "../lower/rule.ts";
import type { BoundRule, Program } from "../program.ts";

/** A rule about tools that tests can cover, a limit clause of one, or the default. */
export interface CoverableRule {
  readonly kind: BoundRule["kind"] | "default";
  readonly source: Source;
  readonly span: Span;
  /** Whether it is about a tool. */
  readonly selects: (tool: string) => boolean;
  readonly shadow: boolean;
  /** Whether it is about every call of its tools. */
  readonly always: boolean;
  /** It applies to the calls for which all of these hold, or with `unless` to all others. */
  readonly applies: { readonly conditions: readonly ConditionEntry[]; readonly unless: boolean };
  /** A limit that counts what runs at the same time. */
  readonly concurrent: boolean;
  /** In the order of the text: what stands in a `when` block is looked at where its condition holds. */
  readonly guards: readonly CoverableGuard[];
}

/** The condition of a `when` block, or of a rule itself. */
export interface CoverableGuard {
  readonly entry: ConditionEntry;
  readonly conditions: readonly CoverableCondition[];
}

/** A condition that may turn out both ways: a whole one, or an operand of one. */
export interface CoverableCondition {
  readonly source: Source;
  readonly span: Span;
  readonly entry: ConditionEntry;
  /** The lists whose elements it is about, the outermost first. */
  readonly within: readonly { readonly list: PathJson; readonly as: string }[];
}

/**
 * What tests can cover of a policy without errors, in the order of its files and their text. Rules for resources and
 * prompts are not about calls.
 */
export function coverableOf(program: Program): readonly CoverableRule[] {
  const lowering: Lowering = { program, report: () => undefined };
  const rules = program.rules
    .filter((rule) => rule.of === "tool" && rule.resolved)
    .flatMap((rule) => partsOf(rule, lowering));
  return [...defaultOf(program), ...rules];
}

/** The default, if it is stated and there may be a tool that falls under it. */
function defaultOf({ defaults, rules, tools }: Program): readonly CoverableRule[] {
  const { stated, effect } = defaults.tool;
  if (stated === undefined) return [];
  // What opens a tool stands in the place of the default; what closes it for every call does so of one that denies.
  const others = rules.filter(({ of, kind, shadow, guard }) => {
    if (of !== "tool" || shadow) return false;
    if (kind === "allow" || kind === "ask") return true;
    return effect !== "allow" && (kind === "hide" || (kind === "deny" && guard.always));
  });
  const selects = (tool: string): boolean => !others.some((rule) => isAbout(rule, tool));
  const isComplete = tools.known && tools.list?.complete !== false;
  if (isComplete && !tools.names.some(selects)) return [];
  return [
    {
      kind: "default",
      source: stated.source,
      span: stated.node.span,
      selects,
      shadow: false,
      always: true,
      applies: { conditions: [], unless: false },
      concurrent: false,
      guards: [],
    },
  ];
}

function isAbout({ all, selection }: BoundRule, tool: string): boolean {
  return (
    all || selection.names.includes(tool) || selection.globs.some((glob) => compileGlob(glob)(tool))
  );
}

/** A rule and its limit clauses; a `limit` is its only clause. */
function partsOf(rule: BoundRule, lowering: Lowering): readonly CoverableRule[] {
  const { node, source } = rule;
  const formulas = formulasOf(rule, lowering);
  const known = new Map<string, boolean>();
  const common = {
    source,
    selects: (tool: string): boolean => {
      let selected = known.get(tool);
      if (selected === undefined) {
        selected = isAbout(rule, tool);
        known.set(tool, selected);
      }
      return selected;
    },
    shadow: rule.shadow,
    always: rule.guard.always,
    concurrent: false,
    guards: guardsOf(rule, lowering.program),
  };
  const applies = { conditions: toConditions(formulas.applies), unless: false };
  const clauses = "limits" in node ? node.limits : node.kind === "limit" ? [node.limit] : [];
  const limits = clauses.map((clause): CoverableRule => {
    return { ...common, ...limitPart(rule, clause), applies };
  });
  if (rule.kind === "limit") return limits;
  const own =
    rule.kind === "allow"
      ? { conditions: toConditions(formulas.permits), unless: false }
      : formulas.requires === undefined
        ? applies
        : { conditions: toConditions(formulas.requires), unless: true };
  return [{ ...common, kind: rule.kind, span: node.span, applies: own }, ...limits];
}

function limitPart(
  rule: BoundRule,
  clause: LimitClause,
): Pick<CoverableRule, "kind" | "span" | "concurrent"> {
  const concurrent = clause.amount.kind === "concurrent";
  return { kind: "limit", span: clauseSpan(rule, clause), concurrent };
}

function guardsOf({ guard, whens, node, source }: BoundRule, program: Program): CoverableGuard[] {
  const guards = guard.when.map((condition, index) =>
    guardOf(condition, whens[index]?.condition, source, program),
  );
  if (guard.own === undefined) return guards;
  const written = "guard" in node ? node.guard?.condition : undefined;
  return [...guards, guardOf(guard.own.condition, written, source, program)];
}

/** A condition with its lets in place, and as it was written. */
function guardOf(
  condition: Condition,
  written: Condition | undefined,
  source: Source,
  program: Program,
): CoverableGuard {
  return {
    entry: toEntry(lowerCondition(condition, () => undefined)),
    conditions: [
      ...conditionsOf(condition, source, []),
      ...(written === undefined ? [] : conditionsOfLets(written, program, new Set())),
    ],
  };
}

/** The named conditions that a condition mentions, where they are declared. */
function conditionsOfLets(
  written: Node,
  program: Program,
  seen: Set<string>,
): readonly CoverableCondition[] {
  const found: CoverableCondition[] = [];
  walk(written, (node) => {
    if (!("kind" in node) || node.kind !== "reference") return;
    const { value: name } = (node as Extract<Condition, { kind: "reference" }>).name;
    const bound = program.lets.get(name);
    if (bound?.value?.kind !== "condition" || seen.has(name)) return;
    seen.add(name);
    found.push(...conditionsOf(bound.value.condition, bound.source, []));
    found.push(...conditionsOfLets(bound.node.value, program, seen));
  });
  return found;
}

/**
 * A condition and its operands. What came out of a `let` has the place of its mention and is one condition there; its
 * operands are looked at where it is declared.
 */
function conditionsOf(
  node: Condition,
  source: Source,
  within: CoverableCondition["within"],
): readonly CoverableCondition[] {
  const variables = within.map(({ as }) => as);
  const formula = lowerCondition(node, () => undefined, variables);
  const whole = { source, span: node.span, entry: toEntry(formula), within };
  // What is decided already cannot turn out both ways; the checker has said so.
  const own = formula.kind === "constant" ? [] : [whole];
  const bare = withoutNot(node);
  const below = operandsOf(bare).filter(({ span }) => !isSame(span, node.span));
  const inside =
    bare.kind === "any" || bare.kind === "every"
      ? [...within, { list: listOf(bare.path, variables), as: bare.variable.value }]
      : within;
  return [...own, ...below.flatMap((part) => conditionsOf(part, source, inside))];
}

/** A negated condition stands for what it negates, which turns out just the other way. */
function withoutNot(node: Condition): Condition {
  return node.kind === "not" ? withoutNot(node.operand) : node;
}

function operandsOf(node: Condition): readonly Condition[] {
  if (node.kind === "or" || node.kind === "and") return node.operands;
  return node.kind === "any" || node.kind === "every" ? [node.condition] : [];
}

function listOf(path: Path, variables: readonly string[]): PathJson {
  return pathJson(path, new Map(variables.map((name) => [name, name])));
}

function isSame(a: Span, b: Span): boolean {
  return a.start === b.start && a.end === b.end;
}
