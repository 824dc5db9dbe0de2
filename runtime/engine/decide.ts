import { type Json, type Policy, pinOf } from "../../policy/index.ts";
import { isUncountable } from "./charges.ts";
import { describeConditions } from "./describe.ts";
import { type AskRule, describeFault, type Entry, evaluate, sameApprovers } from "./entries.ts";
import { ERROR, FALSE, type Fault, type Frame, MAX_ELEMENTS, TRUE } from "./frame.ts";
import { compileKinds } from "./kinds.ts";
import { argumentsRead } from "./reads.ts";
import {
  type CompiledTool,
  denial,
  type EngineOptions,
  hiding,
  type Limit,
  NONE,
  type Refused,
  ToolCompiler,
} from "./tools.ts";
import type {
  Call,
  ConditionSeen,
  Context,
  Decision,
  Engine,
  ExplainStep,
  Explanation,
  LimitCharge,
  ShadowFinding,
} from "./types.ts";

/** How long a call waits for a person when no `ask_if` entry says. */
export const DEFAULT_TIMEOUT_SECONDS = 600;

/**
 * Compiles a validated policy once, to closures. Without a policy every call is denied. A decision takes
 * the same time whether the policy has ten tools or ten thousand.
 */
export function compileEngine(policy: Policy | undefined, options: EngineOptions = {}): Engine {
  if (policy === undefined) return withoutPolicy(options);
  const compiler = new ToolCompiler(policy, options);
  const tools = new Map<string, CompiledTool>();
  for (const [name, tool] of Object.entries(policy.tools ?? {})) {
    tools.set(name, compiler.listed(name, tool));
  }
  const toolOf = (name: string): CompiledTool => tools.get(name) ?? compiler.unlisted(name);
  const kinds = compileKinds(policy, (at) => compiler.source(at), compiler.rule.bind(compiler));
  const reads = argumentsRead(policy);

  const run = (call: Call, context: Context, steps: ExplainStep[] | undefined): Decision =>
    new Run(toolOf(call.tool), call, context, steps, compiler).decide();
  return {
    decide: (call, context) => run(call, context, undefined),
    explain(call, context) {
      const steps: ExplainStep[] = [];
      const decision = run(call, context, steps);
      return { ...decision, steps };
    },
    visible(name, definition) {
      if (compiler.isHidden(name)) return false;
      const tool = tools.get(name);
      if (tool === undefined) return policy.unlisted === undefined;
      if (tool.pin === undefined || definition === undefined) return true;
      return digestOfDefinition(definition) === tool.pin;
    },
    needsLive: (name) => tools.get(name)?.pin !== undefined,
    reads,
    limits: (context) => compiler.standing(context),
    ...kinds,
  };
}

/** One decision: the steps of "Evaluation of one call" (policy format), in order; the first denial wins. */
class Run implements Frame {
  readonly #tool: CompiledTool;
  readonly #call: Call;
  readonly #steps: ExplainStep[] | undefined;
  readonly #compiler: ToolCompiler;
  readonly args: Frame["args"];
  readonly context: Context;
  variables: Json[] | undefined = undefined;
  fault: Fault | undefined = undefined;
  budget = MAX_ELEMENTS;
  seen: ConditionSeen[] | undefined;

  constructor(
    tool: CompiledTool,
    call: Call,
    context: Context,
    steps: ExplainStep[] | undefined,
    compiler: ToolCompiler,
  ) {
    this.#tool = tool;
    this.#call = call;
    this.#steps = steps;
    this.#compiler = compiler;
    this.args = call.args;
    this.context = context;
    this.seen = steps === undefined ? undefined : [];
  }

  decide(): Decision {
    const decided = this.#refusal() ?? this.#judge();
    if (decided.outcome === "hide") return decided;
    return this.#withShadows(decided);
  }

