import { canonicalJson } from "./canonical.ts";
import { usedExtensions } from "./extensions.ts";
import { parsePath, pointer } from "./paths.ts";
import type {
  ConditionEntry,
  Json,
  KindPolicy,
  LimitEntry,
  Policy,
  RuleEntry,
  ToolPolicy,
} from "./types.ts";

/**
 * Told of every entry, limit, denied glob and tool of the policy that was given: the JSON pointer that it
 * has in the arranged one. Equal entries become one.
 */
export type Placed = (original: object, at: string) => void;

/**
 * The one arrangement of a policy, whatever order its parts were given in: keys in the order of the format,
 * tools, entries, limits and conditions sorted, equal entries once, `extensions` exactly those used. It
 * decides every call as the given policy does.
 */
export function arrangePolicy(policy: Policy, placed: Placed = () => {}): Policy {
  const all = policy.all_tools;
  const tools = policy.tools;
  const denied = policy.deny_tools;
  const arranged: Policy = {
    version: policy.version,
    default: policy.default,
    ...(policy.unlisted !== undefined && { unlisted: policy.unlisted }),
    ...(policy.validate !== undefined && { validate: policy.validate }),
    ...(policy.hide !== undefined && { hide: sortedTexts(policy.hide) }),
    ...(denied !== undefined && {
      deny_tools: fromSorted(denied, (entry, glob) => {
        placed(entry, pointer("deny_tools", glob));
        return ordered(entry, ["on_deny", "shadow"]);
      }),
    }),
    ...(all !== undefined && {
      all_tools: { limits: entries(all.limits, limit, "/all_tools/limits", placed) },
    }),
    ...(tools !== undefined && {
      tools: fromSorted(tools, (tool, name) => arrangeTool(tool, pointer("tools", name), placed)),
    }),
    ...(policy.resources !== undefined && { resources: kind(policy.resources) }),
    ...(policy.prompts !== undefined && { prompts: kind(policy.prompts) }),
  };
  const extensions = [...usedExtensions(arranged).keys()];
  if (extensions.length === 0) return arranged;
  const { version, ...rest } = arranged;
  return { version, extensions, ...rest };
}

/** The bytes of a policy: arranged, two-space indent, final newline. */
export function serializePolicy(policy: Policy): string {
  return `${JSON.stringify(arrangePolicy(policy), null, 2)}\n`;
}

function arrangeTool(tool: ToolPolicy, at: string, placed: Placed): ToolPolicy {
  placed(tool, at);
  const list = <T extends RuleEntry>(name: "require" | "deny_if" | "ask_if", from: readonly T[]) =>
    entries(from, rule, `${at}/${name}`, placed) as readonly T[];
  return {
    ...(tool.pin !== undefined && { pin: tool.pin }),
    ...(tool.input_schema !== undefined && { input_schema: tool.input_schema }),
    ...(tool.require !== undefined && { require: list("require", tool.require) }),
    ...(tool.deny_if !== undefined && { deny_if: list("deny_if", tool.deny_if) }),
    ...(tool.ask_if !== undefined && { ask_if: list("ask_if", tool.ask_if) }),
    ...(tool.limits !== undefined && {
      limits: entries(tool.limits, limit, `${at}/limits`, placed),
    }),
  };
}

const RULE_KEYS = ["conditions", "approvers", "timeout_seconds", "on_deny", "shadow"] as const;

function rule<T extends RuleEntry & { readonly approvers?: readonly string[] }>(entry: T): T {
  return ordered(
    {
      ...entry,
      conditions: conditions(entry.conditions),
      ...(entry.approvers !== undefined && { approvers: sortedTexts(entry.approvers) }),
    },
    RULE_KEYS as readonly (keyof T)[],
  );
}

const LIMIT_KEYS = [
  "counter",
  "window",
  "algorithm",
  "every",
  "concurrent",
  "increment_from",
  "max",
  "scope",
  "key",
  "when",
  "on_deny",
  "shadow",
] as const;

