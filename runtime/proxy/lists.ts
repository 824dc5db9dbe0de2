import type { Json } from "../../policy/index.ts";
import { isObject, type JsonObject } from "./admit.ts";
import { confusableKey, foldedNames } from "./fold.ts";
import { outline } from "./outline.ts";
import { LISTS, type ListName, type Rulebook } from "./rulebook.ts";
import { type NumberTexts, scan } from "./scan.ts";
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
  if (!rulebook.filtersLists || rulebook.shadow) return UNCHANGED;
  const problem = hiddenList(text);
  if (problem !== undefined) return { kind: "refused", reason: problem };
  const { result } = message;
  const listed = isObject(result) && holdsList(result, rulebook);
  const task = taskIn(message);
  if (!listed && task === undefined) return UNCHANGED;
  // Read again with all duplicates seen and all digits kept: this message is written anew.
  const scanned = scan(text, SERVER_LIMITS);
  if (!scanned.ok) return { kind: "refused", reason: scanned.message };
  const original = scanned.value as { [key: string]: Json };
  const results = listed ? [original.result as Draft] : [];
  if (task !== undefined) {
    const found = hiddenInTask(task);
    if (found !== undefined) return { kind: "refused", reason: found };
    const inner = taskIn(original)?.result;
    if (isObject(inner) && holdsList(inner, rulebook)) results.push(inner as Draft);
  }
  if (results.length === 0) return UNCHANGED;
  for (const list of results) filterIn(list, rulebook, scanned.numbers);
  return { kind: "filtered", text: write(original, scanned.numbers) };
}

type Draft = { [key: string]: Json };

function filterIn(list: Draft, rulebook: Rulebook, numbers: NumberTexts): void {
  for (const name of LISTS) {
    if (!filters(list, name, rulebook)) continue;
    const items = list[name] as readonly Json[];
    list[name] = items.filter((item) => rulebook.shows(name, item));
  }
  if ("cacheScope" in list) list.cacheScope = "private";
  if (typeof list.ttlMs === "number" && list.ttlMs > MAX_TTL_MS) {
    list.ttlMs = MAX_TTL_MS;
    numbers.get(list)?.delete("ttlMs");
  }
}

/** A task that a message tells of: it may hold the answer to the request that made it. */
export function taskIn({ method, params, result }: JsonObject): JsonObject | undefined {
  if (method === "notifications/tasks") return isObject(params) ? params : undefined;
  return isObject(result) && ("taskId" in result || isObject(result.result)) ? result : undefined;
}

function hiddenInTask(task: JsonObject): string | undefined {
  const inner = isObject(task.result) ? Object.keys(task.result) : [];
  const found =
    confusableKey(Object.keys(task), ENVELOPE_NAMES) ?? confusableKey(inner, LIST_NAMES);
  return found === undefined ? undefined : confusable(found);
}

function holdsList(result: JsonObject, rulebook: Rulebook): boolean {
  return LISTS.some((name) => filters(result, name, rulebook));
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
    if (found !== undefined) return confusable(found);
  }
  return undefined;
}

function confusable({ key, name }: { readonly key: string; readonly name: string }): string {
  return `the key ${JSON.stringify(key)} could be taken for \`${name}\``;
}
