import type { Tool } from "../compiler/index.ts";
import type { Json } from "../policy/index.ts";

/** A tool as the server lists it, without what `mcpp pull` wrote beside it. */
export function asListed({ risk: _risk, why: _why, risk_by: _by, ...tool }: Tool): Json {
  return tool as Json;
}
