import type { Judge } from "../compiler/index.ts";
import type { Json, Policy } from "../policy/index.ts";
import { type Context, compileEngine, type Engine } from "../runtime/index.ts";

/**
 * The decision function of the proxy, for calls that the analysis found. Each policy is compiled once, when it is
 * first asked about.
 */
export function engineJudge(): Judge {
  const engines = new WeakMap<Policy, Engine>();
  return (policy, { tool, args, grant, client, now }) => {
    let engine = engines.get(policy);
    if (engine === undefined) {
      engine = compileEngine(policy);
      engines.set(policy, engine);
    }
    const context: Context = {
      grant,
      server: "local",
      now,
      ...(client !== undefined && { client: clientOf(client) }),
    };
    return engine.decide({ tool, args }, context).outcome;
  };
}

function clientOf({ name, version }: { readonly name?: Json; readonly version?: Json }) {
  return {
    ...(typeof name === "string" && { name }),
    ...(typeof version === "string" && { version }),
  };
}
