import type { Judge } from "../compiler/index.ts";
import type { Json, Policy } from "../policy/index.ts";
import { type Context, compileEngine, type Engine } from "../runtime/index.ts";

/**
 * The decision function of the proxy, for calls that the analysis found. Each policy is compiled once, when it is
 * first asked about.
 */
export function engineJudge(): Judge {
  const engines = new WeakMap<Policy, Engine>();
  const engineOf = (policy: Policy): Engine => {
    let engine = engines.get(policy);
    if (engine === undefined) {
      engine = compileEngine(policy);
      engines.set(policy, engine);
    }
    return engine;
  };
  return {
    call(policy, { tool, args, grant, client, now }) {
      const context: Context = {
        grant,
        server: "local",
        now,
        ...(client !== undefined && { client: clientOf(client) }),
      };
      return engineOf(policy).decide({ tool, args }, context).outcome;
    },
    kind: (policy, kind, name) => engineOf(policy).decideKind(kind, name).outcome,
  };
}

function clientOf({ name, version }: { readonly name?: Json; readonly version?: Json }) {
  return {
    ...(typeof name === "string" && { name }),
    ...(typeof version === "string" && { version }),
  };
}