  /** Steps 2 to 5: what does not depend on rules about arguments. */
  #refusal(): Refused | undefined {
    const { refused, validate } = this.#tool;
    if (refused !== undefined) {
      this.#note(refused.check, refused.decision.outcome, refused.decision);
      return refused.decision;
    }
    this.#note("permitted", "pass");
    const changed = this.#changed();
    if (changed !== undefined) {
      this.#note("pinned definition", changed.outcome, changed);
      return changed;
    }
    if (this.#tool.pin !== undefined) this.#note("pinned definition", "pass");
    const fault = validate?.(this.#call.args);
    if (fault !== undefined) {
      const message = `The arguments do not match the tool's input schema: \`${fault.path}\` ${fault.needs}.`;
      const source = this.#compiler.source("/validate");
      const invalid = denial(this.#compiler.rule("(invalid arguments)"), message, source);
      this.#note("arguments", "deny", invalid);
      return invalid;
    }
    if (validate !== undefined) this.#note("arguments", "pass");
    return undefined;
  }

  #changed(): Refused | undefined {
    const { pin, pinSource } = this.#tool;
    if (pin === undefined) return undefined;
    const { live } = this.context;
    if (live === undefined || live.state === "unavailable") {
      const rule = this.#compiler.rule("(catalogue unavailable)");
      const message = `The definition of \`${this.#call.tool}\` is pinned and cannot be compared right now; retry later.`;
      return denial(rule, message, pinSource);
    }
    if (live.state === "listed" && digestOfDefinition(live.definition) === pin) return undefined;
    return hiding(this.#call.tool, this.#compiler.rule("(changed tool)"), pinSource);
  }

  /** Steps 6 to 8, and the charges of step 9. */
  #judge(): Decision {
    for (const entry of this.#tool.rules.require) {
      const value = this.#evaluate(entry, "require");
      if (value !== TRUE) return value === ERROR ? this.#mismatch(entry) : refuseRequired(entry);
    }
    for (const entry of this.#tool.rules.denyIf) {
      const value = this.#evaluate(entry, "deny_if");
      if (value !== FALSE) return value === ERROR ? this.#mismatch(entry) : refuseDenied(entry);
    }
    let asking: AskRule[] | undefined;
    for (const entry of this.#tool.rules.askIf) {
      const value = this.#evaluate(entry, "ask_if");
      if (value === ERROR) return this.#mismatch(entry);
      if (value === TRUE && !isApproved(entry, this.context)) {
        asking ??= [];
        asking.push(entry);
      }
    }
    const { limits } = this.#tool.rules;
    if (limits.length === 0) return asking === undefined ? ALLOWED : ask(asking, NONE);
    const charges: LimitCharge[] = [];
    const refused = this.#charge(limits, charges);
    if (refused !== undefined) return refused;
    return asking === undefined ? allowed(charges) : ask(asking, charges);
  }

  #evaluate(entry: Entry, list: "require" | "deny_if" | "ask_if"): ReturnType<typeof evaluate> {
    const value = evaluate(entry, this);
    if (this.#steps !== undefined) {
      const met = list === "require" ? value === TRUE : value === FALSE;
      const approved =
        list === "ask_if" && value === TRUE && isApproved(entry as AskRule, this.context);
      const against = entry.entry.shadow
        ? "shadow"
        : list === "ask_if" && value === TRUE
          ? "ask"
          : "deny";
      this.#steps.push({
        check: entry.rule,
        result: met || approved ? "pass" : against,
        ...(value === ERROR && { message: describeFault(this.fault) }),
        ...(approved && { message: "A person approved this call." }),
        ...(entry.source !== undefined && { source: entry.source }),
        conditions: this.seen ?? [],
      });
    }
    return value;
  }

  #mismatch({ source }: { readonly source: string | undefined }): Refused {
    const rule = this.#compiler.rule("(type mismatch)");
    return denial(rule, describeFault(this.fault), source);
  }

  /** Adds what the call owes to the limits; a decision is why it cannot be counted. */
  #charge(limits: readonly Limit[], charges: LimitCharge[]): Refused | undefined {
    for (const limit of limits) {
      if (this.seen !== undefined) this.seen = [];
      const owed = limit.owed(this);
      if (owed === undefined) {
        this.#note(limit.rule, "skip", limit, this.seen);
        continue;
      }
      if (isUncountable(owed)) {
        const denied = owed.mismatch
          ? this.#mismatch(limit)
          : denial(limit.rule, owed.uncountable, limit.source);
        this.#note(limit.rule, "deny", denied, this.seen);
        return denied;
      }
      this.#note(limit.rule, "count", limit, this.seen);
      if (this.#tool.shares) chargeOnce(charges, owed);
      else charges.push(owed);
    }
    return undefined;
  }

  /** Adds what shadow rules would have decided; they change nothing. */
  #withShadows(decision: Decision): Decision {
    const { findings, shadow: rules } = this.#tool;
    if (rules === undefined)
      return findings.length === 0 ? decision : { ...decision, shadow: findings };
    const shadow: ShadowFinding[] = [...findings];
    const find = (entry: Entry, outcome: "deny" | "ask", message: string): void => {
      shadow.push({ outcome, rule: entry.rule, message });
    };
    for (const entry of rules.require) {
      const value = this.#evaluate(entry, "require");
      if (value === ERROR) find(entry, "deny", describeFault(this.fault));
      else if (value === FALSE) find(entry, "deny", refuseRequired(entry).message);
    }
    for (const entry of rules.denyIf) {
      const value = this.#evaluate(entry, "deny_if");
      if (value === ERROR) find(entry, "deny", describeFault(this.fault));
      else if (value === TRUE) find(entry, "deny", refuseDenied(entry).message);
    }
    for (const entry of rules.askIf) {
      const value = this.#evaluate(entry, "ask_if");
      if (value === ERROR) find(entry, "deny", describeFault(this.fault));
      else if (value === TRUE) find(entry, "ask", askMessage(entry));
    }
    const shadowCharges: LimitCharge[] = [];
    for (const limit of rules.limits) {
      const owed = limit.owed(this);
      if (owed === undefined) continue;
      if (isUncountable(owed)) {
        const message = owed.mismatch ? describeFault(this.fault) : owed.uncountable;
        shadow.push({ outcome: "deny", rule: limit.rule, message });
      } else {
        chargeOnce(shadowCharges, owed);
      }
    }
    return { ...decision, shadow, shadowCharges };
  }

  #note(
    check: string,
    result: ExplainStep["result"],
    by?: { readonly message?: string; readonly source?: string | undefined },
    conditions?: readonly ConditionSeen[],
  ): void {
    this.#steps?.push({
      check,
      result,
      ...(by?.message !== undefined && { message: by.message }),
      ...(by?.source !== undefined && { source: by.source }),
      ...(conditions !== undefined && conditions.length > 0 && { conditions }),
    });
  }
}

