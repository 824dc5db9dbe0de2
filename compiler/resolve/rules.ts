import type {
  Broken,
  Condition,
  LimitClause,
  On,
  Rule,
  Source,
  Span,
  Statement,
  When,
} from "../../language/index.ts";
import { duplicateItem, toolsOnly } from "../messages/names.ts";
import type { BoundGuard, BoundRule, ProgramFile, Selection } from "../program.ts";
import { ConditionResolver } from "./conditions.ts";
import type { Lets } from "./lets.ts";
import type { Kept, Recall } from "./recall.ts";
import type { Reporter } from "./reporter.ts";
import { type TargetResolver, takeOver } from "./targets.ts";

/** What stands around a rule. */
interface Around {
  readonly on?: { readonly node: On; readonly selection: Selection };
  readonly whens: readonly When[];
  readonly conditions: readonly Condition[];
  readonly resolved: boolean;
}

const kept = new WeakMap<Statement, Kept<readonly BoundRule[]>>();
const areResolved = (rules: readonly BoundRule[]): boolean =>
  rules.every(({ resolved }) => resolved);

/** Takes the rules of a file out of their blocks. */
export function bindRules(
  file: ProgramFile,
  targets: TargetResolver,
  lets: Lets,
  reporter: Reporter,
  recall: Recall,
): BoundRule[] {
  const { source, imported } = file;
  const around = [targets.catalogue, imported];
  let rules: BoundRule[] = [];
  const conditions = new ConditionResolver(lets, source, reporter);

  const walk = (node: Statement | Rule | On | When | Broken, around: Around): void => {
    switch (node.kind) {
      case "on": {
        const selection = targets.select(node.targets, source, imported);
        for (const rule of node.body) walk(rule, { ...around, on: { node, selection } });
        break;
      }
      case "when": {
        const { condition, resolved } = conditions.resolve(node.condition);
        const inside = {
          ...around,
          whens: [...around.whens, node],
          conditions: [...around.conditions, condition],
          resolved: around.resolved && resolved,
        };
        for (const part of node.body) walk(part, inside);
        break;
      }
      case "allow":
      case "deny":
      case "hide":
      case "ask":
      case "limit":
        bind(node, around);
        break;
    }
  };

  const bind = (node: Rule, around: Around): void => {
    const all = node.kind === "limit" && node.all !== undefined;
    const selection =
      node.targets !== undefined
        ? targets.select(node.targets, source, imported)
        : (around.on?.selection ?? nothing(source));
    const guarded = guardOf(node, around, conditions);
    const clauses = node.kind === "limit" ? [node.limit] : "limits" in node ? node.limits : [];
    const scopes = clauses.map((clause) => checkClause(clause, source, conditions, reporter));
    const forTools =
      selection.of === "tool" || !reportToolsOnly(node, selection.of, around, source, reporter);
    const doc = node.doc ?? around.on?.node.doc;
    rules.push({
      kind: node.kind,
      node,
      source,
      imported,
      of: selection.of,
      selection,
      all,
      ...(around.on === undefined ? {} : { on: around.on.node }),
      whens: around.whens,
      guard: guarded.guard,
      shadow: node.shadow !== undefined,
      ...(doc === undefined ? {} : { doc }),
      resolved:
        (all || selection.resolved) && guarded.resolved && scopes.every(Boolean) && forTools,
    } as BoundRule);
  };

  const all: BoundRule[] = [];
  for (const statement of file.document.statements) {
    const found = recall.of(kept, statement, around, areResolved, () => {
      rules = [];
      walk(statement, { whens: [], conditions: [], resolved: true });
      return rules;
    });
    for (const rule of found) {
      takeOver(rule, source);
      takeOver(rule.selection, source);
      all.push(rule);
    }
  }
  return all;
}

function guardOf(
  node: Rule,
  around: Around,
  conditions: ConditionResolver,
): { readonly guard: BoundGuard; readonly resolved: boolean } {
  const written = "guard" in node ? node.guard : undefined;
  if (written === undefined) {
    const always = around.conditions.length === 0;
    return { guard: { when: around.conditions, always }, resolved: around.resolved };
  }
  const { condition, resolved } = conditions.resolve(written.condition);
  const own = { kind: written.kind, condition, span: written.span };
  return {
    guard: { when: around.conditions, own, always: false },
    resolved: around.resolved && resolved,
  };
}

/** Whether a limit reads arguments only, each once. */
function checkClause(
  clause: LimitClause,
  source: Source,
  conditions: ConditionResolver,
  reporter: Reporter,
): boolean {
  let fine = clause.amount.path === undefined || conditions.argument(clause.amount.path);
  const seen = new Set<string>();
  for (const key of clause.scope?.keys ?? []) {
    if (key.kind === "scope") continue;
    if (!conditions.argument(key)) fine = false;
    const text = source.slice(key.span);
    if (seen.has(text)) reporter.report(duplicateItem, { item: text }, source, key.span);
    seen.add(text);
  }
  return fine;
}

/** Reports what of a rule is not for resources and prompts; true if there was something. */
function reportToolsOnly(
  node: Rule,
  kind: "resource" | "prompt",
  around: Around,
  source: Source,
  reporter: Reporter,
): boolean {
  const found: { readonly what: string; readonly span: Span }[] = [];
  const add = (what: string, span: Span | undefined): void => {
    if (span !== undefined) found.push({ what, span });
  };
  if (node.kind === "ask" || node.kind === "limit") add(`\`${node.kind}\``, node.keyword);
  else {
    add("`shadow`", node.shadow);
    if (around.whens.length > 0) add("`when`", node.keyword);
    if ("guard" in node) add("A condition", node.guard?.span);
    if ("limits" in node) add("A limit", node.limits[0]?.span);
    if ("until" in node) add("`until`", node.until?.span);
    if ("because" in node) add("`because`", node.because?.span);
  }
  for (const { what, span } of found) reporter.report(toolsOnly, { what, kind }, source, span);
  return found.length > 0;
}

function nothing(source: Source): Selection {
  return {
    of: "tool",
    source,
    names: [],
    items: [],
    except: [],
    globs: [],
    narrowed: [],
    resolved: true,
  };
}
