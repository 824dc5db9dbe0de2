import { changedMembers, type Json } from "../../policy/index.ts";
import { isJsonObject } from "./algebra.ts";

/** One difference between a saved tool list and the live one. */
export type Drift =
  | { readonly kind: "new"; readonly tool: string }
  | { readonly kind: "gone"; readonly tool: string }
  /** The same definition under another name; `tool` is the new one. */
  | { readonly kind: "renamed"; readonly tool: string; readonly from: string }
  /** `changed`: the members of the definition that differ. */
  | { readonly kind: "changed"; readonly tool: string; readonly changed: readonly string[] }
  /** Listed more than once, with different definitions. */
  | { readonly kind: "ambiguous"; readonly tool: string };

/** What a tool says of itself, its names aside. */
const NAMES = new Set(["name", "title"]);

/** The differences, by tool name. Both are lists of tools; entries without a name are passed over. */
export function driftOf(saved: readonly Json[], live: readonly Json[]): readonly Drift[] {
  const before = byName(saved);
  const after = byName(live);
  const found: Drift[] = [];
  const gone = [...before.keys()].filter((name) => !after.has(name));
  const added = [...after.keys()].filter((name) => !before.has(name));
  const renamed = new Map<string, string>();
  for (const name of added) {
    const from = gone.find(
      (old) => !isTaken(renamed, old) && sameButName(before.get(old), after.get(name)),
    );
    if (from === undefined) found.push({ kind: "new", tool: name });
    else renamed.set(name, from);
  }
  for (const [tool, from] of renamed) found.push({ kind: "renamed", tool, from });
  for (const tool of gone) if (!isTaken(renamed, tool)) found.push({ kind: "gone", tool });
  for (const [tool, definition] of after) {
    const old = before.get(tool);
    const changed = old === undefined ? [] : changedMembers(old, definition);
    if (changed.length > 0) found.push({ kind: "changed", tool, changed });
  }
  for (const tool of ambiguousIn(live)) found.push({ kind: "ambiguous", tool });
  return found.sort((a, b) => (a.tool < b.tool ? -1 : a.tool > b.tool ? 1 : 0));
}

function byName(list: readonly Json[]): Map<string, Json> {
  const tools = new Map<string, Json>();
  for (const tool of list) {
    const name = nameOf(tool);
    if (name !== undefined && !tools.has(name)) tools.set(name, tool);
  }
  return tools;
}

function ambiguousIn(list: readonly Json[]): Set<string> {
  const first = byName(list);
  return new Set(
    list.flatMap((tool) => {
      const name = nameOf(tool);
      const other = name === undefined ? undefined : first.get(name);
      const differs = other !== undefined && changedMembers(other, tool).length > 0;
      return differs && name !== undefined ? [name] : [];
    }),
  );
}

function nameOf(tool: Json): string | undefined {
  return isJsonObject(tool) && typeof tool.name === "string" ? tool.name : undefined;
}

function isTaken(renamed: ReadonlyMap<string, string>, old: string): boolean {
  return [...renamed.values()].includes(old);
}

/** A tool without a description and arguments is like any other of its kind, and no sign of a renaming. */
function sameButName(before: Json | undefined, after: Json | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  const says = isJsonObject(after) && typeof after.description === "string";
  return says && changedMembers(before, after).every((member) => NAMES.has(member));
}
