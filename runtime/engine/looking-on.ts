import type { Decision, Engine, Explanation } from "./types.ts";

/** A policy that only looks on: what it would decide is found, and nothing is forbidden. Compile it with `shadow: true`. */
export function lookingOn(engine: Engine): Engine {
  return {
    decide: (call, context) => permitted(engine.decide(call, context)),
    explain(call, context): Explanation {
      const explained = engine.explain(call, context);
      return { ...permitted(explained), steps: explained.steps };
    },
    visible: () => true,
    needsLive: (tool) => engine.needsLive(tool),
    governs: () => false,
    decideKind: () => ({ outcome: "allow", rule: "", message: "" }),
    visibleKind: () => true,
    reads: (tool) => engine.reads(tool),
    limits: (context) => engine.limits(context),
  };
}

function permitted({ outcome, rule, message, charges, shadow, shadowCharges }: Decision): Decision {
  const found =
    outcome === "allow"
      ? []
      : [{ outcome: outcome === "ask" ? outcome : ("deny" as const), rule, message }];
  return {
    outcome: "allow",
    rule: "",
    message: "",
    charges: [],
    shadow: [...shadow, ...found],
    // What is asked about or refused is not counted.
    shadowCharges: outcome === "allow" ? [...shadowCharges, ...charges] : shadowCharges,
  };
}