function allowed(charges: readonly LimitCharge[]): Decision {
  return { outcome: "allow", rule: "", message: "", charges, shadow: NONE, shadowCharges: NONE };
}

const ALLOWED = Object.freeze(allowed(NONE));

function refuseRequired(refusing: Entry): Decision {
  refusing.refusal ??= denial(
    refusing.rule,
    refusing.entry.on_deny ??
      `This is allowed only if ${describeConditions(refusing.entry.conditions)}.`,
    refusing.source,
  );
  return refusing.refusal;
}

function refuseDenied(refusing: Entry): Decision {
  refusing.refusal ??= denial(
    refusing.rule,
    refusing.entry.on_deny ??
      (refusing.entry.conditions.length === 0
        ? "This tool is denied."
        : `This is denied if ${describeConditions(refusing.entry.conditions)}.`),
    refusing.source,
  );
  return refusing.refusal;
}

function isApproved(entry: AskRule, { approved }: Context): boolean {
  return approved === true || (Array.isArray(approved) && approved.includes(entry.name));
}

function askMessage({ entry }: AskRule): string {
  if (entry.on_deny !== undefined) return entry.on_deny;
  const by = entry.approvers === undefined ? "a person" : `one of ${entry.approvers.join(", ")}`;
  return `This call needs the approval of ${by}.`;
}

/** One decision serves the entries that name the same approvers; others are asked for after it. */
function ask(entries: readonly AskRule[], charges: readonly LimitCharge[]): Decision {
  const first = entries[0] as AskRule;
  const approvers = first.entry.approvers;
  const same = entries.filter(({ entry }) => sameApprovers(entry, first.entry));
  const timeouts = same.map(({ entry }) => entry.timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS);
  return {
    ...allowed(charges),
    outcome: "ask",
    rule: first.rule,
    message: [...new Set(same.map(askMessage))].join(" "),
    ...(first.source !== undefined && { source: first.source }),
    ask: {
      entries: same.map(({ rule }) => rule),
      names: [...new Set(same.map(({ name }) => name))],
      ...(approvers !== undefined && { approvers }),
      timeoutSeconds: Math.min(...timeouts),
    },
  };
}

/** Limits that share a counter charge it once, by the larger amount. */
function chargeOnce(charges: LimitCharge[], charge: LimitCharge): void {
  const index = charges.findIndex(({ key }) => key === charge.key);
  const other = charges[index];
  if (other === undefined) charges.push(charge);
  else if (other.amount < charge.amount) charges[index] = charge;
}

const digests = new WeakMap<object, string>();

/** A definition's digest, remembered as long as the catalogue keeps it; "" when it has none. */
function digestOfDefinition(definition: Json): string {
  if (typeof definition !== "object" || definition === null) return "";
  let digest = digests.get(definition);
  if (digest === undefined) {
    try {
      digest = pinOf(definition);
    } catch {
      digest = "";
    }
    digests.set(definition, digest);
  }
  return digest;
}

function withoutPolicy(options: EngineOptions): Engine {
  const rule = options.guard ? "(guard) (no policy)" : "(no policy)";
  const decision = denial(
    rule,
    "No policy is attached to this grant, so every call is denied.",
    undefined,
  );
  const { outcome: _outcome, message } = decision;
  return {
    decide: () => decision,
    explain: (): Explanation => ({
      ...decision,
      steps: [{ check: "policy", result: "deny", message }],
    }),
    visible: () => true,
    needsLive: () => false,
    reads: () => [],
    limits: () => [],
    governs: () => true,
    decideKind: () => ({ outcome: "deny", rule, message }),
    visibleKind: () => true,
  };
}
