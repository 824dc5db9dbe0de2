import {
  both,
  compileEngine,
  type GrantInForce,
  lookingOn,
  type Openings,
  Rulebook,
  Snapshot,
} from "../runtime/index.ts";
import type { Config, GrantConfig, ReadyPolicy } from "./config/config.ts";

/**
 * What a configuration puts in force. Policies whose text has not changed keep their rulebooks of the time before, so
 * that nobody is told of lists that are the same.
 */
export class Rulebooks {
  #known = new Map<string, Rulebook>();

  snapshot(config: Config<ReadyPolicy>, now: () => number): Snapshot {
    const used = new Map<string, Rulebook>();
    const snapshot = new Snapshot(
      config.grants.map((grant) => inForce(grant, config, this.#known, used)),
      now,
    );
    this.#known = used;
    return snapshot;
  }
}

function inForce(
  { id, name, labels, token, expiresAt, policies, shadow }: GrantConfig<ReadyPolicy>,
  { guard, servers }: Config<ReadyPolicy>,
  known: ReadonlyMap<string, Rulebook>,
  used: Map<string, Rulebook>,
): GrantInForce {
  const rulebooks = new Map<string, Rulebook>();
  for (const [server, policy] of policies) {
    const opens = servers.get(server)?.opens ?? {};
    const above = guard === undefined ? null : textOf(guard);
    const key = JSON.stringify([shadow, opens, textOf(policy), above]);
    const rulebook =
      used.get(key) ?? known.get(key) ?? rulebookOf(policy, guard, { shadow, opens });
    used.set(key, rulebook);
    rulebooks.set(server, rulebook);
  }
  return {
    grant: { id, name, labels },
    token,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    rulebooks,
  };
}

function textOf({ policy, map, tools }: ReadyPolicy): readonly unknown[] {
  return [policy, map ?? null, tools === undefined ? null : [...tools.values()]];
}

function rulebookOf(
  { policy, map, tools }: ReadyPolicy,
  guard: ReadyPolicy | undefined,
  { shadow, opens }: { readonly shadow: boolean; readonly opens: Openings },
): Rulebook {
  if (policy === undefined) throw new Error("A policy with errors is not put in force.");
  const engine = compileEngine(policy, { shadow, ...(map === undefined ? {} : { map }) });
  if (guard?.policy === undefined)
    return new Rulebook(policy, engine, { pinned: tools, opens, shadow });
  const above = compileEngine(guard.policy, {
    guard: true,
    ...(guard.map === undefined ? {} : { map: guard.map }),
  });
  // An organisation's rules stand, whatever is tried out below them.
  return new Rulebook(policy, both(above, shadow ? lookingOn(engine) : engine), {
    guard: guard.policy,
    pinned: tools,
    opens,
  });
}
