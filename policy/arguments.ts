import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv/dist/ajv.js";
import { fullFormats } from "ajv-formats/dist/formats.js";
import { canonicalJson } from "./canonical.ts";
import {
  compileSchemaPattern,
  type Dialect,
  prepareSchema,
  type SchemaCopy,
  STEP,
} from "./input-schema.ts";
import { printPath } from "./paths.ts";
import { MAX_REGEX_INPUT } from "./regex.ts";
import type { Json } from "./types.ts";

/** What arguments do not match: the argument as in a policy's text, and the rest of a sentence about it. */
export interface ArgumentFault {
  readonly path: string;
  readonly needs: string;
}

export type ArgumentValidator = (args: {
  readonly [key: string]: Json;
}) => ArgumentFault | undefined;

export type CompiledArguments =
  | { readonly validate: ArgumentValidator }
  /** Why the schema is refused, a full sentence. */
  | { readonly refused: string };

const compiled = new WeakMap<
  object,
  { declared?: CompiledArguments; strict?: CompiledArguments }
>();

/**
 * Compiles a tool's input schema. `strict` also refuses arguments that the schema does not name. The same
 * schema object is compiled once.
 */
export function compileArguments(schema: Json, mode: "declared" | "strict"): CompiledArguments {
  if (typeof schema !== "object" || schema === null) return compile(schema, mode);
  const modes = compiled.get(schema) ?? {};
  compiled.set(schema, modes);
  modes[mode] ??= compile(schema, mode);
  return modes[mode];
}

function compile(schema: Json, mode: "declared" | "strict"): CompiledArguments {
  const prepared = prepareSchema(schema);
  if (typeof prepared === "string") return { refused: prepared };
  try {
    const declared = compileCopy(prepared.declared, prepared.dialect);
    if (mode === "declared") return { validate: declared };
    // Closing an object under `oneOf` can make one more branch match, so both must agree.
    // draft-07 has no `unevaluatedProperties`; 2019-09 reads all else as draft-07 does.
    const dialect = prepared.dialect === "draft-07" ? "2019-09" : prepared.dialect;
    const strict = compileCopy(prepared.strict, dialect);
    return { validate: (args) => declared(args) ?? strict(args) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { refused: `The input schema is refused: ${reason}.` };
  }
}

/** Evaluations of referenced schemas that one validation may take. */
const MAX_STEPS = 100_000;

function compileCopy(copy: SchemaCopy, dialect: Dialect): ArgumentValidator {
  let steps = 0;
  const ajv = newAjv(dialect);
  ajv.addKeyword({
    keyword: STEP,
    // Before everything that could follow a reference deeper.
    before: "$ref",
    schemaType: "boolean",
    errors: false,
    validate: () => {
      if (--steps < 0) throw new TooMuch("need too many steps to be checked");
      return true;
    },
  });
  const check: ValidateFunction = ajv.compile(copy);
  return (args) => {
    steps = MAX_STEPS;
    try {
      if (check(args) === true) return undefined;
      return faultOf(check.errors?.[0]);
    } catch (error) {
      const needs = error instanceof TooMuch ? error.message : "cannot be checked";
      return { path: "args", needs };
    } finally {
      // The errors hold parts of the arguments.
      check.errors = null;
    }
  };
}

class TooMuch extends Error {}

const CLASSES = { "2020-12": Ajv2020, "2019-09": Ajv2019, "draft-07": Ajv } as const;

function newAjv(dialect: Dialect): Ajv {
  const options: Options = {
    strict: false,
    ownProperties: true,
    logger: false,
    meta: false,
    validateSchema: false,
    // A reference stays a call, so that code does not grow with every reference.
    inlineRefs: false,
    code: { regExp: patternEngine },
  };
  const ajv = new CLASSES[dialect](options);
  for (const [name, format] of Object.entries(FORMATS)) ajv.addFormat(name, format);
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    error: { message: "must not hold the same item twice" },
    validate: (unique: boolean, items: readonly Json[]) => !unique || areUnique(items),
  });
  return ajv;
}

/** In time proportional to the text of the items, however many. */
function areUnique(items: readonly Json[]): boolean {
  return new Set(items.map(canonicalJson)).size === items.length;
}

/** RE2 in place of V8's patterns, whose time may be exponential. */
const patternEngine = Object.assign(
  (pattern: string) => {
    const regex = compileSchemaPattern(pattern);
    if (typeof regex === "string") throw new Error(regex);
    return {
      test(text: string): boolean {
        if (text.length > MAX_REGEX_INPUT)
          throw new TooMuch("hold a text that is too long to be checked");
        return regex.test(text);
      },
      // Ajv keeps compiled patterns by this text: without it, all would share one entry.
      toString: () => `re2 ${pattern}`,
    };
  },
  { code: "re2" },
);

/** The formats' own patterns take quadratic time at worst, harmless up to this length. */
const MAX_FORMAT_INPUT = 2_048;
const UNBOUNDED_FORMATS: ReadonlySet<string> = new Set(["byte", "binary", "password"]);

const FORMATS = Object.fromEntries(
  Object.entries(fullFormats)
    .filter(([name]) => name !== "regex")
    .map(([name, format]) => [name, UNBOUNDED_FORMATS.has(name) ? format : bounded(format)]),
);

function bounded(format: (typeof fullFormats)[keyof typeof fullFormats]): typeof format {
  if (format instanceof RegExp)
    return (text: string) => text.length <= MAX_FORMAT_INPUT && format.test(text);
  if (typeof format === "function") {
    return (text: string) => text.length <= MAX_FORMAT_INPUT && format(text);
  }
  if (typeof format === "object" && "validate" in format && format.type !== "number") {
    const inner = format.validate;
    const test =
      inner instanceof RegExp
        ? (text: string) => inner.test(text)
        : (inner as (text: string) => boolean);
    return (text: string) => text.length <= MAX_FORMAT_INPUT && test(text);
  }
  return format;
}

function faultOf(error: ErrorObject | undefined): ArgumentFault {
  if (error === undefined) return { path: "args", needs: "does not match the tool's input schema" };
  const steps = error.instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
  const path = printPath(["args", ...steps]);
  const parameters = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "required":
      return {
        path: printPath(["args", ...steps, String(parameters.missingProperty)]),
        needs: "is missing",
      };
    case "additionalProperties":
      return unknown(steps, parameters.additionalProperty);
    case "unevaluatedProperties":
      return unknown(steps, parameters.unevaluatedProperty);
    case "enum":
      return { path, needs: `must be one of ${listValues(parameters.allowedValues)}` };
    case "const":
      return { path, needs: `must be ${JSON.stringify(parameters.allowedValue)}` };
    case "false schema":
      return { path, needs: "must not be given" };
    default:
      return { path, needs: error.message ?? "does not match the tool's input schema" };
  }
}

function unknown(steps: readonly (string | number)[], name: unknown): ArgumentFault {
  const known = String(name);
  const shown = known.length > 100 ? `${known.slice(0, 100)}…` : known;
  return { path: printPath(["args", ...steps, shown]), needs: "is not an argument of this tool" };
}

function listValues(values: unknown): string {
  const list = Array.isArray(values) ? values : [];
  const shown = list.slice(0, 20).map((value) => JSON.stringify(value));
  return list.length > shown.length ? `${shown.join(", ")}, …` : shown.join(", ");
}
