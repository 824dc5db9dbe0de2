import type { PathJson } from "./types.ts";

/** The steps of a path: its root (`args`, `grant`, `client` or a variable), then keys and indexes. */
export type PathSteps = readonly (string | number)[];

/** The steps of a path in a policy. The text form holds keys only. */
export function parsePath(path: PathJson): PathSteps {
  return typeof path === "string" ? path.split(".") : path;
}

/** The one form of a path in a policy: text, or a list where text would be ambiguous. */
export function toPathJson(steps: PathSteps): PathJson {
  return steps.some(needsList) ? steps : steps.join(".");
}

/** A path as it is written in a policy's text: `args.items[0]["a b"]`. */
export function printPath(path: PathJson): string {
  const [root = "", ...rest] = parsePath(path);
  let text = String(root);
  for (const step of rest) {
    if (typeof step === "number") text += `[${step}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) text += `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/**
 * Why a path is not in its one form, as the end of a sentence that begins with the path; undefined when it
 * is. Text has no empty steps and no steps of digits; a list has at least one step that text cannot hold.
 */
export function pathProblem(path: PathJson): string | undefined {
  if (typeof path === "string") {
    for (const step of path.split(".")) {
      if (step === "") return "has an empty step; write it as a list if a key is empty";
      if (/^[0-9]+$/.test(step)) {
        return `has the step \`${step}\`, which could be a key or an index; write the path as a list`;
      }
    }
    return undefined;
  }
  if (!path.some(needsList)) return `must be written as text: "${path.join(".")}"`;
  return undefined;
}

function needsList(step: string | number): boolean {
  return typeof step === "number" || step === "" || /^[0-9]+$/.test(step) || step.includes(".");
}

/** A JSON pointer (RFC 6901) of these steps. */
export function pointer(...steps: readonly (string | number)[]): string {
  let text = "";
  for (const step of steps) {
    text += `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`;
  }
  return text;
}
