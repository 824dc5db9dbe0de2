import { type Json, type PathSteps, printPath } from "../../../policy/index.ts";
import { isoTime } from "../../time.ts";

/** What a decision depends on, and what can be changed of it. */
export interface Situation {
  readonly args: { readonly [key: string]: Json };
  readonly grant: string;
  readonly labels: { readonly [name: string]: string };
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly approved: boolean;
}

/** One change of a call or of what surrounds it. */
export type Edit =
  /** `path`: steps below `args`; `wanted`: what would do, after its name: `at most 100`; "" for the options. */
  | {
      readonly kind: "argument";
      readonly path: PathSteps;
      readonly value: Json;
      readonly wanted: string;
      /** Each of these would do for the condition; the first is `value`. */
      readonly options?: readonly Json[];
    }
  | { readonly kind: "no argument"; readonly path: PathSteps }
  | {
      readonly kind: "label";
      readonly name: string;
      readonly value: string;
      readonly options?: readonly Json[];
    }
  | { readonly kind: "no label"; readonly name: string }
  | { readonly kind: "grant"; readonly name: string }
  | { readonly kind: "time"; readonly now: number }
  | { readonly kind: "approval"; readonly approvers: readonly string[] | undefined };

/** The situation with these changes; undefined where one of them has no place in it. */
export function applyEdits(situation: Situation, edits: readonly Edit[]): Situation | undefined {
  let { args, grant, labels, now, approved } = situation;
  for (const edit of edits) {
    switch (edit.kind) {
      case "argument":
      case "no argument": {
        const value = edit.kind === "argument" ? edit.value : undefined;
        const changed = withValue(args, edit.path, value);
        if (changed === undefined || !isObject(changed)) return undefined;
        args = changed;
        break;
      }
      case "label":
        labels = { ...labels, [edit.name]: edit.value };
        break;
      case "no label":
        labels = Object.fromEntries(Object.entries(labels).filter(([name]) => name !== edit.name));
        break;
      case "grant":
        grant = edit.name;
        break;
      case "time":
        now = edit.now;
        break;
      case "approval":
        approved = true;
    }
  }
  return { args, grant, labels, now, approved };
}

/** Changes one after the other; a later one of the same thing stands for the one before. */
export function joinEdits(edits: readonly Edit[], more: readonly Edit[]): readonly Edit[] {
  return more.reduce((joined: readonly Edit[], edit) => {
    const kept = joined.filter((one) => !isCovered(one, edit));
    return [...kept, kept.length === joined.length ? edit : withItsValue(edit)];
  }, edits);
}

/** Of a text that has to be more than one thing, what it is says it best. */
function withItsValue(edit: Edit): Edit {
  if (edit.kind !== "argument" || edit.wanted === "" || typeof edit.value !== "string") return edit;
  const value = JSON.stringify(edit.value);
  return edit.wanted.endsWith(value)
    ? edit
    : { ...edit, wanted: `${edit.wanted}, such as ${value}` };
}

function isCovered(one: Edit, by: Edit): boolean {
  if ("path" in one) {
    // An element that is taken out moves those after it.
    if (!("path" in by) || (one.kind === "no argument" && typeof one.path.at(-1) === "number")) {
      return false;
    }
    return by.path.length <= one.path.length && by.path.every((step, at) => step === one.path[at]);
  }
  if ("path" in by) return false;
  const isLabel = (edit: Edit): boolean => edit.kind === "label" || edit.kind === "no label";
  if (isLabel(one) && isLabel(by)) return "name" in one && "name" in by && one.name === by.name;
  return one.kind === by.kind;
}

/** The value with another one below it, or with none (undefined). */
function withValue(
  value: Json | undefined,
  path: PathSteps,
  held: Json | undefined,
): Json | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return held;
  if (Array.isArray(value)) {
    if (typeof step !== "number" || step > value.length) return undefined;
    const below = withValue(value[step] as Json | undefined, rest, held);
    return below === undefined ? value.toSpliced(step, 1) : value.toSpliced(step, 1, below);
  }
  if (typeof step === "number") return undefined;
  if (value !== undefined && value !== null && !isObject(value)) return undefined;
  const object: Record<string, Json> = Object.assign(Object.create(null), value ?? {});
  const below = withValue(object[step], rest, held);
  if (below === undefined) delete object[step];
  else object[step] = below;
  return object;
}

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value below `args` at these steps; undefined where there is none. */
export function valueAt(args: Situation["args"], path: PathSteps): Json | undefined {
  let value: Json | undefined = args;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step))
      return undefined;
    value = (value as { readonly [key: string | number]: Json })[step];
  }
  return value ?? undefined;
}

/** A change for a person. */
export function describeEdit(edit: Edit): string {
  switch (edit.kind) {
    case "argument":
      return `${nameOf(edit.path)} ${edit.wanted === "" ? oneOf(edit.options ?? [edit.value]) : edit.wanted}`;
    case "no argument":
      return `no ${nameOf(edit.path)}`;
    case "label": {
      const { options = [edit.value] } = edit;
      return `the label \`${edit.name}\` set to ${oneOf(options)}`;
    }
    case "no label":
      return `no label \`${edit.name}\``;
    case "grant":
      return `the grant \`${edit.name}\``;
    case "time":
      return `waiting until ${isoTime(edit.now)}`;
    case "approval":
      return edit.approvers === undefined
        ? "the approval of a person"
        : `the approval of ${edit.approvers.length === 1 ? "" : "one of "}${edit.approvers.join(", ")}`;
  }
}

function nameOf(path: PathSteps): string {
  return `\`${printPath(["args", ...path])}\``;
}

/** `"a"`, or `one of "a", "b"`. */
export function oneOf(values: readonly Json[]): string {
  const texts = values.map((value) => JSON.stringify(value));
  return texts.length === 1 ? (texts[0] as string) : `one of ${texts.join(", ")}`;
}
