import {
  canonicalJson,
  type Json,
  type LimitEntry,
  printPath,
  sha256Hex,
  slidingMs,
  toMicro,
} from "../../policy/index.ts";
import { type ChargeWindow, LEASE_MS } from "../state/store.ts";
import { compileConditions } from "./conditions.ts";
import { ERROR, FALSE, type Frame } from "./frame.ts";
import { compileRead } from "./read.ts";
import type { Context, LimitCharge, StandingLimit } from "./types.ts";
import { nameType, typeOf } from "./values.ts";

/**
 * What one call owes to a limit: a charge, nothing (its condition does not hold), or a sentence why it
 * cannot be counted, for which the call is denied. `mismatch` is a condition that ended as an error.
 */
export type Owed = LimitCharge | Uncountable | undefined;

export interface Uncountable {
  readonly uncountable: string;
  readonly mismatch: boolean;
}

export function isUncountable(owed: Owed): owed is Uncountable {
  return owed !== undefined && "uncountable" in owed;
}

export interface ChargeOptions {
  readonly rule: string;
  readonly source?: string | undefined;
  /** Name spaces of the counter: `guard`, `shadow`. They never share a counter with others. */
  readonly spaces: readonly string[];
}

type Draft = { -readonly [key in keyof LimitCharge]: LimitCharge[key] };

/** Compiles a limit. */
export function compileCharge(limit: LimitEntry, options: ChargeOptions): (frame: Frame) => Owed {
  const when = limit.when === undefined ? undefined : compileConditions(limit.when, false);
  const amountOf = compileAmount(limit);
  const identify = compileIdentity(limit, options.spaces);
  const max = limit.increment_from === undefined ? limit.max : maxOfSum(limit.max);
  const window = windowOf(limit);
  const allows = describeLimit(limit);
  // Filled in place: spreads would give every charge a hidden class of its own, and slow down all who read it.
  const charge = ({ key, family, values }: Identity, amount: number): LimitCharge => {
    const { rule, source } = options;
    const made: Draft = { key, amount, max, window, rule, counter: limit.counter, allows };
    if (family !== undefined) made.family = family;
    if (values !== undefined) made.values = values;
    if (limit.increment_from !== undefined) made.sum = true;
    if (source !== undefined) made.source = source;
    if (limit.on_deny !== undefined) made.message = limit.on_deny;
    return made;
  };
  // Most calls of a grant owe the same charge as its last one.
  let last: LimitCharge | undefined;
  return (frame) => {
    if (when !== undefined) {
      frame.fault = undefined;
      const holds =
        frame.seen === undefined || limit.when === undefined
          ? when(frame)
          : compileConditions(limit.when, true)(frame);
      if (holds === FALSE) return undefined;
      if (holds === ERROR || frame.budget < 0) return { uncountable: "", mismatch: true };
    }
    const amount = amountOf(frame);
    if (typeof amount === "string") return { uncountable: amount, mismatch: false };
    const identity = identify(frame);
    if (typeof identity === "string") return { uncountable: identity, mismatch: false };
    if (last === undefined || last.key !== identity.key || last.amount !== amount) {
      last = charge(identity, amount);
    }
    return last;
  };
}

/**
 * Compiles what a limit is whatever is called: its counter for a server and a grant, where no value of the call and no
 * session say which it is.
 */
export function compileStanding(
  limit: LimitEntry,
  { rule, source, spaces }: ChargeOptions,
): (context: Pick<Context, "server" | "grant">) => Omit<StandingLimit, "shadow" | "tool"> {
  const { counter, scope } = limit;
  const allows = describeLimit(limit);
  const common = { rule, counter, allows, ...(source === undefined ? {} : { source }) };
  if (scope === "session" || (limit.key ?? []).length > 0) return () => ({ ...common, scope });
  const { withoutKeys } = compileScope(limit, spaces);
  const isSum = limit.increment_from !== undefined;
  const max = isSum ? maxOfSum(limit.max) : limit.max;
  const window = windowOf(limit);
  const full = { ...common, max, amount: Math.max(max, 0), window, ...(isSum && { sum: true }) };
  return (context) => ({ ...common, scope, charge: { ...full, key: withoutKeys(context) } });
}

function compileAmount(limit: LimitEntry): (frame: Frame) => number | string {
  if (limit.increment_from === undefined) return () => 1;
  const read = compileRead(limit.increment_from, []);
  const path = printPath(limit.increment_from);
  return (frame) => {
    const value = read(frame);
    if (value === undefined) return `\`${path}\` is missing, and is needed for a limit on its sum.`;
    if (typeof value !== "number") {
      return `\`${path}\` must be a number, and is ${nameType(typeOf(value))}; a limit counts its sum.`;
    }
    const micro = toMicro(value);
    return typeof micro === "string" ? `\`${path}\` ${micro}; a limit counts its sum.` : micro;
  };
}

/** A validated policy has no other; with one, nothing fits. */
function maxOfSum(max: number): number {
  const micro = toMicro(max);
  return typeof micro === "string" ? -1 : micro;
}

