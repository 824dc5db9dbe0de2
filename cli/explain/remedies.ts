import type { Json, Policy } from "../../policy/index.ts";
import {
  type Context,
  type ExplainedCall,
  explainCall,
  type Rulebook,
  readCallText,
  type StateStore,
  toolsOf,
} from "../../runtime/index.ts";
import type { ExplainedPolicy } from "./policy.ts";
import { isObject, type Situation } from "./remedy/edit.ts";
import { schemaBelow } from "./remedy/schema-ways.ts";
import { findRemedies, type Remedies } from "./remedy/search.ts";

export interface RemediesOptions {
  readonly tool: string;
  readonly args: Situation["args"];
  readonly explained: ExplainedCall;
  readonly rulebook: Rulebook;
  readonly store: StateStore;
  readonly context: Context;
  readonly read: ExplainedPolicy;
  readonly guard?: Policy | undefined;
}

/** What would have to change for the call to be allowed. Rejects as `explainCall` does. */
export function remediesFor(options: RemediesOptions): Promise<Remedies> {
  const { tool, args, explained, rulebook, store, context, read, guard } = options;
  const { grant, now } = context;
  const tools = read.tools === undefined ? {} : { tools: toolsOf(read.tools) };
  const schema = schemaOf(tool, read);
  const { labels } = read;
  return findRemedies({
    tool,
    situation: { args, grant: grant.name, labels: grant.labels, now, approved: false },
    explained,
    policy: read.policy,
    guard,
    async explain(situation) {
      const call = readCallText(tool, JSON.stringify(situation.args), rulebook);
      if (!call.ok) return undefined;
      const { grant: name, labels: own } = situation;
      const changed: Context = {
        ...context,
        grant: { id: name === grant.name ? grant.id : name, name, labels: own },
        now: situation.now,
        approved: situation.approved,
      };
      return explainCall(call, { rulebook, store, context: changed, ...tools });
    },
    surroundings: {
      schemaAt: (path) => schemaBelow(schema, path),
      labelValues: (name) => ("declared" in labels ? labels.declared.get(name) : undefined),
    },
  });
}

function schemaOf(tool: string, { policy, tools = [] }: ExplainedPolicy): Json | undefined {
  const rules = policy.tools;
  const held =
    rules !== undefined && Object.hasOwn(rules, tool) ? rules[tool]?.input_schema : undefined;
  if (held !== undefined) return held;
  const listed = tools.find((one) => isObject(one) && one.name === tool);
  return isObject(listed) ? listed.inputSchema : undefined;
}
