import type { Path, PathStep, ReportExtras, Source, Span } from "../../../language/index.ts";
import {
  noSuchIndex,
  notWalkable,
  unknownArgument,
  unknownClientField,
  unknownLabel,
} from "../../messages/types.ts";
import { hintFor } from "../../resolve/spelling.ts";
import { describe } from "../../tools/describe.ts";
import type { Found } from "../../tools/lookup.ts";
import { type Environment, lookupPath } from "./environment.ts";
import type { Problems } from "./problems.ts";

/** A path as it is written: `args.customer["first name"]`. */
export function pathText({ root, steps }: Path, count = steps.length): string {
  return root.value + steps.slice(0, count).map(stepText).join("");
}

function stepText({ kind, value }: PathStep): string {
  if (kind === "index") return `[${value}]`;
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(String(value))
    ? `.${value}`
    : `[${JSON.stringify(value)}]`;
}

/** What is at a path; `undefined` when nothing can be, which is then reported. */
export function resolvePath(
  path: Path,
  part: Span,
  environment: Environment,
  problems: Problems,
): Found | undefined {
  const { source } = environment;
  const root = path.root.value;
  if (path.steps.length === 0 && (root === "grant" || root === "client")) {
    problems.add(unknownClientField, { name: "" }, path.span, part);
    return undefined;
  }
  const found = lookupPath(path, environment);
  if (found.found) return found;
  const step = path.steps[found.step] as PathStep;
  const span = stepSpan(step, source);
  const parent = pathText(path, found.step);
  const operand = `\`${parent}\``;
  switch (found.reason) {
    case "no such key": {
      const name = String(step.value);
      const { known } = found;
      const extras = keyHint(step, source, known);
      if (root === "grant" && found.step === 0) {
        problems.add(unknownLabel, { name, known: known.slice(1) }, span, part, extras);
      } else if (root === "client" && found.step === 0) {
        problems.add(unknownClientField, { name }, span, part, extras);
      } else {
        const at = parent === "args" ? "" : parent;
        problems.add(unknownArgument, { parent: at, name, known }, span, part, extras);
      }
      return undefined;
    }
    case "no such index": {
      const index = Number(step.value);
      problems.add(noSuchIndex, { operand, length: found.length, index }, span, part);
      return undefined;
    }
    case "not an object":
    case "not a list": {
      const wants = found.reason === "not an object" ? "an object" : "a list";
      const type = describe(found.type);
      problems.add(notWalkable, { operand, type, step: stepText(step), wants }, span, part);
      return undefined;
    }
  }
}

/** A step without its dot. */
function stepSpan({ span }: PathStep, source: Source): Span {
  return source.text[span.start] === "." ? { start: span.start + 1, end: span.end } : span;
}

/** A did-you-mean for a key. Where the key came out of a `let`, there is nothing here to edit. */
function keyHint(step: PathStep, source: Source, known: readonly string[]): ReportExtras {
  const written = source.slice(step.span);
  const span = stepSpan(step, source);
  const name = String(step.value);
  const extras =
    written === `.${name}`
      ? hintFor(
          name,
          known.filter((key) => /^[A-Za-z_][A-Za-z0-9_-]*$/.test(key)),
          span,
        )
      : hintFor(name, known, span, (key) => `[${JSON.stringify(key)}]`);
  if (written === `.${name}` || written.startsWith("[")) return extras;
  const { fixes: _fixes, ...words } = extras;
  return words;
}
