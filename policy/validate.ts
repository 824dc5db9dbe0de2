import { compileArguments } from "./arguments.ts";
import { isZone, minutesOfDay, startOfDay } from "./dates.ts";
import { usedExtensions } from "./extensions.ts";
import { isGlob } from "./glob.ts";
import { jsonProblem, type Problem } from "./json.ts";
import { limitProblems } from "./limits.ts";
import { parsePath, pathProblem, pointer, printPath } from "./paths.ts";
import { compileRegex } from "./regex.ts";
import { structureProblems } from "./structure.ts";
import type { CompareEntry, ConditionEntry, PathJson, Policy } from "./types.ts";
import { underProblem } from "./under.ts";
import { walkPolicy } from "./walk.ts";

/** Conditions stand at most this deep in one another. */
export const MAX_CONDITION_DEPTH = 64;

export type Validated = { readonly policy: Policy } | { readonly problems: readonly Problem[] };

/**
 * Reads a value as a policy. It is one only if every key, type and name in it is understood; each problem
 * is a full sentence with the JSON pointer of its place. The answer holds the value itself, not a copy.
 */
export function validatePolicy(value: unknown): Validated {
  const notJson = jsonProblem(value);
  if (notJson !== undefined) return { problems: [notJson] };
  const shape = structureProblems(value);
  if (shape.length > 0) return { problems: shape };

  const policy = value as Policy;
  const problems: Problem[] = [];
  const report = (at: string, message: string): void => {
    problems.push({ pointer: at, message });
  };

  const listed = new Set<string>(policy.extensions ?? []);
  for (const [extension, at] of usedExtensions(policy)) {
    if (!listed.has(extension)) {
      report(
        at,
        `This needs extension \`${extension}\`, which \`extensions\` does not list; add it there, or take this out.`,
      );
    }
  }
  for (const [name, tool] of Object.entries(policy.tools ?? {})) {
    if (tool.input_schema !== undefined && policy.validate === undefined) {
      report(
        pointer("tools", name, "input_schema"),
        "`input_schema` has no effect without `validate` at the top of the policy.",
      );
    } else if (tool.input_schema !== undefined && policy.validate !== undefined) {
      const compiled = compileArguments(tool.input_schema, policy.validate);
      if ("refused" in compiled) {
        report(pointer("tools", name, "input_schema"), compiled.refused);
      }
    }
  }
  for (const glob of Object.keys(policy.deny_tools ?? {})) {
    if (!isGlob(glob)) {
      report(
        pointer("deny_tools", glob),
        `\`${glob}\` is no glob; deny one tool by \`deny_if\` in its own entry.`,
      );
    }
  }
  walkPolicy(policy, {
    path: (path, at, variables) => checkPath(path, at, variables, report),
    condition: (condition, at, place) => {
      if (place.depth === MAX_CONDITION_DEPTH + 1) {
        report(at, `Conditions are nested deeper than ${MAX_CONDITION_DEPTH} levels.`);
      }
      checkCondition(condition, at, place.variables, report);
    },
  });
  problems.push(...limitProblems(policy));
  return problems.length > 0 ? { problems } : { policy };
}

type Report = (at: string, message: string) => void;

function checkPath(path: PathJson, at: string, variables: readonly string[], report: Report): void {
  const form = pathProblem(path);
  if (form !== undefined) {
    report(at, `The path \`${typeof path === "string" ? path : printPath(path)}\` ${form}.`);
    return;
  }
  const root = parsePath(path)[0];
  const inLimit = /\/(?:increment_from|key\/\d+)$/.test(at);
  if (inLimit ? root !== "args" : !isRoot(root, variables)) {
    const roots = inLimit ? ["args"] : ["args", "grant", "client", ...variables];
    report(
      at,
      `The path \`${printPath(path)}\` must begin with ${roots.map((one) => `\`${one}\``).join(" or ")}.`,
    );
  }
}

function isRoot(root: string | number | undefined, variables: readonly string[]): boolean {
  return (
    root === "args" ||
    root === "grant" ||
    root === "client" ||
    (typeof root === "string" && variables.includes(root))
  );
}

function checkCondition(
  condition: ConditionEntry,
  at: string,
  variables: readonly string[],
  report: Report,
): void {
  if ("as" in condition) {
    if (variables.includes(condition.as)) {
      report(`${at}/as`, `\`${condition.as}\` is already the variable of an enclosing condition.`);
    }
  } else if ("during" in condition) {
    const { from, to, zone } = condition.during;
    if (from !== undefined && minutesOfDay(from) === undefined) {
      report(`${at}/during/from`, `There is no time \`${from}\`.`);
    }
    if (to !== undefined && minutesOfDay(to) === undefined) {
      report(`${at}/during/to`, `There is no time \`${to}\`.`);
    }
    if (zone !== undefined && !isZone(zone)) {
      report(
        `${at}/during/zone`,
        `\`${zone}\` is not an IANA time zone; write one such as \`Europe/Berlin\` or \`UTC\`.`,
      );
    }
  } else if ("before" in condition) {
    if (startOfDay(condition.before) === undefined) {
      report(`${at}/before`, `There is no day \`${condition.before}\`.`);
    }
  } else if ("after" in condition) {
    if (startOfDay(condition.after) === undefined) {
      report(`${at}/after`, `There is no day \`${condition.after}\`.`);
    }
  } else if ("path" in condition) {
    checkComparison(condition, at, report);
  }
}

function checkComparison(condition: CompareEntry, at: string, report: Report): void {
  const { op, value } = condition;
  if (condition.negate && value === null) {
    report(`${at}/negate`, "`negate` cannot stand on a comparison with null; write `eq` or `neq`.");
  }
  if (op === "regex") {
    const regex = compileRegex(value as string);
    if (typeof regex === "string") {
      report(
        `${at}/value`,
        `\`${String(value)}\` is not an RE2 regular expression: ${regex}. Look-around and back references do not exist in RE2.`,
      );
    }
  }
  if (op === "under" && value !== undefined) {
    const bases = typeof value === "string" ? [value] : (value as readonly string[]);
    bases.forEach((base, index) => {
      const problem = underProblem(base);
      if (problem === undefined) return;
      const where = typeof value === "string" ? `${at}/value` : `${at}/value/${index}`;
      report(where, `\`${base}\` cannot stand after \`under\`: ${problem}.`);
    });
  }
}
