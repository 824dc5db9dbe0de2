import type { Condition, Literal, Path, Rule, Targets, Value } from "./ast.ts";
import { type Doc, render } from "./doc.ts";
import { Layout, type Simple } from "./layout.ts";

export { quote, regexText } from "./layout.ts";

/** One node back as canonical text on one line, without comments. */
function flat(print: (layout: Layout) => Doc): string {
  return render({ kind: "group", doc: print(new Layout()) }, Number.POSITIVE_INFINITY);
}

export function printCondition(condition: Condition): string {
  return flat((layout) => layout.condition(condition));
}

export function printTargets(targets: Targets): string {
  return flat((layout) => layout.targets(targets));
}

export function printPath(path: Path): string {
  return flat((layout) => layout.path(path));
}

export function printValue(value: Literal | Value): string {
  return flat((layout) => layout.value(value));
}

export function printRule(rule: Rule): string {
  return flat((layout) => layout.rule(rule));
}

/** A statement that is no block. */
export function printStatement(statement: Simple): string {
  return flat((layout) => layout.statement(statement));
}
