import type { Fix, Path } from "../../language/index.ts";
import { truthOf } from "../analysis/condition.ts";
import { all, literal, pathKey, valueAt } from "../analysis/formula.ts";
import { keysOf } from "../analysis/operands.ts";
import { impossible } from "../analysis/solve.ts";
import { only } from "../analysis/values.ts";
import { escapedByOmission } from "../messages/escapes.ts";
import type { BoundRule, Program } from "../program.ts";
import type { Check, CheckContext } from "./check.ts";
import { negatedText, replacement } from "./edits.ts";
import { type Leaf, leavesOf, readsOf } from "./leaves.ts";
import { standingOf } from "./standing.ts";
import { declaredDefault, knownAt } from "./typed.ts";
import { pathText } from "./typing/paths.ts";

/** A `deny if`, `ask if` or `limit if` holds for calls that leave an optional argument or label out, too. */
export const escapedByOmissionCheck: Check = {
  name: "escaped-by-omission",
  run(context) {
    const seen = new Set<string>();
    for (const rule of context.program.rules) {
      if (rule.kind !== "deny" && rule.kind !== "ask" && rule.kind !== "limit") continue;
      if (!rule.resolved || rule.of !== "tool") continue;
      // `unless` is about every call that is not told to be fine, also where a `when` cannot tell.
      if (rule.guard.always || rule.guard.own?.kind === "unless") continue;
      const { program } = context;
      // What else permits their tools is one of the things that an `ask` is looked at with.
      const standings =
        rule.kind === "ask" ? rule.selection.names.map((name) => standingOf(program, name)) : [];
      context.look(rule, standings, () => examine(context, rule, seen));
    }
  },
};

function examine(
  { program, report, reported }: CheckContext,
  rule: BoundRule & { readonly kind: "deny" | "ask" | "limit" },
  seen: Set<string>,
): void {
  const leaves = leavesOf(rule);
  const considered = new Set(leaves.flatMap((leaf) => consideredBy(leaf)));
  for (const leaf of leaves) {
    for (const { path, hasElse } of missable(leaf)) {
      const key = `${pathKey(keysOf(path))} ${path.span.start} ${rule.source.name}`;
      if (hasElse || considered.has(scoped(path, leaf)) || seen.has(key)) continue;
      if (!mayBeMissing(program, rule, leaf, path)) continue;
      if (reported(rule.source, leaf.node.span)) continue;
      seen.add(key);
      const fixes = fixesOf(program, rule, leaf, path);
      report(
        escapedByOmission,
        { rule: rule.kind, path: pathText(path) },
        rule.source,
        path.span,
        fixes.length === 0 ? {} : { fixes },
      );
    }
  }
}

/** The paths whose absence the condition asks about; who asks has thought of it. */
function consideredBy(leaf: Leaf): readonly string[] {
  const { node } = leaf;
  if (node.kind === "has") return [scoped(node.path, leaf)];
  if (node.kind !== "comparison" || node.right.kind !== "null") return [];
  return readsOf(node).map(({ path }) => scoped(path, leaf));
}

function scoped(path: Path, leaf: Leaf): string {
  const quantifier = leaf.within.findLast((outer) => outer.variable.value === path.root.value);
  return pathKey([...keysOf(path), quantifier === undefined ? "" : pathText(quantifier.path)]);
}

/** The reads of a leaf that are false without their value, and would matter with it. */
function missable(leaf: Leaf): ReturnType<typeof readsOf> {
  const { node } = leaf;
  if (node.kind === "every") return readsOf(node);
  if (node.kind !== "comparison" || node.right.kind === "null") return [];
  // What is not there is not too long.
  if (node.left.kind === "length" && (node.operator === ">" || node.operator === ">=")) return [];
  return readsOf(node);
}

function mayBeMissing(program: Program, rule: BoundRule, leaf: Leaf, path: Path): boolean {
  const all = rule.all ? program.tools.names : rule.selection.names;
  const tools = rule.kind === "ask" ? all.filter((tool) => mayPassUnasked(program, tool)) : all;
  if (tools.length === 0 && all.length > 0) return false;
  if (path.root.value === "grant") return program.labels.has(String(path.steps[0]?.value));
  if (path.root.value === "client") return false;
  return tools.some((tool) => {
    const known = knownAt(program, tool, path, leaf.within);
    return known?.mayBeMissing === true && !defaultIsFine(program, tool, leaf, path);
  });
}

/** Under a denying default, where nothing but `ask` permits a tool, a call that no `ask` is about is denied. */
function mayPassUnasked(program: Program, tool: string): boolean {
  if (program.defaults.tool.effect === "allow") return true;
  return standingOf(program, tool).permits.some(({ kind }) => kind === "allow");
}

/** Whether the schema declares what a missing value counts as, and the leaf is false of that. */
function defaultIsFine(program: Program, tool: string, leaf: Leaf, path: Path): boolean {
  const value = declaredDefault(program, tool, path);
  if (value === undefined || value === null || typeof value === "object") return false;
  const { notFalse } = truthOf(leaf.node, leaf.negated);
  return impossible(all([notFalse, literal(valueAt(keysOf(path)), only(value))]));
}

function fixesOf(program: Program, rule: BoundRule, leaf: Leaf, path: Path): readonly Fix[] {
  const guard = rule.kind === "hide" || rule.kind === "allow" ? undefined : rule.node.guard;
  if (leaf.part !== "own" || guard === undefined || leaf.within.length > 0) return [];
  const { source } = rule;
  const written = pathText(path);
  const fixes: Fix[] = [];
  if (rule.kind !== "limit") {
    fixes.push(
      replacement(
        `Write \`${rule.kind} … unless\` with the opposite condition`,
        guard.span,
        `unless ${negatedText(guard.condition, source)}`,
      ),
    );
  }
  fixes.push(
    insertion(`Add \`or not has ${written}\``, guard.condition.span.end, ` or not has ${written}`),
  );
  const fallback = fallbackOf(program, rule, leaf, path);
  if (fallback !== undefined && source.slice(path.span) === written) {
    fixes.push(
      insertion(`Read a missing value as \`${fallback}\``, path.span.end, ` else ${fallback}`),
    );
  }
  return fixes;
}

function insertion(title: string, at: number, text: string): Fix {
  return { title, edits: [{ span: { start: at, end: at }, text }] };
}

/** What a missing value most likely counts as: the declared default, or `false` for a flag. */
function fallbackOf(program: Program, rule: BoundRule, leaf: Leaf, path: Path): string | undefined {
  if (leaf.node.kind !== "comparison") return undefined;
  const { left, right } = leaf.node;
  if (left.kind !== "path-operand" && right.kind !== "path-operand") return undefined;
  const defaults = new Set(
    rule.selection.names.map((tool) => JSON.stringify(declaredDefault(program, tool, path))),
  );
  const [only] = defaults;
  if (defaults.size === 1 && only !== undefined && !/^[[{n]/.test(only)) return only;
  const flag = [left, right].some((side) => side.kind === "boolean");
  return flag && defaults.size === 1 ? "false" : undefined;
}
