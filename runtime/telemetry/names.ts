import { REQUESTS } from "../proxy/methods.ts";
import type { FinishedRequest } from "../proxy/observe.ts";

/** What stands for every name that a client has made up. */
export const UNKNOWN = "(unknown)";
/** What stands for names beyond those that are told apart. */
export const OTHERS = "(others)";

/** Names of tools and of rules that are told apart, each: a server may give its tools new names for ever. */
const MAX_NAMES = 1_000;
/** Characters. */
const MAX_NAME = 256;

/**
 * Names as metrics have them, of which there are never many: what a client can choose freely is one name, and there is
 * an end to what a server can choose.
 */
export class Names {
  readonly #tools = new Set<string>();
  readonly #rules = new Set<string>();

  /** The tool of a request; "" where it calls none. */
  tool({ method, name, listed }: Pick<FinishedRequest, "name" | "listed"> & Method): string {
    if (method !== "tools/call") return "";
    return listed && name !== undefined ? kept(name, this.#tools) : UNKNOWN;
  }

  method({ method }: Method): string {
    if (method === undefined) return UNKNOWN;
    return REQUESTS.has(method) ? method : UNKNOWN;
  }

  /** A place in a policy, or one of our names in parentheses. */
  rule(rule: string): string {
    return kept(rule, this.#rules);
  }
}

interface Method {
  readonly method?: string | undefined;
}

function kept(name: string, names: Set<string>): string {
  if (names.has(name)) return name;
  if (names.size >= MAX_NAMES || name.length > MAX_NAME) return OTHERS;
  names.add(name);
  return name;
}
