import type { KindPolicy, Policy } from "../../policy/index.ts";
import { compileStarNames } from "./names.ts";
import type { Engine, Kind, KindDecision } from "./types.ts";
import { uriProblem } from "./uri.ts";

const ALLOWED: KindDecision = Object.freeze({ outcome: "allow", rule: "", message: "" });

/** The part of an engine that is about resources and prompts. A kind without an entry is not governed. */
export function compileKinds(
  policy: Policy,
  sourceOf: (at: string) => string | undefined,
  ruleOf: (at: string) => string,
): Pick<Engine, "governs" | "decideKind" | "visibleKind"> {
  const kinds = {
    resources: policy.resources && compileKind("resources", policy.resources, sourceOf, ruleOf),
    prompts: policy.prompts && compileKind("prompts", policy.prompts, sourceOf, ruleOf),
  };
  return {
    governs: (kind) => kinds[kind] !== undefined,
    decideKind: (kind, name) => kinds[kind]?.decide(name) ?? ALLOWED,
    visibleKind: (kind, name) => kinds[kind]?.visible(name) ?? true,
  };
}

function compileKind(
  kind: Kind,
  entry: KindPolicy,
  sourceOf: (at: string) => string | undefined,
  ruleOf: (at: string) => string,
): { decide(name: string): KindDecision; visible(name: string): boolean } {
  const hidden = compileStarNames(entry.hide ?? []);
  const denied = compileStarNames(entry.deny ?? []);
  const allowed = compileStarNames(entry.allow ?? []);
  const one = kind === "resources" ? "resource" : "prompt";
  const decision = (
    outcome: "deny" | "hide",
    rule: string,
    message: string,
    ...places: readonly string[]
  ): KindDecision => {
    const source = places.map(sourceOf).find((found) => found !== undefined);
    return { outcome, rule: ruleOf(rule), message, ...(source !== undefined && { source }) };
  };
  return {
    visible: (name) => hidden(name) < 0,
    decide(name) {
      if (kind === "resources") {
        const problem = uriProblem(name);
        if (problem !== undefined) {
          const message = `The resource's URI ${problem}, and is therefore not compared with the policy.`;
          return decision("deny", "(unusual URI)", message);
        }
      }
      let index = hidden(name);
      if (index >= 0) {
        const at = `/${kind}/hide`;
        return decision("hide", "(hidden)", `Unknown ${one}: ${name}`, `${at}/${index}`, at);
      }
      index = denied(name);
      if (index >= 0) {
        const at = `/${kind}/deny/${index}`;
        return decision("deny", at, `The policy denies the ${one} \`${name}\`.`, at);
      }
      if (entry.default === "allow" || allowed(name) >= 0) return ALLOWED;
      const message = `The policy does not permit the ${one} \`${name}\`.`;
      return decision("deny", "(default deny)", message, `/${kind}/default`, `/${kind}`);
    },
  };
}
