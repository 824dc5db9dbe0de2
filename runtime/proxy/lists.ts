import type { Json } from "../../policy/index.ts";
import { isObject, type JsonObject } from "./admit.ts";
import { confusableKey, foldedNames } from "./fold.ts";
import { outline } from "./outline.ts";
import { LISTS, type ListName, type Rulebook } from "./rulebook.ts";
import { scan } from "./scan.ts";
import { SERVER_LIMITS } from "./server-text.ts";
import { write } from "./write.ts";

/**
 * Lists in what a server sends: recognised by their content in any message, whatever was asked, and filtered
 * by the policy.
 */

const LIST_NAMES = foldedNames(LISTS);
const ENVELOPE_NAMES = foldedNames(["result"]);

/** A filtered list may not be kept for other callers, nor for long: the policy may change (milliseconds). */
export const MAX_TTL_MS = 60_000;

export type ListFilter =
  /** It holds no list that the policy filters: relay it as it came. */
  | { readonly kind: "unchanged" }
  | { readonly kind: "filtered"; readonly text: string }
  /** It may hide a list from us and show it to the client; `reason` is a clause. */
  | { readonly kind: "refused"; readonly reason: string };

const UNCHANGED: ListFilter = { kind: "unchanged" };

/** `message` is what JSON.parse made of `text`; an object. */
export function filterLists(text: string, message: JsonObject, rulebook: Rulebook): ListFilter {
  if (!rulebook.filtersLists) return UNCHANGED;
  const problem = hiddenList(text);
  if (problem !== undefined) return { kind: "refused", reason: problem };
  const { result } = message;
  if (!isObject(result) || !LISTS.some((name) => filters(result, name, rulebook))) {
    return UNCHANGED;
  }
  // Read again with all duplicates seen and all digits kept: this message is written anew.
  const scanned = scan(text, SERVER_LIMITS);
  if (!scanned.ok) return { kind: "refused", reason: scanned.message };
  const original = scanned.value as { [key: string]: Json };
  const list = original.result as { [key: string]: Json };
  for (const name of LISTS) {
    if (!filters(list, name, rulebook)) continue;
    const items = list[name] as readonly Json[];
    list[name] = items.filter((item) => rulebook.shows(name, item));
  }
  if ("cacheScope" in list) list.cacheScope = "private";
  if (typeof list.ttlMs === "number" && list.ttlMs > MAX_TTL_MS) {
    list.ttlMs = MAX_TTL_MS;
    scanned.numbers.get(list)?.delete("ttlMs");
  }
  return { kind: "filtered", text: write(original, scanned.numbers) };
}

function filters(result: JsonObject, name: ListName, rulebook: Rulebook): boolean {
  return Array.isArray(result[name]) && rulebook.filters(name);
}

/** Keys that another reader may understand otherwise than we do: repeated ones and look-alikes. */
function hiddenList(text: string): string | undefined {
  const keys = outline(text);
  for (const [level, names] of [
    [keys.message, ENVELOPE_NAMES],
    [keys.result, LIST_NAMES],
  ] as const) {
    const seen = new Set<string>();
    for (const key of level) {
      if (seen.has(key)) return `the key ${JSON.stringify(key)} stands twice`;
      seen.add(key);
    }
    const found = confusableKey(level, names);
    if (found !== undefined) {
      return `the key ${JSON.stringify(found.key)} could be taken for \`${found.name}\``;
    }
  }
  return undefined;
}
