import type { Source, Span } from "../../language/index.ts";
import type { Json } from "../../policy/index.ts";
import type { Compilation } from "../compile.ts";

/** A part of a compiled policy. */
export interface CompiledPart {
  /** A JSON pointer (RFC 6901). */
  readonly pointer: string;
  readonly value: Json;
}

/**
 * What the text of a span compiled to, in the order of the pointers. A tool's entry may come from several rules:
 * it is left out where parts of it come from this one.
 */
export function compiledParts(
  { policy, map }: Pick<Compilation, "policy" | "map">,
  source: Source,
  span: Span,
): readonly CompiledPart[] {
  if (policy === undefined) return [];
  const parts: CompiledPart[] = [];
  for (const [pointer, place] of Object.entries(map)) {
    const offset = offsetOf(place, source);
    const isInside = offset !== undefined && offset >= span.start && offset < span.end;
    const value = isInside ? at(policy as unknown as Json, pointer) : undefined;
    if (value !== undefined) parts.push({ pointer, value });
  }
  return parts.filter(
    ({ pointer }) => !parts.some((part) => part.pointer.startsWith(`${pointer}/`)),
  );
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
