import type { Id, JsonObject } from "./admit.ts";

/** The token under which a request wants to hear of its progress. */
export function progressToken(params: JsonObject | undefined): Id | undefined {
  const meta = params?._meta as JsonObject | null | undefined;
  const token = typeof meta === "object" ? meta?.progressToken : undefined;
  return typeof token === "string" || typeof token === "number" ? token : undefined;
}
