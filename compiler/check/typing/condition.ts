import type { Condition, LimitClause, Path, Quantified, Span } from "../../../language/index.ts";
import { suggest } from "../../../language/index.ts";
import { isZone } from "../../../policy/index.ts";
import { badKey, notIterable, sumOfNoNumber, unknownZone } from "../../messages/types.ts";
import { hintFor } from "../../resolve/spelling.ts";
import { ANYTHING } from "../../tools/algebra.ts";
import { describe } from "../../tools/describe.ts";
import { itemOf } from "../../tools/lookup.ts";
import { checkComparison } from "./comparison.ts";
import { type Environment, lookupPath } from "./environment.ts";
import { kindsOf } from "./literals.ts";
import { pathText, resolvePath } from "./paths.ts";
import type { Problems } from "./problems.ts";

/** Types a condition in one tool. Its lets are already in place. */
export function checkCondition(
  condition: Condition,
  environment: Environment,
  problems: Problems,
): void {
  switch (condition.kind) {
    case "or":
    case "and":
      for (const operand of condition.operands) checkCondition(operand, environment, problems);
      return;
    case "not":
      checkCondition(condition.operand, environment, problems);
      return;
    case "has":
      checkPresence(condition.path, condition.span, environment, problems);
      return;
    case "any":
    case "every":
      checkQuantified(condition, environment, problems);
      return;
    case "comparison":
      checkComparison(condition, environment, problems);
      return;
    case "during": {
      const { zone } = condition;
      if (zone === undefined || isZone(zone.value)) return;
      // Names of places resemble each other: only the nearest is meant.
      const [nearest] = suggest(zone.value, Intl.supportedValuesOf("timeZone"));
      const extras = hintFor(
        zone.value,
        nearest === undefined ? [] : [nearest],
        zone.span,
        (name) => JSON.stringify(name),
      );
      problems.add(unknownZone, { name: zone.value }, zone.span, zone.span, extras);
      return;
    }
    case "reference":
    case "before":
    case "after":
      return;
  }
}

/** `has` asks of no type, only that there be such a path. */
function checkPresence(path: Path, part: Span, environment: Environment, problems: Problems): void {
  const found = resolvePath(path, part, environment, problems);
  if (found === undefined || path.steps.length === 0) return;
  const parent = lookupPath({ ...path, steps: path.steps.slice(0, -1) }, environment);
  if (parent.found && parent.type.kind === "unknown" && environment.tool.known) {
    problems.unchecked(pathText(path), parent.type.why, path.span);
  }
}

function checkQuantified(node: Quantified, environment: Environment, problems: Problems): void {
  const { path, variable, condition, span } = node;
  const found = resolvePath(path, path.span, environment, problems);
  let item = ANYTHING;
  if (found !== undefined) {
    const inside = itemOf(found.type);
    const kinds = kindsOf(found.type);
    if (found.type.kind === "unknown" && environment.tool.known) {
      problems.unchecked(pathText(path), found.type.why, path.span);
    }
    if (kinds !== undefined && !kinds.has("list")) {
      const parameters = { operand: `\`${pathText(path)}\``, type: describe(found.type) };
      problems.add(notIterable, parameters, path.span, span);
      return;
    }
    item = inside ?? ANYTHING;
  }
  // Of the elements of a list that is not known, that much has been said.
  const tool =
    item.kind === "unknown" && found?.type.kind === "unknown"
      ? { ...environment.tool, known: false }
      : environment.tool;
  const variables = new Map(environment.variables).set(variable.value, item);
  checkCondition(condition, { ...environment, tool, variables }, problems);
}

/** Types the sum and the keys of a limit in one tool. */
export function checkLimit(limit: LimitClause, environment: Environment, problems: Problems): void {
  const { path } = limit.amount;
  if (path !== undefined) {
    checkKinds(path, ["number"], environment, problems, (parameters, span) =>
      problems.add(sumOfNoNumber, parameters, span, span),
    );
  }
  for (const key of limit.scope?.keys ?? []) {
    if (key.kind === "scope") continue;
    checkKinds(key, ["string", "number", "boolean"], environment, problems, (parameters, span) =>
      problems.add(badKey, parameters, span, span),
    );
  }
}

function checkKinds(
  path: Path,
  wanted: readonly ("string" | "number" | "boolean")[],
  environment: Environment,
  problems: Problems,
  wrong: (parameters: { operand: string; type: string }, span: Span) => void,
): void {
  const found = resolvePath(path, path.span, environment, problems);
  if (found === undefined) return;
  const kinds = kindsOf(found.type);
  if (kinds === undefined) {
    if (environment.tool.known && found.type.kind === "unknown") {
      problems.unchecked(pathText(path), found.type.why, path.span);
    }
    return;
  }
  if (wanted.some((kind) => kinds.has(kind))) return;
  wrong({ operand: `\`${pathText(path)}\``, type: describe(found.type) }, path.span);
}