function limit(entry: LimitEntry): LimitEntry {
  return ordered(
    {
      ...entry,
      ...(entry.key !== undefined && {
        key: unique(entry.key, (path) => canonicalJson(parsePath(path) as Json)),
      }),
      ...(entry.when !== undefined && { when: conditions(entry.when) }),
    },
    LIMIT_KEYS,
  );
}

const CONDITION_KEYS = [
  "any",
  "all",
  "some",
  "every",
  "as",
  "where",
  "during",
  "before",
  "after",
  "path",
  "op",
  "value",
  "path2",
  "of",
  "else",
  "negate",
] as const;
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** The one arrangement of the conditions of an entry, of `any` or of `all`. */
export function conditions(given: readonly ConditionEntry[]): readonly ConditionEntry[] {
  return unique(given.map(arrangeCondition), canonicalOf);
}

/** The one arrangement of a condition. */
export function arrangeCondition(given: ConditionEntry): ConditionEntry {
  const parts: Record<string, unknown> = { ...given };
  if ("any" in given) parts.any = conditions(given.any);
  if ("all" in given) parts.all = conditions(given.all);
  if ("where" in given) parts.where = arrangeCondition(given.where);
  if ("during" in given) {
    const { days, ...rest } = given.during;
    parts.during = ordered(
      { ...rest, ...(days !== undefined && { days: DAYS.filter((day) => days.includes(day)) }) },
      ["days", "from", "to", "zone"],
    );
  }
  return ordered(parts, CONDITION_KEYS) as unknown as ConditionEntry;
}

function kind(given: KindPolicy): KindPolicy {
  return {
    default: given.default,
    ...(given.allow !== undefined && { allow: sortedTexts(given.allow) }),
    ...(given.deny !== undefined && { deny: sortedTexts(given.deny) }),
    ...(given.hide !== undefined && { hide: sortedTexts(given.hide) }),
  };
}

/** Arranges the entries of a list, sorts them, and keeps one of equal ones. */
function entries<T extends object>(
  given: readonly T[],
  arrange: (entry: T) => T,
  at: string,
  placed: Placed,
): readonly T[] {
  const [only] = given;
  if (only !== undefined && given.length === 1) {
    placed(only, `${at}/0`);
    return [arrange(only)];
  }
  const byText = new Map<string, { readonly entry: T; readonly originals: T[] }>();
  for (const original of given) {
    const entry = arrange(original);
    const text = canonicalOf(entry);
    const known = byText.get(text);
    if (known === undefined) byText.set(text, { entry, originals: [original] });
    else known.originals.push(original);
  }
  return [...byText.keys()].sort().map((text, index) => {
    const found = byText.get(text) as { readonly entry: T; readonly originals: T[] };
    for (const original of found.originals) placed(original, `${at}/${index}`);
    return found.entry;
  });
}

function canonicalOf(value: object): string {
  return canonicalJson(value as Json);
}

/** Sorted by text, one of those whose text is equal. */
function unique<T>(given: readonly T[], textOf: (item: T) => string): readonly T[] {
  if (given.length < 2) return given;
  const byText = new Map(given.map((item) => [textOf(item), item]));
  return [...byText.keys()].sort().map((text) => byText.get(text) as T);
}

function sortedTexts(given: readonly string[]): readonly string[] {
  return [...new Set(given)].sort();
}

function fromSorted<T, R>(
  given: { readonly [name: string]: T },
  arrange: (value: T, name: string) => R,
): { readonly [name: string]: R } {
  // fromEntries defines own properties, so that a tool may even be called `__proto__`.
  return Object.fromEntries(
    Object.keys(given)
      .sort()
      .map((name) => [name, arrange(given[name] as T, name)]),
  );
}

/** The members of an object in this order; those that are absent stay absent. */
function ordered<T extends object>(given: T, keys: readonly (keyof T | string)[]): T {
  const result: Partial<T> = {};
  for (const key of keys as readonly (keyof T)[]) {
    const value = given[key];
    if (value !== undefined) result[key] = value;
  }
  return result as T;
}
