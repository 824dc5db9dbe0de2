import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { type Diagnostic, didYouMean, report, type Source, suggest } from "../../language/index.ts";
import schema from "./config.schema.json" with { type: "json" };
import type { ConfigDocument, Path } from "./document.ts";
import { missingKey, unknownKey, wrongValue } from "./messages.ts";

let compiled: ValidateFunction | undefined;

/** How a configuration differs from the shape that its schema gives it, each mistake once. `source` is shown. */
export function shapeProblems(document: ConfigDocument, source: Source): readonly Diagnostic[] {
  compiled ??= new Ajv2020({
    allErrors: true,
    strict: false,
    verbose: true,
    ownProperties: true,
  }).compile(schema);
  if (compiled(document.value) === true) return [];
  return (compiled.errors ?? []).flatMap((error) => diagnosticOf(error, document, source) ?? []);
}

function diagnosticOf(
  error: ErrorObject,
  document: ConfigDocument,
  source: Source,
): Diagnostic | undefined {
  const path = stepsOf(error.instancePath);
  const parameters = error.params as Record<string, unknown>;
  const value = (problem: string, span = document.spanOf(path)): Diagnostic =>
    report(wrongValue, { problem }, source, span);
  // Said once, of the name and not of its pattern; of all alternatives together, and not of each.
  if ((error as { propertyName?: string }).propertyName !== undefined) return undefined;
  if (error.schemaPath.includes("/anyOf/")) return undefined;
  switch (error.keyword) {
    case "additionalProperties": {
      const key = String(parameters.additionalProperty);
      const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
      const hint = didYouMean(suggest(key, known));
      const span = document.spanOfKey([...path, key]);
      const extras = hint === undefined ? {} : { hint };
      return report(unknownKey, { key, where: subject(path) }, source, span, extras);
    }
    case "required": {
      const key = String(parameters.missingProperty);
      return report(missingKey, { key, where: subject(path) }, source, document.spanOfKey(path));
    }
    case "propertyNames": {
      const key = String(parameters.propertyName);
      return value(
        `\`${key}\` is not a name that can stand here.`,
        document.spanOfKey([...path, key]),
      );
    }
    case "enum": {
      const allowed = (parameters.allowedValues as readonly string[]).map((one) => `\`${one}\``);
      return value(`${subject(path)} must be ${allowed.join(" or ")}.`);
    }
    case "type": {
      const type = String(parameters.type);
      return value(`${subject(path)} must be ${TYPES[type] ?? `a ${type}`}.`);
    }
    case "anyOf":
      return value(`${subject(path)} must be a text or a list of texts.`);
    case "pattern":
      return value(
        `${subject(path)} ${FORMS[formOf(path)] ?? "does not have the form that is needed here"}.`,
      );
    case "minimum":
    case "maximum": {
      const bound = error.keyword === "minimum" ? "at least" : "at most";
      return value(`${subject(path)} must be ${bound} ${String(parameters.limit)}.`);
    }
    default:
      // `minItems`, `minLength`, `minProperties`.
      return value(`${subject(path)} must not be empty.`);
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: "a mapping of keys to values",
  array: "a list",
  string: "a text",
  integer: "a whole number",
  "string,integer": "a duration such as `20s`, or 0",
  "string,object": "an address such as `127.0.0.1:8421`, or a mapping with one as `listen`",
};

/** What a text must look like, by the key that it stands under. */
const FORMS: Readonly<Record<string, string>> = {
  hosts: "must be a host such as `mcpp.internal`, with or without a port",
  origins: "must be an origin such as `https://app.example.com`",
  url: "must be an http or https URL",
  timeout: "must be a duration such as `30s` or `10m`",
  hold: "must be a duration such as `20s`, or `0`",
  forward_headers: "must be the name of a header",
  id: "must have 8 to 64 letters, digits, `-` or `_`",
  name: "must begin with a letter or digit, and have at most 64 letters, digits, `.`, `_`, `@` or `-`",
  token:
    "must be `sha256:` and the 64 hexadecimal digits of the token's digest, as `mcpp grant add` writes it",
  expires: "must be a day such as `2027-01-31`",
};

function formOf(path: Path): string {
  return String([...path].reverse().find((step) => typeof step === "string") ?? "");
}

/** What a message is about, as the beginning of a sentence. */
function subject(path: Path): string {
  const last = path.at(-1);
  if (last === undefined) return "The configuration";
  if (path.length === 2 && path[0] === "servers") return `The server \`${last}\``;
  if (path.length === 2 && path[0] === "grants") return "The grant";
  if (path.length === 3 && path[1] === "approvers") return "The approver";
  return typeof last === "number" ? `An item of \`${formOf(path)}\`` : `\`${last}\``;
}

function stepsOf(pointer: string): Path {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}
