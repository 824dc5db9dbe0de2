import type { Json } from "../../policy/index.ts";
import { stringEnd } from "./outline.ts";
import type { ScanLimits } from "./scan.ts";

/**
 * What is read of a server: more than any answer needs, and no more than a parser takes without stalling whoever else
 * waits. Bytes alone do not bound that: 64 MiB of brackets keep JSON.parse busy for a minute.
 */
export const SERVER_LIMITS: ScanLimits = { depth: 512, values: 1_000_000 };

export type ServerText =
  | { readonly ok: true; readonly value: Json }
  /** `syntax`: not JSON. `limit`: too deep or too many values; it was not parsed. */
  | { readonly ok: false; readonly reason: "syntax" | "limit" };

/** Parses one message of a server, unless it is nested too deep or holds too many values. */
export function parseServerText(text: string): ServerText {
  if (exceeds(text, SERVER_LIMITS)) return { ok: false, reason: "limit" };
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch {
    return { ok: false, reason: "syntax" };
  }
}

/** Whether JSON text is beyond the limits. Of text that is no JSON the answer means nothing. */
export function exceeds(text: string, limits: ScanLimits): boolean {
  const { depth, values } = limits;
  // What is opened is closed, and a value takes two characters with what parts it from the next.
  if (text.length < 2 * depth) return false;
  if (text.length < 2 * values && !opensMoreThan(depth, text)) return false;
  return counted(text, limits);
}

/** Whether the text holds more than `count` opening brackets, strings included. Most answers hold few. */
function opensMoreThan(count: number, text: string): boolean {
  let left = count;
  for (const bracket of ["{", "["]) {
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      if (--left < 0) return true;
    }
  }
  return false;
}

function counted(text: string, { depth, values }: ScanLimits): boolean {
  let open = 0;
  let seen = 1;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22:
        at = stringEnd(text, at) - 1;
        // A string that does not end: no JSON.
        if (at < 0) return false;
        break;
      case 0x7b:
      case 0x5b:
        if (++open > depth || ++seen > values) return true;
        break;
      case 0x7d:
      case 0x5d:
        open--;
        break;
      case 0x2c:
        if (++seen > values) return true;
    }
  }
  return false;
}
