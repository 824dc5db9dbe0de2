import type { Span } from "../../language/index.ts";

/**
 * A copy of a tree in which every node has the one span: what came out of a `let` stands where the `let` is
 * mentioned.
 */
export function respan<T>(node: T, span: Span): T {
  if (Array.isArray(node)) return node.map((part) => respan(part, span)) as T;
  if (typeof node !== "object" || node === null) return node;
  if (isSpan(node)) return span as T;
  return Object.fromEntries(
    Object.entries(node).map(([key, part]) => [key, respan(part, span)]),
  ) as T;
}

function isSpan(value: object): value is Span {
  return "start" in value && "end" in value && !("span" in value);
}
