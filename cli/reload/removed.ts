import { canonicalJson, type Json, type Policy } from "../../policy/index.ts";

/** What a policy no longer has that it had before. */
export interface Removed {
  readonly denies: number;
  readonly hides: number;
  readonly limits: number;
  readonly asks: number;
}

/** Counts what forbids something in one policy and is not in the next. */
export function removed(before: Policy, after: Policy): Removed {
  const old = restrictions(before);
  const kept = restrictions(after);
  const gone = (what: keyof Removed): number =>
    [...old[what]].filter((entry) => !kept[what].has(entry)).length;
  return {
    denies: gone("denies"),
    hides: gone("hides"),
    limits: gone("limits"),
    asks: gone("asks"),
  };
}

/** `2 denies and 1 limit`; undefined when nothing was removed. */
export function describeRemoved(counts: Removed): string | undefined {
  const parts = (["denies", "hides", "limits", "asks"] as const).flatMap((what) => {
    const count = counts[what];
    return count === 0 ? [] : [`${count} ${count === 1 ? SINGULAR[what] : what}`];
  });
  const last = parts.pop();
  return parts.length === 0 ? last : `${parts.join(", ")} and ${last}`;
}

const SINGULAR: Readonly<Record<keyof Removed, string>> = {
  denies: "deny",
  hides: "hide",
  limits: "limit",
  asks: "ask",
};

/** Each as a text that is the same for the same restriction, whatever its place. */
function restrictions(policy: Policy): Readonly<Record<keyof Removed, ReadonlySet<string>>> {
  const found = {
    denies: new Set<string>(),
    hides: new Set<string>(policy.hide ?? []),
    limits: new Set<string>(),
    asks: new Set<string>(),
  };
  const add = (what: keyof Removed, at: string, entries: readonly object[] | undefined): void => {
    for (const entry of entries ?? []) {
      found[what].add(`${at} ${canonicalJson(entry as unknown as Json)}`);
    }
  };
  if (policy.default === "deny") found.denies.add("default");
  if (policy.validate !== undefined) found.denies.add(`validate ${policy.validate}`);
  if (policy.unlisted !== undefined) found.denies.add("unlisted");
  for (const [glob, entry] of Object.entries(policy.deny_tools ?? {})) {
    add("denies", `glob ${glob}`, [entry]);
  }
  for (const kind of ["resources", "prompts"] as const) {
    const lists = policy[kind];
    if (lists?.default === "deny") found.denies.add(`${kind} default`);
    for (const glob of lists?.deny ?? []) found.denies.add(`${kind} ${glob}`);
    for (const glob of lists?.hide ?? []) found.hides.add(`${kind} ${glob}`);
  }
  add("limits", "all", policy.all_tools?.limits);
  for (const [name, tool] of Object.entries(policy.tools ?? {})) {
    add("denies", name, tool.require);
    add("denies", name, tool.deny_if);
    add("limits", name, tool.limits);
    add("asks", name, tool.ask_if);
    if (tool.pin !== undefined) found.denies.add(`${name} pin`);
  }
  return found;
}
