import type { Source, Span } from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import type { Compilation } from "../compile.ts";

/** A part of a compiled policy. */
export interface CompiledPart {
  /** A JSON pointer (RFC 6901). */
  readonly pointer: string;
  readonly value: Json;
}

/** What the text of a span compiled to: the largest parts that come from it, in the order of their pointers. */
export function compiledParts(
  { policy, map }: Pick<Compilation, "policy" | "map">,
  source: Source,
  span: Span,
): readonly CompiledPart[] {
  if (policy === undefined) return [];
  const parts: CompiledPart[] = [];
  for (const [pointer, place] of Object.entries(map)) {
    const offset = offsetOf(place, source);
    if (offset === undefined || offset < span.start || offset >= Math.max(span.end, span.start + 1))
      continue;
    if (parts.some((part) => pointer.startsWith(`${part.pointer}/`))) continue;
    const value = at(policy as unknown as Json, pointer);
    if (value !== undefined) parts.push({ pointer, value });
  }
  return parts;
}

/** Reads `file:line:column`; undefined for another file. */
function offsetOf(place: string, source: Source): number | undefined {
  const found = /^(.*):(\d+):(\d+)$/s.exec(place);
  if (found === null || found[1] !== source.name) return undefined;
  const start = source.lineStarts[Number(found[2]) - 1];
  return start === undefined ? undefined : start + Number(found[3]) - 1;
}

function at(value: Json, pointer: string): Json | undefined {
  let current: Json | undefined = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof current !== "object" || current === null) return undefined;
    current = Object.hasOwn(current, key)
      ? (current as { readonly [name: string]: Json })[key]
      : undefined;
  }
  return current;
}
