import type { Amount, Path, Scope } from "../../language/index.ts";
import type { ConditionEntry, Json, PathJson } from "../../policy/index.ts";
import { conditions as arranged, canonicalJson, sha256Hex } from "../../policy/index.ts";
import { pathJson } from "./condition.ts";

/** Per whom a limit counts. */
export interface CounterScope {
  readonly scope: "grant" | "session" | "server";
  /** Sorted. */
  readonly keys: readonly Path[];
}

export function scopeOf(scope: Scope | undefined): CounterScope {
  const keys = new Map<string, Path>();
  let word: CounterScope["scope"] = "grant";
  for (const key of scope?.keys ?? []) {
    if (key.kind === "scope") word = key.value;
    else keys.set(JSON.stringify(pathJson(key)), key);
  }
  return { scope: word, keys: [...keys.keys()].sort().map((text) => keys.get(text) as Path) };
}

/**
 * The name of a limit's counter: a function of the limit alone, so that no other statement changes which
 * counter a call is charged to.
 *
 * @param owner the tool, or `all`
 */
export function counterName(
  owner: string,
  amount: Amount,
  { scope, keys }: CounterScope,
  every: number | undefined,
  when: readonly ConditionEntry[],
): string {
  const unit = amount.window?.unit ?? "minute";
  let name = owner;
  if (amount.kind === "concurrent") name += "_concurrent";
  else if (amount.kind === "sum") name += `_${steps(amount.path as Path)}_sum_per_${unit}`;
  else name += unit === "minute" && !amount.sliding ? "_rate" : `_per_${unit}`;
  if (scope !== "grant") name += `_per_${scope}`;
  for (const key of keys) name += `_by_${steps(key)}`;
  if (amount.sliding) name += "_sliding";
  if (every !== undefined) name += `_${every}`;
  if (when.length > 0) name += `_if_${hash(when)}`;
  return name;
}

function steps(path: Path): string {
  return path.steps.map(({ value }) => value).join("_");
}

function hash(when: readonly ConditionEntry[]): string {
  return sha256Hex(canonicalJson(arranged(when) as unknown as Json)).slice(0, 8);
}

export function pathsJson(keys: readonly Path[]): readonly PathJson[] {
  return keys.map((key) => pathJson(key));
}
