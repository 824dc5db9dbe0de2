import type { Document } from "../../language/index.ts";
import { type Kind, kindsOf } from "../check/typing/literals.ts";
import type { BoundLet, Program } from "../program.ts";
import type { Type } from "../tools/types.ts";
import { type Candidate, oneLine } from "./candidates.ts";

/** What is wanted at a place: a condition, or a value to compare with one of a type. */
export type WantedValue =
  | { readonly wants: "condition" }
  | { readonly wants: "value"; readonly type?: Type };

/** The lets that fit a place; those that are not known to be wrong there. */
export function lets(
  program: Program,
  document: Document,
  offset: number,
  wanted: WantedValue,
): readonly Candidate[] {
  const kinds =
    wanted.wants === "value" && wanted.type !== undefined ? kindsOf(wanted.type) : undefined;
  return [...program.lets.values()]
    .filter(
      ({ node, source }) =>
        source !== document.source || offset < node.span.start || node.span.end < offset,
    )
    .filter((bound) => wanted.wants === "condition" || isValue(bound, kinds))
    .map((bound) => {
      const { name, node, source, value } = bound;
      const isLikely =
        wanted.wants === "condition" ? value?.kind === "condition" : kinds !== undefined;
      return {
        kind: "let",
        label: name,
        text: name,
        detail: oneLine(source.slice(node.value.span)),
        ...(isLikely ? { preferred: true as const } : {}),
      };
    });
}

function isValue({ value }: BoundLet, kinds: ReadonlySet<Kind> | undefined): boolean {
  if (value === undefined) return true;
  if (value.kind === "condition") return false;
  const { kind } = value.literal;
  // A list is what `in` looks into, of whatever type the other side is.
  return kinds === undefined || kind === "list" || kinds.has(kind);
}