function windowOf(limit: LimitEntry): ChargeWindow {
  if (limit.concurrent) return { kind: "concurrent", leaseMs: LEASE_MS };
  const unit = limit.window ?? "month";
  return limit.algorithm === "sliding"
    ? { kind: "sliding", ms: slidingMs(unit, limit.every) }
    : { kind: "calendar", unit };
}

// Identity -------------------------------------------------------------------------------------------

interface Identity {
  readonly key: string;
  readonly family?: string;
  readonly values?: readonly Json[];
}

/** Identities that one limit remembers; a gateway has few grants, but sessions come and go. */
const REMEMBERED = 4096;

interface ScopeIdentity {
  /** What the identity is made of, but for the values that the limit counts by. */
  readonly parts: (context: Scope) => readonly Json[];
  /** The identity without such values. */
  readonly withoutKeys: (context: Scope) => string;
}

/** Compiles what the identity of a limit's counter is besides the call (policy format, § Limits). */
function compileScope(limit: LimitEntry, spaces: readonly string[]): ScopeIdentity {
  const counter: Json = spaces.length === 0 ? limit.counter : [...spaces, limit.counter];
  const window: Json = limit.concurrent
    ? ["concurrent"]
    : [limit.window ?? null, limit.algorithm ?? "calendar", limit.every ?? 1];
  const what = limit.increment_from === undefined ? "count" : "sum";
  const parts = (context: Scope): Json[] => [
    context.server,
    counter,
    window,
    what,
    limit.scope,
    scopeValue(limit.scope, context),
  ];
  const remembered = new Map<string, string>();
  const lookUp = (context: Scope): string => {
    const scope = scopeText(limit.scope, context);
    let found = remembered.get(scope);
    if (found === undefined) {
      if (remembered.size >= REMEMBERED) remembered.clear();
      found = sha256Hex(canonicalJson([...parts(context), []]));
      remembered.set(scope, found);
    }
    return found;
  };
  // Comparing three texts with the last ones is much faster than finding the joined text.
  let server: string | undefined;
  let grant: string | undefined;
  let session: string | undefined;
  let last = "";
  const withoutKeys = (context: Scope): string => {
    if (context.server !== server || context.grant.id !== grant || context.session !== session) {
      last = lookUp(context);
      server = context.server;
      grant = context.grant.id;
      session = context.session;
    }
    return last;
  };
  return { parts, withoutKeys };
}

/** Compiles the identity of a limit's counter (policy format, § Limits); a string is why there is none. */
function compileIdentity(
  limit: LimitEntry,
  spaces: readonly string[],
): (frame: Frame) => Identity | string {
  const { parts, withoutKeys } = compileScope(limit, spaces);
  const keys = limit.key ?? [];
  if (keys.length === 0) {
    let identity: Identity = { key: "" };
    return ({ context }) => {
      const key = withoutKeys(context);
      if (identity.key !== key) identity = { key };
      return identity;
    };
  }

  const readers = keys.map((path) => ({ read: compileRead(path, []), path: printPath(path) }));
  return (frame) => {
    const values: Json[] = [];
    for (const { read, path } of readers) {
      const value = read(frame);
      if (value === undefined) return `\`${path}\` is missing, and a limit counts by it.`;
      if (typeof value === "object") {
        return `\`${path}\` must be a single value, and is ${nameType(typeOf(value))}; a limit counts by it.`;
      }
      values.push(value);
    }
    try {
      const key = sha256Hex(canonicalJson([...parts(frame.context), values]));
      return { key, family: withoutKeys(frame.context), values };
    } catch {
      return `The values that a limit counts by must be well-formed Unicode text.`;
    }
  };
}

/** What a counter's scope depends on. */
type Scope = Pick<Context, "server" | "grant" | "session">;

/** Text that is equal for contexts of the same server and scope value, and for no others. */
function scopeText(scope: LimitEntry["scope"], { server, grant, session }: Scope): string {
  if (scope === "server") return server;
  if (scope === "grant" || session === undefined)
    return `grant ${server.length} ${server} ${grant.id}`;
  return `session ${server.length} ${grant.id.length} ${server} ${grant.id} ${session}`;
}

/** A session belongs to its grant; an absent one counts as the grant. */
function scopeValue(scope: LimitEntry["scope"], context: Scope): Json {
  switch (scope) {
    case "server":
      return null;
    case "grant":
      return context.grant.id;
    case "session":
      return context.session === undefined
        ? [context.grant.id]
        : [context.grant.id, context.session];
  }
}

// For people -----------------------------------------------------------------------------------------

function describeLimit(limit: LimitEntry): string {
  const what =
    limit.increment_from === undefined
      ? String(limit.max)
      : `${limit.max} in sum of \`${printPath(limit.increment_from)}\``;
  if (limit.concurrent) return `${what} at the same time`;
  const span = limit.every === undefined ? limit.window : `${limit.every} ${limit.window}s`;
  const within = limit.algorithm === "sliding" ? "within any" : "per";
  const each = limit.key === undefined ? "" : ` for each ${limit.key.map(tick).join(" and ")}`;
  return `${what} ${within} ${span}${each}`;
}

function tick(path: Parameters<typeof printPath>[0]): string {
  return `\`${printPath(path)}\``;
}
