import type { Context, LimitCharge, StandingLimit } from "../engine/types.ts";
import { type LimitState, stateOfCounter } from "../proxy/explain.ts";
import type { Rulebook } from "../proxy/rulebook.ts";
import type { StateStore } from "../state/store.ts";
import type { ChargedCounters } from "./charged.ts";
import { type AdminRoute, jsonAnswer } from "./route.ts";
import type { Bar, Limits } from "./wire.ts";

/** A policy in force for a grant on a server. */
export interface InForce {
  readonly grant: Context["grant"];
  readonly server: string;
  readonly rulebook: Rulebook;
}

export interface LimitOptions {
  readonly store: StateStore;
  readonly inForce: () => Iterable<InForce>;
  readonly charged: ChargedCounters;
  readonly now: () => number;
}

/** How old what is shown may be (milliseconds). */
const FRESH_MS = 1_000;
/** Counters that are looked up for one page, and shown of one limit that has several. */
const MAX_BARS = 400;
const MAX_OF_LIMIT = 10;

/** A counter that is to be looked up. */
interface Wanted {
  readonly about: Omit<Bar, "used" | "max" | "resetsAt">;
  readonly charge: LimitCharge;
}

/** Where the counters of all limits stand. */
export function limitRoutes(options: LimitOptions): readonly AdminRoute[] {
  const { now } = options;
  let kept: { readonly at: number; readonly limits: Promise<Limits> } | undefined;
  return [
    {
      method: "GET",
      path: "/api/limits",
      right: "session",
      async answer() {
        const at = now();
        if (kept === undefined || Math.abs(at - kept.at) >= FRESH_MS) {
          kept = { at, limits: limitsAt(options, at) };
        }
        return jsonAnswer(200, await kept.limits);
      },
    },
  ];
}

async function limitsAt({ store, inForce, charged }: LimitOptions, now: number): Promise<Limits> {
  const wanted = new Map<string, Wanted>();
  const idle: Limits["idle"][number][] = [];
  for (const { grant, server, rulebook } of inForce()) {
    const seen = charged.of(grant.id, server);
    for (const limit of rulebook.engine.limits({ server, grant })) {
      const about = aboutLimit(limit, server, grant.name);
      const charges =
        limit.charge === undefined
          ? seen.filter(({ rule }) => rule === limit.rule).slice(0, MAX_OF_LIMIT)
          : [limit.charge];
      if (charges.length === 0) idle.push(about);
      for (const charge of charges) want(wanted, about, charge);
    }
  }
  const shown = [...wanted.values()].slice(0, MAX_BARS);
  const bars = await Promise.all(
    shown.map(async ({ about, charge }): Promise<Bar> => {
      const counters = store.forServer(about.server);
      return barOf(about, await stateOfCounter(charge, counters, now));
    }),
  );
  return { now, bars, idle, more: wanted.size - shown.length };
}

/** Tools may share a counter, and grants one of a server. */
function want(wanted: Map<string, Wanted>, about: Wanted["about"], charge: LimitCharge): void {
  const known = wanted.get(charge.key);
  const tools = [...new Set([...(known?.about.tools ?? []), ...about.tools])];
  const { values } = charge;
  const one = { ...about, tools, ...(values === undefined ? {} : { values }) };
  wanted.set(charge.key, { about: one, charge: known?.charge ?? charge });
}

function aboutLimit(limit: StandingLimit, server: string, grant: string): Wanted["about"] {
  const { tool, counter, allows, source, scope, shadow } = limit;
  return {
    server,
    tools: tool === undefined ? [] : [tool],
    counter,
    allows,
    shadow,
    ...(scope === "server" ? {} : { grant }),
    ...(source === undefined ? {} : { source }),
  };
}

function barOf(about: Wanted["about"], { used, max, resetsAt }: LimitState): Bar {
  return { ...about, used, max, ...(resetsAt === undefined ? {} : { resetsAt }) };
}
