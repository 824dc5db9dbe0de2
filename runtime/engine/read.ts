import { type Json, type PathJson, type PathSteps, parsePath } from "../../policy/index.ts";
import type { Frame, Read } from "./frame.ts";
import type { Context } from "./types.ts";

/** Compiles a path to a reader. Absent and null are both undefined. `variables` are those in scope. */
export function compileRead(path: PathJson, variables: readonly string[]): Read {
  const [root, ...steps] = parsePath(path);
  const slot = variables.lastIndexOf(root as string);
  if (slot >= 0) return (frame) => walk(frame.variables?.[slot], steps);
  switch (root) {
    case "args":
      return steps.length === 1 && typeof steps[0] === "string"
        ? readMember(steps[0])
        : (frame) => walk(frame.args, steps);
    case "grant":
      return readGrant(steps);
    case "client":
      return (frame) => walk(frame.context.client as Json | undefined, steps);
    default:
      // Not to be met in a validated policy; a path that leads nowhere is missing.
      return () => undefined;
  }
}

function readMember(key: string): Read {
  return (frame) => {
    const value = Object.hasOwn(frame.args, key) ? frame.args[key] : undefined;
    return value === null ? undefined : value;
  };
}

/** `grant.name` and `grant.id` are the grant's own; every other member is a label. */
function readGrant(steps: PathSteps): Read {
  const [first] = steps;
  if (first === undefined) return (frame) => ({ ...grantOf(frame), ...frame.context.grant.labels });
  if (first === "name" || first === "id") return (frame) => walk(grantOf(frame), steps);
  return (frame) => walk(frame.context.grant.labels, steps);
}

function grantOf(frame: Frame): Pick<Context["grant"], "id" | "name"> & { [key: string]: Json } {
  const { id, name } = frame.context.grant;
  return { id, name };
}

/** Follows own members of objects and indexes of lists, nothing else. */
function walk(start: Json | undefined, steps: PathSteps): Json | undefined {
  let value = start;
  for (const step of steps) {
    if (typeof value !== "object" || value === null) return undefined;
    if (typeof step === "number" ? !Array.isArray(value) : Array.isArray(value)) return undefined;
    if (!Object.hasOwn(value, step)) return undefined;
    value = (value as { readonly [key: string | number]: Json })[step];
  }
  return value ?? undefined;
}
