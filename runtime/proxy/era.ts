import type { Context } from "../engine/types.ts";
import { isObject, type JsonObject } from "./admit.ts";

/** Keys of `_meta` that every request of revision 2026-07-28 and later has. */
const VERSION = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";
const CLIENT = "io.modelcontextprotocol/clientInfo";

/** What a request says of its sender; of a legacy request nothing. */
export interface ModernMeta {
  /** The part of `_meta` that a request of our own needs too. */
  readonly meta: JsonObject;
  readonly client: NonNullable<Context["client"]>;
}

/** Undefined for requests of the legacy era. */
export function modernMeta(params: JsonObject | undefined): ModernMeta | undefined {
  const meta = params?._meta;
  if (!isObject(meta) || typeof meta[VERSION] !== "string") return undefined;
  return {
    meta: Object.fromEntries(
      [VERSION, CAPABILITIES, CLIENT].flatMap((key) => {
        const value = meta[key];
        return value === undefined ? [] : [[key, value]];
      }),
    ),
    client: clientOf(meta[CLIENT]),
  };
}

/** A `clientInfo`: what the client calls itself, which it may choose freely. */
export function clientOf(info: unknown): NonNullable<Context["client"]> {
  const { name, version } = (typeof info === "object" && info !== null ? info : {}) as {
    readonly name?: unknown;
    readonly version?: unknown;
  };
  return {
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof version === "string" ? { version } : {}),
  };
}
