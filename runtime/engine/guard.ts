import { sameApprovers } from "./entries.ts";
import type { AskFor, Decision, Engine, Explanation } from "./types.ts";

/**
 * Two policies as one: a call must pass the guard's first and then the grant's, and the counters of both
 * are reserved in one step. Compile the guard with `guard: true`, so that its rules and counters have
 * names of their own.
 */
export function both(guard: Engine, grant: Engine): Engine {
  return {
    decide(call, context) {
      const first = guard.decide(call, context);
      return isRefusal(first) ? first : combine(first, grant.decide(call, context));
    },
    explain(call, context): Explanation {
      const first = guard.explain(call, context);
      if (isRefusal(first)) return first;
      const second = grant.explain(call, context);
      return { ...combine(first, second), steps: [...first.steps, ...second.steps] };
    },
    visible: (tool, definition) =>
      guard.visible(tool, definition) && grant.visible(tool, definition),
    needsLive: (tool) => guard.needsLive(tool) || grant.needsLive(tool),
    governs: (kind) => guard.governs(kind) || grant.governs(kind),
    decideKind(kind, name) {
      const first = guard.decideKind(kind, name);
      return first.outcome === "allow" ? grant.decideKind(kind, name) : first;
    },
    visibleKind: (kind, name) => guard.visibleKind(kind, name) && grant.visibleKind(kind, name),
    reads: (tool) => [...guard.reads(tool), ...grant.reads(tool)],
    limits: (context) => [...guard.limits(context), ...grant.limits(context)],
  };
}

function isRefusal({ outcome }: Decision): boolean {
  return outcome === "deny" || outcome === "hide";
}

/** The decision of both, of which the first does not refuse. */
function combine(guard: Decision, grant: Decision): Decision {
  const seen = {
    shadow: [...guard.shadow, ...grant.shadow],
    shadowCharges: [...guard.shadowCharges, ...grant.shadowCharges],
  };
  if (isRefusal(grant)) return { ...grant, ...seen };
  const charges = [...guard.charges, ...grant.charges];
  if (guard.outcome !== "ask") return { ...grant, ...seen, charges };
  return { ...guard, ...seen, charges, ...joined(guard.ask, grant.ask) };
}

/** One person's decision answers the entries of both that name the same approvers. */
function joined(guard: AskFor | undefined, grant: AskFor | undefined): { readonly ask?: AskFor } {
  if (guard === undefined) return {};
  if (grant === undefined || !sameApprovers(guard, grant)) return { ask: guard };
  return {
    ask: {
      ...guard,
      entries: [...guard.entries, ...grant.entries],
      names: [...guard.names, ...grant.names],
      timeoutSeconds: Math.min(guard.timeoutSeconds, grant.timeoutSeconds),
    },
  };
}
