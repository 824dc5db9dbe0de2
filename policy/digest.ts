import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "./canonical.ts";
import type { Json, Policy } from "./types.ts";

/** SHA-256 of the text's UTF-8 bytes: 64 hexadecimal digits. */
export function sha256Hex(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text)));
}

/** SHA-256 of the value's canonical JSON: `sha256:` and 64 hexadecimal digits. @throws NotCanonical */
export function digestOf(value: Json): string {
  return `sha256:${sha256Hex(canonicalJson(value))}`;
}

/** The digest by which audit records and start notices name a policy. */
export function policyDigest(policy: Policy): string {
  return digestOf(policy as unknown as Json);
}

const PINNED = [
  "name",
  "title",
  "description",
  "inputSchema",
  "outputSchema",
  "annotations",
  "execution",
] as const;

/**
 * The pin of a tool's definition (MCP `Tool`): the digest of what a model or a person reads of it. Members
 * that are absent are left out; others, such as `_meta` and `icons`, do not count.
 * @throws NotCanonical
 */
export function pinOf(definition: Json): string {
  const pinned: Record<string, Json> = {};
  if (typeof definition === "object" && definition !== null && !Array.isArray(definition)) {
    const members = definition as { readonly [key: string]: Json };
    for (const key of PINNED) {
      if (Object.hasOwn(members, key)) pinned[key] = members[key] as Json;
    }
  }
  return digestOf(pinned);
}

/** The members of a tool's definition that a pin covers and in which the two differ, in the order of the pin. */
export function changedMembers(before: Json, after: Json): readonly string[] {
  return PINNED.filter((key) => textOf(before, key) !== textOf(after, key));
}

function textOf(definition: Json, key: string): string | undefined {
  if (typeof definition !== "object" || definition === null || Array.isArray(definition)) {
    return undefined;
  }
  const members = definition as { readonly [key: string]: Json };
  return Object.hasOwn(members, key) ? canonicalJson(members[key] as Json) : undefined;
}
