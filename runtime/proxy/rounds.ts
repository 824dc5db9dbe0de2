import { createHash } from "node:crypto";
import { canonicalJson, type Json } from "../../policy/index.ts";
import type { MaybePromise, StateStore } from "../state/store.ts";
import type { JsonObject } from "./admit.ts";
import type { Bound, Seals } from "./seal.ts";

/**
 * Requests that take several rounds (MCP 2026-07-28, `input_required`): the server asks for input in its answer,
 * and the client sends the request again with it. A later round must not be charged again, so it has to prove
 * what it continues: the client gets our own `requestState` around the server's.
 */

/** Requests that may take several rounds. */
const ROUND_METHODS: ReadonlySet<string> = new Set(["tools/call", "resources/read", "prompts/get"]);
/** How long an answer may be waited for (milliseconds). */
export const ROUND_MS = 600_000;
/** Longer, so that a replica whose clock is behind finds it taken for as long as it takes the state for a fresh one. */
const CLAIM_MS = 2 * ROUND_MS;
export const MAX_ROUNDS = 16;

/** What a round continues. */
export interface Round {
  /** The call, as far as its reservation is concerned: random. */
  readonly call: string;
  /** 1 is the first one that continues. */
  readonly number: number;
  /** The server's own state; undefined when it sent none. */
  readonly state: string | undefined;
}

/** The content of a `requestState` of ours; short names, because it travels. */
interface Sealed {
  readonly m: string;
  readonly n: string;
  readonly d: string;
  readonly c: string;
  readonly r: number;
  /** Milliseconds since 1970, UTC. */
  readonly x: number;
  readonly s?: string;
}

/** Forges and knows the `requestState` of one grant on one server. */
export class Rounds {
  readonly #seals: Seals;
  readonly #bound: Bound;
  readonly #store: StateStore;
  readonly #now: () => number;

  constructor(seals: Seals, bound: Bound, store: StateStore, now: () => number) {
    this.#seals = seals;
    this.#bound = bound;
    this.#store = store;
    this.#now = now;
  }

  /** The round that a request continues; undefined when its state is not ours, of another request, or too old. */
  open(method: string, params: JsonObject, state: string): Round | undefined {
    const sealed = this.#seals.open("round", this.#bound, state) as Sealed | undefined;
    if (
      sealed === undefined ||
      sealed.m !== method ||
      sealed.n !== nameOf(params) ||
      sealed.x < this.#now() ||
      sealed.d !== digestOf(params)
    ) {
      return undefined;
    }
    return { call: sealed.c, number: sealed.r, state: sealed.s };
  }

  /** A state for the round after `last`, of this request. */
  seal(method: string, params: JsonObject, last: Omit<Round, "state">, state?: string): string {
    const sealed: Sealed = {
      m: method,
      n: nameOf(params),
      d: digestOf(params),
      c: last.call,
      r: last.number + 1,
      x: this.#now() + ROUND_MS,
      ...(state === undefined ? {} : { s: state }),
    };
    return this.#seals.seal("round", this.#bound, sealed);
  }

  /** True for the first request that continues so; a repeated one is a new call. */
  claim({ call, number }: Round): MaybePromise<boolean> {
    return this.#store.claim(call, number, CLAIM_MS);
  }
}

export function takesRounds(method: string): boolean {
  return ROUND_METHODS.has(method);
}

function nameOf({ name, uri }: JsonObject): string {
  const value = name ?? uri;
  return typeof value === "string" ? value : "";
}

/** Of all that a request asks for, but not of what changes between its rounds. */
function digestOf(params: JsonObject): string {
  const { _meta, inputResponses, requestState, ...asked } = params as Record<string, Json>;
  return createHash("sha256").update(textOf(asked)).digest("base64url");
}

function textOf(value: Json): string {
  try {
    return canonicalJson(value);
  } catch {
    // Text that is not well-formed has no canonical form; that of the same bytes is still the same.
    return JSON.stringify(value);
  }
}
