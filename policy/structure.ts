import type { ErrorObject } from "ajv/dist/2020.js";
import type { Problem } from "./json.ts";
import { structureValidator } from "./structure-validator.ts";

/** How the value differs from the shape of the format, leaving aside which extensions are listed. */
export function structureProblems(value: unknown): readonly Problem[] {
  const validate = structureValidator();
  if (validate(value) === true) return [];
  const problems: Problem[] = [];
  for (const error of validate.errors ?? []) {
    // "must match then schema" repeats, one level up, what the branch itself reports.
    if (error.keyword === "if") continue;
    problems.push({ pointer: error.instancePath, message: sentence(error, value) });
  }
  return problems;
}

function sentence(error: ErrorObject, root: unknown): string {
  const name = lastStep(error.instancePath);
  const here = name === undefined ? "The policy" : /^\d+$/.test(name) ? "This item" : `\`${name}\``;
  const parameters = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "additionalProperties": {
      const key = String(parameters.additionalProperty);
      return `\`${key}\` is not a key that can stand here; a misspelt key must not open a hole, so unknown keys are refused.`;
    }
    case "required":
      return `\`${String(parameters.missingProperty)}\` is missing.`;
    case "const":
      return error.instancePath === "/version"
        ? 'This version of the format is not known; only `"version": "1"` is.'
        : `${here} must be \`${JSON.stringify(parameters.allowedValue)}\` or be left out.`;
    case "enum": {
      const allowed = (parameters.allowedValues as readonly unknown[]).map((one) => `\`${one}\``);
      const given = valueAt(root, error.instancePath);
      if (error.schemaPath.includes("/extensions/")) {
        return `\`${String(given)}\` is an extension that this version does not know; a policy that needs it cannot be enforced here.`;
      }
      const but = typeof given === "string" ? `, not \`${given}\`` : "";
      return `${here} must be ${allowed.length > 1 ? "one of " : ""}${allowed.join(", ")}${but}.`;
    }
    case "type": {
      const types = [parameters.type].flat().join(" or ");
      return `${here} must be ${/^[aeiou]/.test(types) ? "an" : "a"} ${types}.`;
    }
    case "false schema":
      return MISPLACED[name ?? ""] ?? `${here} cannot stand here.`;
    case "pattern":
      return PATTERNS[name ?? ""] ?? `${here} does not have the form that is needed here.`;
    case "minItems":
    case "minLength":
    case "minProperties":
      return `${here} must not be empty.`;
    case "uniqueItems":
      return `${here} holds the same item twice.`;
    case "minimum":
    case "maximum":
    case "exclusiveMinimum": {
      const bound = { minimum: "at least", maximum: "at most", exclusiveMinimum: "more than" };
      return `${here} must be ${bound[error.keyword]} ${String(parameters.limit)}.`;
    }
    default:
      return `${here} ${error.message ?? "is not valid"}.`;
  }
}

const SLOTS = "cannot stand beside `concurrent`: slots have no window and no sum.";
const OPERATOR = "cannot stand with this operator.";
const MISPLACED: Readonly<Record<string, string>> = {
  window: `\`window\` ${SLOTS}`,
  algorithm: `\`algorithm\` ${SLOTS}`,
  every: `\`every\` ${SLOTS}`,
  increment_from: `\`increment_from\` ${SLOTS}`,
  value: "`value` and `path2` exclude each other.",
  path2: `\`path2\` ${OPERATOR}`,
  of: `\`of\` ${OPERATOR}`,
  else: `\`else\` ${OPERATOR}`,
  negate: `\`negate\` ${OPERATOR} Turn \`value\` round instead.`,
};

const PATTERNS: Readonly<Record<string, string>> = {
  pin: "`pin` must be `sha256:` and 64 hexadecimal digits in lower case.",
  as: "`as` must be a name, and none of `args`, `grant` and `client`.",
  before: "`before` must be a day such as `2026-12-31`.",
  after: "`after` must be a day such as `2026-12-31`.",
  from: "`from` must be a time such as `08:00`.",
  to: "`to` must be a time such as `18:00`, or `24:00`.",
};

function steps(at: string): readonly string[] {
  return at
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function lastStep(at: string): string | undefined {
  return steps(at).at(-1);
}

function valueAt(root: unknown, at: string): unknown {
  return steps(at).reduce<unknown>(
    (value, step) => (value as Record<string, unknown> | undefined)?.[step],
    root,
  );
}
